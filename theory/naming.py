"""How a message calls an argument: as the user wrote it."""

from __future__ import annotations

from contextvars import ContextVar

LONGEST = 60
"""Characters that are quoted."""
TYPED: ContextVar[bool] = ContextVar("typed", default=False)
"""Whether names are those of a command line."""


def called(name: str, value: object = None) -> str:
    """``--t-max 3`` or ``t_max = 3``; without a value the name alone."""
    typed = TYPED.get()
    own = f"--{name.replace('_', '-')}" if typed else name
    return own if value is None else f"{own} {shortened(value)}" if typed else f"{own} = {shortened(value)}"


def shortened(text: object, length: int = LONGEST) -> str:
    """What a message quotes of what was typed: its beginning, on one line."""
    whole = " ".join(str(text).split())
    return whole if len(whole) <= length else f"{whole[: length - 3]}..."
