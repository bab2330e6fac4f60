"""
A step on 1, 2 and 3 processes gives what one process gives in a plain step, whatever the pieces: losses,
metrics, norms, gradients and three steps' parameters, for losses that compare all rows of uneven batches.
"""

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

LIMIT = 1e-6
# Adam divides small gradients by what is as small.
AFTER = 1e-5
STEPS_PER_EPOCH = 1
# The rows of batches, and how many a process computes at once.
SIZES = {
    "contrastive": [(8, None), (8, 3), (7, 2), (2, 1)],
    "sigmoid": [(8, None), (7, 2)],
    "whole": [(8, None), (7, 2)],
}


def package(folder):
    """A package of the fixed files and the pair, which can be imported from a folder."""
    here = Path(__file__).parent
    shutil.copytree(here / "pair", Path(folder) / "pair", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (here.parent.parent / "runtime/backends/pytorch/python").glob("*.py"):
        shutil.copy(path, Path(folder) / "pair")


def batch_of(step, rows):
    draw = torch.Generator().manual_seed(100 + step)
    return {
        "image": torch.randn(rows, 6, generator=draw),
        "ids": torch.randint(0, 9, [rows, 3], generator=draw).int(),
        "grade": torch.randint(0, 3, [rows, 1], generator=draw).int(),
        "balance": torch.tensor([0.5, 1.0, 2.0]),
    }


def rows_of(step, rows, asked=None):
    batch = batch_of(step, rows)

    def given(first, count):
        if asked is not None:
            asked.append((first, count))
        return {name: each if name == "balance" else each[first : first + count] for name, each in batch.items()}

    return given


def model_of(loss, dropout=0.0):
    from pair import Pair

    class Whole(Pair):
        """Rows that give nothing by themselves."""

        COMPARED_INPUTS = ("image", "ids", "grade")

        def embed(self, batch):
            return {}

        def compare(self, values, batch):
            return super().compare(super().embed(batch), batch)

    torch.manual_seed(5)
    return Whole("contrastive", dropout) if loss == "whole" else Pair(loss, dropout)


def plain_steps(loss, rows):
    """Three steps as one writes them, with what is in the parameters after them."""
    from pair import optimizer as made

    model = model_of(loss)
    optimizer, schedule = made.make_optimizer(model)
    averages = {name: each.detach().clone() for name, each in model.named_parameters() if each.requires_grad}
    told = []
    for step in range(3):
        made.thaw(model, step, STEPS_PER_EPOCH)
        optimizer.zero_grad()
        batch = batch_of(step, rows)
        compared = model.compare(model.embed(batch), batch)
        compared["loss"].backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), made.CLIP_NORM)
        gradients = {name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None}
        told.append(({**compared, "norm": norm, "rate": torch.tensor(schedule.get_last_lr()[0])}, gradients))
        optimizer.step()
        schedule.step()
        for name, average in averages.items():
            average.mul_(made.EMA).add_(dict(model.named_parameters())[name].detach(), alpha=1 - made.EMA)
    return told, {name: each.detach() for name, each in model.named_parameters()}, averages


def near(what, found, expected, limit=LIMIT):
    found, expected = torch.as_tensor(found, dtype=torch.float32), expected.detach()
    assert found.shape == expected.shape, (what, found.shape, expected.shape)
    scale = max(1.0, expected.abs().max().item())
    error = (found - expected).abs().max().item() / scale
    assert error <= limit, f"{what} differs by {error:.1e}"
    return error


def check_steps(loss, rows, micro):
    from pair.step import TrainingStep

    told, after, averages = plain_steps(loss, rows)
    model = model_of(loss)
    train = TrainingStep(model, seed=3, steps_per_epoch=STEPS_PER_EPOCH)
    case = f"{loss}, {rows} rows, {train.processes.world} processes, micro {micro}, process {train.processes.rank}"
    worst = 0.0
    for step, (expected, gradients) in enumerate(told):
        asked = []
        result = train(step, rows_of(step, rows, asked), rows, micro)
        assert all(count <= (micro or rows) for _, count in asked), (case, asked)
        assert (result is None) == (asked == []), case
        if result is not None:
            found = {"loss": result.loss, "norm": result.gradient_norm, "rate": result.learning_rate, **result.metrics}
            assert set(found) == set(expected), (found, expected)
            worst = max(worst, *(near(f"{case}: {name}", found[name], each) for name, each in expected.items()))
        left = {name: each.grad for name, each in model.named_parameters() if each.grad is not None}
        assert set(left) == set(gradients), (case, set(left) ^ set(gradients))
        worst = max(worst, *(near(f"{case}: {name}", left[name], each) for name, each in gradients.items()))
    for name, each in model.named_parameters():
        near(f"{case}: {name} after", each.detach(), after[name], AFTER)
    for name, each in train.averages.items():
        near(f"{case}: average of {name}", each, averages[name.removeprefix("pair.")], AFTER)
    return worst


