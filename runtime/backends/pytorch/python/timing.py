"""What a process, or several together, do in a second: for `medctc bench --calibrate`."""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from .processes import Processes, Range

_DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


def fastest(what: str, size: int, runs: int, processes: Processes) -> float:
    """The seconds of the fastest of some runs, after a first one; all processes make as many."""
    task = _task(what, size, processes)
    seconds = []
    for _ in range(runs + 1):
        _wait(processes.device)
        start = time.perf_counter()
        task()
        _wait(processes.device)
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


def _task(what: str, size: int, processes: Processes) -> Callable[[], object]:
    match what:
        case "f32" | "bf16":
            return _product(size, _DTYPES[what], processes.device)
        case "agree":
            return lambda: processes.agree(None, size)
        case "sum":
            return _sum(size, processes)
        case "gather":
            return _gather(size, processes)
        case _:
            raise ValueError(f"nothing is called {what}")


def _product(size: int, dtype: torch.dtype, device: torch.device) -> Callable[[], Tensor]:
    """Of two square matrices with so many rows."""
    matrix = torch.full([size, size], 0.5, dtype=dtype, device=device)
    return lambda: matrix @ matrix


def _sum(size: int, processes: Processes) -> Callable[[], None]:
    """Gradients of so many bytes, as a training step sums them."""
    parameter = nn.Parameter(torch.zeros(size // 4, device=processes.device))
    gradient = torch.zeros_like(parameter)

    def task() -> None:
        parameter.grad = gradient
        processes.sum_gradients([parameter])

    return task


def _gather(size: int, processes: Processes) -> Callable[[], list[Tensor]]:
    """Rows that have so many bytes in all processes together, as a training step gathers them."""
    width, rows = 4096, size // 4096
    ranges: list[Range] = processes.ranges(rows)
    own = torch.zeros([ranges[processes.rank].count, width // 4], device=processes.device)
    return lambda: processes.gather([own], ranges, width)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
