"""How far two trainings moved the same adapter apart: adapters.py FIRST THEIRS OURS, PEFT's folders; prints JSON.

For `lora_A` and `lora_B` each: the norm of the difference over that of what training changed (`relative`), and the largest
difference of one value (`largest`).
"""

import json
import sys

from safetensors.torch import load_file

first, theirs, ours = (load_file(f"{folder}/adapter_model.safetensors") for folder in sys.argv[1:])
assert first.keys() == theirs.keys() == ours.keys()
found = {}
for part in ("lora_A", "lora_B"):
    names = [name for name in first if part in name]
    moved = sum((theirs[name] - first[name]).double().square().sum() for name in names).sqrt()
    apart = sum((theirs[name] - ours[name]).double().square().sum() for name in names).sqrt()
    largest = max((theirs[name] - ours[name]).abs().max() for name in names)
    found[part] = {"relative": (apart / moved).item(), "largest": largest.item()}
print(json.dumps(found))
