"""A parameter that a system declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .domain import Domain


@dataclass(frozen=True)
class Parameter:
    """``name`` as in Python; what it is, what it may be, a value to try, and whether a system needs it."""

    name: str
    meaning: str
    domain: Domain
    example: str
    required: bool = True

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return f"--{self.name.replace('_', '-')}"

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "meaning": self.meaning,
            "domain": str(self.domain),
            "example": self.example.strip("'"),
            "required": self.required,
        }
