/** The part of `ops.py` that puts adapters around modules and says what is trained. */
export const adaptersSource = `def original(module: nn.Module) -> nn.Module:
    """A module without the adapters around it."""
    while isinstance(module, Adapter):
        module = module.base
    return module


class Shared(nn.Module):
    """What adapters share, with its names in checkpoints."""

    def __init__(self, checkpoint_names: dict[str, str]) -> None:
        super().__init__()
        self.checkpoint_names = checkpoint_names


class PlacedAdapter(nn.Module):
    """What all adapters have."""

    place: int  # among the adapters of the model, in the order in which they were placed
    sharing: tuple[Shared, dict[str, str]]

    def __init__(self) -> None:
        super().__init__()
        self.place = 0


class Adapter(PlacedAdapter):
    """Stands around the module that it adapts, or around another adapter of that."""

    base: nn.Module
    of_whole_model = False  # whether its names in checkpoints are without those of its module

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base

    @property
    def original(self) -> Any:
        return original(self.base)


class ParameterAdapter(PlacedAdapter):
    """Gives what is computed with in the place of a parameter: one of its parametrizations."""


class SharedTensor:
    """An attribute of an adapter that is a tensor of the model, which other adapters have too."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, adapter: Any, owner: type) -> Any:
        shared, names = adapter.sharing
        return getattr(shared, names[self.name]) if self.name in names else None


_Placed = TypeVar("_Placed", bound=PlacedAdapter)


def sharing(adapter: _Placed, shared: Shared, **names: str) -> _Placed:
    """Says which of what adapters share is which attribute of one."""
    # In a tuple it is no part of the adapter, whose state dict is without it.
    adapter.sharing = (shared, names)
    return adapter


def adapters(model: nn.Module, *kinds: type[PlacedAdapter]) -> list[Any]:
    """The adapters of some kinds, in the order in which they were placed."""
    found = [each for each in model.modules() if isinstance(each, kinds)]
    return sorted(found, key=lambda each: each.place)


def _matching(names: list[str], pattern: str) -> list[str]:
    """The names that a pattern means: \`*\` stands for the number of any layer."""
    written = re.compile(re.escape(pattern).replace(r"\\*", r"\\d+"))
    found = [name for name in names if written.fullmatch(name)]
    if not found:
        raise ValueError(f"{pattern} names nothing in this model")
    return found


def _places(module: nn.Module, path: str = "") -> dict[str, tuple[nn.Module, str]]:
    """What holds each module and parameter of a model, by paths as they are without adapters."""
    holder = original(module)
    adapted = getattr(holder, "parametrizations", {})
    places = {path + own: (holder, own) for own in [*holder._parameters, *adapted]}
    for own, child in holder.named_children():
        if child is not adapted:
            places[path + own] = (holder, own)
            places.update(_places(child, f"{path}{own}."))
    return places


def _chosen(model: nn.Module, patterns: Sequence[str]) -> list[tuple[int, nn.Module, str]]:
    """Places for adapters with their numbers, in the order of the model."""
    places = _places(model)
    named = {each for pattern in patterns for each in _matching(list(places), pattern)}
    before = len(adapters(model, PlacedAdapter))
    chosen = enumerate((place for name, place in places.items() if name in named), before)
    return [(number, *place) for number, place in chosen]


def adapt(model: nn.Module, patterns: Sequence[str], wrap: Callable[[nn.Module], Adapter]) -> None:
    """Puts adapters around modules, in place."""
    for place, holder, own in _chosen(model, patterns):
        adapter = wrap(holder.get_submodule(own))
        adapter.place = place
        holder._modules[own] = adapter


def adapt_parameters(
    model: nn.Module, patterns: Sequence[str], make: Callable[[Tensor], ParameterAdapter]
) -> None:
    """Computes with what adapters give in the place of parameters, which stay beside them."""
    for place, holder, own in _chosen(model, patterns):
        adapter = make(getattr(holder, own).detach())
        adapter.place = place
        register_parametrization(holder, own, adapter)


def parameters_under(model: nn.Module, patterns: Sequence[str]) -> list[nn.Parameter]:
    """The parameters that patterns name, or that stand in the modules that they name."""
    parameters = dict(model.named_parameters())
    steps = {".".join(name.split(".")[:end]) for name in parameters for end in range(1, 40)}
    chosen = {each for pattern in patterns for each in _matching(sorted(steps), pattern)}
    return [
        parameter
        for name, parameter in parameters.items()
        if any(name == each or name.startswith(f"{each}.") for each in chosen)
    ]


def train_only(model: nn.Module, patterns: Sequence[str]) -> None:
    """Freezes all parameters but those that patterns name."""
    model.requires_grad_(False)
    for parameter in parameters_under(model, patterns):
        parameter.requires_grad_(True)


`;
