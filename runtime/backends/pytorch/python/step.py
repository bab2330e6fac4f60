"""
One training step on any number of processes, which gives what one process gives.

The rows of a batch are dealt to the processes in consecutive ranges. Each embeds its own, in
pieces of at most `micro` rows; the embeddings of all are gathered, everyone computes the same loss
of them, and each continues from its gradient at its own rows to the parameters (GradCache: Gao et
al., 2021). The gradients of the processes are *summed*. With data of your own, under `torchrun`:

    torch.distributed.init_process_group()  # without it: one process
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    model = Model()
    model.load_state_dict(torch.load("weights.pt"))
    train = TrainingStep(model.cuda(), seed=0, steps=1000)
    for step in range(1000):
        start = 8 * step
        # The same order everywhere; a process is asked for its own rows alone, each maybe twice.
        rows = lambda first, count: collate(data[order[start + first : start + first + count]])
        result = train(step, rows, batch=8, micro=2)
    torch.save(model.state_dict(), "trained.pt")  # the same in every process

A model whose rows cannot be embedded by themselves is computed as a whole in each process.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from . import ops
from .optimizer import (
    CLIP_NORM,
    EMA,
    STEPS,
    learning_rate_factor,
    make_optimizer,
    precision,
    thaw,
)
from .processes import Processes, Range, Stopped, bytes_of_row

Values = dict[str, Tensor]
Rows = Callable[[int, int], Mapping[str, Tensor]]
"""Gives so many rows of a step's batch from one on: each input by its name, shared ones too."""


@dataclass(frozen=True)
class StepResult:
    loss: float
    gradient_norm: float  # of all gradients together, before they are clipped
    learning_rate: float
    metrics: dict[str, float]  # and each loss as `loss/NAME`, where there are several


@dataclass(frozen=True)
class Embedded:
    values: Values
    compared: Values  # inputs that the loss reads itself, row by row
    shared: Values  # inputs that all rows share


