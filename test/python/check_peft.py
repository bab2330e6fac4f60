"""PEFT loads adapters that medctc wrote, and its model gives medctc's logits: check_peft.py FIXTURES FOLDER...

Each FOLDER has `adapter`, PEFT's two files, and `forward.safetensors`, what medctc computed with that adapter.
"""
import sys
import torch
from peft import PeftModel
from safetensors.torch import load_file
from ctclip_model import CtClip

LIMIT = 1e-5
fixtures, *folders = sys.argv[1:]


def base_model():
    model = CtClip()
    missing, unused = model.load_state_dict(load_file(f"{fixtures}/weights.safetensors"), strict=False)
    missing = [name for name in missing if not name.endswith("position_ids")]
    assert not missing, missing
    left = ("_extra", "_first_frame", "to_pixels", "context_norm", "pooler", "_codebook.cluster_size", "_codebook.initted")
    assert all(any(part in name for part in left) for name in unused), unused
    return model.eval()


def check(name, logits, expected):
    difference = (logits - expected).abs().max().item()
    print(f"{name}: logits differ by at most {difference:.1e}")
    assert difference < LIMIT, (name, difference)


batch = load_file(f"{fixtures}/batch.safetensors")
with torch.no_grad():
    plain = base_model()(**batch)
    check("CT-CLIP's own code, without adapters", plain, load_file(f"{fixtures}/expected.safetensors")["logits"])
    for folder in folders:
        model = PeftModel.from_pretrained(base_model(), f"{folder}/adapter")
        stored = load_file(f"{folder}/adapter/adapter_model.safetensors")
        loaded = {name.replace(".default", ""): tensor for name, tensor in model.state_dict().items()}
        used = {name.removesuffix(".weight") if "magnitude" in name else name: t for name, t in loaded.items()}
        for name, tensor in stored.items():
            assert torch.equal(used[name], tensor), name
        logits = model.eval()(**batch)
        out = load_file(f"{folder}/forward.safetensors")
        check(folder.rsplit("/", 1)[-1], logits, out["report"] @ out["image"].T * out["scale"])
        # An adapter that was not applied would also give what is near.
        assert (logits - plain).abs().max() > 10 * LIMIT, folder
