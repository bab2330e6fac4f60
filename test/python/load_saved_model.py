"""Loads a model that medctc wrote with Python's TensorFlow, trains two steps, and compares the losses with Node's.

Usage: load_saved_model.py MODEL BATCH. BATCH is a JSON file with the inputs of a step and the losses of the first two.
"""

import json
import math
import sys

import numpy
import tensorflow as tf

TOLERANCE = 1e-5


def train(folder, inputs, steps):
    """The losses of some steps, with the weights that follow from the model's seed."""
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        signatures = tf.compat.v1.saved_model.load(session, ["serve"], folder).signature_def

        def run(name, values):
            signature = signatures[name]
            feeds = {}
            for key, tensor in signature.inputs.items():
                shape = [dim.size for dim in tensor.tensor_shape.dim]
                dtype = tf.dtypes.as_dtype(tensor.dtype).as_numpy_dtype
                feeds[tensor.name] = numpy.asarray(values[key], dtype).reshape(shape)
            return session.run({key: tensor.name for key, tensor in signature.outputs.items()}, feeds)

        run("initialise", {})
        run("prepare", {})
        return [float(run("step", {**inputs, "step": [step]})["loss"]) for step in range(steps)]


def main(folder, batch):
    with open(batch, encoding="utf-8") as file:
        given = json.load(file)
    expected = given["losses"]
    found = train(folder, given["inputs"], len(expected))
    print(f"TensorFlow {tf.__version__} in Python: losses {found}; in Node {expected}")
    same = all(math.isfinite(a) and abs(a - b) <= TOLERANCE * max(1, abs(b)) for a, b in zip(found, expected))
    if not same:
        sys.exit("the losses are not the same")


main(*sys.argv[1:])
