"""A client of TensorFlow Serving's protocol, for the local server and the real one alike."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np

from tfnlp.errors import UserError
from tfnlp.serving.client.retries import Retries
from tfnlp.serving.client.rows import classifier_rows, join_parts, row_parts, tagger_rows
from tfnlp.serving.client.tensors import STRING, from_strings, text_bytes, to_array
from tfnlp.serving.client.transport import Metadata, ModelChoice, SignatureInfo, TensorInfo, Transport
from tfnlp.serving.errors import Code, ServingError
from tfnlp.serving.signatures import DEFAULT_SIGNATURE, HIDDEN_SIGNATURE
from tfnlp.serving.tensors import string_array
from tfnlp.text.tagged_text import TaggedText

Answer = TypeVar("Answer")
# What a text classifier's signature answers with.
_CLASSIFIER_OUTPUTS = {
    "label": TensorInfo(STRING, (None,)),
    "labels": TensorInfo(STRING, (None, None)),
    "score": TensorInfo("float32", (None,)),
    "scores": TensorInfo("float32", (None, None)),
}
# What a tagger's answers with.
_TAGGER_OUTPUTS = {
    **{name: TensorInfo(STRING, (None, None)) for name in ("tokens", "tags", "span_labels", "span_texts")},
    **{name: TensorInfo("float32", (None, None)) for name in ("scores", "span_scores")},
    **{name: TensorInfo("int32", (None, None)) for name in ("starts", "ends", "span_starts", "span_ends")},
    **{f"span_character_{name}": TensorInfo("int32", (None, None)) for name in ("starts", "ends")},
    **{name: TensorInfo("int32", (None,)) for name in ("lengths", "span_lengths")},
}
# Seconds between two looks at a server that is starting.
_LOOK = 0.1


class Client:
    """Asks one model on a server.

    ```python
    with Client("localhost:8500", "reviews") as client:
        client.predict(["这家店很好"])
        # [{"label": "positive", "score": 0.98, "scores": {"negative": 0.02, "positive": 0.98}}]
    ```

    Several threads may share one. A question that meets a server that is away or has no room (UNAVAILABLE, which over
    REST is 503 too; RESOURCE_EXHAUSTED) is asked again after a pause; all other errors are raised at once. TensorFlow
    is not needed, and not imported.

    Args:
        address: `host:port` for gRPC; `http://host:port` or `https://…` for REST.
        model: the model's name on the server.
        version: a version's number; by default the server's newest.
        label: a version's label, `"stable"` say, instead of a number.
        signature: the signature that `predict` and `ask` use; the default one if `None`.
        protocol: `"grpc"` or `"rest"`, where the address is a bare `host:port`.
        timeout: seconds for one call of a method, its batches and attempts and the pauses between them together.
        batch_size: texts a request.
        retries: further attempts after the first.
        retry_pause: seconds before the first of them; it doubles each time.

    Raises:
        UserError: if an argument cannot be right.
    """

    def __init__(
        self,
        address: str,
        model: str,
        *,
        version: int | None = None,
        label: str | None = None,
        signature: str | None = None,
        protocol: str | None = None,
        timeout: float = 10.0,
        batch_size: int = 64,
        retries: int = 4,
        retry_pause: float = 0.1,
    ):
        if version is not None and label is not None:
            raise UserError(
                "a version is chosen by its number or its label, not both. "
                f"Received: version={version}, label={label!r}"
            )
        if batch_size < 1 or retries < 0 or not timeout > 0:
            raise UserError(
                "`timeout` must be more than 0 seconds, `batch_size` at least 1, `retries` at least 0. "
                f"Received: timeout={timeout}, batch_size={batch_size}, retries={retries}"
            )
        self.model = model
        self.signature = signature
        self.timeout = timeout
        self.batch_size = batch_size
        self._retries = Retries(retries, retry_pause)
        self._transport = _transport(address, ModelChoice(model, version, label), protocol)
        self._signatures: Mapping[str, SignatureInfo] | None = None
        self._closed = False

    def predict(self, texts: Sequence[str | bytes], *, multi_label: bool = False) -> list[dict[str, Any]]:
        """Labels texts with a text classifier that tfnlp exported.

        Args:
            texts: `str`, or bytes that should be UTF-8 (what is not is read as U+FFFD).
            multi_label: whether each label is scored for itself. The protocol does not tell, and the scores alone do
                not either: say so if the model was trained that way.

        Returns:
            per text `{"label": the best, "score": its score, "scores": {label: score}}`; with `multi_label` also
            `"labels"`, all that score at least 0.5, best first.

        Raises:
            ServingError: the server's; FAILED_PRECONDITION if the model answers with something else.
        """
        rows: list[dict[str, Any]] = []
        deadline = self._deadline()
        for batch in self._batches(texts):
            answer = self._run(
                self.signature, {"text": string_array(batch)}, _CLASSIFIER_OUTPUTS, (), deadline
            )
            rows += classifier_rows(answer, len(batch), multi_label)
        return rows

    def tag(self, texts: Sequence[str | bytes]) -> list[TaggedText]:
        """Tags texts with a tagger that tfnlp exported.

        Args:
            texts: `str`, or bytes that should be UTF-8 (what is not is read as U+FFFD).

        Returns:
            per text its tokens, tags, scores and spans, as `EdgeTagger.tag` gives them.

        Raises:
            ServingError: the server's; FAILED_PRECONDITION if the model answers with something else.
        """
        rows: list[TaggedText] = []
        deadline = self._deadline()
        for batch in self._batches(texts):
            answer = self._run(self.signature, {"text": string_array(batch)}, _TAGGER_OUTPUTS, (), deadline)
            if answer.keys() != _TAGGER_OUTPUTS.keys():
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    "this is no tagger of tfnlp, which answers with tags and spans: use `ask`. "
                    f"Received: {', '.join(sorted(answer))}",
                )
            rows += tagger_rows(answer, batch)
        return rows

    def ask(
        self,
        inputs: Mapping[str, Any],
        *,
        signature: str | None = None,
        outputs: Sequence[str] | None = None,
        batch_size: int | None = None,
    ) -> dict[str, np.ndarray]:
        """Runs a signature of any model.

        The signature is read from the server once; integers become floats where the model takes floats, and sizes are
        fitted (int64 to int32, float64 to float32).

        Args:
            inputs: name -> array, or numbers, booleans or texts in lists.
            signature: its name; by default the client's.
            outputs: names of those wanted; by default all.
            batch_size: rows a request, for a model that answers row by row. By default all go in one request: no
                server tells whether a model's rows know of each other.

        Returns:
            name -> array of the output's dtype and shape. Strings are object arrays of `str` (what is not UTF-8 as
            U+FFFD), or of `bytes` in outputs whose name ends in `_bytes`.

        Raises:
            ServingError: the server's; INVALID_ARGUMENT for a value that is not of the input's kind.
        """
        deadline = self._deadline()
        name = signature or self.signature
        info = self._signature(name, deadline)
        try:
            return self._ask(inputs, name, info, outputs or (), batch_size, deadline)
        except ServingError as error:
            if error.code not in (Code.INVALID_ARGUMENT, Code.FAILED_PRECONDITION):
                raise
            # Another version may serve by now, with another signature.
            self._signatures = None
            latest = self._signature(name, deadline)
            if latest == info:
                raise
            return self._ask(inputs, name, latest, outputs or (), batch_size, deadline)

    def classify(
        self, texts: Sequence[str | bytes], *, signature: str = "classify", feature: str = "text"
    ) -> list[list[tuple[str, float]]]:
        """Classifies texts through a signature that takes `tf.Example`s.

        Args:
            texts: as for `predict`.
            signature: its name.
            feature: the feature of the Example that holds the text.

        Returns:
            per text its `(label, score)` pairs, in the model's order; the label is `""` where the model gives none.

        Raises:
            ServingError: the server's.
        """
        rows: list[list[tuple[str, float]]] = []
        deadline = self._deadline()
        for batch in self._batches(texts):
            rows += self._call(partial(self._transport.classify, signature, feature, batch), deadline)
        return rows

    def status(self) -> list[dict[str, Any]]:
        """States of the model's versions, the highest first.

        Returns:
            dicts of `version`, `state` (`"START"`, `"LOADING"`, `"AVAILABLE"`, `"UNLOADING"` or `"END"`), and of the
            error that a version ended with `code` (`"OK"` if none) and `message`.

        Raises:
            ServingError: the server's; NOT_FOUND if it has no such model.
        """
        versions = self._call(self._transport.status, self._deadline())
        return sorted(versions, key=lambda version: version["version"], reverse=True)

    def metadata(self) -> dict[str, Any]:
        """The version that answers, and how it can be asked.

        Returns:
            `{"model", "version", "signatures"}`; a signature is `{"inputs", "outputs"}`, both name ->
            `{"dtype", "shape"}`. A shape has `None` where any size will do, and is `None` for any rank.

        Raises:
            ServingError: the server's.
        """
        metadata = self._metadata(self._deadline())
        return {
            "model": metadata.model,
            "version": metadata.version,
            "signatures": {
                name: {"inputs": _plain(info.inputs), "outputs": _plain(info.outputs)}
                for name, info in sorted(metadata.signatures.items())
            },
        }

    def wait_until_ready(self, timeout: float = 60.0) -> None:
        """Waits for a version that can be asked: the server may be starting, or still be loading the model.

        Args:
            timeout: seconds.

        Raises:
            ServingError: what was still wrong when they were over.
        """
        deadline = time.monotonic() + timeout
        patient = Retries(count=0)
        while True:
            try:
                versions = patient.call(self._open().status, deadline)
                if any(version["state"] == "AVAILABLE" for version in versions):
                    return
                states = "; ".join(
                    f"version {one['version']} {one['state']} {one['message']}".strip() for one in versions
                )
                problem = ServingError(
                    Code.UNAVAILABLE, f"no version of `{self.model}` is ready. {states or 'There is none.'}"
                )
            except ServingError as error:
                if error.code not in (Code.UNAVAILABLE, Code.NOT_FOUND, Code.INVALID_ARGUMENT):
                    raise
                problem = error
            if time.monotonic() + _LOOK >= deadline:
                raise problem
            time.sleep(_LOOK)

    def close(self) -> None:
        """Gives the connections back; the client answers no more."""
        self._closed = True
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _open(self) -> Transport:
        if self._closed:
            raise UserError("this client is closed; make another one")
        return self._transport

    def _deadline(self) -> float:
        self._open()
        return time.monotonic() + self.timeout

    def _call(self, attempt: Callable[[float], Answer], deadline: float) -> Answer:
        return self._retries.call(attempt, deadline)

    def _metadata(self, deadline: float) -> Metadata:
        metadata = self._call(self._transport.metadata, deadline)
        shown = {name: info for name, info in metadata.signatures.items() if name != HIDDEN_SIGNATURE}
        self._signatures = shown
        return Metadata(metadata.model, metadata.version, shown)

    def _signature(self, name: str | None, deadline: float) -> SignatureInfo:
        name = name or DEFAULT_SIGNATURE
        # A local name: another thread may forget the signatures meanwhile.
        signatures = self._signatures
        if signatures is None or name not in signatures:
            signatures = self._metadata(deadline).signatures
        if name not in signatures:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f'Serving signature key "{name}" not found. This model has: {", ".join(sorted(signatures))}.',
            )
        return signatures[name]

    def _ask(
        self,
        inputs: Mapping[str, Any],
        name: str | None,
        info: SignatureInfo,
        outputs: Sequence[str],
        batch_size: int | None,
        deadline: float,
    ) -> dict[str, np.ndarray]:
        arrays = {
            key: to_array(key, value, info.inputs[key].dtype if key in info.inputs else None)
            for key, value in inputs.items()
        }
        if batch_size is None:
            answer = self._run(name, arrays, info.outputs, outputs, deadline)
        else:
            questions = list(row_parts(arrays, batch_size))
            answers = [self._run(name, part, info.outputs, outputs, deadline) for part in questions]
            answer = join_parts(answers, [max(map(len, part.values()), default=0) for part in questions])
        return {
            key: from_strings(key, array) if array.dtype == object else array for key, array in answer.items()
        }

    def _run(
        self,
        signature: str | None,
        inputs: Mapping[str, np.ndarray],
        known: Mapping[str, TensorInfo],
        outputs: Sequence[str],
        deadline: float,
    ) -> dict[str, np.ndarray]:
        question = partial(self._transport.predict, signature or "", inputs, known, outputs)
        return self._call(question, deadline)

    def _batches(self, texts: Sequence[str | bytes]) -> Iterator[list[bytes]]:
        if isinstance(texts, str | bytes):
            raise UserError("`texts` must be a list of texts. Received one text: put it in brackets.")
        encoded = [text_bytes(text) for text in texts]
        for start in range(0, len(encoded), self.batch_size):
            yield encoded[start : start + self.batch_size]


def _transport(address: str, model: ModelChoice, protocol: str | None) -> Transport:
    """The transport that an address asks for. What carries the other protocol is not imported."""
    if protocol not in (None, "grpc", "rest"):
        raise UserError(f'`protocol` must be "grpc" or "rest". Received: protocol={protocol!r}')
    if re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", address):
        if protocol == "grpc":
            raise UserError(f"gRPC is asked at `host:port`, without `http://`. Received: `{address}`")
        protocol = "rest"
    elif re.fullmatch(r"[^/\s]+:\d+", address):
        address = f"http://{address}" if protocol == "rest" else address
    else:
        raise UserError(
            "a server's address is `host:port` for gRPC (`localhost:8500`) or `http://host:port` for REST "
            f"(`http://localhost:8501`). Received: `{address}`"
        )
    if protocol == "rest":
        from tfnlp.serving.client.rest_transport import RestTransport

        return RestTransport(address, model)
    from tfnlp.serving.client.grpc_transport import GrpcTransport

    return GrpcTransport(address, model)


def _plain(tensors: Mapping[str, TensorInfo]) -> dict[str, dict[str, Any]]:
    return {
        name: {"dtype": info.dtype, "shape": None if info.shape is None else list(info.shape)}
        for name, info in sorted(tensors.items())
    }
