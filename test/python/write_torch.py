"""Writes checkpoints with torch.save into a folder, and what is to be read from each beside it, as safetensors.

The files in test/fixtures/torch are what this wrote once; weights.test.ts writes them anew with a current PyTorch.
"""

import argparse
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import os
import pathlib
import pickle
import sys
import types
import uuid
import zipfile

import numpy
import torch
from safetensors.torch import save_file


def mixed():
    values = torch.linspace(-3, 4, 12)
    types = {
        "f64": torch.float64,
        "f32": torch.float32,
        "f16": torch.float16,
        "bf16": torch.bfloat16,
        "f8_e4m3": torch.float8_e4m3fn,
        "f8_e5m2": torch.float8_e5m2,
        "i64": torch.int64,
        "i32": torch.int32,
        "i16": torch.int16,
        "i8": torch.int8,
        "bool": torch.bool,
    }
    tensors = {name: values.reshape(3, 4).to(dtype) for name, dtype in types.items()}
    for name in ["u8", "u16", "u32", "u64"]:
        tensors[name] = torch.arange(250, 256).to(getattr(torch, name.replace("u", "uint")))
    tensors["special"] = torch.tensor([float("inf"), float("-inf"), 0.0, -0.0, 1e-45, 3.4e38])
    tensors["half_special"] = torch.tensor([float("inf"), 6e-8, -6e-5, 65504.0]).half()
    tensors["scalar"] = torch.tensor(2.5)
    tensors["empty"] = torch.zeros(3, 0)
    tensors["names, as text: \u00e9 \U0001f600"] = torch.ones(2)
    return tensors


def views():
    whole = torch.arange(60.0).reshape(3, 4, 5)
    return {
        "whole": whole,
        "transposed": whole.permute(2, 0, 1),
        "second_row": whole[1],
        "columns": whole[:, :, 1:4:2],
        "half": torch.arange(12).half().reshape(3, 4).t(),
        "long": torch.arange(12).reshape(3, 4).t()[1:],
        "tied": whole,
        "channels_last": torch.arange(48.0).reshape(1, 3, 4, 4).contiguous(memory_format=torch.channels_last),
        "last_element": whole.flatten()[59:],
    }


def module():
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))


def training():
    model = module()
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    return {"step": 7, "model": model.state_dict(), "optim": optimizer.state_dict(), "note": "text", "rate": 1e-4}


class Phase(enum.Enum):
    TRAIN = "train"


class Bits(enum.IntFlag):
    A = 1
    B = 2


@dataclasses.dataclass
class Config:
    rate: float
    sizes: tuple


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    rate: float


class StateDict(dict):
    pass


class Meter(list):
    pass


Point = collections.namedtuple("Point", "x y")


def trainer():
    """What trainers put beside the weights, each of which a pickle writes in another way."""
    nested = collections.defaultdict(dict)
    nested["group"]["bias"] = torch.ones(2)
    own = StateDict(weight=torch.full((2, 3), 2.0))
    own.version = 3
    best = numpy.float64(0.5)
    return {
        "args": argparse.Namespace(lr=1e-4, path=pathlib.PurePosixPath("a/b"), phase=Phase.TRAIN),
        "model": module().state_dict(),
        "averaged": own,
        "best": best,
        "again": best,
        "history": [numpy.float32(1), numpy.int64(2), numpy.bool_(True), numpy.arange(3.0), numpy.datetime64("2026-01-02")],
        "numpy": {"state": numpy.random.get_state(), "generator": numpy.random.default_rng(1).bit_generator.state},
        "python": (b"bytes", bytearray(b"more"), {1, 2}, frozenset([3]), 2**100, -(2**70), complex(1, 2), range(3), slice(1, 2)),
        "time": [datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(1), datetime.date(2026, 1, 2)],
        "decimal": [decimal.Decimal("0.1"), fractions.Fraction(1, 3), uuid.UUID(int=7)],
        "config": Config(0.1, (1, 2)),
        "slotted": Slotted(0.1),
        "flags": Bits.A | Bits.B,
        "point": Point(1, 2),
        "simple": types.SimpleNamespace(a=1),
        "partial": functools.partial(print, 1),
        "counter": collections.Counter("abca"),
        "deque": collections.deque([1, 2], maxlen=4),
        "chain": collections.ChainMap({"a": 1}),
        "meter": Meter([1, 2]),
        "function": os.path.join,
        "type": Config,
        "error": ValueError("text"),
        "nested": nested,
        "dtype": torch.float16,
        "complex dtype": torch.complex64,
        "device": torch.device("cpu"),
        "size": torch.Size([1, 2]),
        "rng": torch.get_rng_state(),
        "generator": [torch.nn.Linear(1, 1)],
        "parameter": torch.nn.Parameter(torch.ones(2)),
    }


def flat(value, prefix=""):
    tensors = {}
    for key, item in value.items():
        if isinstance(item, torch.Tensor):
            tensors[f"{prefix}{key}"] = item.detach().clone().contiguous()
        elif isinstance(item, dict):
            tensors.update(flat(item, f"{prefix}{key}."))
    return tensors


def repacked(data, change):
    """The archive with each file as `change` gives it: name, bytes, method; None leaves it out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            name, content, method = change(name, before.read(name))
            after.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return out.getvalue()


class Command:
    """Where it is unpickled, a file appears."""

    def __reduce__(self):
        return os.system, ("touch pickle-was-run",)


def saved(value, **options):
    out = io.BytesIO()
    torch.save(value, out, **options)
    return out.getvalue()


def write(folder):
    def put(name, data):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)

    good = {
        "mixed": (mixed(), {}),
        "views": (views(), {}),
        "training": (training(), {}),
        "protocol-5": (dict(module().named_parameters()), {"pickle_protocol": 5}),
        "trainer": (trainer(), {}),
        "trainer-5": (trainer(), {"pickle_protocol": 5}),
        "wrapped": ({"state_dict": collections.OrderedDict((f"module.{k}", v) for k, v in module().state_dict().items())}, {}),
    }
    for name, (value, options) in good.items():
        put(f"{name}.pt", saved(value, **options))
        save_file(flat(value), os.path.join(folder, f"{name}.safetensors"))
    small = {"weight": torch.arange(4.0)}
    data = saved(small)
    put("legacy.pt", saved(small, _use_new_zipfile_serialization=False))
    put("whole-module.pt", saved(module()))
    put("command.pt", saved({"weight": torch.arange(4.0), "hook": Command()}))
    put("sparse.pt", saved({"weight": torch.eye(3).to_sparse()}))
    put("complex.pt", saved({"weight": torch.ones(2, dtype=torch.complex64)}))
    put("negated.pt", saved({"weight": torch.ones(2, dtype=torch.complex64).conj().imag}))
    put("expanded.pt", saved({"weight": torch.ones(1).expand(1000)}))
    put("list.pt", saved([torch.ones(2)]))
    put("bare.pkl", pickle.dumps({"weight": [1, 2]}, protocol=2))
    put("compressed.pt", repacked(data, lambda name, content: (name, content, zipfile.ZIP_DEFLATED)))
    order = lambda name, content: b"big" if name.endswith("/byteorder") else content
    put("big-endian.pt", repacked(data, lambda name, content: (name, order(name, content), zipfile.ZIP_STORED)))
    scripted = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), scripted)
    put("script.pt", scripted.getvalue())


write(sys.argv[1])
