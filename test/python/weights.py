"""Safetensors files by Hugging Face's own library: `write FOLDER COUNT` makes some up, with what is in each as JSON beside
it; `check FOLDER` holds files against such JSON."""

import base64
import ctypes
import json
import os
import random
import sys

from safetensors import TensorSpec, deserialize, serialize

SIZES = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float8_e4m3fn": 1,
    "float8_e5m2": 1,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint64": 8,
    "uint32": 4,
    "uint16": 2,
    "uint8": 1,
    "bool": 1,
}
# The names that the files themselves have.
STORED = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint64": "U64",
    "uint32": "U32",
    "uint16": "U16",
    "uint8": "U8",
    "bool": "BOOL",
}
LETTERS = 'abcXYZ019._-/ "\\\n\u00e9\u65e5\U0001f600\x7f{}[]:,'


def write(folder, count):
    draw = random.Random(7)
    for index in range(count):
        tensors, expected, kept = {}, {}, []
        for _ in range(draw.randrange(6)):
            name = "".join(draw.choice(LETTERS) for _ in range(draw.randrange(12)))
            shape = [draw.randrange(4 if draw.random() < 0.9 else 9) for _ in range(draw.randrange(5))]
            dtype = draw.choice(list(SIZES))
            size = SIZES[dtype]
            for each in shape:
                size *= each
            data = bytes(draw.randrange(2) for _ in range(size)) if dtype == "bool" else draw.randbytes(size)
            # The library takes an address, and leaves it to its caller that the memory stays.
            kept.append(ctypes.create_string_buffer(data, max(1, size)))
            tensors[name] = TensorSpec(dtype=dtype, shape=shape, data_ptr=ctypes.addressof(kept[-1]), data_len=size)
            expected[name] = [STORED[dtype], shape, base64.b64encode(data).decode()]
        note = "".join(draw.choice(LETTERS) for _ in range(5))
        metadata = {"format": "pt", "note": note} if draw.random() < 0.5 else None
        path = os.path.join(folder, f"{index}.safetensors")
        with open(path, "wb") as file:
            file.write(serialize(tensors, metadata))
        with open(f"{path}.json", "w") as file:
            json.dump({"tensors": expected, "metadata": metadata or {}}, file)


def check(folder):
    paths = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".safetensors")]
    for path in paths:
        with open(path, "rb") as file:
            tensors = deserialize(file.read())
        found = {name: [each["dtype"], each["shape"], base64.b64encode(each["data"]).decode()] for name, each in tensors}
        with open(f"{path}.json") as file:
            expected = json.load(file)["tensors"]
        if found != expected:
            sys.exit(f"{path}: {found} instead of {expected}")
    print(f"Python reads {len(paths)} safetensors files of Node's alike")


if sys.argv[1] == "write":
    write(sys.argv[2], int(sys.argv[3]))
else:
    check(sys.argv[2])
