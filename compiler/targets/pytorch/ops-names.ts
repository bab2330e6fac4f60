/** The part of `ops.py` that gives a model's tensors their names in checkpoints. */
export const namesSource = `Naming = Callable[[str], str]


def _as_it_is(own: str) -> str:
    return own


def _inside(name: str) -> Naming:
    return lambda own: f"{name}.{own}" if name else own


def _exactly(name: str) -> Naming:
    return lambda _: name


def _child(parent: Naming, pattern: str, index: int | None = None) -> Naming:
    """How what is in a child is named: a \`*\` in the child's name stands for the name in it."""
    if "*" in pattern:
        layer = "" if index is None else f"{index}."
        return lambda own: parent(pattern.replace("*", layer + own, 1))
    return _inside(parent(pattern if index is None else f"{pattern}.{index}"))


def _named(model: nn.Module) -> Iterator[tuple[nn.Module, str, Naming]]:
    """Each module, what stands before its own names in Python, and how checkpoints name these."""

    def visit(
        module: nn.Module, path: str, naming: Naming
    ) -> Iterator[tuple[nn.Module, str, Naming]]:
        adapters: list[tuple[str, Adapter]] = []
        while isinstance(module, Adapter):
            adapters.insert(0, (path, module))
            path, module = f"{path}base.", module.base
        yield from members(module, path, naming)
        checkpoint = naming("").rstrip("._")
        for level, (at, adapter) in enumerate(adapters):
            own = checkpoint if level == 0 else f"{checkpoint}.{level}"
            inside = _as_it_is if adapter.of_whole_model else _inside(own)
            yield from members(adapter, at, inside)

    def members(
        module: nn.Module, path: str, naming: Naming
    ) -> Iterator[tuple[nn.Module, str, Naming]]:
        yield module, path, naming
        names = getattr(module, "checkpoint_names", {})
        for name, child in module.named_children():
            if isinstance(child, nn.ModuleDict) and child is getattr(module, "parametrizations", 0):
                for own, adapted in child.items():
                    stored = naming(names.get(own, own))
                    yield adapted, f"{path}{name}.{own}.", _exactly(stored)
                    for level, adapter in enumerate(adapted):
                        inside = _inside(stored if level == 0 else f"{stored}.{level}")
                        yield from members(adapter, f"{path}{name}.{own}.{level}.", inside)
                continue
            if isinstance(module, Adapter) and name == "base":
                continue
            if isinstance(child, nn.ModuleList):
                for index, layer in enumerate(child):
                    stands = f"{path}{name}.{index}."
                    yield from visit(layer, stands, _child(naming, names.get(name, name), index))
            elif isinstance(child, nn.ModuleDict):
                for key, head in child.items():
                    own = f"{name}.{key}"
                    yield from visit(head, f"{path}{own}.", _child(naming, names.get(own, own)))
            else:
                yield from visit(child, f"{path}{name}.", _child(naming, names.get(name, name)))

    yield from members(model, "", _as_it_is)


def checkpoint_names(model: nn.Module) -> dict[str, str]:
    """The names of all parameters and buffers in checkpoints, by their names in Python."""
    found: dict[str, str] = {}
    for module, path, naming in _named(model):
        names = getattr(module, "checkpoint_names", {})
        for kept in (module._parameters, module._buffers):
            for name, tensor in kept.items():
                if tensor is not None:
                    found[path + name] = naming(names.get(name, name))
    return found


def optional_buffers(model: nn.Module) -> dict[str, Tensor]:
    """
    What checkpoints may have besides, by their names there. What is on \`meta\` has a shape alone.
    """
    found: dict[str, Tensor] = {}
    for module, _, naming in _named(model):
        own: dict[str, Tensor] = getattr(module, "optional_buffers", dict)()
        found.update((naming(name), tensor) for name, tensor in own.items())
    return found


def _disagreement(name: str, found: Tensor, expected: Tensor) -> str | None:
    """In words how a tensor of a checkpoint differs from what the model computes, if it does."""
    if found.shape != expected.shape:
        return f"{name} has the shape {list(found.shape)}, but must have {list(expected.shape)}"
    if expected.is_meta:
        return None
    rounding = max(1e-5, 2 * torch.finfo(found.dtype).eps) if found.is_floating_point() else 0.0
    if torch.allclose(found.double().cpu(), expected.double().cpu(), rtol=rounding, atol=0.0):
        return None
    return f"{name} is not what the model computes: the checkpoint is of other settings, or damaged"


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
    Names may have the prefix that PEFT gives them. What a checkpoint has besides of what the model
    computes itself is held to that, and is not kept.
    """
    has_adapters = False

    def rename(module: nn.Module, state: dict[str, Any], prefix: str, _: Any) -> None:
        names = {prefix + own: prefix + name for own, name in checkpoint_names(module).items()}
        items = list(state.items())
        state.clear()
        state.update((names.get(name, name), value) for name, value in items)

    def restore(module: nn.Module, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        nonlocal has_adapters
        errors: list[str] = rest[-1]
        names = {name: own for own, name in checkpoint_names(module).items()}
        optional = optional_buffers(module)
        items = list(state.items())
        state.clear()
        for key, value in items:
            name = key.removeprefix(prefix).removeprefix("base_model.model.")
            # What adapters share stands beside the model there.
            name = name if name in names else name.removeprefix("base_model.")
            if key.startswith(prefix) and name in optional:
                wrong = _disagreement(name, value, optional[name])
                errors.extend([] if wrong is None else [wrong])
                continue
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
