"""Two encoders and a loss that compares all rows, which reads a parameter, an input and weights itself."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import ops


class Pair(nn.Module):
    COMPARED_INPUTS = ("grade",)
    SHARED_INPUTS = ("balance",)

    def __init__(self, loss: str = "contrastive", dropout: float = 0.0) -> None:
        super().__init__()
        self.loss, self.dropout = loss, dropout
        self.image = nn.Linear(6, 5)
        self.text = nn.Embedding(9, 4)
        self.mix = nn.Linear(4, 5, bias=False)
        self.temperature = nn.Parameter(torch.tensor(0.5))
        self.unused = nn.Parameter(torch.ones(2, 3))
        self.frozen = nn.Linear(5, 5).requires_grad_(False)
        ops.use_checkpoint_names(self)

    def embed(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return self.encode(["image", "text"], batch)

    def encode(self, outputs: list[str], batch: dict[str, Tensor]) -> dict[str, Tensor]:
        values = {}
        if "image" in outputs:
            hidden = F.dropout(self.image(batch["image"]), self.dropout, self.training)
            values["image"] = F.normalize(self.frozen(torch.tanh(hidden)), dim=-1)
        if "text" in outputs:
            values["text"] = F.normalize(self.mix(self.text(batch["ids"]).mean(1)), dim=-1)
        if "scale" in outputs:
            values["scale"] = self.temperature.exp()
        return values

    def compare(self, values: dict[str, Tensor], batch: dict[str, Tensor]) -> dict[str, Tensor]:
        logits = values["text"] @ values["image"].T * self.temperature.exp()
        weights = batch["balance"][batch["grade"][:, 0].long()]
        own = torch.arange(len(logits), device=logits.device)
        if self.loss == "contrastive":
            each = (F.cross_entropy(a, own, reduction="none") for a in (logits, logits.T))
            pair = (sum(each) / 2 * weights).mean()
        else:
            signs = 2 * torch.eye(len(logits), device=logits.device) - 1
            pair = -(F.logsigmoid(signs * (logits - 1)).sum(1) * weights).mean()
        decay = 0.1 * self.temperature.square()
        accuracy = (logits.argmax(1) == own).float().mean()
        return {"loss": pair + decay, "loss/pair": pair, "loss/decay": decay, "accuracy": accuracy}
