"""
A model that medctc wrote of a spec, whose text is in `metadata.SPEC`.

Of the spec it leaves out: `batch`.
"""

from .model import ReportLabels
from .ops import compile_layers
from .optimizer import make_optimizer, precision, thaw

__all__ = ["ReportLabels", "compile_layers", "make_optimizer", "precision", "thaw"]
