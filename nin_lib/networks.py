"""The networks of the book, from weights N(0, 1/fan_in) and biases 0 (Appendix B of the paper)."""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from nin_lib import checks
from nin_lib.distributions import stream
from nin_lib.extras import needed

with needed("torch"):
    import torch
    from torch import nn

Net = TypeVar("Net", bound=nn.Module)
PRECISIONS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
"""What weights and activations may be computed in."""


def mlp(
    widths: Sequence[int], seed: int | np.random.Generator = 0, dtype: torch.dtype = torch.float64
) -> nn.Sequential:
    """Fully connected ReLU net, weights N(0, 1/fan_in), biases 0 (Appendix B of the paper).

    Parameters
    ----------
    widths : sequence of int
        Input, hidden and output widths >= 1, at least two of them, e.g. (784, 1024, 10).
    seed : int or numpy.random.Generator
        Source of the weights.
    dtype : torch.dtype
        One of `PRECISIONS`.

    Returns
    -------
    nn.Sequential
        Its linear layers are named "0", "2", "4", ...

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above.

    Examples
    --------
    >>> mlp((64, 128, 10))
    Sequential(
      (0): Linear(in_features=64, out_features=128, bias=True)
      (1): ReLU()
      (2): Linear(in_features=128, out_features=10, bias=True)
    )
    """
    widths = checked_widths("widths", widths)
    if len(widths) < 2:
        raise ValueError(
            f"widths must be two or more, got {widths}: begin with the inputs, end with the outputs"
        )
    if dtype not in PRECISIONS:
        raise ValueError(f"dtype must be one of {', '.join(map(str, PRECISIONS))}, got {dtype!r}")
    rng = stream(seed, "weights")
    layers: list[nn.Module] = []
    for fan_in, width in zip(widths[:-1], widths[1:], strict=True):
        linear = nn.Linear(fan_in, width, dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(rng.standard_normal((width, fan_in)) / math.sqrt(fan_in)))
            linear.bias.zero_()
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def checked_widths(name: str, widths: Sequence[int]) -> list[int]:
    """`widths` as a list, if they are whole numbers >= 1; else a ValueError or TypeError that calls them `name`."""
    remedy = "give a tuple of the layers' widths, such as (128,)"
    return [checks.whole(name, width, 1, remedy) for width in checks.sequence(name, widths, remedy)]


def checked_device(device: str | torch.device) -> torch.device:
    """`device`, if torch can compute on it here; else a ValueError."""
    try:
        checked = torch.device(device)
        torch.empty(0, device=checked).tolist()  # on the meta device nothing has a value
    except (RuntimeError, AssertionError, TypeError) as error:  # without CUDA, torch asserts that it has it
        raise ValueError(
            f"device must be one that torch can use here, such as 'cpu', got {device!r}: {error}"
        ) from error
    return checked


def placed(net: Net, device: str | torch.device) -> Net:
    """`net`, moved to a device; a ValueError, if torch has no such device here."""
    return net.to(checked_device(device))


@contextlib.contextmanager
def evaluating(net: torch.nn.Module) -> Iterator[None]:
    """Inside the block the net is in eval mode; afterwards each part is in the mode in which it was.

    Yields
    ------
    None
        The block begins.
    """
    modes = {part: part.training for part in net.modules()}
    net.eval()
    try:
        yield
    finally:
        for part, mode in modes.items():  # not net.train(), which also wakes a part frozen in eval mode
            part.training = mode


def _rows(x: torch.Tensor) -> torch.Tensor:
    """Images of 64 pixels as 8 rows of 8."""
    if x.ndim != 2 or x.shape[1] != 64:
        raise ValueError(
            f"x must have shape (n, 64), got {tuple(x.shape)}: give images of 8 x 8 pixels as rows"
        )
    return x.reshape(-1, 8, 8)


