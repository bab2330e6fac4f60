"""
A model that medctc wrote of a spec, whose text is in `metadata.SPEC`.

Of the spec it leaves out: `batch`.
"""

import re

import torch

# Written for these releases of PyTorch.
_SUPPORTED = ((2, 14), (2, 15))
_release = tuple(int(number) for number in re.findall(r"\d+", torch.__version__)[:2])
if _release not in _SUPPORTED:
    _names = " and ".join(".".join(map(str, each)) for each in _SUPPORTED)
    raise ImportError(f"this package supports PyTorch {_names}, not {torch.__version__}")

from .model import ReportLabels  # noqa: E402
from .ops import compile_layers  # noqa: E402
from .optimizer import make_optimizer, precision, thaw  # noqa: E402

__all__ = ["ReportLabels", "compile_layers", "make_optimizer", "precision", "thaw"]
