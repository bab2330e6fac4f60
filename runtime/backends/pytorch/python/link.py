"""
Messages to and from the medctc on this machine, over a Unix socket. Each is 4 bytes with the length
of a header, the header as JSON, and the bytes of its tensors one after the other.
"""

import ctypes
import json
import math
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

MAX_HEADER = 2**26
MAX_TENSOR = 2**40
DTYPES = {"f32": torch.float32, "i32": torch.int32}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}


class LinkClosed(Exception):
    """medctc has ended."""


class ProtocolError(Exception):
    """medctc sent what makes no sense."""


@dataclass(frozen=True)
class Message:
    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)


class Link:
    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)

    def send(self, message: Message) -> None:
        header = header_of(message)
        try:
            self._socket.sendall(struct.pack("<I", len(header)) + header)
            # One at a time: copies of all together may be as large as the model.
            for each in message.tensors.values():
                sent = each.detach().to("cpu", _sent_type(each)).contiguous()
                size = sent.numel() * sent.element_size()
                if size > 0:
                    view = (ctypes.c_char * size).from_address(sent.data_ptr())
                    self._socket.sendall(memoryview(view).cast("B"))
        except (BrokenPipeError, ConnectionResetError) as error:
            raise LinkClosed from error

    def receive(self) -> Message:
        (length,) = struct.unpack("<I", self._read(4))
        if length > MAX_HEADER:
            raise ProtocolError(f"a header of {length} bytes")
        kind, fields, listed = parse_header(bytes(self._read(length)))
        tensors = {}
        for name, dtype, shape in listed:
            size = math.prod(shape) * dtype.itemsize
            # PyTorch takes no buffer without bytes.
            read = torch.frombuffer(self._read(size), dtype=dtype) if size > 0 else torch.empty(0)
            tensors[name] = read.to(dtype).reshape(shape)
        return Message(kind, fields, tensors)

    def end_when_closed(self, status: int, grace_seconds: float) -> None:
        """
        Ends this process when medctc has ended, whatever it computes or waits for; a little later,
        so that what medctc has said last is heard.
        """
        hung_up = getattr(select, "POLLRDHUP", select.POLLHUP)

        def watch() -> None:
            poll = select.poll()
            poll.register(self._socket.fileno(), hung_up)
            poll.poll()
            time.sleep(grace_seconds)
            os._exit(status)

        threading.Thread(target=watch, daemon=True).start()

    def _read(self, length: int) -> bytearray:
        data = bytearray(length)
        view = memoryview(data)
        while len(view) > 0:
            try:
                count = self._socket.recv_into(view)
            except ConnectionResetError as error:
                raise LinkClosed from error
            if count == 0:
                raise LinkClosed
            view = view[count:]
        return data


def header_of(message: Message) -> bytes:
    listed = [
        {"name": name, "dtype": _NAMES[_sent_type(each)], "shape": list(each.shape)}
        for name, each in message.tensors.items()
    ]
    fields = {"kind": message.kind, **message.fields, "tensors": listed}
    return json.dumps(fields, allow_nan=False).encode()


Listed = tuple[str, torch.dtype, list[int]]


def parse_header(data: bytes) -> tuple[str, dict[str, Any], list[Listed]]:
    """A message's kind, its fields, and the names, types and shapes of its tensors."""
    try:
        fields = json.loads(data)
        kind, listed = fields.pop("kind"), fields.pop("tensors")
        tensors = [(each["name"], DTYPES[each["dtype"]], each["shape"]) for each in listed]
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise ProtocolError(f"a header that is not one: {error!r}") from error
    for name, _, shape in tensors:
        sizes_are_whole = all(type(size) is int and size >= 0 for size in shape)
        if not isinstance(name, str) or not sizes_are_whole or math.prod(shape) > MAX_TENSOR:
            raise ProtocolError(f"a tensor {name} of shape {shape}")
    return kind, fields, tensors


def _sent_type(tensor: Tensor) -> torch.dtype:
    return torch.float32 if tensor.is_floating_point() else torch.int32
