"""Training steps of CT-CLIP at full size with LoRA of rank 24 in PyTorch and PEFT, on random weights and inputs.

full_size.py f32|bf16 BATCH STEPS; prints one JSON object: seconds of each step, peak memory in bytes, trainable count.
CTCLIP_SRC names a checkout of ibrahimethemhamamci/CT-CLIP, whose code runs unchanged but for its device and imports.
Needs torch, transformers, peft, einops, vector-quantize-pytorch==1.1.2 and beartype.
"""

import json
import os
import resource
import sys
import time
import types

import torch
from peft import LoraConfig, get_peft_model
from transformers import BertConfig, BertModel

source = os.environ["CTCLIP_SRC"]


def module(name, **attributes):
    made = types.ModuleType(name)
    made.__dict__.update(attributes)
    sys.modules[name] = made
    return made


def run_file(path, made, changes=()):
    with open(os.path.join(source, path), encoding="utf8") as file:
        text = file.read().replace("torch.device('cuda')", "torch.device('cpu')")
    for old, new in changes:
        text = text.replace(old, new)
    exec(compile(text, path, "exec"), made.__dict__)


def reference():
    """CT-CLIP's own classes; what their files import and the forward pass never uses is left out."""
    vision = module("torchvision", transforms=None, utils=None)
    vision.transforms = module("torchvision.transforms")
    vision.utils = module("torchvision.utils")
    module("transformer_maskgit").__path__ = []
    run_file("transformer_maskgit/transformer_maskgit/attention.py", module("transformer_maskgit.attention"))
    ctvit = module("transformer_maskgit.ctvit")
    run_file("transformer_maskgit/transformer_maskgit/ctvit.py", ctvit)
    module("ct_clip").__path__ = []
    module("ct_clip.mlm", MLM=None)
    module("ct_clip.visual_ssl", SimSiam=None, SimCLR=None)
    clip = module("ct_clip.ct_clip", BertTokenizer=types.SimpleNamespace(from_pretrained=lambda *_, **__: None))
    unused = (
        ('print("test all pooling")', "pass"),
        ("from transformers import BertTokenizer, BertModel", ""),
    )
    run_file("CT_CLIP/ct_clip/ct_clip.py", clip, unused)
    image = ctvit.CTViT(
        dim=512, codebook_size=8192, image_size=480, patch_size=20, temporal_patch_size=10,
        spatial_depth=4, temporal_depth=4, dim_head=32, heads=8,
    )
    text = BertModel(BertConfig(attn_implementation="sdpa"))
    return clip.CTCLIP(
        image_encoder=image, text_encoder=text, dim_text=768, dim_image=24 * 24 * 512, dim_latent=512,
        extra_latent_projection=False, use_mlm=False, downsample_image_embeds=False, use_all_token_embeds=False,
    )


def is_adapted(name, layer):
    last = name.rsplit(".", 1)[-1]
    if not isinstance(layer, torch.nn.Linear):
        return False
    if name.startswith("visual_transformer.enc_"):
        return last in ("to_q", "to_kv")
    return name.startswith("text_transformer.encoder") and last in ("query", "key", "value")


def main(precision, batch, steps):
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = reference()
    targets = [name for name, layer in model.named_modules() if is_adapted(name, layer)]
    adapted = get_peft_model(model, LoraConfig(r=24, lora_alpha=48, target_modules=targets))
    adapted.eval()
    base = adapted.base_model.model
    quantizer = base.visual_transformer.vq
    quantizer.train()  # straight through, with a codebook that stays as it is
    quantizer._codebook.eval()
    trained = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    tokens = torch.randint(5, 30000, (batch, 512))
    text = types.SimpleNamespace(input_ids=tokens, attention_mask=torch.ones_like(tokens))
    image = torch.randn(batch, 1, 240, 480, 480).clamp(-1, 1)
    seconds = []
    for _ in range(steps):
        start = time.time()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = base(text, image, "cpu", return_loss=True)
        optimizer.zero_grad()
        loss.float().backward()
        optimizer.step()
        seconds.append(time.time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peakBytes": peak, "trainable": sum(p.numel() for p in trained)}))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
