import { adaptersSource } from "./ops-adapters.ts";
import { drawsSource } from "./ops-draws.ts";
import { namesSource } from "./ops-names.ts";
import { windowsSource } from "./ops-windows.ts";
import { pytorchReleases } from "./releases.ts";

/** The file `ops.py` of every package: what PyTorch has under no name of its own. */
export const opsSource = `"""What the modules of this package use besides PyTorch."""

import contextlib
import functools
import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeGuard, TypeVar
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList, register_parametrization
from torch.utils.checkpoint import checkpoint

# Written for these releases of PyTorch.
_SUPPORTED = (${pytorchReleases.map((each) => `(${each.replace(".", ", ")})`).join(", ")})
_release = tuple(int(number) for number in re.findall(r"\\d+", torch.__version__)[:2])
if _release not in _SUPPORTED:
    _names = " and ".join(".".join(map(str, each)) for each in _SUPPORTED)
    raise ImportError(f"this package supports PyTorch {_names}, not {torch.__version__}")


def require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def not_used(written: str) -> Any:
    """Stands where the spec has an expression that its model never computes."""
    raise NotImplementedError(f"the model of the spec does not use this: {written}")


def sign_of(x: float) -> int:
    return (x > 0) - (x < 0)


def normal(sizes: Sequence[int], std: float, training: bool = True) -> Tensor:
    return torch.randn(sizes) * std if training else torch.zeros(sizes)


def uniform(sizes: Sequence[int], bound: float, training: bool = True) -> Tensor:
    return torch.empty(sizes).uniform_(-bound, bound) if training else torch.zeros(sizes)


def svd(x: Tensor, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    """
    The largest singular values of a matrix, with their vectors: [rows, rank], [rank] and
    [rank, columns]. The largest element of each left vector is positive; what is rounding beside
    the largest value is zero, and so are its vectors.
    """
    left, values, right = torch.linalg.svd(x.double(), full_matrices=False)
    left, values, right = left[:, :rank], values[:rank], right[:rank]
    signs = left.take_along_dim(left.abs().argmax(0, keepdim=True), 0)[0].sign()
    found = signs * (values > values[0] * math.sqrt(torch.finfo(values.dtype).eps))
    values = torch.where(found != 0, values, 0)
    return (left * found).to(x), values.to(x), (right * found[:, None]).to(x)


def _alike(a: Tensor | float, b: Tensor | float) -> tuple[Tensor, Tensor]:
    like = a if isinstance(a, Tensor) else b
    assert isinstance(like, Tensor)
    first, second = (
        each
        if isinstance(each, Tensor)
        else torch.tensor(each, dtype=like.dtype, device=like.device)
        for each in (a, b)
    )
    return first, second


def maximum(a: Tensor | float, b: Tensor | float) -> Tensor:
    """The larger of two values; where they are equal, each gets half of the gradient."""
    return torch.maximum(*_alike(a, b))


def minimum(a: Tensor | float, b: Tensor | float) -> Tensor:
    """The smaller of two values; where they are equal, each gets half of the gradient."""
    return torch.minimum(*_alike(a, b))


def remainder(a: Any, b: Any) -> Any:
    """What is left of a division whose quotient is rounded to a float before it is rounded down."""
    quotient = a / b
    return a - (quotient.floor() if isinstance(quotient, Tensor) else math.floor(quotient)) * b


def one_hot(ids: Tensor, count: int) -> Tensor:
    """Rows of 0 with a 1 at each id; an id beyond them gives zeros: [...] -> [..., count]."""
    return (ids.unsqueeze(-1) == torch.arange(count, device=ids.device)).float()


def slice_axis(x: Tensor, axis: int, start: int | None, end: int | None, step: int = 1) -> Tensor:
    """As Python slices a list, along one axis."""
    places = list(range(x.shape[axis]))[start:end:step]
    return x.index_select(axis, torch.tensor(places, dtype=torch.int64, device=x.device))


def take(x: Tensor, indices: Tensor | int | Sequence[int], axis: int) -> Tensor:
    """Elements of an axis by number; a computed number beyond the axis gives zeros."""
    if isinstance(indices, int):
        return x.select(axis, indices)
    if not isinstance(indices, Tensor):
        return torch.stack([x.select(axis, each) for each in indices], axis)
    axis = axis % x.ndim
    within = indices.clamp(0, x.shape[axis] - 1)
    taken = x.index_select(axis, within.reshape(-1))
    taken = taken.reshape([*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]])
    found = (within == indices).reshape([*indices.shape, *[1] * (x.ndim - axis - 1)])
    return torch.where(found, taken, 0)


def take_along(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Elements of an axis by number, each row by its own; a number beyond the axis gives zeros."""
    within = indices.clamp(0, x.shape[axis] - 1)
    return torch.where(within == indices, torch.take_along_dim(x, within.long(), axis), 0)


def scatter_add(values: Tensor, ids: Tensor, rows: int) -> Tensor:
    """Adds rows by number into a table of zeros, but for numbers beyond it."""
    parts = values.reshape(ids.numel(), *values.shape[ids.ndim :])
    numbers = ids.reshape(-1)
    within = numbers.clamp(0, rows - 1)
    found = (within == numbers).reshape(-1, *[1] * (parts.ndim - 1))
    table = torch.zeros([rows, *parts.shape[1:]], dtype=parts.dtype, device=parts.device)
    return table.index_add(0, within, torch.where(found, parts, 0))


${drawsSource}def roll(x: Tensor, shift: int | Sequence[int], axis: int | Sequence[int]) -> Tensor:
    axes = [axis] if isinstance(axis, int) else list(axis)
    return x.roll([shift] * len(axes) if isinstance(shift, int) else list(shift), axes)


def top_k(x: Tensor, k: int, axis: int = -1) -> tuple[Tensor, Tensor]:
    """The largest elements, and where they are; of equals the first."""
    values, places = x.sort(dim=axis, descending=True, stable=True)
    return values.narrow(axis, 0, k), places.narrow(axis, 0, k).int()


def resize(
    x: Tensor,
    size: int | Sequence[int],
    axis: int | Sequence[int] | None = None,
    mode: str = "nearest",
) -> Tensor:
    """Other sizes of some axes, by the nearest element or linearly with centres at halves."""
    sizes = [size] if isinstance(size, int) else list(size)
    axes = list(range(x.ndim - len(sizes), x.ndim)) if axis is None else axis
    axes = [axes] if isinstance(axes, int) else list(axes)
    sizes = sizes * len(axes) if isinstance(size, int) else sizes
    for each, after in zip(axes, sizes, strict=True):
        before = x.shape[each]
        if mode == "nearest":
            x = x.index_select(each, torch.arange(after, device=x.device) * before // after)
        elif before != after:
            places = (torch.arange(after, device=x.device) + 0.5) * (before / after) - 0.5
            distances = places.clamp(0, before - 1)[:, None] - torch.arange(before, device=x.device)
            weights = (1 - distances.abs()).clamp(min=0).to(x.dtype)
            x = (x.movedim(each, -1) @ weights.T).movedim(-1, each).to(x.dtype)
    return x


def rearrange(x: Tensor, pattern: str, **sizes: int) -> Tensor:
    """Takes axes apart, orders them and puts them together, in the notation of einops."""
    left, right = (_groups(side) for side in pattern.split("->"))
    known = {name: int(size) for name, size in sizes.items()}
    for group, size in zip(left, x.shape, strict=True):
        open_letters = [letter for letter in group if letter not in known]
        given = math.prod(known[letter] for letter in group if letter in known)
        if open_letters:
            known[open_letters[0]] = size // given
    order = [letter for group in left for letter in group]
    apart = x.reshape([known[letter] for letter in order])
    moved = apart.permute([order.index(letter) for group in right for letter in group])
    return moved.reshape([math.prod(known[letter] for letter in group) for group in right])


@functools.cache
def _groups(side: str) -> list[list[str]]:
    tokens = re.findall(r"\\([^)]*\\)|\\S+", side)
    return [[each for each in token.strip("()").split() if each != "1"] for token in tokens]


def pad(x: Tensor, amounts: Sequence[Sequence[int]]) -> Tensor:
    """Zeros before and behind each axis; the pairs are in the order of the axes."""
    return F.pad(x, [amount for pair in reversed(amounts) for amount in pair])


${windowsSource}def on_own_device(method: Callable[..., Any]) -> Callable[..., Any]:
    """Makes what a method of a model creates stand where the model's weights are."""

    @functools.wraps(method)
    def on_device(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        weight = next(self.parameters(), None)
        with torch.device("cpu" if weight is None else weight.device):
            return method(self, *args, **kwargs)

    return on_device


def mask_from_zero(bias: Tensor | None) -> Tensor | None:
    """
    The same bias for a softmax, with 0 as the largest in each row. Kernels of attention keep the
    logarithm of a row's sum: beside the -1e9 of a row that is masked as a whole it would be lost,
    and its gradients with it.
    """
    return None if bias is None else bias - bias.detach().amax(dim=-1, keepdim=True)


def with_batch_axis(bias: Tensor | None) -> Tensor | None:
    """The same for kernels of attention, which take [batch, heads, n, m] and no three axes."""
    return bias[None] if bias is not None and bias.ndim == 3 else bias


_kept: WeakKeyDictionary[nn.Module, tuple[Any, list[Tensor], Tensor]] = WeakKeyDictionary()


def computed_once(module: nn.Module) -> Tensor:
    """
    What a module without inputs gives, from its first call on, until its weights change: they are
    replaced, moved or written to (but for writes through \`.data\`). While any of them is trained,
    it is computed in every call.
    """
    weights = [*module.parameters(), *module.buffers()]
    trained = torch.is_grad_enabled() and any(each.requires_grad for each in weights)
    if trained or torch.compiler.is_compiling() or any(each.is_inference() for each in weights):
        return module()
    kind = weights[0].device.type if weights else "cpu"
    state = [
        (torch.is_autocast_enabled(kind), torch.is_inference_mode_enabled()),
        *((each.data_ptr(), each._version, each.dtype, each.device) for each in weights),
    ]
    kept = _kept.get(module)
    if kept is None or kept[0] != state:
        with torch.no_grad():
            # Their memory is kept, so that no others are taken for them.
            kept = (state, [each.detach() for each in weights], module())
        _kept[module] = kept
    return kept[2]


def recomputed(layer: nn.Module, *args: Any, **kwargs: Any) -> Any:
    """Calls a layer of which only the inputs are kept: the backward pass computes it again."""
    weight = next(layer.parameters(), None)
    if weight is None or not torch.is_grad_enabled():
        return layer(*args, **kwargs)

    def contexts() -> tuple[Any, Any]:
        return contextlib.nullcontext(), torch.device(weight.device)

    return checkpoint(layer, *args, use_reentrant=False, context_fn=contexts, **kwargs)


def compile_layers(model: nn.Module, **options: Any) -> None:
    """Compiles layers by torch.compile, in place; those of a list are compiled once for all."""
    for module in model.modules():
        for layer in module if _is_list(module) else []:
            if not any(_is_list(inner) for inner in layer.modules()):
                layer.compile(**options)


def _is_list(module: nn.Module) -> TypeGuard[nn.ModuleList]:
    # Adapters of a parameter are in a list, too.
    return isinstance(module, nn.ModuleList) and not isinstance(module, ParametrizationList)


${adaptersSource}${namesSource}`;
