import { adaptersSource } from "./ops-adapters.ts";
import { windowsSource } from "./ops-windows.ts";
import { pytorchReleases } from "./releases.ts";

/** The file `ops.py` of every package: what PyTorch has under no name of its own. */
export const opsSource = `"""What the modules of this package use besides PyTorch."""

import contextlib
import functools
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


def normal(sizes: Sequence[int], std: float) -> Tensor:
    return torch.randn(sizes) * std


def uniform(sizes: Sequence[int], bound: float) -> Tensor:
    return torch.empty(sizes).uniform_(-bound, bound)


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


def roll(x: Tensor, shift: int | Sequence[int], axis: int | Sequence[int]) -> Tensor:
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


${adaptersSource}Naming = Callable[[str], str]


def _as_it_is(own: str) -> str:
    return own


def _inside(name: str) -> Naming:
    return lambda own: f"{name}.{own}" if name else own


def _child(parent: Naming, pattern: str, index: int | None = None) -> Naming:
    """How what is in a child is named: a \`*\` in the child's name stands for the name in it."""
    if "*" in pattern:
        layer = "" if index is None else f"{index}."
        return lambda own: parent(pattern.replace("*", layer + own, 1))
    return _inside(parent(pattern if index is None else f"{pattern}.{index}"))


def checkpoint_names(model: nn.Module) -> dict[str, str]:
    """The names of all parameters and buffers in checkpoints, by their names in Python."""
    found: dict[str, str] = {}

    def visit(module: nn.Module, path: str, naming: Naming) -> None:
        adapters: list[tuple[str, Adapter]] = []
        while isinstance(module, Adapter):
            adapters.insert(0, (path, module))
            path, module = f"{path}base.", module.base
        members(module, path, naming)
        checkpoint = naming("").rstrip("._")
        for level, (at, adapter) in enumerate(adapters):
            own = checkpoint if level == 0 else f"{checkpoint}.{level}"
            members(adapter, at, _as_it_is if adapter.of_whole_model else _inside(own))

    def members(module: nn.Module, path: str, naming: Naming) -> None:
        names = getattr(module, "checkpoint_names", {})
        for kept in (module._parameters, module._buffers):
            for name, tensor in kept.items():
                if tensor is not None:
                    found[path + name] = naming(names.get(name, name))
        for name, child in module.named_children():
            if isinstance(child, nn.ModuleDict) and child is getattr(module, "parametrizations", 0):
                for own, adapted in child.items():
                    stored = naming(names.get(own, own))
                    found[f"{path}{name}.{own}.original"] = stored
                    for level, adapter in enumerate(adapted):
                        inside = _inside(stored if level == 0 else f"{stored}.{level}")
                        members(adapter, f"{path}{name}.{own}.{level}.", inside)
                continue
            if isinstance(module, Adapter) and name == "base":
                continue
            if isinstance(child, nn.ModuleList):
                for index, layer in enumerate(child):
                    stands = f"{path}{name}.{index}."
                    visit(layer, stands, _child(naming, names.get(name, name), index))
            elif isinstance(child, nn.ModuleDict):
                for key, head in child.items():
                    own = f"{name}.{key}"
                    visit(head, f"{path}{own}.", _child(naming, names.get(own, own)))
            else:
                visit(child, f"{path}{name}.", _child(naming, names.get(name, name)))

    members(model, "", _as_it_is)
    return found


def adapter_names(model: nn.Module) -> set[str]:
    """The names in checkpoints of what adapters add to a model."""
    names = checkpoint_names(model)
    added: set[str] = set()
    for path, module in model.named_modules():
        if isinstance(module, PlacedAdapter | Shared):
            inside = (name for name, _ in _tensors(module, path))
            added.update(names[name] for name in inside if not name.startswith(f"{path}.base."))
    return added


def _tensors(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters(prefix=prefix)
    yield from module.named_buffers(prefix=prefix)


def compute_first_values(model: nn.Module, kind: type[nn.Module] = nn.Module) -> None:
    """Computes the first values that follow from others in modules of a kind, the innermost first."""
    for module in reversed(list(model.modules())):
        compute = getattr(module, "first_values", None) if isinstance(module, kind) else None
        own = next((each for _, each in _tensors(module)), None)
        # What is made without memory gets all of its values later.
        if compute is not None and own is not None and not own.is_meta:
            with torch.device(own.device):
                compute()


def use_checkpoint_names(model: nn.Module) -> None:
    """
    Makes the state dict of a model have the names of checkpoints. A checkpoint without any adapter
    loads as it is. Adapters keep their values then, but for first values that follow from the
    weights they adapt: until an adapter is loaded, these follow from those that were loaded last.
    Names may have the prefix that PEFT gives them.
    """
    has_adapters = False

    def rename(module: nn.Module, state: dict[str, Any], prefix: str, _: Any) -> None:
        names = {prefix + own: prefix + name for own, name in checkpoint_names(module).items()}
        items = list(state.items())
        state.clear()
        state.update((names.get(name, name), value) for name, value in items)

    def restore(
        module: nn.Module, state: dict[str, Any], prefix: str, _: Any, strict: bool, *__: Any
    ) -> None:
        nonlocal has_adapters
        names = {name: own for own, name in checkpoint_names(module).items()}
        items = list(state.items())
        state.clear()
        for key, value in items:
            name = key.removeprefix(prefix).removeprefix("base_model.model.")
            # What adapters share stands beside the model there.
            name = name if name in names else name.removeprefix("base_model.")
            state[prefix + names[name] if key.startswith(prefix) and name in names else key] = value
        own = {names[name] for name in adapter_names(module)}
        if any(prefix + name in state for name in own):
            has_adapters = True
        else:
            tensors = dict(_tensors(module))
            state.update((prefix + name, tensors[name].detach()) for name in own)

    def compute(module: nn.Module, _: Any) -> None:
        if not has_adapters:
            compute_first_values(module, Adapter)

    model.register_state_dict_post_hook(rename)
    model.register_load_state_dict_pre_hook(restore)
    model.register_load_state_dict_post_hook(compute)
`;