class TrainingStep:
    """
    A model in training: called with the number of a step, it trains on that step's batch. The
    gradients of the last step, clipped, stay in the parameters' `grad` until the next one.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        seed: int = 0,
        steps: int | None = STEPS,
        steps_per_epoch: int | None = None,
    ) -> None:
        self.model: Any = model
        self.seed, self.steps, self.steps_per_epoch = seed, steps, steps_per_epoch
        self.device = next(model.parameters()).device
        self.processes = Processes(self.device)
        names = ops.checkpoint_names(model)
        # By names in checkpoints, and also while their group is still frozen.
        self.trained = {
            names[name]: each for name, each in model.named_parameters() if each.requires_grad
        }
        self.optimizer, _ = make_optimizer(model, steps, steps_per_epoch)
        kept = {} if EMA is None else self.trained
        self.averages = {name: each.detach().clone() for name, each in kept.items()}

    def __call__(
        self, step: int, rows: Rows, batch: int, micro: int | None = None
    ) -> StepResult | None:
        """
        Trains on the rows of a step, counted from 0; `micro` is the most that a process computes at
        once. None in a process that has no rows, as there are more processes than rows. A `Stopped`
        that `rows` raises in any process is raised in all of them.
        """
        self.model.train()
        thaw(self.model, step, self.steps_per_epoch)
        self.optimizer.zero_grad()
        measured = self._backward(step, rows, batch, micro or batch)
        moving = [each for each in self.trained.values() if each.requires_grad]
        self.processes.sum_gradients(moving)
        norm = _clip([each for each in moving if each.grad is not None])
        learning_rate = self._update(step)
        if measured is None:
            return None
        numbers = [each.detach().float().reshape(()) for each in measured.values()]
        gradient_norm, *logged = torch.stack([norm.to(self.device), *numbers]).tolist()
        metrics = dict(zip(measured, logged, strict=True))
        return StepResult(metrics.pop("loss"), gradient_norm, learning_rate, metrics)

    @torch.no_grad()
    def measure(self, rows: Rows, batch: int, micro: int | None = None) -> dict[str, float]:
        """
        The loss of a held-out batch, and what is logged beside it, without dropout and as this
        process alone computes it. Averages count where they stand in place of what is trained.
        """
        self.model.eval()
        pieces = Range(0, batch).pieces(micro or batch)
        embedded = [self._embed(0, piece, rows) for piece in pieces]
        values = _joined([each.values for each in embedded])
        compared = _joined([each.compared for each in embedded])
        with precision(self.model):
            measured: Values = self.model.compare(values, {**compared, **embedded[0].shared})
        return {name: float(each) for name, each in measured.items()}

    def _backward(self, step: int, rows: Rows, batch: int, micro: int) -> Values | None:
        """Leaves the gradients of this process's rows; gives the loss of all rows and metrics."""
        ranges = self.processes.ranges(batch)
        pieces = ranges[self.processes.rank].pieces(micro)
        keeps_graph = len(pieces) == 1
        embedded: list[Embedded] = []
        stopped: Stopped | None = None
        try:
            for piece in pieces:
                with torch.set_grad_enabled(keeps_graph):
                    embedded.append(self._embed(step, piece, rows))
        except Stopped as each:
            stopped = each
        values = _joined([each.values for each in embedded])
        compared = _joined([each.compared for each in embedded])
        parts = [*values.values(), *compared.values()]
        width = self.processes.agree(stopped, sum(bytes_of_row(each) for each in parts))
        everyone = iter(self.processes.gather(parts, ranges, width))
        measured: Values | None = None
        if pieces:
            leaves = {name: next(everyone).requires_grad_() for name in values}
            inputs = {**{name: next(everyone) for name in compared}, **embedded[0].shared}
            measured = self._compare(step, batch, leaves, inputs)
            try:
                for piece in pieces:
                    again = embedded[0] if keeps_graph else self._embed(step, piece, rows)
                    _continue(again.values, leaves, piece)
            except Stopped as each:
                stopped = each
        if any(each.count > micro for each in ranges):
            self.processes.agree(stopped)
        return measured

    def _embed(self, step: int, piece: Range, rows: Rows) -> Embedded:
        inputs = {
            name: each.to(self.device, non_blocking=True)
            for name, each in rows(piece.first, piece.count).items()
        }
        with precision(self.model), self._random(step, piece.first):
            values: Values = self.model.embed(inputs)
        return Embedded(
            values=values,
            compared={name: inputs[name] for name in self.model.COMPARED_INPUTS},
            shared={name: inputs[name] for name in self.model.SHARED_INPUTS},
        )

    def _compare(self, step: int, batch: int, leaves: Values, inputs: Values) -> Values:
        """The loss and the metrics of all rows; leaves the loss's gradients at the embeddings."""
        with precision(self.model), self._random(step, batch):
            measured: Values = self.model.compare(leaves, inputs)
        into: list[Tensor] = list(leaves.values())
        # Everyone computes the same: what the loss reads of parameters itself counts once.
        if self.processes.rank == 0:
            into += [each for each in self.trained.values() if each.requires_grad]
        if into:
            torch.autograd.backward(measured["loss"], inputs=into)
        return measured

    @contextmanager
    def _random(self, step: int, row: int) -> Iterator[None]:
        """The same random numbers each time that the rows from one on of a step are computed."""
        digest = hashlib.sha256(f"{self.seed}/{step}/{row}".encode()).digest()
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(int.from_bytes(digest[:8], "little"))
            yield

    @torch.no_grad()
    def _update(self, step: int) -> float:
        """Changes what is trained, and its averages; the learning rate, without those of groups."""
        factor = learning_rate_factor(step, self.steps, self.steps_per_epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
        if step == 0:
            for name, average in self.averages.items():
                average.copy_(self.trained[name])
        self.optimizer.step()
        for name, average in self.averages.items():
            average.lerp_(self.trained[name], 1 - (EMA or 0))
        return float(self.optimizer.defaults["lr"]) * factor


def _joined(pieces: list[Values]) -> Values:
    """The rows of pieces one after the other."""
    return {name: torch.cat([each[name] for each in pieces]) for name in (pieces or [{}])[0]}


def _continue(values: Values, leaves: Values, piece: Range) -> None:
    """Backpropagates the rows of a piece, from the loss's gradients at their embeddings."""
    pairs = [
        (each, gradient[piece.first : piece.first + piece.count])
        for name, each in values.items()
        if each.requires_grad and (gradient := leaves[name].grad) is not None
    ]
    if pairs:
        torch.autograd.backward([each for each, _ in pairs], [each for _, each in pairs])


def _clip(moved: list[nn.Parameter]) -> Tensor:
    """Brings gradients down to a norm of at most `CLIP_NORM` together; the norm that they had."""
    norm = nn.utils.get_total_norm([each.grad for each in moved if each.grad is not None])
    if CLIP_NORM is not None:
        nn.utils.clip_grads_with_norm_(moved, CLIP_NORM, norm)
    return norm