class Recurrent(nn.Module):
    """Elman's recurrent net, which reads an image row by row: h <- activation(input(row) + hidden(h)).

    Parameters
    ----------
    activation : callable
        A function of a tensor, element by element.
    width : int
        Number >= 1 of hidden units.

    Raises
    ------
    TypeError
        If an argument is of another kind than above.
    ValueError
        If an argument is not as above.
    """

    def __init__(self, activation: Callable[[torch.Tensor], torch.Tensor], width: int = 64) -> None:
        super().__init__()
        if not callable(activation):
            raise TypeError(f"activation must be a function of a tensor, got {activation!r}: use torch.tanh")
        width = checks.whole("width", width, 1, "it counts the hidden units")
        self.input, self.output = nn.Linear(8, width), nn.Linear(width, 10)
        self.hidden, self.activation = nn.Linear(width, width, bias=False), activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs, shape (n, 10), of images, shape (n, 64); a ValueError for any other shape."""
        first, *others = self.input(_rows(x)).unbind(1)
        h: torch.Tensor = self.activation(first)
        for z in others:
            h = self.activation(z + self.hidden(h))
        outputs: torch.Tensor = self.output(h)
        return outputs


class Transformer(nn.Module):
    """One block of self-attention with 4 heads and one of 2 ReLU layers; the tokens are the rows of an image.

    Parameters
    ----------
    norm : bool
        Whether the attention, the two layers and the output see normalised tokens (LayerNorm without parameters), as is
        usual.
    width : int
        Numbers in a token, a multiple of 4.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """

    def __init__(self, norm: bool, width: int = 16) -> None:
        super().__init__()
        norm = checks.flag("norm", norm)
        if checks.whole("width", width, 4, "each of the 4 heads sees a part of a token") % 4:
            raise ValueError(f"width must be a multiple of 4, got {width}: the 4 heads share it equally")
        self.embed, self.position = nn.Linear(8, width), nn.Parameter(torch.zeros(8, width))
        self.attend, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False) if norm else nn.Identity()
        self.output = nn.Linear(width, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs, shape (n, 10), of images, shape (n, 64); a ValueError for any other shape."""
        tokens: torch.Tensor = self.embed(_rows(x)) + self.position
        queries, keys, values = (
            self.attend(self.norm(tokens)).unflatten(-1, (3, 4, -1)).permute(2, 0, 3, 1, 4)
        )
        attended = nn.functional.scaled_dot_product_attention(queries, keys, values)
        tokens = tokens + self.project(attended.transpose(1, 2).flatten(2))
        tokens = tokens + self.down(torch.relu(self.up(self.norm(tokens))))
        outputs: torch.Tensor = self.output(self.norm(tokens).mean(1))
        return outputs


def _perceptron(activation: Callable[[], nn.Module], *hidden: int) -> nn.Sequential:
    widths = (64, *hidden, 10)
    layers = [
        part for pair in zip(widths, widths[1:], strict=False) for part in (nn.Linear(*pair), activation())
    ]
    return nn.Sequential(*layers[:-1])


def _convolutional() -> nn.Sequential:
    first = nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)
    second = nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)
    return nn.Sequential(nn.Unflatten(1, (1, 8, 8)), *first, *second, nn.Flatten(), nn.Linear(64, 10))


ARCHITECTURES: dict[str, tuple[Callable[[], nn.Module], str]] = {
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


def network(name: str, seed: int | np.random.Generator = 0) -> nn.Module:
    """A net of `ARCHITECTURES`, in float64, for rows of 64 pixels.

    Parameters
    ----------
    name : str
        A key of `ARCHITECTURES`.
    seed : int or numpy.random.Generator
        Source of the weights, and of the transformer's `position`, from N(0, 1/width); biases are 0. "relu" is
        `mlp((64, 128, 10), seed)`.

    Returns
    -------
    nn.Module
        From images, shape (n, 64), to outputs, shape (n, 10).

    Raises
    ------
    ValueError
        If there is no architecture of that name, or `seed` is not as above.
    """
    constructor, _ = ARCHITECTURES[checks.choice("name", name, ARCHITECTURES)]
    net, rng = constructor().double(), stream(seed, "weights")
    with torch.no_grad():
        for key, parameter in net.named_parameters():
            if key.endswith("bias"):
                parameter.zero_()
            else:
                weight = rng.standard_normal(parameter.shape) / math.sqrt(parameter[0].numel())
                parameter.copy_(torch.from_numpy(weight))
    return net
