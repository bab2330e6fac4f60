"""Checks ONNX models that medctc wrote, and runs them in ONNX Runtime beside the reference evaluator's results."""

import json
import os
import sys

# ONNX Runtime reads it when it is loaded: it tells its maker nothing.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy
import onnx
import onnxruntime
from safetensors.numpy import load_file

folder, feeds, adapter, names, *expected = sys.argv[1:]
tolerance = 2e-5
failed = False


def largest(a, b):
    return float(numpy.abs(a - b).max() / max(1e-6, numpy.abs(b).max()))


batch = load_file(feeds)
# What a training step starts from, by the spec's own paths.
checkpoints = json.load(open(names))
adapters = load_file(adapter)
for path in expected:
    name = os.path.basename(path).removesuffix(".safetensors")
    file = os.path.join(folder, f"{name}.onnx")
    onnx.checker.check_model(file, full_check=True)
    onnx.shape_inference.infer_shapes_path(file, os.path.join(folder, "inferred.onnx"), strict_mode=True, data_prop=True)
    domains = {node.domain for node in onnx.load(file, load_external_data=False).graph.node}
    if domains != {""}:
        sys.exit(f"{file} uses operators of {domains}")
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    given = {}
    for value in session.get_inputs():
        if value.name in ("step", "seed"):
            given[value.name] = numpy.array(7 if value.name == "seed" else 0, numpy.int32)
        elif value.name in batch:
            dtype = numpy.int32 if value.type == "tensor(int32)" else numpy.float32
            given[value.name] = batch[value.name].astype(dtype)
        elif value.name in checkpoints:
            given[value.name] = adapters[checkpoints[value.name]]
        else:
            given[value.name] = numpy.zeros(value.shape, numpy.float32)
    outputs = [value.name for value in session.get_outputs()]
    results = dict(zip(outputs, session.run(outputs, given)))
    reference = load_file(path)
    compared = 0
    for output, result in results.items():
        base = output.removeprefix("next:").removesuffix("_output")
        prefix, _, parameter = base.rpartition(":")
        key = f"{prefix}:{checkpoints.get(parameter, parameter)}" if prefix else checkpoints.get(base, base)
        if key not in reference:
            sys.exit(f"{name}: the evaluator gives no {key} for {output}")
        difference = largest(result, reference[key])
        compared += 1
        if not difference < tolerance:
            print(f"{name}: {output} differs by {difference:.1e}")
            failed = True
    print(f"{name}: checked, {compared} outputs within {tolerance} of the reference evaluator")
    # An adapter can be given instead of the one in the file.
    optional = [value.name for value in session.get_overridable_initializers()]
    if name != "step" and optional:
        ups = [value for value in optional if value.endswith(".up")]
        shapes = {value.name: value.shape for value in session.get_overridable_initializers()}
        other = {value: numpy.full(shapes[value], 0.1, numpy.float32) for value in ups}
        changed = session.run(outputs, {**given, **other})
        if all(largest(a, results[output]) < 1e-3 for output, a in zip(outputs, changed)):
            print(f"{name}: another adapter changed nothing")
            failed = True
sys.exit(1 if failed else 0)
