"""Questions over REST: JSON on a pool of connections that are kept open."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import numpy as np
import urllib3

from tfnlp.serving.client.tensors import STRING, dtype_name
from tfnlp.serving.client.transport import Metadata, ModelChoice, SignatureInfo, TensorInfo
from tfnlp.serving.errors import Code, ServingError

Answer = TypeVar("Answer")
# Connections kept open at most. None is opened before a thread needs it; urllib3 warns of each one above the limit.
_CONNECTIONS = 256
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
# An HTTP status says less than a code. Where several codes share a status this is the one that most often stands
# behind it; 502 and the like come from what stands between client and server.
_CODES = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    408: Code.DEADLINE_EXCEEDED,
    409: Code.ABORTED,
    429: Code.RESOURCE_EXHAUSTED,
    499: Code.CANCELLED,
    500: Code.INTERNAL,
    501: Code.UNIMPLEMENTED,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.DEADLINE_EXCEEDED,
}


class RestTransport:
    """See `Transport`.

    Args:
        address: `http://host:port`, or `https://`; a path is put before `/v1`.
        model: the model to ask.
    """

    def __init__(self, address: str, model: ModelChoice):
        self.address = address
        url = urllib3.util.parse_url(address)
        self._pool = urllib3.connection_from_url(address, maxsize=_CONNECTIONS, headers=_HEADERS)
        self._path = f"{(url.path or '').rstrip('/')}/v1/models/{quote(model.name, safe='')}"
        if model.version is not None:
            self._path += f"/versions/{model.version}"
        elif model.label is not None:
            self._path += f"/labels/{quote(model.label, safe='')}"

    def predict(
        self,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        known: Mapping[str, TensorInfo],
        outputs: Sequence[str],
        seconds: float,
    ) -> dict[str, np.ndarray]:
        """Runs a signature; see `Transport`."""
        question = {"inputs": {name: _to_json(array) for name, array in inputs.items()}}
        return self._post(
            "predict",
            signature,
            question,
            lambda answer: _read_columns(answer["outputs"], known, outputs),
            seconds,
        )

    def classify(
        self, signature: str, feature: str, texts: Sequence[bytes], seconds: float
    ) -> list[list[tuple[str, float]]]:
        """Classifies texts; see `Transport`."""
        question = {"examples": [{feature: _text_to_json(text)} for text in texts]}
        return self._post("classify", signature, question, _read_classification, seconds)

    def status(self, seconds: float) -> list[dict[str, Any]]:
        """States of the versions; see `Transport`."""
        return self._request("GET", self._path, None, _read_status, seconds)

    def metadata(self, seconds: float) -> Metadata:
        """Version and signatures; see `Transport`."""
        return self._request("GET", f"{self._path}/metadata", None, _read_metadata, seconds)

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._pool.close()

    def _post(
        self,
        verb: str,
        signature: str,
        question: dict[str, Any],
        read: Callable[[Any], Answer],
        seconds: float,
    ) -> Answer:
        if signature:
            question = {"signature_name": signature, **question}
        body = json.dumps(question, ensure_ascii=False, separators=(",", ":")).encode()
        return self._request("POST", f"{self._path}:{verb}", body, read, seconds)

    def _request(
        self, method: str, path: str, body: bytes | None, read: Callable[[Any], Answer], seconds: float
    ) -> Answer:
        deadline = time.monotonic() + seconds
        try:
            response = self._pool.urlopen(
                method,
                path,
                body,
                retries=False,
                redirect=False,
                preload_content=False,
                timeout=urllib3.Timeout(total=seconds),
            )
            content = _read_until(response, deadline)
        # First: urllib3 counts a refused connection among the time-outs.
        except urllib3.exceptions.NewConnectionError as error:
            raise self._not_there(error.__cause__ or error) from error
        except (urllib3.exceptions.TimeoutError, TimeoutError) as error:
            raise ServingError(
                Code.DEADLINE_EXCEEDED,
                f"no answer from {self.address} in the {seconds:.3g} s that were left: allow a longer time-out.",
            ) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._not_there(error) from error
        try:
            # A model may answer with bytes that are not UTF-8, and a server hands them on as they are.
            answer = json.loads(content.decode("utf-8", "replace"))
            if response.status == 200:
                return read(answer)
            code = _CODES.get(
                response.status, Code.INVALID_ARGUMENT if response.status < 500 else Code.UNKNOWN
            )
            raise ServingError(code, answer["error"])
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            raise ServingError(
                _CODES.get(response.status, Code.UNKNOWN),
                f"{self.address} does not answer as a model server does: HTTP {response.status}, "
                f"{content[:200].decode('utf-8', 'replace')!r}. Mend the address.",
            ) from None

    def _not_there(self, error: BaseException) -> ServingError:
        return ServingError(
            Code.UNAVAILABLE,
            f"no REST server answers at {self.address}: {error}. Start one there, or mend the address; "
            "the REST port is 8501 by default, and gRPC is asked as `host:8500`.",
        )


def _read_until(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The body; a server that sends it drop by drop does not hold the client past its deadline."""
    parts = []
    while part := response.read1(2**16):
        parts.append(part)
        if time.monotonic() > deadline:
            response.close()
            raise TimeoutError
    response.release_conn()
    return b"".join(parts)


