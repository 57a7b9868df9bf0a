"""The networks of tfnlp once more, in PyTorch: same layers, same masks, same starting weights."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.peers.torch_vectors import TokenVectors, Weights, to_tensor, within


class Network(nn.Module):
    """Embedding, `encode`, head: int64 ids `[batch, time]`, 0 = padding, to logits `[batch, classes]`."""

    def __init__(
        self,
        weights: Weights,
        dropout: float,
        embedding_dropout: float,
        token_dropout: float,
        ngrams: Sequence[int],
    ):
        super().__init__()
        self.embedding = TokenVectors(weights, ngrams)
        self.head = _linear(weights["head/kernel"], weights["head/bias"])
        self.dropout = nn.Dropout(dropout)
        self.embedding_dropout = embedding_dropout
        self.token_dropout = token_dropout

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Computes logits; see the class."""
        mask = ids != 0
        vectors = self.embedding(ids)  # (batch, time, dim)
        if self.training and self.token_dropout:
            kept = functional.dropout(torch.ones(ids.shape), self.token_dropout)
            vectors = vectors * kept[..., None]
        if self.training and self.embedding_dropout:
            kept = functional.dropout(torch.ones(len(ids), 1, vectors.shape[-1]), self.embedding_dropout)
            vectors = vectors * kept
        return self.head(self.dropout(self.encode(ids, vectors, mask)))

    def encode(self, ids: torch.Tensor, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Token vectors `[batch, time, dim]` -> text vectors `[batch, units]`."""
        raise TypeError(f"{type(self).__name__} cannot encode")


class BagOfWords(Network):
    """The mean of the vectors of tokens and n-grams."""

    def encode(self, ids: torch.Tensor, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Adds up, then divides by how many vectors there are."""
        count = (self.embedding.squared_weights(ids) * mask).sum(1, keepdim=True)
        return (vectors * mask[..., None]).sum(1) / count.clamp(min=1)


class TextCNN(Network):
    """Kim's network with `same` padding, over real tokens alone."""

    def __init__(self, weights: Weights, pooling: list[str], **shared):
        super().__init__(weights, **shared)
        self.pooling = pooling
        self.convolutions = _convolutions(weights)

    def encode(self, ids: torch.Tensor, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Convolves, then keeps each filter's greatest value, or the mean, over the real tokens."""
        maps = _feature_maps(self.convolutions, vectors, mask)
        pools = {"max": masked_max, "mean": masked_mean}
        pooled = [pools[mode](values, mask[:, None, :], dim=2) for values in maps for mode in self.pooling]
        return torch.cat(pooled, dim=1)


class WideTextCNN(TextCNN):
    """A TextCNN beside a bag of n-grams, of which a text may see one alone in training."""

    def __init__(
        self, weights: Weights, bag_ngrams: Sequence[int], bag_gain: float, branch_dropout: float,
        deep_dropout: float, **options,
    ):  # fmt: skip
        super().__init__(weights, **options)
        self.bag = TokenVectors(within(weights, "bag"), bag_ngrams)
        self.bag_gain, self.branch_dropout = bag_gain, branch_dropout
        self.deep_dropout = nn.Dropout(deep_dropout)

    def encode(self, ids: torch.Tensor, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Runs both branches, joins what they give."""
        deep = self.deep_dropout(super().encode(ids, vectors, mask))
        size = (self.bag.squared_weights(ids) * mask).sum(1, keepdim=True).clamp(min=1)
        wide = self.bag_gain * (self.bag(ids) * mask[..., None]).sum(1) / size.sqrt()
        if self.training and self.branch_dropout:
            draw = torch.rand(len(ids), 1)
            wide = wide * (draw > self.branch_dropout / 2)
            deep = deep * (draw < 1 - self.branch_dropout / 2)
        return torch.cat([deep, wide], dim=1)


class FixedWindow(Network):
    """A dense layer with tanh over the vectors of each window of tokens, and each unit's greatest value."""

    def __init__(self, weights: Weights, **shared):
        super().__init__(weights, **shared)
        self.projection = _linear(weights["projection/kernel"], weights["projection/bias"])
        self.window = self.projection.in_features // weights["embedding"].shape[1]

    def encode(self, ids: torch.Tensor, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Concatenates, projects, pools the real tokens."""
        reach, time = self.window // 2, vectors.shape[1]
        padded = functional.pad(vectors * mask[..., None], (0, 0, reach, reach))
        windows = torch.cat([padded[:, place : place + time] for place in range(self.window)], dim=-1)
        return masked_max(torch.tanh(self.projection(windows)), mask[..., None], dim=1)


class Recurrent(Network):
    """One recurrent layer, one-way or two-way; the backward one starts at each text's last real token.

    The rows are turned round within their lengths and read densely: the same numbers as
    `pack_padded_sequence`, which trains several times slower on a CPU because oneDNN's LSTM does not take
    packed rows.
    """

    def __init__(self, weights: Weights, cell: str, pooling: list[str], input_dropout: float, **shared):
        super().__init__(weights, **shared)
        self.pooling = pooling
        self.input_dropout = nn.Dropout(input_dropout)
        names = [way for way in ("forward_0", "backward_0") if f"{way}/kernel" in weights]
        self.ways = nn.ModuleList(_recurrent_layer(weights, name, cell) for name in names)

    def encode(self, ids: torch.Tensor, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Reads, then pools the real tokens."""
        vectors = self.input_dropout(vectors)
        time = torch.arange(mask.shape[1])
        lengths = mask.sum(1, keepdim=True)
        sequence = self.ways[0](vectors)[0]
        last = _at(sequence, (lengths - 1).clamp(min=0)) * (lengths > 0)
        if len(self.ways) == 2:
            turned = torch.where(mask, lengths - 1 - time, time)[..., None]  # its own inverse
            behind = self.ways[1](vectors.gather(1, turned.expand(-1, -1, vectors.shape[-1])))[0]
            behind = behind.gather(1, turned.expand(-1, -1, behind.shape[-1]))
            sequence = torch.cat([sequence, behind], dim=-1)
            last = torch.cat([last, behind[:, 0] * (lengths > 0)], dim=-1)
        keep = mask[..., None]
        pooled = []
        for mode in self.pooling:
            if mode == "max":
                pooled.append(masked_max(sequence, keep, dim=1))
            elif mode == "last":
                pooled.append(last)
            else:
                pooled.append(masked_mean(sequence, keep, dim=1))
        return torch.cat(pooled, dim=-1)


class CNNRNN(Recurrent):
    """Convolutions with `same` padding whose feature maps a recurrent layer reads."""

    def __init__(self, weights: Weights, **options):
        super().__init__(weights, **options)
        self.convolutions = _convolutions(weights)

    def encode(self, ids: torch.Tensor, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Convolves, then reads."""
        maps = torch.cat(_feature_maps(self.convolutions, vectors, mask), dim=1)
        return super().encode(ids, maps.transpose(1, 2) * mask[..., None], mask)


class Transformer(Network):
    """Vaswani's encoder with sinusoidal positions, normalised before each part, its tokens averaged."""

    def __init__(
        self, weights: Weights, heads: int, inner_dropout: float, attention_dropout: float, **shared
    ):
        super().__init__(weights, **shared)
        width = weights["embedding"].shape[1]
        count = len({name.split("/")[0] for name in weights if name.startswith("block_")})
        self.blocks = nn.ModuleList(
            Block(within(weights, f"block_{place}"), heads, inner_dropout, attention_dropout)
            for place in range(count)
        )
        self.last_norm = _norm(within(weights, "last_norm"))
        self.inner_dropout = nn.Dropout(inner_dropout)
        unit = torch.arange(width)
        self.rates = 10_000.0 ** (-(unit - unit % 2) / width)
        self.even = unit % 2 == 0

    def encode(self, ids: torch.Tensor, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Places the tokens, lets them read each other, averages the real ones."""
        angles = torch.arange(vectors.shape[1])[:, None] * self.rates
        waves = torch.where(self.even, angles.sin(), angles.cos())
        sequence = self.inner_dropout(vectors * vectors.shape[-1] ** 0.5 + waves)
        for block in self.blocks:
            sequence = block(sequence, mask)
        return masked_mean(self.last_norm(sequence), mask[..., None], dim=1)


class Block(nn.Module):
    """Self-attention, then two dense layers; PyTorch's own fused attention."""

    def __init__(self, weights: Weights, heads: int, dropout: float, attention_dropout: float):
        super().__init__()
        self.heads, self.attention_dropout = heads, attention_dropout
        # One product for the three projections.
        self.read = _linear(
            np.concatenate([weights[f"{name}/kernel"] for name in ("query", "key", "value")], axis=1),
            np.concatenate([weights[f"{name}/bias"] for name in ("query", "key", "value")]),
        )
        self.output, self.widen, self.narrow = (
            _linear(weights[f"{name}/kernel"], weights[f"{name}/bias"])
            for name in ("output", "widen", "narrow")
        )
        self.attention_norm, self.feed_forward_norm = (
            _norm(within(weights, name)) for name in ("attention_norm", "feed_forward_norm")
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, sequence: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Float `[batch, time, width]` -> the same shape."""
        batch, time, width = sequence.shape
        read = self.read(self.attention_norm(sequence)).view(batch, time, 3, self.heads, width // self.heads)
        query, key, value = read.permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask[:, None, None, :],
            dropout_p=self.attention_dropout if self.training else 0.0,
        )  # fmt: skip
        attended = attended.transpose(1, 2).reshape(batch, time, width)
        sequence = sequence + self.dropout(self.output(attended))
        middle = functional.relu(self.widen(self.feed_forward_norm(sequence)))
        return sequence + self.dropout(self.narrow(middle))


def masked_max(values: torch.Tensor, keep: torch.Tensor, dim: int) -> torch.Tensor:
    """Greatest value over the kept places; 0 where none is kept."""
    peak = values.masked_fill(~keep, -65504.0).amax(dim)
    return torch.where(keep.any(dim), peak, torch.zeros_like(peak))


def masked_mean(values: torch.Tensor, keep: torch.Tensor, dim: int) -> torch.Tensor:
    """Mean over the kept places; 0 where none is kept."""
    return (values * keep).sum(dim) / keep.sum(dim).clamp(min=1)


# Where it is not the greatest value.
_POOLING = {"bag_of_words": "mean", "cnn_rnn": "last", "transformer": "mean"}
_WIDE_OPTIONS = {"bag_ngrams", "bag_gain", "branch_dropout", "dropout"}


def build(encoder: str, weights: Weights, options: dict, dropout: float) -> Network:
    """Makes the network that starts from these weights.

    Args:
        encoder: one of `benchmarks.settings.ENCODERS`.
        weights: as `benchmarks.tfnlp_session` gives them.
        options: the encoder's settings in tfnlp.
        dropout: on the pooled vector.

    Raises:
        ValueError: if a setting has no counterpart here.
    """
    options = dict(options)
    shared = {
        "dropout": dropout,
        "embedding_dropout": options.pop("embedding_dropout", 0.0),
        "token_dropout": options.pop("token_dropout", 0.0),
        "ngrams": options.pop("ngrams", ()),
    }
    told_by_weights = (
        *("embedding_dim", "units", "filters", "filter_sizes", "layers", "feed_forward_dim"),
        *("window", "hidden_units", "bag_dim", "bag_buckets", "bag_idf", "ngram_buckets", "ngram_min_count"),
    )
    for name in told_by_weights:
        options.pop(name, None)
    pooling = options.pop("pooling", _POOLING.get(encoder, "max"))
    pooling = [pooling] if isinstance(pooling, str) else pooling
    if encoder == "bag_of_words" and pooling == ["mean"] and not options:
        return BagOfWords(weights, **shared)
    if encoder == "text_cnn" and set(pooling) <= {"max", "mean"} and not options:
        return TextCNN(weights, pooling=pooling, **shared)
    if encoder == "wide_text_cnn" and set(pooling) <= {"max", "mean"} and set(options) <= _WIDE_OPTIONS:
        return WideTextCNN(
            weights, bag_ngrams=options.get("bag_ngrams", (2, 3)), bag_gain=options.get("bag_gain", 4.0),
            branch_dropout=options.get("branch_dropout", 0.6), deep_dropout=options.get("dropout", 0.5),
            pooling=pooling, **shared,
        )  # fmt: skip
    if encoder == "fixed_window" and pooling == ["max"] and not options:
        return FixedWindow(weights, **shared)
    if (
        encoder == "transformer"
        and pooling == ["mean"]
        and not set(options) - {"heads", "dropout", "attention_dropout"}
    ):
        return Transformer(
            weights, heads=options.get("heads", 4), inner_dropout=options.get("dropout", 0.1),
            attention_dropout=options.get("attention_dropout", 0.1), **shared,
        )  # fmt: skip
    input_dropout, cell = options.pop("dropout", 0.0), options.pop("cell", "lstm")
    if encoder != "cnn_rnn":
        cell = encoder.removeprefix("bi")
    options.pop("bidirectional", None)  # told by the weights
    if options or not set(pooling) <= {"max", "mean", "last"}:
        raise ValueError(f"PyTorch's {encoder} knows nothing of {options or pooling}")
    network = CNNRNN if encoder == "cnn_rnn" else Recurrent
    return network(weights, cell=cell, pooling=pooling, input_dropout=input_dropout, **shared)


def _norm(weights: Weights) -> nn.LayerNorm:
    norm = nn.LayerNorm(len(weights["scale"]), eps=1e-5)
    norm.weight.data, norm.bias.data = to_tensor(weights["scale"]), to_tensor(weights["offset"])
    return norm


def _linear(kernel, bias) -> nn.Linear:
    linear = nn.Linear(*kernel.shape)
    linear.weight.data, linear.bias.data = to_tensor(kernel.T), to_tensor(bias)
    return linear


def _convolutions(weights: Weights) -> nn.ModuleList:
    convolutions = nn.ModuleList()
    for name in sorted(
        name for name in weights if name.startswith("convolution_") and name.endswith("/kernel")
    ):
        kernel = weights[name]  # (window, dim, filters)
        convolution = nn.Conv1d(kernel.shape[1], kernel.shape[2], kernel.shape[0])
        convolution.weight.data = to_tensor(kernel.transpose(2, 1, 0))
        convolution.bias.data = to_tensor(weights[name.replace("kernel", "bias")])
        convolutions.append(convolution)
    return convolutions


def _feature_maps(
    convolutions: nn.ModuleList, vectors: torch.Tensor, mask: torch.Tensor
) -> list[torch.Tensor]:
    """`[batch, filters, time]` of each convolution."""
    columns = (vectors * mask[..., None]).transpose(1, 2)
    maps = []
    for convolution in convolutions:
        window = convolution.kernel_size[0]
        before = (window - 1) // 2
        maps.append(functional.relu(convolution(functional.pad(columns, (before, window - 1 - before)))))
    return maps


def _recurrent_layer(weights: Weights, name: str, cell: str) -> nn.RNNBase:
    kernel, recurrent, bias = (weights[f"{name}/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))
    layer = {"simple_rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](
        kernel.shape[0], recurrent.shape[0], batch_first=True
    )

    def arranged(values):
        """In PyTorch's order of gates: that of Keras, but for the GRU's first two."""
        if cell == "gru":
            update, reset, new = np.split(values, 3, axis=-1)
            values = np.concatenate([reset, update, new], axis=-1)
        return to_tensor(values.T)

    layer.weight_ih_l0.data, layer.weight_hh_l0.data = arranged(kernel), arranged(recurrent)
    if bias.ndim == 2:  # the GRU has two in Keras also
        layer.bias_ih_l0.data, layer.bias_hh_l0.data = arranged(bias[0]), arranged(bias[1])
    else:
        # Keras has one bias where PyTorch has two: the second stays at zero, outside training.
        layer.bias_ih_l0.data = arranged(bias)
        layer.bias_hh_l0.data.zero_()
        layer.bias_hh_l0.requires_grad_(False)
    return layer


def _at(sequence: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """The vector at one place `[batch, 1]` of each row."""
    return sequence.gather(1, places[..., None].expand(-1, -1, sequence.shape[-1]))[:, 0]
