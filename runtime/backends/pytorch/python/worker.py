"""
A process of a training that medctc drives: `torchrun -m PACKAGE.worker`, with the path of medctc's
Unix socket in $MEDCTC_LINK. Process 0 takes commands and tells them to the others; each process
asks the medctc on its own machine for its rows. A training in Python needs `step.py` and not this.
"""

import importlib
import math
import os
import platform
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import NoReturn

import torch
import torch.distributed as dist
from torch import Tensor, nn

from .link import Link, LinkClosed, Message, ProtocolError, header_of, parse_header
from .optimizer import precision
from .processes import Stopped, broadcast_bytes
from .state import read_state, store_state
from .step import Rows, TrainingStep
from .timing import fastest
from .weights import BadWeights, load_model

# Processes wait for each other between steps, while one evaluates or a slow disk is read.
_PATIENCE = timedelta(days=30)
_CPU = torch.device("cpu")


class Worker:
    def __init__(self, link: Link, device: torch.device) -> None:
        self.link = link
        self.device = device
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        self.opened: TrainingStep | None = None

    def run(self) -> None:
        """Does what it is told until it is told to quit."""
        while True:
            message = self._next()
            match message.kind:
                case "open":
                    self._open(**message.fields)
                    self._answer_when_all_are_done()
                case "store":
                    store_state(self._training(), message.fields["step"], message.tensors)
                    self._answer_when_all_are_done()
                case "step":
                    self._step(**message.fields)
                case "measure":
                    self._measure(**message.fields)
                case "time":
                    self._time(**message.fields)
                case "encode":
                    self.link.send(Message("values", {}, self._encode(message)))
                case "read":
                    self.link.send(Message("values", {}, read_state(self._training())))
                case "quit":
                    return
                case _:
                    raise ProtocolError(f"the unknown command {message.kind}")

    def _next(self) -> Message:
        """The next command; what process 0 does by itself the others do not hear of."""
        if self.rank > 0:
            return _broadcast(None)
        message = self.link.receive()
        is_alone = message.kind in ("encode", "measure", "read")
        return message if is_alone else _broadcast(message)

    def _answer_when_all_are_done(self) -> None:
        dist.all_reduce(torch.zeros(1))
        if self.rank == 0:
            self.link.send(Message("done"))

    def _training(self) -> TrainingStep:
        if self.opened is None:
            raise ProtocolError("no model has been opened")
        return self.opened

    def _open(
        self, weights: str, seed: int, steps: int | None, steps_per_epoch: int | None, threads: int
    ) -> None:
        torch.set_num_threads(threads)
        model = load_model(_model_class(), weights, self.device)
        self.opened = TrainingStep(model, seed=seed, steps=steps, steps_per_epoch=steps_per_epoch)

    def _step(self, step: int, batch: int, micro: int, gradients: bool) -> None:
        training = self._training()
        try:
            result = training(step, self._rows_of(step), batch, micro)
        except Stopped as stopped:
            if self.rank == 0:
                self.link.send(Message("stopped", {"reason": stopped.reason}))
            return
        if self.rank > 0 or result is None:
            return
        given = _gradients(training) if gradients else {}
        told = {
            "loss": _number(result.loss),
            "gradient_norm": _number(result.gradient_norm),
            "learning_rate": result.learning_rate,
            "metrics": {name: _number(each) for name, each in result.metrics.items()},
        }
        self.link.send(Message("stepped", told, given))

    def _measure(self, step: int, batch: int, micro: int) -> None:
        training = self._training()
        try:
            with _averaged(training):
                measured = training.measure(self._rows_of(step), batch, micro)
        except Stopped as stopped:
            self.link.send(Message("stopped", {"reason": stopped.reason}))
            return
        told = {name: _number(each) for name, each in measured.items()}
        self.link.send(Message("measured", {"values": told}))

    def _time(self, what: str, size: int, runs: int) -> None:
        seconds = fastest(what, size, runs, self._training().processes)
        if self.rank == 0:
            gpus = torch.cuda.device_count() if self.device.type == "cuda" else 0
            self.link.send(Message("timed", {"seconds": seconds, "gpus": gpus}))

    def _rows_of(self, step: int) -> Rows:
        """The rows of a step, or of a held-out batch, as this machine's medctc gives them."""

        def rows(first: int, count: int) -> Mapping[str, Tensor]:
            self.link.send(Message("rows", {"step": step, "from": first, "count": count}))
            answer = self.link.receive()
            if answer.kind == "stop":
                raise Stopped(str(answer.fields["reason"]))
            if answer.kind != "rows":
                raise ProtocolError(f"{answer.kind} instead of rows")
            return answer.tensors

        return rows

    @torch.no_grad()
    def _encode(self, message: Message) -> dict[str, Tensor]:
        training = self._training()
        model = training.model
        inputs = {name: each.to(self.device) for name, each in message.tensors.items()}
        outputs: list[str] = message.fields["outputs"]
        model.eval()
        with _averaged(training), precision(model):
            values: dict[str, Tensor] = model.encode(outputs, inputs)
        return {name: values[name] for name in outputs}


