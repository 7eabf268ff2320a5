"""Experiments: one file for each system, by its name with underscores."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

from theory.system import System


def place(kind: type[System]) -> str:
    """The module of the experiment on such systems, there or not."""
    return f"{__name__}.{kind.slug.replace('-', '_')}"


def has_experiment(kind: type[System]) -> bool:
    """Whether there is one, here or in a module that was imported; none is imported for that."""
    return find_spec(place(kind)) is not None or any(issubclass(kind, own.system) for own in elsewhere())


def elsewhere() -> list[Any]:
    """Experiments in modules that were imported."""
    module = sys.modules.get("numerics.experiment")
    return [] if module is None else [own for own in module.Experiment.__subclasses__() if hasattr(own, "system")]
