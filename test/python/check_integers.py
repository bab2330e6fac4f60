"""Holds weights that medctc stores in 8 bits to those of ONNX Runtime's own quantisation, and runs models with and without fusions."""

import os
import sys

# ONNX Runtime reads it when it is loaded: it tells its maker nothing.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy
import onnx
import onnxruntime
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.quant_utils import quantize_data
from safetensors.numpy import load_file

whole, integers, feeds, temporary, *programs = sys.argv[1:]


def initializers(model):
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def run(file, batch, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    given = {}
    for value in session.get_inputs():
        dtype = numpy.int32 if value.type == "tensor(int32)" else numpy.float32
        given[value.name] = batch[value.name].astype(dtype)
    return dict(zip([value.name for value in session.get_outputs()], session.run(None, given)))


batch = load_file(feeds)
compared = 0
tables = 0
for program in programs:
    file = os.path.join(integers, f"{program}.onnx")
    onnx.checker.check_model(file, full_check=True)
    model = onnx.load(file)
    if {node.domain for node in model.graph.node} != {""}:
        sys.exit(f"{file} uses other operators than ONNX's own")
    stored = initializers(model)
    plain = os.path.join(whole, f"{program}.onnx")
    floats = initializers(onnx.load(plain))
    theirs_file = os.path.join(temporary, f"{program}.onnx")
    quantize_dynamic(plain, theirs_file, per_channel=True, weight_type=QuantType.QInt8)
    theirs = initializers(onnx.load(theirs_file))
    quantised = {name: values for name, values in stored.items() if values.dtype == numpy.int8}
    for name, values in quantised.items():
        scales = stored[f"{name}:scales"]
        axis = next(axis for axis, size in enumerate(values.shape) if size == len(scales)) if values.ndim > 2 else None
        if axis is None:
            readers = [node for node in model.graph.node if name in node.input]
            scaled = [node for node in readers if node.op_type == "DequantizeLinear"]
            axis = scaled[0].attribute[0].i if scaled else 1
            tables += 0 if scaled else 1
        # One channel after the other, as their function takes a tensor with one scale.
        for channel, own in enumerate(numpy.moveaxis(floats[name], axis, 0)):
            found = quantize_data(own.flatten(), onnx.TensorProto.INT8, True)
            zero, scale, expected = found[-3:]
            if zero != 0 or scale != scales[channel]:
                sys.exit(f"{name}: the scale of channel {channel} is {scales[channel]}, theirs {scale} with a zero at {zero}")
            if not numpy.array_equal(expected, numpy.moveaxis(values, axis, 0)[channel].flatten()):
                sys.exit(f"{name}: other whole numbers in channel {channel}")
        # Products are held to what it writes of the whole model, too; it stores these transposed.
        for theirs_name, turned in ((name, False), (f"{name}_Transposed", True)):
            expected = theirs.get(f"{theirs_name}_quantized")
            if expected is None or values.ndim != 2 or len(theirs[f"{theirs_name}_scale"].shape) == 0:
                continue
            if not numpy.array_equal(expected.T if turned else expected, values):
                sys.exit(f"{name}: other whole numbers than in {theirs_file}")
            if not numpy.array_equal(theirs[f"{theirs_name}_scale"], scales):
                sys.exit(f"{name}: other scales than in {theirs_file}")
            compared += 1
    levels = onnxruntime.GraphOptimizationLevel
    slow, fast = (run(file, batch, level) for level in (levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_ALL))
    full = run(plain, batch, levels.ORT_ENABLE_ALL)
    for output, values in slow.items():
        size = max(1e-6, float(numpy.abs(values).max()))
        fused = float(numpy.abs(values - fast[output]).max()) / size
        # With fusions that make whole numbers of activations too it would be some 5e-3.
        if not fused < 2e-5:
            sys.exit(f"{program}: {output} differs by {fused:.1e} with fusions")
        lost = float(numpy.abs(values - full[output]).max()) / size
        print(f"{program} {output}: {lost:.1e} from 32 bits, {fused:.1e} by fusions")
    print(f"{program}: {len(quantised)} weights in 8 bits")
if compared == 0 or tables == 0:
    sys.exit(f"{compared} weights of products and {tables} tables compared")
print(f"{compared} weights of products are those of quantize_dynamic")
