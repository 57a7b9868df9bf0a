"""The networks of tfnlp once more, in PyTorch: same layers, same masks, same starting weights."""

import torch
from torch import nn
from torch.nn import functional

Weights = dict  # names of `benchmarks.tfnlp_session.weights` -> float32 arrays in Keras layout


class Network(nn.Module):
    """Embedding, `encode`, head: int64 ids `[batch, time]`, 0 = padding, to logits `[batch, classes]`."""

    def __init__(self, weights: Weights, dropout: float, embedding_dropout: float, token_dropout: float):
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(_tensor(weights["embedding"]), freeze=False)
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
        return self.head(self.dropout(self.encode(vectors, mask)))

    def encode(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Token vectors `[batch, time, dim]` -> text vectors `[batch, units]`."""
        raise TypeError(f"{type(self).__name__} cannot encode")


class TextCNN(Network):
    """Kim's network with `same` padding, over real tokens alone."""

    def __init__(self, weights: Weights, **dropouts: float):
        super().__init__(weights, **dropouts)
        self.convolutions = nn.ModuleList()
        for name in sorted(
            name for name in weights if name.startswith("convolution_") and name.endswith("/kernel")
        ):
            kernel = weights[name]  # (window, dim, filters)
            convolution = nn.Conv1d(kernel.shape[1], kernel.shape[2], kernel.shape[0])
            convolution.weight.data = _tensor(kernel.transpose(2, 1, 0))
            convolution.bias.data = _tensor(weights[name.replace("kernel", "bias")])
            self.convolutions.append(convolution)

    def encode(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Convolves, then keeps each filter's greatest value over the real tokens."""
        columns = (vectors * mask[..., None]).transpose(1, 2)  # (batch, dim, time)
        pooled = []
        for convolution in self.convolutions:
            window = convolution.kernel_size[0]
            before = (window - 1) // 2
            maps = functional.relu(convolution(functional.pad(columns, (before, window - 1 - before))))
            pooled.append(masked_max(maps, mask[:, None, :], dim=2))
        return torch.cat(pooled, dim=1)


class BiLSTM(Network):
    """One LSTM in each direction; the backward one starts at each text's last real token.

    The rows are turned round within their lengths and read densely: the same numbers as
    `pack_padded_sequence`, which trains several times slower on a CPU because oneDNN's LSTM does not take
    packed rows.
    """

    def __init__(self, weights: Weights, pooling: list[str], **dropouts: float):
        super().__init__(weights, **dropouts)
        self.pooling = pooling
        self.ahead, self.behind = (_lstm(weights, name) for name in ("forward_0", "backward_0"))

    def encode(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Reads both ways, then pools the real tokens."""
        time = torch.arange(mask.shape[1])
        turned = torch.where(mask, mask.sum(1, keepdim=True) - 1 - time, time)[..., None]  # its own inverse
        ahead = self.ahead(vectors)[0]
        behind = self.behind(vectors.gather(1, turned.expand(-1, -1, vectors.shape[-1])))[0]
        sequence = torch.cat([ahead, behind.gather(1, turned.expand(-1, -1, behind.shape[-1]))], dim=-1)
        keep = mask[..., None]
        pooled = []
        for mode in self.pooling:
            if mode == "max":
                pooled.append(masked_max(sequence, keep, dim=1))
            else:
                pooled.append((sequence * keep).sum(1) / keep.sum(1).clamp(min=1))
        return torch.cat(pooled, dim=-1)


def masked_max(values: torch.Tensor, keep: torch.Tensor, dim: int) -> torch.Tensor:
    """Greatest value over the kept places; 0 where none is kept."""
    peak = values.masked_fill(~keep, -65504.0).amax(dim)
    return torch.where(keep.any(dim), peak, torch.zeros_like(peak))


def build(encoder: str, weights: Weights, *, pooling: list[str], **dropouts: float) -> Network:
    """Makes the network that starts from these weights."""
    if encoder == "bilstm":
        return BiLSTM(weights, pooling, **dropouts)
    return TextCNN(weights, **dropouts)


def _tensor(array) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.float32)


def _linear(kernel, bias) -> nn.Linear:
    linear = nn.Linear(*kernel.shape)
    linear.weight.data, linear.bias.data = _tensor(kernel.T), _tensor(bias)
    return linear


def _lstm(weights: Weights, name: str) -> nn.LSTM:
    kernel = weights[f"{name}/kernel"]  # (dim, 4 units): input, forget, cell, output, as in PyTorch
    lstm = nn.LSTM(kernel.shape[0], kernel.shape[1] // 4, batch_first=True)
    lstm.weight_ih_l0.data = _tensor(kernel.T)
    lstm.weight_hh_l0.data = _tensor(weights[f"{name}/recurrent_kernel"].T)
    lstm.bias_ih_l0.data = _tensor(weights[f"{name}/bias"])
    # Keras has one bias where PyTorch has two: the second stays at zero, outside training.
    lstm.bias_hh_l0.data.zero_()
    lstm.bias_hh_l0.requires_grad_(False)
    return lstm
