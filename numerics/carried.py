"""Functions that other processes cannot import, such as those of a notebook, carried there whole."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class Carried:
    """A function as bytes, made again where it is called."""

    content: bytes

    def __call__(self, point: Any) -> Any:
        """Of the function."""
        return _made(self.content)(point)


@lru_cache(8)
def _made(content: bytes) -> Callable[[Any], Any]:
    made: Callable[[Any], Any] = pickle.loads(content)  # by name to cloudpickle, which is there
    return made


def carried(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Itself, where others can import it; or by cloudpickle. ``ValueError`` with the reason where neither works."""
    reason = _reason(function)
    if not reason:
        return function
    try:
        import cloudpickle
    except ImportError:
        cure = "pip install cloudpickle, put it into a file that can be imported, or take workers = 1"
        raise ValueError(f"the function cannot reach other processes: {reason}; {cure}") from None
    try:
        return Carried(cloudpickle.dumps(function))
    except Exception as error:  # whatever the function holds
        told = f"{type(error).__name__}: {error}"
        raise ValueError(f"the function cannot reach other processes ({told}); take workers = 1") from error


def _reason(function: object) -> str:
    """Why pickle alone does not do; empty where it does."""
    try:
        content = pickle.dumps(function)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    nowhere = getattr(sys.modules["__main__"], "__file__", None) is None
    return "it is defined in __main__, which is no file" if nowhere and b"__main__" in content else ""
