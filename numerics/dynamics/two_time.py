"""What an integrator hands over: functions of two times that can be evaluated anywhere, and their errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, Protocol, Self, cast

from ..lowering import Array
from .model import Model

Reached = Callable[[float], None]
"""What an integrator calls with the time that it has reached."""


class OneTime(NamedTuple):
    """``m(t)``, ``mu(t)`` and the energy per spin ``e(t)``, arrays of one shape."""

    m: Array
    mu: Array
    energy: Array


class Errors(NamedTuple):
    """Estimated absolute errors at time t of ``m``, ``mu``, ``e``, and of ``C(t, s)``, ``R(t, s)``, any ``s <= t``."""

    m: Array
    mu: Array
    energy: Array
    correlation: Array
    response: Array


class TwoTime(Protocol):
    """``C(t, s)`` and ``R(t, s)``, ``0 <= s <= t <= t[-1]``: what ``DynamicsSolution`` needs of an integrator.

    Arguments are float64 arrays of one shape within the range (the caller has checked); so are the results.
    ``arrays`` and ``from_arrays`` are inverse to each other; ``kind`` is the key of ``BACKENDS`` that finds the class.
    """

    kind: ClassVar[str]

    @property
    def t(self) -> Array:
        """Times of the stored rows, increasing from 0."""

    @property
    def statistics(self) -> Mapping[str, float]:
        """Counts of the work done; empty when read from a file."""

    def evaluate(self, t: Array, s: Array) -> tuple[Array, Array]:
        """``C(t, s)`` and ``R(t, s)`` for ``t >= s``; both are 1 at ``t = s``."""

    def one_time(self, t: Array) -> OneTime:
        """``m``, ``mu`` and ``e`` at times ``t``."""

    def replica(self, t: Array) -> Array:
        """``q(t)``, overlap with another replica of the start (0: there is none); known as well as C."""

    def error(self, t: Array) -> Errors:
        """Estimated errors of all of it at times ``t``."""

    def start_error(self, t: Array) -> Array:
        """Estimated error of ``C(t,0)`` at times ``t``."""

    def arrays(self) -> dict[str, Array]:
        """What a file keeps, the model apart."""

    @classmethod
    def from_arrays(cls, model: Model, arrays: Mapping[str, Array]) -> Self:
        """The inverse of ``arrays``. Raises ``KeyError`` or ``ValueError`` when they do not fit together."""


BACKENDS: dict[str, tuple[str, str]] = {
    "reference": ("numerics.dynamics.uniform", "UniformTwoTime"),
    "long-time": ("numerics.dynamics.long_time", "LongTimeTwoTime"),
    "verified": ("numerics.dynamics.verified", "Verified"),
}
"""Module and class of each ``TwoTime``, by its ``kind``; imported when asked for."""


def backend(kind: str) -> type[TwoTime]:
    """The class of that kind. Raises ``ValueError`` for a kind that this version does not know."""
    if kind not in BACKENDS:
        raise ValueError(f"kind = {kind!r}: expected one of {', '.join(BACKENDS)}")
    module, name = BACKENDS[kind]
    return cast(type[TwoTime], cast(Any, getattr(import_module(module), name)))
