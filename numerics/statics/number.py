"""A number with its error, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """``value`` and a bound on its ``error`` (None together, with the ``reason``); ``kind`` says which case it is."""

    value: float | None
    error: float | None
    reason: str = ""
    kind: str = ""

    @classmethod
    def absent(cls, reason: str) -> Number:
        """No value."""
        return cls(None, None, reason)

    @property
    def exists(self) -> bool:
        """Whether there is a value."""
        return self.value is not None