def check_same_bits():
    """Twice the same is the same to the bit, and so it is in all processes."""
    from pair.step import TrainingStep

    def trained():
        model = model_of("contrastive", 0.5)
        train = TrainingStep(model, steps_per_epoch=1)
        for step in range(3):
            train(step, rows_of(step, 8), 8, 2)
        return torch.cat([each.detach().reshape(-1) for each in model.parameters()]).view(torch.int32)

    bits = trained()
    assert torch.equal(bits, trained())
    if dist.is_initialized():
        first = bits.clone()
        dist.broadcast(first, 0)
        assert torch.equal(bits, first)


def check_dropout():
    """What is dropped follows from seed, step and the first row of a piece alone, and is the same twice."""
    from pair.step import TrainingStep

    def gradients(seed, step):
        model = model_of("contrastive", 0.5)
        state = torch.get_rng_state()
        TrainingStep(model, seed=seed)(step, rows_of(0, 8), 8, 3)
        assert torch.equal(state, torch.get_rng_state()), "a step leaves the caller's random numbers alone"
        return torch.cat([each.grad.reshape(-1) for each in model.parameters() if each.grad is not None])

    first = gradients(1, 1)
    assert torch.equal(first, gradients(1, 1))
    assert not torch.equal(first, gradients(2, 1))
    assert not torch.equal(first, gradients(1, 2))


def check_half():
    """A step computes in the precision of the package."""
    from pair import optimizer
    from pair.step import TrainingStep

    def trained(precision):
        optimizer.PRECISION = precision
        model = model_of("sigmoid")
        seen = []
        model.mix.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
        result = TrainingStep(model)(0, rows_of(0, 8), 8, 3)
        return result.loss, set(seen)

    half, full = trained("bf16"), trained("f32")
    assert half[1] == {torch.bfloat16} and full[1] == {torch.float32}
    assert 0 < abs(half[0] - full[0]) < 0.01 * full[0], (half, full)


def check_stop(first_asked):
    """Where one process is stopped, in either pass, all are, and nothing has changed."""
    from pair.step import Stopped, TrainingStep

    model = model_of("contrastive")
    train = TrainingStep(model)
    before = {name: each.clone() for name, each in model.state_dict().items()}
    rank, world = train.processes.rank, train.processes.world
    asked = []

    def rows(first, count):
        if rank == world - 1 and len(asked) == first_asked:
            raise Stopped(f"asked to by {rank}")
        return rows_of(0, 8, asked)(first, count)

    try:
        train(0, rows, 8, 1)
        raise AssertionError("it was stopped")
    except Stopped as stopped:
        assert stopped.reason == f"asked to by {world - 1}"
    assert all(torch.equal(before[name], each) for name, each in model.state_dict().items())


def check_process(rank, world, port):
    torch.set_num_threads(1)
    if world > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        dist.init_process_group("gloo", rank=rank, world_size=world)
    worst, cases = 0.0, 0
    for loss, sizes in SIZES.items():
        for rows, micro in sizes:
            worst = max(worst, check_steps(loss, rows, micro))
            cases += 1
    check_same_bits()
    check_stop(0)
    check_stop(8 // world + 1)
    if world == 1:
        check_dropout()
        check_half()
    if rank == 0:
        print(f"{cases} cases on {world} process{'es' if world > 1 else ''} within {worst:.1e} of one plain step")
    if world > 1:
        dist.destroy_process_group()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        package(folder)
        sys.path.insert(0, folder)
        for world in 1, 2, 3:
            mp.start_processes(check_process, (world, free_port()), nprocs=world, start_method="fork")