def _read_columns(
    columns: Any, known: Mapping[str, TensorInfo], wanted: Sequence[str]
) -> dict[str, np.ndarray]:
    if len(known) == 1:
        # An only output comes without its name.
        columns = dict.fromkeys(known, columns)
    elif not isinstance(columns, dict) or columns.keys() != known.keys():
        got = ", ".join(sorted(columns)) if isinstance(columns, dict) else "one output"
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"the model answers with other outputs than {', '.join(sorted(known))}. Received: {got}",
        )
    for name in wanted:
        if name not in known:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"the signature has no output `{name}`; there are {', '.join(sorted(known))}",
            )
    # The protocol cannot leave outputs out: what is not wanted is dropped here.
    return {name: _from_json(columns[name], known[name]) for name in wanted or known}


def _read_classification(answer: Any) -> list[list[tuple[str, float]]]:
    # By way of float32, which the scores are: they are then the same over both protocols.
    return [[(label, float(np.float32(score))) for label, score in row] for row in answer["results"]]


def _read_status(answer: Any) -> list[dict[str, Any]]:
    return [
        {
            "version": int(version["version"]),
            "state": version["state"],
            "code": version["status"]["error_code"],
            "message": version["status"]["error_message"],
        }
        for version in answer["model_version_status"]
    ]


def _read_metadata(answer: Any) -> Metadata:
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    return Metadata(
        answer["model_spec"]["name"],
        int(answer["model_spec"]["version"]),
        {
            name: SignatureInfo(_tensors(definition["inputs"]), _tensors(definition["outputs"]))
            for name, definition in signatures.items()
        },
    )


def _to_json(array: np.ndarray) -> Any:
    if array.dtype != object:
        return array.tolist()
    if array.ndim == 0:
        return _text_to_json(array.item())
    return [_to_json(part) if isinstance(part, np.ndarray) else _text_to_json(part) for part in array]


def _text_to_json(text: bytes) -> str | dict[str, str]:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(text).decode()}


def _from_json(value: Any, info: TensorInfo) -> np.ndarray:
    """A column as an array of the dtype and, where it is empty, the rank that the signature tells."""
    if info.dtype == STRING:
        array = np.asarray(_bytes_from_json(value), dtype=object)
    else:
        array = np.asarray(value).astype(info.dtype)
    if array.size == 0 and info.shape is not None and array.ndim < len(info.shape):
        array = array.reshape([*array.shape, *(size or 0 for size in info.shape[array.ndim :])])
    return array


def _bytes_from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_bytes_from_json(part) for part in value]
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value.encode()


def _tensors(infos: Mapping[str, Any]) -> dict[str, TensorInfo]:
    return {
        name: TensorInfo(dtype_name(info["dtype"]), _shape(info["tensor_shape"]))
        for name, info in infos.items()
    }


def _shape(shape: Mapping[str, Any]) -> tuple[int | None, ...] | None:
    if shape.get("unknown_rank"):
        return None
    sizes = [int(dim["size"]) for dim in shape.get("dim", [])]
    return tuple(None if size < 0 else size for size in sizes)
