"""The networks of the book, from weights N(0, 1/fan_in) and biases 0 (Appendix B of the paper)."""

import math

from nin_lib.distributions import stream
from nin_lib.extras import needed

with needed("torch"):
    import torch
    from torch import nn


def mlp(widths, seed=0, dtype=torch.float64):
    """Fully connected ReLU net, weights N(0, 1/fan_in), biases 0 (Appendix B of the paper).

    Parameters
    ----------
    widths : sequence of int
        Input, hidden and output widths, e.g. (784, 1024, 10).
    seed : int or numpy.random.Generator
    dtype : torch.dtype

    Returns
    -------
    nn.Sequential
        Its linear layers are named "0", "2", "4", ...
    """
    rng = stream(seed, "weights")
    layers = []
    for fan_in, width in zip(widths[:-1], widths[1:], strict=True):
        linear = nn.Linear(fan_in, width, dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(rng.standard_normal((width, fan_in)) / math.sqrt(fan_in)))
            linear.bias.zero_()
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Recurrent(nn.Module):
    """Elman's recurrent net, which reads an image row by row: h <- activation(input(row) + hidden(h))."""

    def __init__(self, activation, width=64):
        super().__init__()
        self.input, self.output = nn.Linear(8, width), nn.Linear(width, 10)
        self.hidden, self.activation = nn.Linear(width, width, bias=False), activation

    def forward(self, x):
        first, *others = self.input(x.unflatten(1, (8, 8))).unbind(1)
        h = self.activation(first)
        for z in others:
            h = self.activation(z + self.hidden(h))
        return self.output(h)


class Transformer(nn.Module):
    """One block of self-attention with 4 heads and one of 2 ReLU layers; the tokens are the rows of an image.

    With `norm`, the attention, the two layers and the output see normalised tokens (LayerNorm without parameters), as is
    usual.
    """

    def __init__(self, norm, width=16):
        super().__init__()
        self.embed, self.position = nn.Linear(8, width), nn.Parameter(torch.zeros(8, width))
        self.attend, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False) if norm else nn.Identity()
        self.output = nn.Linear(width, 10)

    def forward(self, x):
        tokens = self.embed(x.unflatten(1, (8, 8))) + self.position
        queries, keys, values = (
            self.attend(self.norm(tokens)).unflatten(-1, (3, 4, -1)).permute(2, 0, 3, 1, 4)
        )
        attended = nn.functional.scaled_dot_product_attention(queries, keys, values)
        tokens = tokens + self.project(attended.transpose(1, 2).flatten(2))
        tokens = tokens + self.down(torch.relu(self.up(self.norm(tokens))))
        return self.output(self.norm(tokens).mean(1))


def _perceptron(activation, *hidden):
    widths = (64, *hidden, 10)
    layers = [
        part for pair in zip(widths, widths[1:], strict=False) for part in (nn.Linear(*pair), activation())
    ]
    return nn.Sequential(*layers[:-1])


def _convolutional():
    first = nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)
    second = nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)
    return nn.Sequential(nn.Unflatten(1, (1, 8, 8)), *first, *second, nn.Flatten(), nn.Linear(64, 10))


ARCHITECTURES = {
    "relu": (lambda: _perceptron(nn.ReLU, 128), "0"),
    "tanh": (lambda: _perceptron(nn.Tanh, 128), "0"),
    "sigmoid": (lambda: _perceptron(nn.Sigmoid, 128), "0"),
    "deep": (lambda: _perceptron(nn.ReLU, 64, 64, 64), "0"),
    "convolutional": (_convolutional, "1"),
    "recurrent-relu": (lambda: Recurrent(torch.relu), "input"),
    "recurrent-tanh": (lambda: Recurrent(torch.tanh), "input"),
    "transformer": (lambda: Transformer(norm=True), "embed"),
    "transformer-plain": (lambda: Transformer(norm=False), "embed"),
}
"""Constructor of each net, and the layer that gets a NIN: its first.

The first four are fully connected, 64-128-10 and (with ReLU) 64-64-64-64-10.
"""


def network(name, seed=0):
    """A net of `ARCHITECTURES`, in float64, for rows of 64 pixels.

    Parameters
    ----------
    name : str
    seed : int or numpy.random.Generator
        Source of the weights, and of the transformer's `position`, from N(0, 1/width); biases are 0. "relu" is
        `nin_lib.training.mlp((64, 128, 10), seed)`.

    Raises
    ------
    ValueError
        If there is no architecture of that name.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"name must be one of {list(ARCHITECTURES)}, got {name!r}")
    net, rng = ARCHITECTURES[name][0]().double(), stream(seed, "weights")
    with torch.no_grad():
        for key, parameter in net.named_parameters():
            if key.endswith("bias"):
                parameter.zero_()
            else:
                weight = rng.standard_normal(parameter.shape) / math.sqrt(parameter[0].numel())
                parameter.copy_(torch.from_numpy(weight))
    return net