def _model_class() -> type[nn.Module]:
    package = importlib.import_module(__package__ or "")
    for name in package.__all__:
        found = getattr(package, name)
        if isinstance(found, type) and issubclass(found, nn.Module):
            return found
    raise ImportError(f"{__package__} has no model")


@contextmanager
def _averaged(training: TrainingStep) -> Iterator[None]:
    """The averages of what is trained in its place, where there are any."""

    def swap() -> None:
        for name, average in training.averages.items():
            parameter = training.trained[name]
            parameter.data, average.data = average.data, parameter.data

    swap()
    try:
        yield
    finally:
        swap()


def _gradients(training: TrainingStep) -> dict[str, Tensor]:
    """Those of the last step; zeros while a group is frozen."""
    return {
        f"gradient:{name}": torch.zeros_like(each) if each.grad is None else each.grad
        for name, each in training.trained.items()
        if each.grad is not None or not each.requires_grad
    }


def _number(value: float) -> float | str:
    """JSON has no numbers but finite ones; the words are those that JavaScript reads."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _broadcast(message: Message | None) -> Message:
    """A message of process 0, in all of them; as JSON and tensors, so that nothing in it runs."""
    if dist.get_world_size() == 1 and message is not None:
        return message
    header = b""
    if message is not None:
        header = header_of(message)
    kind, fields, listed = parse_header(broadcast_bytes(header, 0, _CPU))
    tensors = {}
    for name, dtype, shape in listed:
        tensor = torch.empty(shape, dtype=dtype) if message is None else message.tensors[name]
        dist.broadcast(tensor, 0)
        tensors[name] = tensor
    return Message(kind, fields, tensors)


def main() -> NoReturn:
    # medctc decides when to end, saves, and says so.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    path = os.environ.get("MEDCTC_LINK")
    if path is None:
        sys.exit("MEDCTC_LINK is not set: run `medctc train --backend pytorch`")
    rank, world, local_rank = (
        int(os.environ[each]) for each in ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    )
    link = Link(path)
    link.end_when_closed(status=1, grace_seconds=3)
    try:
        device, words = _device(local_rank)
        about = {"rank": rank, "world": world, "local_rank": local_rank, "device": words}
        link.send(Message("hello", {**about, "torch": str(torch.__version__)}))
        backend = "gloo" if device.type == "cpu" else "cpu:gloo,cuda:nccl"
        dist.init_process_group(backend, timeout=_PATIENCE)
        Worker(link, device).run()
        dist.destroy_process_group()
    except LinkClosed:
        _end(1)
    except BaseException as error:  # noqa: BLE001 - whatever it was, medctc is told
        _report(link, rank, error)
        _end(1)
    _end(0)


def _end(status: int) -> NoReturn:
    """
    Ends without Python's own end: what waits for other processes in threads would go on waiting,
    and where a thread of PyTorch's still runs then, the process is aborted now and then.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _device(local_rank: int) -> tuple[torch.device, str]:
    """Where this process computes: on the GPU of its number where there are any."""
    if not torch.cuda.is_available():
        return _CPU, f"CPU ({platform.machine()})"
    count = torch.cuda.device_count()
    if local_rank >= count:
        raise RuntimeError(f"process {local_rank} on this machine has no GPU: there are {count}")
    device = torch.device("cuda", local_rank)
    torch.cuda.set_device(device)
    # f32 means f32, in convolutions too.
    torch.backends.cudnn.allow_tf32 = False
    return device, torch.cuda.get_device_name(device)


def _report(link: Link, rank: int, error: BaseException) -> None:
    """Tells medctc why this process ends."""
    own = isinstance(error, (BadWeights, ProtocolError))
    message = str(error) if own else f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    if any(os.path.join("torch", "distributed") in each.filename for each in frames):
        message = f"process {rank} lost the others: {message}"
        # The one that failed first should be heard first.
        time.sleep(1)
    is_memory = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    # What PyTorch says of a CPU.
    is_memory = is_memory or "DefaultCPUAllocator" in message
    written = "".join(traceback.format_exception(error))
    with suppress(LinkClosed):
        told = {"message": message, "traceback": written, "out_of_memory": is_memory}
        link.send(Message("error", told))


if __name__ == "__main__":
    main()
