"""The model of test/golden/pytorch/reader.vlm."""

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from . import ops
from .activations import gelu
from .bce import bce
from .layer_norm import LayerNorm
from .linear import Linear
from .lora import Lora


class Block(nn.Module):
    """A residual block whose inner size is a multiple of its own."""

    checkpoint_names: ClassVar[dict[str, str]] = {"norm": "LayerNorm"}

    def __init__(self, dim: int, wider: int = 4, rate: float = 0.1) -> None:
        super().__init__()
        self.rate = rate
        self.norm = LayerNorm(dim)
        self.up = Linear(dim * wider, dim)
        self.down = Linear(dim, dim * wider)

    def forward(self, x: Tensor) -> Tensor:
        # x: f32[..., dim]
        return x + self.down(F.dropout(gelu(self.up(self.norm(x))), self.rate, self.training))


class Reader(nn.Module):
    """Token ids to one vector a text: [batch, length] -> [batch, dim]."""

    checkpoint_names: ClassVar[dict[str, str]] = {
        "words": "embeddings.weight",
        "layers": "encoder.layer",
    }

    def __init__(self, vocab: int, dim: int, layers: int, length: int) -> None:
        super().__init__()
        ops.require(layers >= 1, "a reader has at least one layer")
        self.words = nn.Parameter(ops.normal([vocab, dim], 0.02))  # f32[vocab, dim]
        self.layers = nn.ModuleList([Block(dim, rate=0 if i == 0 else 0.1) for i in range(layers)])

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        # ids: i32[batch, length], mask: i32[batch, length]
        h = F.embedding(ids, self.words)  # f32[batch, length, dim]
        for layer in self.layers:
            h = layer(h)
        # Tokens beyond the end of a text count for nothing.
        weights = ops.rearrange(mask, "b n -> b n 1").float()
        pooled = (h * weights).sum(dim=1) / ops.maximum(weights.sum(dim=1), 1)
        return pooled


class ReportLabels(nn.Module):
    """The model `report_labels`: called with its inputs, it gives the spec's lets by name."""

    checkpoint_names: ClassVar[dict[str, str]] = {"text": "bert", "heads.logits": "classifier"}
    # Of a batch's inputs, those that `compare` reads row by row, and those that all rows share.
    COMPARED_INPUTS: tuple[str, ...] = ("labels",)
    SHARED_INPUTS: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.text = Reader(vocab=100, dim=16, layers=2, length=12)
        self.heads = nn.ModuleDict(
            {
                "logits": Linear(3, inputs=16),
            }
        )
        # lora(rank = 2, alpha = 4) on text.ff.up,down
        ops.adapt(
            self,
            ["text.layers.*.up", "text.layers.*.down"],
            lambda base: Lora(base, rank=2, alpha=4),
        )
        # freeze text
        ops.train_only(
            self,
            [
                "text.layers.*.up.down",
                "text.layers.*.up.up",
                "text.layers.*.down.down",
                "text.layers.*.down.up",
                "heads",
            ],
        )
        ops.use_checkpoint_names(self)

    @ops.on_own_device
    def forward(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        text = self.text(ids, mask)
        logits = self.heads["logits"](text)
        return {"logits": logits}

    @ops.on_own_device
    def embed(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What each row of a batch gives by itself, for `compare`."""
        values = self(batch["ids"], batch["mask"])
        return {"logits": values["logits"]}

    @ops.on_own_device
    def compare(self, values: dict[str, Tensor], batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss and the metrics of all rows, from what `embed` gives and from their inputs."""
        return {"loss": bce(values["logits"], batch["labels"]), "level": values["logits"].mean()}

    def loss_of(self, batch: dict[str, Tensor]) -> Tensor:
        """The loss of a batch, whose inputs are there by their names."""
        return self.compare(self.embed(batch), batch)["loss"]
