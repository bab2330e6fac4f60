"""Packages that medctc wrote give what its evaluator gives: check_pytorch.py FOLDER...

Each FOLDER has a package, and `weights`, `feeds`, `ids` and `expected` as safetensors: values as `value:NAME`, those of modules as
`module:PATH`, losses and metrics as `compared:NAME`, gradients as `gradient:NAME` and parameters after three steps,
of which an epoch has two, as `after:NAME`, with names of checkpoints; `kept:` has these and what the optimizer keeps.
"""

import importlib
import re
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

# Of values, gradients and parameters after three steps. In bf16, of 8 bits, sums of rounded products are taken in another order,
# which the scale of a contrastive loss makes larger in gradients.
LIMITS = {"f32": (2e-5, 1e-4, 1e-4), "bf16": (2e-2, 2e-1, 5e-2)}
# A gradient smaller than this share of the largest one has no digit in 32 bits.
ROUNDING = 1e-7
# The rows of these meet before anything is computed of one.
NOT_CUT = {"built_in", "library"}
failures = []


def check(what, found, expected, limit, scale=None, where=None):
    assert found.shape == expected.shape, (what, found.shape, expected.shape)
    if scale is None:
        scale = max(expected.abs().max().item(), 1e-3) if expected.numel() else 1.0
    if where is not None:
        found, expected = found[where], expected[where]
    error = (found.float() - expected).abs().max().item() / scale if expected.numel() else 0.0
    if not error < limit:
        failures.append(f"{what} differs by {error:.1e}")
    return error


def check_package(folder):
    """Checks one package, in the precision of its spec."""
    name = next(path.parent.name for path in Path(folder).glob("*/metadata.py"))
    sys.path.insert(0, folder)
    package = importlib.import_module(name)
    sys.path.pop(0)
    assert not any(each.split(".")[0] == "medctc" for each in sys.modules)
    metadata = importlib.import_module(f"{name}.metadata")
    ops = importlib.import_module(f"{name}.ops")
    optimizer_module = importlib.import_module(f"{name}.optimizer")
    forward_limit, gradient_limit, step_limit = LIMITS[optimizer_module.PRECISION]
    weights, feeds, expected = (load_file(f"{folder}/{each}.safetensors") for each in ("weights", "feeds", "expected"))
    ids = load_file(f"{folder}/ids.safetensors")
    model = getattr(package, package.__all__[0])().eval()
    assert set(model.state_dict()) == set(weights), set(model.state_dict()) ^ set(weights)
    model.load_state_dict(weights, strict=True)
    assert metadata.SPEC_SHA256 and metadata.SPEC.strip()

    given = {}

    def keep(path):
        return lambda module, inputs, output: given.__setitem__(path, output)

    for path, module in model.named_modules():
        module.register_forward_hook(keep(path))
    batch = {**feeds, **{name: tensor.int() for name, tensor in ids.items()}}
    names = model.forward.__wrapped__.__code__.co_varnames[1 : model.forward.__wrapped__.__code__.co_argcount]
    with package.precision(model):
        values = model(**{each: batch[each] for each in names})
    computed = [each for each in [*values.values(), *given.values()] if isinstance(each, torch.Tensor)]
    assert not any(each.dtype == torch.bfloat16 for each in computed)
    worst = 0.0
    compared = 0
    for key, tensor in expected.items():
        kind, _, rest = key.partition(":")
        if kind == "value":
            worst = max(worst, check(f"{name}: {rest}", values[rest].detach(), tensor, forward_limit))
            compared += 1
        if kind == "module":
            path = path_in(model, re.sub(r"\[(\d+)\]", r".\1", rest), ops.Adapter)
            worst = max(worst, check(f"{name}: {path}", given[path].detach(), tensor, forward_limit))
            compared += 1
    if hasattr(model, "encode"):
        with package.precision(model), torch.no_grad():
            for each, tensor in model.encode(list(values), batch).items():
                worst = max(worst, check(f"{name}: encoded {each}", tensor, expected[f"value:{each}"], forward_limit))
                compared += 1
    with package.precision(model):
        worst = max(worst, check_rows(name, model, batch, expected, forward_limit))
        loss = model.loss_of(batch)

    loss.backward()
    known = ops.checkpoint_names(model)
    trained = {known[own]: each for own, each in model.named_parameters() if each.requires_grad}
    gradients = {key.removeprefix("gradient:"): each for key, each in expected.items() if key.startswith("gradient:")}
    assert set(trained) >= set(gradients), set(gradients) - set(trained)
    moved = {each for each, parameter in trained.items() if parameter.grad is not None}
    assert moved == set(gradients), moved ^ set(gradients)
    # What is rounded to 8 bits on the way is lost beside the largest gradients.
    is_rounded = optimizer_module.PRECISION == "bf16"
    scale = max(tensor.abs().max().item() for tensor in gradients.values()) if is_rounded else None
    steepest = 0.0
    determined = {}
    for each, tensor in gradients.items():
        steepest = max(steepest, check(f"{name}: gradient of {each}", trained[each].grad, tensor, gradient_limit, scale))
        determined[each] = moves_as_expected(trained[each].grad, tensor, gradients)

    optimizer, schedule = package.make_optimizer(model, steps_per_epoch=2)
    clip = optimizer_module.CLIP_NORM
    for step in range(3):
        package.thaw(model, step, steps_per_epoch=2)
        optimizer.zero_grad()
        with package.precision(model):
            loss = model.loss_of(batch)
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        schedule.step()
    far = 0.0
    for key, tensor in expected.items():
        if key.startswith("after:"):
            each = key.removeprefix("after:")
            far = max(far, check(f"{name}: {key}", trained[each].detach(), tensor, step_limit, where=determined.get(each)))
    check_base_weights(model, ops, weights)
    check_optional(package, ops, weights)
    firsts = check_first_values(package, folder, ops, weights, forward_limit)
    # In bf16 what Adam keeps of small gradients is as far apart as these.
    if importlib.import_module(f"{name}.optimizer").PRECISION == "f32":
        far = max(far, check_training(package, folder, batch, expected, step_limit, determined))
    left_out = sum((~each).sum().item() for each in determined.values())
    elements = sum(each.numel() for each in determined.values())
    assert left_out <= elements / 20, (name, left_out, elements)
    print(f"{name}: {compared} values within {worst:.1e}, {len(gradients)} gradients {steepest:.1e}, three steps {far:.1e}")
    if firsts:
        print(f"  {firsts} first values follow from those of the model")
    print(f"  without {left_out} of {elements} elements whose gradients are rounding")


