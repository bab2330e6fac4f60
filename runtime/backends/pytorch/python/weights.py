"""Loads weights from safetensors files, whose every byte may be wrong."""

import json
import math
import mmap
import struct
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_MAX_HEADER = 100 * 2**20


class BadWeights(Exception):
    """A file that does not have the weights it should have."""


def load_model(made: type[nn.Module], path: str, device: torch.device) -> nn.Module:
    """A model with all of its weights from a file, by their names in checkpoints."""
    # Made without memory: the file has every value.
    with torch.device("meta"):
        model = made()
    expected = model.state_dict()
    weights = read_weights(path)
    wrong = [f"missing {name}" for name in sorted(expected.keys() - weights.keys())]
    wrong += [f"unexpected {name}" for name in sorted(weights.keys() - expected.keys())]
    if wrong:
        listed = ", ".join(wrong[:5] + ["..."] * (len(wrong) > 5))
        raise BadWeights(f"{path} does not have this model's weights: {listed}")
    values = {name: each.to(device, expected[name].dtype) for name, each in weights.items()}
    model.load_state_dict(values, strict=True, assign=True)
    return model


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """
    The tensors of a file by name, which are its pages in memory: read when they are used, shared by
    all processes of a machine, and copied where they are changed. The file stays as it is.
    """
    try:
        with open(path, "rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError) as error:
        raise BadWeights(f"{path} cannot be read: {error}") from error
    try:
        return _tensors(data)
    except BadWeights as error:
        raise BadWeights(f"{path} is not a valid safetensors file: {error}") from None


def _tensors(data: mmap.mmap) -> dict[str, Tensor]:
    if len(data) < 8:
        raise BadWeights("it is too short for a header")
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(_MAX_HEADER, len(data) - 8):
        raise BadWeights(f"a header of {length} bytes does not fit")
    start = 8 + length
    tensors: dict[str, Tensor] = {}
    end = 0
    entries = _header(data[8:start])
    for name, (dtype, shape, first, last) in sorted(entries.items(), key=lambda each: each[1][2:]):
        if first != end or last - first != math.prod(shape) * dtype.itemsize:
            raise BadWeights(f"the place of {name} does not follow from its shape")
        end = last
        if start + end > len(data):
            raise BadWeights(f"{name} lies beyond the end")
        tensors[name] = _tensor(data, dtype, shape, start + first, start + last)
    if start + end != len(data):
        raise BadWeights(f"{len(data) - start - end} bytes belong to no tensor")
    return tensors


def _tensor(data: mmap.mmap, dtype: torch.dtype, shape: list[int], first: int, last: int) -> Tensor:
    if first == last:
        return torch.empty(shape, dtype=dtype)
    if first % dtype.itemsize != 0:
        return torch.frombuffer(bytearray(data[first:last]), dtype=dtype).reshape(shape)
    count = (last - first) // dtype.itemsize
    return torch.frombuffer(data, dtype=dtype, count=count, offset=first).reshape(shape)


Entry = tuple[torch.dtype, list[int], int, int]


def _header(text: bytes) -> dict[str, Entry]:
    """Each tensor's type, shape, and where its bytes begin and end."""
    if not text.startswith(b"{"):
        raise BadWeights("its header is not an object")
    try:
        header = json.loads(text.decode(), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise BadWeights(f"its header is not JSON: {error}") from error
    header.pop("__metadata__", None)
    return {name: _entry(name, each) for name, each in header.items()}


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadWeights("a name is there twice in its header")
    return found


def _entry(name: str, entry: Any) -> Entry:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise BadWeights(f"its header does not say where {name} is")
    dtype, shape, place = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise BadWeights(f"{name} has the unknown type {dtype}")
    if not _are_sizes(shape) or not _are_sizes(place) or len(place) != 2:
        raise BadWeights(f"{name} has an impossible shape or place")
    return _DTYPES[dtype], shape, place[0], place[1]


def _are_sizes(value: Any) -> bool:
    """Whether it is a list of whole numbers that are not negative, none of them a truth value."""
    return isinstance(value, list) and all(
        type(each) is int and 0 <= each < 2**48 for each in value
    )
