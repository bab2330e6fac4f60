"""How near to a tie codebook entries are, in 64 bits: ties.py DATA OUT writes OUT/ties.json from OUT/ct.pt.

{volume: [smallest margins between the cosines of a token's best and second entry]}, ascending. What 32 bits cannot tell
apart may become another entry without anybody's fault, and then moves all scores of its volume.
"""

import json
import sys
import types

import torch
from reference import margins, model, volumes

data, out = sys.argv[1:]
ct_clip = model(f"{out}/ct.pt").double()
vision = ct_clip.visual_transformer
bias = vision.spatial_rel_pos_bias


def position_bias(self, *sizes, **_):
    """ContinuousPositionBias.forward, which makes its grid in 32 bits whatever the weights are."""
    grid = torch.stack(torch.meshgrid(*map(torch.arange, sizes), indexing="ij")).flatten(1).t()
    apart = (grid[:, None] - grid[None]).double()
    values = apart.sign() * (apart.abs() + 1).log()
    for layer in self.net:
        values = layer(values)
    return values.permute(2, 0, 1)


class Quantized(Exception):
    pass


def stop(_, inputs):
    raise Quantized(inputs[0])


bias.forward = types.MethodType(position_bias, bias)
vision.vq.register_forward_pre_hook(stop)
codebook = vision.vq._codebook.embed.detach()[0]
found = {}
with torch.no_grad():
    for volume, _, _, name in volumes(data, "valid"):
        try:
            vision(volume[None].double(), return_encoded_tokens=True)
        except Quantized as reached:
            vectors = reached.args[0]
            assert vectors.dtype == torch.float64
            found[name] = margins(vectors.reshape(-1, vectors.shape[-1]), codebook).sort().values[:5].tolist()
with open(f"{out}/ties.json", "w", encoding="utf8") as file:
    json.dump(found, file)
