"""Runs an exported program in ONNX Runtime: run_onnx.py MODEL FEEDS EXPECTED.

Prints, as JSON, by how much each output differs from what EXPECTED has, as a share of its largest value.
"""

import json
import sys

import numpy
import onnxruntime
from safetensors.numpy import load_file

model, feeds, expected = sys.argv[1:]
# Adapters can be replaced in an exported model, of which each has a warning.
onnxruntime.set_default_logger_severity(3)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
given, expected = load_file(feeds), load_file(expected)
names = [value.name for value in session.get_outputs()]
results = session.run(names, {value.name: given[value.name] for value in session.get_inputs()})
found = {}
for name, result in zip(names, results):
    wanted = expected[name.removesuffix("_output")]
    found[name] = float(numpy.abs(result - wanted).max() / numpy.abs(wanted).max())
print(json.dumps(found))
