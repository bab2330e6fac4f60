"""Zero-shot scores of one volume under several adapters of a model that `medctc export --serve` wrote.

    python serve.py SERVED inputs.safetensors [ADAPTER ...]

Each session of ONNX Runtime is created once; an adapter is tensors that a run is given. Needs onnxruntime and safetensors.
`node prepare.mjs` writes the inputs: the volume and the model's prompts as the encoders take them.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path

# ONNX Runtime reads it when it is loaded: it sends no telemetry.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy
import onnxruntime
from safetensors import safe_open
from safetensors.numpy import load_file


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Served:
    """A model, and the adapters that go with it; a file that adapters.json does not list as it is, is refused."""

    def __init__(self, folder, programs):
        self.folder = Path(folder)
        self.manifest = json.loads((self.folder / "adapters.json").read_text())
        if (self.manifest["format"], self.manifest["version"]) != ("medctc.adapters", 1):
            raise ValueError("adapters.json: not a manifest of medctc, or of a later version")
        base = self.manifest["base"]
        files = [base["weights"], *base["programs"].values()]
        lines = "".join(f"{each['file']} {each['sha256']}\n" for each in files)
        if hashlib.sha256(lines.encode()).hexdigest() != base["sha256"]:
            raise ValueError("adapters.json is damaged")
        for each in files:
            self.check(each)
        self.sessions = {
            name: onnxruntime.InferenceSession(
                self.folder / base["programs"][name]["file"], providers=["CPUExecutionProvider"]
            )
            for name in programs
        }
        self.loaded = {}

    def check(self, listed):
        path = self.folder / listed["file"]
        if sha256(path) != listed["sha256"]:
            raise ValueError(f"{path} is not the file that adapters.json lists")
        return path

    def adapter(self, name):
        """The tensors of an adapter, by the names of the programs' inputs."""
        if name not in self.manifest["adapters"]:
            raise KeyError(f"there is no adapter {name}")
        if name not in self.loaded:
            path = self.check(self.manifest["adapters"][name]["safetensors"])
            with safe_open(path, "numpy") as file:
                if file.metadata()["medctc.base_sha256"] != self.manifest["base"]["sha256"]:
                    raise ValueError(f"{name} is for another model")
            self.loaded[name] = load_file(path)
        return self.loaded[name]

    def run(self, program, name, inputs):
        """Runs a program with an adapter: this is all that a switch is. Gives outputs by name."""
        listed = self.manifest["base"]["programs"][program]
        tensors = self.adapter(name)
        feeds = {each["name"]: inputs[each["name"]] for each in listed["inputs"]}
        feeds |= {each: tensors[each] for each in listed["adapter_inputs"]}
        outputs = [each["name"] for each in listed["outputs"]]
        return dict(zip(outputs, self.sessions[program].run(outputs, feeds)))


def direction(latents):
    """The mean of unit vectors as a unit vector; one alone as it is."""
    if len(latents) == 1:
        return latents
    mean = (latents / numpy.linalg.norm(latents, axis=1, keepdims=True)).sum(axis=0, keepdims=True)
    return mean / numpy.linalg.norm(mean)


def scores(served, name, inputs):
    """Zero-shot scores by class, from 0 to 1, of the one volume in the inputs."""
    zero_shot = served.manifest["zero_shot"]
    image = served.run("encode_image", name, inputs)["latent"][0]
    text = served.run("encode_text", name, inputs)
    scale = float(text["scale"].item()) if "scale" in text else 1.0
    found, row = {}, 0
    for each in zero_shot["classes"]:
        sides = []
        for side in (each["present"], each["absent"]):
            latents = text["latent"][row : row + len(side)]
            row += len(side)
            compared = direction(latents) if zero_shot["average"] == "latent" else latents
            sides.append(scale * (compared @ image))
        difference = sides[0][:, None] - sides[1][None, :]
        found[each["name"]] = float((1 / (1 + numpy.exp(-difference))).mean())
    return found


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: python serve.py SERVED inputs.safetensors [ADAPTER ...]")
    folder, inputs, *names = sys.argv[1:]
    served = Served(folder, ["encode_image", "encode_text"])
    given = load_file(inputs)
    results = {}
    for name in names or served.manifest["adapters"]:
        start = time.perf_counter()
        served.adapter(name)
        switched = time.perf_counter()
        results[name] = scores(served, name, given)
        milliseconds = 1000 * (switched - start), 1000 * (time.perf_counter() - switched)
        print(f"{name}: read in {milliseconds[0]:.1f} ms, run in {milliseconds[1]:.1f} ms", file=sys.stderr)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
