"""Adapters that medctc wrote for ONNX Runtime are what its own reader reads, and what its own LoRA adapters add to a run.

check_served.py EXAMPLE FOLDER INPUTS EXPECTED: the example's serve.py, whose scores of a volume are to be those in a file.
"""

import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location

import numpy
import onnxruntime
from safetensors.numpy import load_file

example, folder, inputs, expected = sys.argv[1:]
tolerance = 1e-5

found = json.loads(subprocess.run([sys.executable, example, folder, inputs], check=True, capture_output=True).stdout)
scores = json.load(open(expected))
assert found.keys() == scores.keys(), (found.keys(), scores.keys())
for name, classes in scores.items():
    assert found[name].keys() == classes.keys(), name
    difference = max(abs(found[name][label] - score) for label, score in classes.items())
    assert difference < tolerance, (name, difference)
print(f"serve.py: {len(scores)} adapters within {tolerance} of the reference evaluator")

spec = spec_from_file_location("serve", example)
serve = module_from_spec(spec)
spec.loader.exec_module(serve)
served = serve.Served(folder, ["encode_image", "encode_text"])
given = load_file(inputs)
for name, listed in served.manifest["adapters"].items():
    tensors = served.adapter(name)
    for program, file in listed["onnx_adapters"].items():
        path = str(served.check(file))
        own = {key: tensors[key] for key in served.manifest["base"]["programs"][program]["adapter_inputs"]}
        read = onnxruntime.AdapterFormat.read_adapter(path)
        parameters = {key: value.numpy() for key, value in read.get_parameters().items()}
        assert (read.get_format_version(), parameters.keys()) == (1, own.keys()), (name, program)
        for key, value in own.items():
            assert value.dtype == parameters[key].dtype and numpy.array_equal(value, parameters[key]), (name, key)
        adapter = onnxruntime.LoraAdapter()
        adapter.Load(path)
        options = onnxruntime.RunOptions()
        options.add_active_adapter(adapter)
        if program not in served.sessions:
            continue
        session = served.sessions[program]
        outputs = [each.name for each in session.get_outputs()]
        feeds = {each["name"]: given[each["name"]] for each in served.manifest["base"]["programs"][program]["inputs"]}
        # What C's Run does; Python's wrapper asks for the inputs that the adapter has.
        native = session._sess.run(outputs, feeds, options)
        fed = served.run(program, name, given)
        for output, value in zip(outputs, native):
            assert numpy.array_equal(value, fed[output]), (name, program, output)
    read, ran = ", ".join(listed["onnx_adapters"]), ", ".join(served.sessions)
    print(f"{name}: the same bits from ONNX Runtime's own reader for {read}, and from its own runs of {ran}")
