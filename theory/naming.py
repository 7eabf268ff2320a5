"""How a message calls an argument: as the user wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from difflib import get_close_matches

LONGEST = 60
"""Characters that are quoted."""
TYPED: ContextVar[bool] = ContextVar("typed", default=False)
"""Whether names are those of a command line."""


def called(name: str, value: object = None) -> str:
    """``--t-max 3`` or ``t_max = 3``; without a value the name alone."""
    typed = TYPED.get()
    own = f"--{name.replace('_', '-')}" if typed else name
    return own if value is None else f"{own} {shortened(value)}" if typed else f"{own} = {shortened(value)}"


def nearest(name: str, known: Iterable[str], otherwise: str, cutoff: float = 0.3) -> str:
    """What to say of a name that is not known: which was meant or, where none is near, something else."""
    near = get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return f"did you mean {near[0]}?" if near else otherwise


def shortened(text: object, length: int = LONGEST) -> str:
    """What a message quotes of what was typed: its beginning, on one line."""
    whole = " ".join(str(text).split())
    return whole if len(whole) <= length else f"{whole[: length - 3]}..."
