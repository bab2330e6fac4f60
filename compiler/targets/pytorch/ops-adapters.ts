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


class Adapter(nn.Module):
    """Stands around the module that it adapts, or around another adapter of that."""

    base: nn.Module
    place: int  # among the adapters of the model, in the order in which they were placed
    sharing: tuple[Shared, dict[str, str]]
    of_whole_model = False  # whether its names in checkpoints are without those of its module

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base
        self.place = 0

    @property
    def original(self) -> Any:
        return original(self.base)


class SharedTensor:
    """An attribute of an adapter that is a tensor of the model, which other adapters have too."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, adapter: Any, owner: type) -> Any:
        shared, names = adapter.sharing
        return getattr(shared, names[self.name]) if self.name in names else None


def sharing(adapter: Adapter, shared: Shared, **names: str) -> Adapter:
    """Says which of what adapters share is which attribute of one."""
    # In a tuple it is no part of the adapter, whose state dict is without it.
    adapter.sharing = (shared, names)
    return adapter


def adapters(model: nn.Module, *kinds: type[Adapter]) -> list[Any]:
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


def adapt(model: nn.Module, patterns: Sequence[str], wrap: Callable[[nn.Module], Adapter]) -> None:
    """Puts adapters around modules, in place."""
    names = [name for name, _ in model.named_modules()]
    chosen = {each for pattern in patterns for each in _matching(names, pattern)}
    before = len(adapters(model, Adapter))
    for place, name in enumerate((name for name in names if name in chosen), before):
        parent, _, own = name.rpartition(".")
        holder = model.get_submodule(parent)
        adapter = wrap(model.get_submodule(name))
        adapter.place = place
        holder._modules[own] = adapter


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