def path_in(model, path, adapter):
    """Where a module of a spec stands in a package: within the adapters around it and around what it is in, or in one of these itself."""
    step, _, rest = path.partition(".")
    is_around = isinstance(model, adapter)
    if is_around and type(model).__name__.lower() == step.replace("_", ""):
        step, _, rest = rest.partition(".")
    elif is_around:
        step, rest = "base", path
    elif step == "":
        return ""
    inner = path_in(model.get_submodule(step), rest, adapter)
    return f"{step}.{inner}" if inner else step


def check_rows(name, model, batch, expected, limit):
    """The losses and metrics are the evaluator's, from rows that were embedded one by one, too."""
    logged = {key.removeprefix("compared:"): each for key, each in expected.items() if key.startswith("compared:")}
    logged["loss"] = expected["loss"]
    whole = model.embed(batch)
    assert (len(whole) == 0) == (name in NOT_CUT), (name, list(whole))
    shared = {each: batch[each] for each in model.SHARED_INPUTS}
    rows = len(next(tensor for each, tensor in batch.items() if each not in shared))
    pieces = [model.embed({**{each: tensor[[row]] for each, tensor in batch.items()}, **shared}) for row in range(rows)]
    compared = {**{each: batch[each] for each in model.COMPARED_INPUTS}, **shared}
    worst = 0.0
    for values in whole, {each: torch.cat([piece[each] for piece in pieces]) for each in whole}:
        found = model.compare(values, compared)
        assert set(found) == set(logged), set(found) ^ set(logged)
        for each, tensor in logged.items():
            worst = max(worst, check(f"{name}: {each}", found[each].detach(), tensor, limit))
    return worst


def moves_as_expected(found, expected, gradients):
    """Where an optimizer that divides by a gradient's size may be compared: not where PyTorch's gradient is but rounding, as that
    of a bias of keys, whose exact gradient is zero."""
    largest = max(tensor.abs().max().item() for tensor in gradients.values())
    return (expected.abs() > ROUNDING * largest) | (found == 0)


