"""Roots of exact numbers of very many digits.

SymPy takes out of a root the factors that it finds within a limit, and remembers them; where a factor left over is no
prime (``(10^50 + 10^25 + 1)^2``, say) its memory raises ``ValueError`` and the root with it (SymPy 1.14). Such factors
are right and only not worth remembering.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sympy.ntheory import factor_


def mend() -> None:
    """Once for a process; a version of SymPy without that memory has nothing to mend."""
    memory = getattr(factor_, "factor_cache", None)
    if memory is None or "add" in vars(memory):
        return
    remember = memory.add

    def remember_primes(n: int, factors: Any) -> None:
        with suppress(ValueError):
            remember(n, factors)

    memory.add = remember_primes
