"""The objects and fields that a simulated org knows."""

from .model import INFERRED, TEXT_TYPES, Child, Field, Schema, SObject
from .parsing import Loader, label_of, parse_field, parse_object, standard

__all__ = [
    "INFERRED", "TEXT_TYPES", "Child", "Field", "Loader", "SObject", "Schema", "label_of", "parse_field",
    "parse_object", "standard",
]  # fmt: skip
