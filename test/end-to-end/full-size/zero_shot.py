"""CT-CLIP's zero-shot: zero_shot.py DATA OUT SPEC writes weights as OUT/ct.pt, and OUT/scores.json.

Scores are {volume: [softmax of "is present" over both prompts]} of the classes that SPEC lists, in its order.
"""

import json
import sys

import torch
from reference import model, spread, tokens, volumes

data, out, spec = sys.argv[1:]
ct_clip = model()
spread(ct_clip)
torch.save(ct_clip.state_dict(), f"{out}/ct.pt")
with open(spec, encoding="utf8") as file:
    listed = file.read().split("classes = [")[1].split("]")[0]
classes = [line.strip().strip('",') for line in listed.split("\n") if line.strip()]
encode = ct_clip.visual_transformer.forward
scores = {}
with torch.no_grad():
    for volume, _, _, name in volumes(data, "valid"):
        # Once a volume, and not once a class.
        encoded = encode(volume[None], return_encoded_tokens=True)
        ct_clip.visual_transformer.forward = lambda *_, **__: encoded
        scores[name] = []
        for kind in classes:
            text = tokens(data, [f"{kind} is present.", f"{kind} is not present."])
            logits = ct_clip(text, volume[None], device=torch.device("cpu"))
            scores[name].append(torch.softmax(logits, 0)[0].item())
with open(f"{out}/scores.json", "w", encoding="utf8") as file:
    json.dump({"classes": classes, "scores": scores}, file)
