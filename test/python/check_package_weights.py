"""
The package's own reader of safetensors files gives what Hugging Face's library gives, and refuses every file that is wrong: named
ones, and thousands with some bytes changed. Usage: check_package_weights.py COUNT
"""

import json
import os
import random
import struct
import sys
import tempfile

import torch
from check_step import package
from safetensors.torch import load_file, save_file

TYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8]
TYPES += [torch.uint8, torch.bool]


def file_of(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(first=0, last=8, shape=(2,), dtype="F32", **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [first, last], **more}


data = bytes(16)
WRONG = {
    "empty": b"",
    "short": b"\x01\x00",
    "no header": file_of(b"", length=0),
    "a header beyond the end": file_of({"a": entry()}, data[:8], length=1000),
    "a header of 2^63 bytes": file_of({"a": entry()}, data[:8], length=2**63),
    "a header of more than 100 MB": file_of({"a": entry()}, data[:8], length=100 * 2**20 + 1),
    "no JSON": file_of(b"{nothing}"),
    "no UTF-8": file_of(b'{"\xff": 1}'),
    "a list": file_of(b"[]"),
    "a leading blank": file_of(b" {}"),
    "deep JSON": file_of(b'{"a":' + b"[" * 200_000),
    "a name twice": file_of(b'{"a": %s, "a": %s}' % ((json.dumps(entry()).encode(),) * 2), data[:8]),
    "bytes left over": file_of({"a": entry()}, data),
    "bytes missing": file_of({"a": entry()}, data[:4]),
    "a hole": file_of({"a": entry(8, 16)}, data),
    "an overlap": file_of({"a": entry(0, 8), "b": entry(4, 12)}, data[:12]),
    "a reversed place": file_of({"a": entry(8, 0)}, data[:8]),
    "a size that the shape has not": file_of({"a": entry(shape=[3])}, data[:8]),
    "a negative shape": file_of({"a": entry(shape=[-2])}, data[:8]),
    "a fractional shape": file_of({"a": entry(shape=[2.0])}, data[:8]),
    "a shape of truth": file_of({"a": entry(0, 4, shape=[True])}, data[:4]),
    "an overflowing shape": file_of({"a": entry(shape=[2**62, 8])}, data[:8]),
    "a huge number": file_of(
        b'{"a": {"dtype": "F32", "shape": [1%s], "data_offsets": [0, 8]}}' % (b"0" * 5000), data[:8]
    ),
    "an unknown type": file_of({"a": entry(dtype="F33")}, data[:8]),
    "a type that is no word": file_of({"a": entry(dtype=[])}, data[:8]),
    "no shape": file_of({"a": {"dtype": "F32", "data_offsets": [0, 8]}}, data[:8]),
    "more than there is": file_of({"a": entry(more=1)}, data[:8]),
    "an entry that is none": file_of({"a": 3}),
    "three offsets": file_of({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 8]}}, data[:8]),
}


def check_wrong(read, refused, path):
    for name, content in WRONG.items():
        with open(path, "wb") as file:
            file.write(content)
        try:
            read(path)
        except refused as error:
            assert path in str(error) and len(str(error)) < 400, error
            continue
        raise AssertionError(f"{name} is read")
    try:
        read(f"{path}.missing")
    except refused:
        return
    raise AssertionError("a missing file is read")


def check_alike(read, path, draw):
    for _ in range(100):
        tensors = {}
        for index in range(draw.randrange(6)):
            shape = [draw.randrange(4) for _ in range(draw.randrange(4))]
            tensors[f"{index}.é"] = torch.randint(0, 2, shape).to(draw.choice(TYPES))
        save_file(tensors, path, {"format": "pt"})
        found = read(path)
        expected = load_file(path)
        assert set(found) == set(expected)
        for name, each in expected.items():
            assert found[name].dtype == each.dtype and torch.equal(found[name], each), name
    # Changed in memory, the file is as it was; bytes may lie anywhere.
    with open(path, "wb") as file:
        file.write(file_of({"a": entry(0, 1, [1], "U8"), "b": entry(1, 9)}, bytes(9)))
    for each in read(path).values():
        each += 1
    assert not any(each.any() for each in read(path).values())


def check_mutants(read, refused, path, draw, count):
    save_file({"weight": torch.randn(3, 4), "bias": torch.randn(3), "ids": torch.arange(5)}, path)
    with open(path, "rb") as file:
        whole = file.read()
    read_anyway = 0
    for _ in range(count):
        changed = bytearray(whole)
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(changed) if draw.random() < 0.2 else 250)
            match draw.randrange(3):
                case 0:
                    changed[at] = draw.choice(b'0123456789{}[]",:-e\\ \xff')
                case 1:
                    del changed[at : at + draw.randrange(1, 9)]
                case 2:
                    changed[at:at] = changed[at : at + draw.randrange(1, 9)]
        with open(path, "wb") as file:
            file.write(changed)
        try:
            for each in read(path).values():
                each.sum()
            read_anyway += 1
        except refused:
            pass
    return read_anyway


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        package(folder)
        sys.path.insert(0, folder)
        from pair.weights import BadWeights, read_weights

        path = os.path.join(folder, "some.safetensors")
        draw = random.Random(7)
        check_wrong(read_weights, BadWeights, path)
        check_alike(read_weights, path, draw)
        count = int(sys.argv[1])
        read_anyway = check_mutants(read_weights, BadWeights, path, draw, count)
        print(f"{len(WRONG)} wrong files are refused; of {count} changed ones {read_anyway} can still be read")