def draw_nothing(ops):
    """What is drawn in steps of training is nothing, as in the evaluator's; first values are drawn as before."""

    def undrawn(draw):
        return lambda sizes, width, training=None: draw(sizes, width) if training is None else torch.zeros(sizes)

    if getattr(ops, "draws_nothing", False):
        return
    ops.draws_nothing = True
    for each in "normal", "uniform":
        if hasattr(ops, each):
            setattr(ops, each, undrawn(getattr(ops, each)))


def check_training(package, folder, batch, expected, limit, determined):
    """The package's own training step keeps what the evaluator keeps, from mapped weights and in pieces of one row, too."""
    name = package.__name__
    state, step, weights = (importlib.import_module(f"{name}.{each}") for each in ("state", "step", "weights"))
    kept = {key.removeprefix("kept:"): each for key, each in expected.items() if key.startswith("kept:")}
    far = 0.0
    for micro in None, 1:
        made = getattr(package, package.__all__[0])
        model = weights.load_model(made, f"{folder}/weights.safetensors", torch.device("cpu"))
        train = step.TrainingStep(model, steps_per_epoch=2)
        draw_nothing(importlib.import_module(f"{name}.ops"))
        count = len(next(each for name, each in batch.items() if name not in model.SHARED_INPUTS))

        def rows(first, count, shared=model.SHARED_INPUTS):
            return {name: each if name in shared else each[first : first + count] for name, each in batch.items()}

        for each in range(3):
            train(each, rows, count, micro)
        found = state.read_state(train)
        assert set(found) >= set(kept), set(kept) - set(found)
        for each, tensor in kept.items():
            where = determined.get(each)
            far = max(far, check(f"{name}: {each} in pieces of {micro}", found[each], tensor, limit, where=where))
    return far


def check_base_weights(model, ops, weights):
    """A checkpoint without adapters loads as it is, and PEFT's names are known."""
    added = ops.adapter_names(model)
    before = {each: model.state_dict()[each].clone() for each in added}
    model.load_state_dict({each: tensor for each, tensor in weights.items() if each not in added}, strict=True)
    assert all(torch.equal(model.state_dict()[each], tensor) for each, tensor in before.items())
    adapter = {f"base_model.model.{each}": weights[each] for each in added}
    missing, unexpected = model.load_state_dict(adapter, strict=False)
    assert not unexpected and not set(missing) & added, (missing, unexpected)
    assert all(torch.equal(model.state_dict()[each], weights[each]) for each in added)


def check_optional(package, ops, weights):
    """What checkpoints may have besides loads where it is what the model computes, and is refused where it is not."""
    model = getattr(package, package.__all__[0])()
    optional = ops.optional_buffers(model)
    right = {name: torch.zeros(each.shape) if each.is_meta else each for name, each in optional.items()}
    model.load_state_dict({**weights, **right}, strict=True)
    for name, each in right.items():
        wrong = torch.zeros([2, *each.shape]) if optional[name].is_meta else each + 1
        try:
            model.load_state_dict({**weights, name: wrong}, strict=False)
        except RuntimeError as error:
            assert name in str(error), error
        else:
            raise AssertionError(f"{name} is loaded with other values")


def check_first_values(package, folder, ops, weights, limit):
    """First values that follow from weights are those of the weights that are loaded, until an adapter is."""
    first = load_file(f"{folder}/first.safetensors")
    model = getattr(package, package.__all__[0])()
    added = ops.adapter_names(model)
    base = {each: tensor for each, tensor in weights.items() if each not in added}
    model.load_state_dict(base, strict=True)
    for each, tensor in first.items():
        check(f"{package.__name__}: first value of {each}", model.state_dict()[each], tensor, limit)
    model.load_state_dict({each: weights[each] for each in added}, strict=False)
    model.load_state_dict(base, strict=True)
    assert all(torch.equal(model.state_dict()[each], weights[each]) for each in added)
    return len(first)


for folder in sys.argv[1:]:
    check_package(folder)
for failure in failures:
    print(failure)
sys.exit(1 if failures else 0)
