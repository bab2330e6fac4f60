"""CT-CLIP's forward pass in plain PyTorch, with the module names of its checkpoints.

Written from the description of the architecture; CT-CLIP's own code is not on the package index. BERT is transformers' own.
The sizes are those of fixtures/ctclip-small. Modules that the forward pass does not use are left out.
"""
import torch
import torch.nn.functional as F
from torch import nn
from transformers import BertConfig, BertModel

DIM, HEADS, DIM_HEAD, DEPTH, LATENT = 32, 4, 8, 2, 16
GRID = (2, 3, 3)
PATCH = (10, 20, 20)
PATCH_VALUES = PATCH[0] * PATCH[1] * PATCH[2]


class ScaleNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(DIM))
        self.register_buffer("beta", torch.zeros(DIM))

    def forward(self, x):
        return F.layer_norm(x, (DIM,), self.gamma, self.beta)


class Peg(nn.Module):
    """A causal depthwise convolution over the buffer of tokens, read as a grid whatever their order is."""

    def __init__(self):
        super().__init__()
        self.dsconv = nn.Conv3d(DIM, DIM, 3, groups=DIM)

    def forward(self, x):
        grid = x.reshape(-1, *GRID, DIM).permute(0, 4, 1, 2, 3)
        mixed = self.dsconv(F.pad(grid, (1, 1, 1, 1, 2, 0)))
        return mixed.permute(0, 2, 3, 4, 1).reshape(x.shape)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_scale = nn.Parameter(torch.ones(DIM_HEAD))
        self.k_scale = nn.Parameter(torch.ones(DIM_HEAD))
        self.norm = ScaleNorm()
        self.to_q = nn.Linear(DIM, HEADS * DIM_HEAD, bias=False)
        self.to_kv = nn.Linear(DIM, 2 * HEADS * DIM_HEAD, bias=False)
        self.to_out = nn.Linear(HEADS * DIM_HEAD, DIM, bias=False)

    def forward(self, x, bias):
        keys, values = self.to_kv(x).chunk(2, dim=-1)
        q, k, v = (t.unflatten(-1, (HEADS, DIM_HEAD)).transpose(1, 2) for t in (self.to_q(self.norm(x)), keys, values))
        q, k = F.normalize(q, dim=-1) * self.q_scale, F.normalize(k, dim=-1) * self.k_scale
        scores = 8 * q @ k.transpose(-1, -2)
        if bias is not None:
            scores = scores + bias
        return self.to_out((scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(2))


class Gate(nn.Module):
    def forward(self, x):
        values, gates = x.chunk(2, dim=-1)
        return values * F.gelu(gates)


def feed_forward():
    inner = DIM * 8 // 3
    up, down = nn.Linear(DIM, 2 * inner, bias=False), nn.Linear(inner, DIM, bias=False)
    return nn.Sequential(nn.LayerNorm(DIM), up, Gate(), nn.Identity(), down)


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.ModuleList([Peg(), Attention(), nn.Identity(), feed_forward()]) for _ in range(DEPTH)]
        self.layers = nn.ModuleList(layers)
        self.norm_out = ScaleNorm()

    def forward(self, x, bias=None):
        for peg, attention, _, ff in self.layers:
            x = peg(x) + x
            x = attention(x, bias) + x
            x = ff(x) + x
        return self.norm_out(x)


class PositionBias(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.ModuleList([
            nn.ModuleList([nn.Linear(2, DIM)]), nn.ModuleList([nn.Linear(DIM, DIM)]), nn.Linear(DIM, HEADS)
        ])

    def forward(self):
        places = torch.stack(torch.meshgrid(torch.arange(GRID[1]), torch.arange(GRID[2]), indexing="ij"), dim=-1)
        places = places.reshape(-1, 2).float()
        offsets = places[:, None] - places[None]
        x = offsets.sign() * (offsets.abs() + 1).log()
        for (layer,) in self.net[:2]:
            x = F.leaky_relu(layer(x), 0.1)
        return self.net[2](x).permute(2, 0, 1)


class Codebook(nn.Module):
    def __init__(self, entries):
        super().__init__()
        self.register_buffer("embed", torch.zeros(1, entries, DIM))

    def forward(self, x):
        nearest = (F.normalize(x, dim=-1) @ F.normalize(self.embed[0], dim=-1).T).argmax(dim=-1)
        return self.embed[0][nearest]


class Quantizer(nn.Module):
    def __init__(self, entries):
        super().__init__()
        self._codebook = Codebook(entries)

    def forward(self, x):
        return self._codebook(x)


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.spatial_rel_pos_bias = PositionBias()
        self.to_patch_emb = nn.Sequential(
            nn.Identity(), nn.LayerNorm(PATCH_VALUES), nn.Linear(PATCH_VALUES, DIM), nn.LayerNorm(DIM)
        )
        self.enc_spatial_transformer = Transformer()
        self.enc_temporal_transformer = Transformer()
        self.vq = Quantizer(64)

    def forward(self, image):
        (t, h, w), (pt, p1, p2), b = GRID, PATCH, image.shape[0]
        patches = image.reshape(b, 1, t, pt, h, p1, w, p2).permute(0, 2, 4, 6, 1, 3, 5, 7).reshape(b, t, h, w, -1)
        x = self.to_patch_emb(patches).reshape(b * t, h * w, DIM)
        x = self.enc_spatial_transformer(x, self.spatial_rel_pos_bias())
        x = x.reshape(b, t, h * w, DIM).transpose(1, 2).reshape(b * h * w, t, DIM)
        x = self.enc_temporal_transformer(x)
        x = self.vq(x.reshape(b, h * w, t, DIM).transpose(1, 2))
        return x.reshape(b, t, h, w, DIM)


class CtClip(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = dict(vocab_size=200, hidden_size=DIM, num_hidden_layers=DEPTH, num_attention_heads=HEADS)
        sizes |= dict(intermediate_size=64, max_position_embeddings=24, type_vocab_size=2)
        self.text_transformer = BertModel(BertConfig(**sizes, attn_implementation="eager"), add_pooling_layer=False)
        self.visual_transformer = Vision()
        self.to_text_latent = nn.Linear(DIM, LATENT, bias=False)
        self.to_visual_latent = nn.Linear(GRID[1] * GRID[2] * DIM, LATENT, bias=False)
        self.temperature = nn.Parameter(torch.tensor(1.0))

    def forward(self, image, input_ids, attention_mask):
        hidden = self.text_transformer(input_ids, attention_mask=attention_mask).last_hidden_state
        text = F.normalize(self.to_text_latent(hidden[:, 0]), dim=-1)
        tokens = self.visual_transformer(image)
        visual = F.normalize(self.to_visual_latent(tokens.mean(dim=1).flatten(1)), dim=-1)
        return text @ visual.T * self.temperature.exp()
