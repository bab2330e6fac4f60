"""Steps of CT-CLIP with PEFT: train.py DATA OUT FIRST f32|bf16 STEPS, all of DATA's training volumes as one batch.

Starts from OUT/ct.pt and the adapter in the folder FIRST; writes the adapter to OUT/pytorch-PRECISION, and the losses and
norms of gradients there as steps.json. Optimizer and clipping are specs/medct.vlm's, the rate stays.
"""

import json
import resource
import sys
import time

import torch
from peft import PeftModel
from reference import margins, model, tokens, volumes
from torch.utils.checkpoint import checkpoint

data, out, first, precision, steps = sys.argv[1:]
adapted = PeftModel.from_pretrained(model(f"{out}/ct.pt"), first, is_trainable=True).eval()
ct_clip = adapted.base_model.model
vision = ct_clip.visual_transformer
# Straight through, with a codebook that stays as it is.
vision.vq.train()
vision.vq._codebook.eval()


def recomputed(layer):
    """Keeps a layer's inputs alone for the backward pass, which changes no value: all else would need 12 GB a row."""
    forward = layer.forward
    layer.forward = lambda *inputs, **named: checkpoint(forward, *inputs, use_reentrant=False, **named)


for transformer in (vision.enc_spatial_transformer, vision.enc_temporal_transformer):
    for _, attention, _, feed_forward in transformer.layers:
        recomputed(attention)
        recomputed(feed_forward)

nearest = []
codebook = vision.vq._codebook.embed.detach()[0]


def keep_margins(_, inputs):
    vectors = inputs[0].detach().flatten(0, -2)
    nearest.append(margins(vectors, codebook).sort().values[:5].tolist())


vision.vq.register_forward_pre_hook(keep_margins)
read = volumes(data, "train")
images = torch.stack([volume for volume, _, _, _ in read])
text = tokens(data, [report for _, report, _, _ in read])
del read
trained = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.01)
losses, norms, seconds = [], [], []
for _ in range(int(steps)):
    start = time.time()
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        loss = ct_clip(text, images, "cpu", return_loss=True)
    optimizer.zero_grad()
    loss.float().backward()
    norms.append(torch.nn.utils.clip_grad_norm_(trained, 0.5).item())
    optimizer.step()
    losses.append(loss.item())
    seconds.append(time.time() - start)
adapted.save_pretrained(f"{out}/pytorch-{precision}")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
steps = {"losses": losses, "norms": norms, "margins": nearest, "seconds": seconds, "peakBytes": peak}
with open(f"{out}/pytorch-{precision}/steps.json", "w", encoding="utf8") as file:
    json.dump(steps, file)
