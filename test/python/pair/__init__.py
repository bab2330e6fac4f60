"""A package of the form that medctc writes, small and by hand."""

from .model import Pair

__all__ = ["Pair"]
