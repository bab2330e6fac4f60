"""Latents of one volume by CT-CLIP's own vision encoder, by an expert's, and by that with torch.compile, on the processor and in f32.

`encode.py write SIZE FOLDER` writes CT-CLIP's random weights and a random volume into a folder; `encode.py own|expert|compiled SIZE
FOLDER RUNS` encodes that volume once as a warm-up and then so often, and prints the seconds of each run, the peak memory in bytes and the latent
as JSON. SIZE is the name of a model in sizes.py, and ctclip.py says what is needed, with safetensors besides.
"""

import json
import os
import resource
import sys
import time
import types

import ctclip
import sizes
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

# Cosines of codebook entries nearer than this are a tie to 32 bits, and another entry is another latent.
TIE = 2e-5


class Reached(Exception):
    pass


def encode(model, image):
    """What CTCLIP.forward makes of a volume: a unit latent."""
    tokens = model.visual_transformer(image, return_encoded_tokens=True)
    latent = model.to_visual_latent(tokens.mean(dim=1).flatten(1))
    return F.normalize(latent, dim=-1)


def untie(model, image):
    """Turns codebook entries away that come second by less than a tie; how many that were."""
    codebook = model.visual_transformer.vq._codebook

    def stop(_, inputs):
        raise Reached(inputs[0])

    hook = model.visual_transformer.vq.register_forward_pre_hook(stop)
    try:
        model.visual_transformer(image, return_encoded_tokens=True)
    except Reached as reached:
        tokens = F.normalize(reached.args[0].flatten(0, -2), dim=-1)
    hook.remove()
    turned = 0
    while True:
        entries = F.normalize(codebook.embed[0], dim=-1)
        best = [(piece @ entries.t()).topk(2, -1) for piece in tokens.split(1024)]
        values, indices = (torch.cat(each) for each in zip(*best))
        seconds = indices[values[:, 0] - values[:, 1] < TIE, 1].unique()
        if len(seconds) == 0:
            return turned
        codebook.embed[0, seconds] *= -1
        turned += len(seconds)


def tune(model, size):
    """As an expert has it: fused attention, the position bias computed once, and codes without what only training reads."""
    ctclip._tune(model, size, "cpu")

    def forward(self, x):
        unit = F.normalize(x.float(), dim=-1)
        indices = (unit @ F.normalize(self.embed[0], dim=-1).t()).argmax(-1)
        return self.embed[0][indices], indices

    codebook = model.visual_transformer.vq._codebook
    codebook.forward = types.MethodType(forward, codebook)


def write(size, folder):
    torch.manual_seed(5)
    model = ctclip.reference(size).eval()
    image = sizes.inputs(size, 1, "cpu")["image"]
    turned = untie(model, image)
    weights = {name: each.clone().contiguous() for name, each in model.state_dict().items() if each.is_floating_point()}
    save_file(weights, f"{folder}/weights.safetensors")
    save_file({"image": image}, f"{folder}/volume.safetensors")
    return {"turned": turned}


def run(name, size, folder, count):
    model = ctclip.reference(size)
    model.load_state_dict(load_file(f"{folder}/weights.safetensors"), strict=False)
    model.eval()
    if name != "own":
        tune(model, size)
    # Its first run compiles for minutes.
    encoded = torch.compile(encode) if name == "compiled" else encode
    image = load_file(f"{folder}/volume.safetensors")["image"]
    seconds = []
    for _ in range(int(count) + 1):
        start = time.perf_counter()
        latent = encoded(model, image)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds[1:], "peakBytes": peak, "latent": latent[0].tolist()}


torch.set_num_threads(len(os.sched_getaffinity(0)))
with torch.no_grad():
    print(json.dumps(write(*sys.argv[2:]) if sys.argv[1] == "write" else run(*sys.argv[1:])))
