"""CT-CLIP's own code with PEFT's LoRA, and the same as an expert in PyTorch would write it, at several sizes.

CTCLIP_SRC names a checkout of ibrahimethemhamamci/CT-CLIP, whose code runs unchanged but for its device and imports.
Needs torch, transformers, peft, einops, vector-quantize-pytorch==1.1.2 and beartype.
"""

import os
import sys
import types

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from torch import nn
from sizes import SIZES
from transformers import BertConfig, BertModel

def build(size, device, tuned=False):
    """CT-CLIP with adapters, on random weights; `tuned` as an expert has it."""
    lora = SIZES[size]["lora"]
    model = reference(size, device)
    targets = [name for name, layer in model.named_modules() if is_adapted(name, layer, size)]
    adapted = get_peft_model(model, LoraConfig(r=lora["r"], lora_alpha=lora["lora_alpha"], target_modules=targets))
    adapted.to(device).eval()
    base = adapted.base_model.model
    if tuned:
        _tune(base, size, device)
    quantizer = base.visual_transformer.vq
    quantizer.train()  # straight through, with a codebook that stays as it is
    quantizer._codebook.eval()
    return base


def loss_of(base, batch):
    ids, mask = batch["input_ids"].long(), batch["attention_mask"].long()
    text = types.SimpleNamespace(input_ids=ids, attention_mask=mask)
    return base(text, batch["image"], batch["image"].device, return_loss=True)


def is_adapted(name, layer, size="medct"):
    last = name.rsplit(".", 1)[-1]
    if not isinstance(layer, nn.Linear):
        return False
    if name.startswith("visual_transformer.enc_"):
        return last in ("to_q", "to_kv")
    return name.startswith("text_transformer.encoder") and last in SIZES[size]["lora"]["text"]


def reference(size="medct", device="cpu"):
    """CT-CLIP's own classes; what their files import and the forward pass never uses is left out."""
    source = os.environ["CTCLIP_SRC"]

    def module(name, **attributes):
        made = types.ModuleType(name)
        made.__dict__.update(attributes)
        sys.modules[name] = made
        return made

    def run_file(path, made, changes=()):
        with open(os.path.join(source, path), encoding="utf8") as file:
            text = file.read().replace("torch.device('cuda')", f"torch.device('{device}')")
        for old, new in changes:
            text = text.replace(old, new)
        exec(compile(text, path, "exec"), made.__dict__)

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
    sizes = SIZES[size]
    depth = sizes["vision"]["depth"]
    vit = {name: each for name, each in sizes["vision"].items() if name != "depth"}
    image = ctvit.CTViT(**vit, patch_size=20, temporal_patch_size=10, spatial_depth=depth, temporal_depth=depth)
    text = BertModel(BertConfig(**sizes["text"], attn_implementation="sdpa"))
    side = vit["image_size"] // 20
    return clip.CTCLIP(
        image_encoder=image, text_encoder=text, dim_text=text.config.hidden_size, dim_image=side * side * vit["dim"],
        dim_latent=sizes["latent"], extra_latent_projection=False, use_mlm=False, downsample_image_embeds=False,
        use_all_token_embeds=False,
    )


def _tune(base, size, device):
    """Fused attention, and the frozen position bias computed once."""
    attention = sys.modules["transformer_maskgit.attention"]

    def forward(self, x, mask=None, context=None, attn_bias=None):
        b, n, _ = x.shape
        kv = x
        x = self.norm(x)
        q, (k, v) = self.to_q(x), self.to_kv(kv).chunk(2, dim=-1)
        q, k, v = (each.view(b, n, self.heads, -1).transpose(1, 2) for each in (q, k, v))
        q = F.normalize(q, dim=-1) * self.q_scale
        k = F.normalize(k, dim=-1) * self.k_scale
        bias = None if attn_bias is None else attn_bias.to(q.dtype)
        out = F.scaled_dot_product_attention(q, k, v.to(q.dtype), attn_mask=bias, scale=self.scale)
        return self.to_out(out.transpose(1, 2).reshape(b, n, -1))

    attention.Attention.forward = forward
    grid = base.visual_transformer.spatial_rel_pos_bias
    side = SIZES[size]["vision"]["image_size"] // 20
    with torch.no_grad():
        kept = grid(side, side, device=torch.device(device))
    grid.forward = lambda *_, **__: kept
