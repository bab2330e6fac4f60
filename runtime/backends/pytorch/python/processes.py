"""What processes tell each other in a training step; one by itself needs no process group."""

from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


class Stopped(Exception):
    """Raised for the rows of one process, it ends the step in all of them and changes nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Range:
    """Rows of a batch."""

    first: int
    count: int

    def pieces(self, most: int) -> list["Range"]:
        end = self.first + self.count
        return [Range(each, min(most, end - each)) for each in range(self.first, end, most)]


class Processes:
    """All processes of a training, seen from one of them whose tensors are on a device."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.rank, self.world = 0, 1
        if dist.is_initialized():
            self.rank, self.world = dist.get_rank(), dist.get_world_size()

    def ranges(self, batch: int) -> list[Range]:
        """The rows of each process: consecutive, and as many as others have or one more."""
        share, rest = divmod(batch, self.world)
        firsts = [share * rank + min(rank, rest) for rank in range(self.world + 1)]
        return [Range(each, firsts[rank + 1] - each) for rank, each in enumerate(firsts[:-1])]

    def agree(self, stopped: Stopped | None, width: int = 0) -> int:
        """Stops everyone where one process is stopped; else gives the largest width of all."""
        if self.world > 1:
            vote = self.world - self.rank if stopped else 0
            votes = torch.tensor([vote, width], dtype=torch.int64, device=self.device)
            dist.all_reduce(votes, dist.ReduceOp.MAX)
            vote, width = votes.tolist()
            if vote > 0:
                reason = stopped.reason if stopped else ""
                first = self.world - vote
                stopped = Stopped(broadcast_bytes(reason.encode(), first, self.device).decode())
        if stopped:
            raise stopped
        return width

    def gather(self, parts: list[Tensor], ranges: list[Range], width: int) -> list[Tensor]:
        """
        Each tensor with the rows of all processes, from those that this process has; `width` is how
        many bytes a row has in all of them together. Nothing where this process has no rows.
        """
        if self.world == 1:
            return [each.detach() for each in parts]
        own = ranges[self.rank].count
        most = max(each.count for each in ranges)
        # Of bytes, whatever the types are: one message, of as many rows from everyone.
        packed = torch.zeros([most, width], dtype=torch.uint8, device=self.device)
        if parts:
            packed[:own] = torch.cat([_as_bytes(each.detach()) for each in parts], 1)
        gathered = torch.empty([self.world * most, width], dtype=torch.uint8, device=self.device)
        dist.all_gather_into_tensor(gathered, packed)
        blocks = zip(torch.split(gathered, most), ranges, strict=True)
        rows = torch.cat([block[: each.count] for block, each in blocks])
        columns = torch.split(rows, [bytes_of_row(each) for each in parts], 1) if parts else []
        return [
            # A copy, so that elements lie where their type may.
            column.clone(memory_format=torch.contiguous_format)
            .view(each.dtype)
            .reshape([len(rows), *each.shape[1:]])
            for column, each in zip(columns, parts, strict=bool(parts))
        ]

    def sum_gradients(self, parameters: list[nn.Parameter]) -> None:
        """Sums gradients; there is none where no process has one."""
        if self.world == 1:
            return
        sizes = [each.numel() for each in parameters]
        # At its end, how many processes have a gradient of each.
        flat = torch.zeros(sum(sizes) + len(sizes), device=self.device)
        *parts, counts = torch.split(flat, [*sizes, len(sizes)])
        for index, (parameter, part) in enumerate(zip(parameters, parts, strict=True)):
            if parameter.grad is not None:
                part.copy_(parameter.grad.reshape(-1))
                counts[index] = 1
            parameter.grad = None
        dist.all_reduce(flat)
        for parameter, part, count in zip(parameters, parts, counts.tolist(), strict=True):
            parameter.grad = part.view_as(parameter) if count > 0 else None


def broadcast_bytes(data: bytes, source: int, device: torch.device) -> bytes:
    """What one process has, in all of them."""
    length = torch.tensor([len(data)], dtype=torch.int64, device=device)
    dist.broadcast(length, source)
    own = list(data) if dist.get_rank() == source else [0] * int(length)
    told = torch.tensor(own, dtype=torch.uint8, device=device)
    dist.broadcast(told, source)
    return bytes(told.tolist())


def bytes_of_row(rows: Tensor) -> int:
    return rows[0].numel() * rows.element_size()


def _as_bytes(rows: Tensor) -> Tensor:
    return rows.reshape([len(rows), -1]).contiguous().view(torch.uint8)
