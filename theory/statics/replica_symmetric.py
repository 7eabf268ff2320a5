r"""Equilibrium of one state: two of its configurations overlap by q, and by m with the signal.

At a fixed m the functional of Parisi holds for what is across the signal (``restricted``). With one atom, chi is
``beta (1 - q)`` above q and constant below; with the volume of the sphere at m and ``-g(m)`` that is the free energy
here. The lowest stationary point is equilibrium; others are metastable: no overlap where there is a signal to be found,
or the signal before it pays.

Assumes: replica symmetry. Whether that holds is for the certificate of the functional at this m to say (it breaks where
``beta^2 f''(q) (1 - q)^2 > 1``, or by a jump).
Source: Crisanti, Sommers 1992; with a signal Gillin, Sherrington (J. Phys. A 33, 3081, 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sympy import Eq, Expr, log

from ..landscape import GaussianLandscape
from ..printing import Line, Printable
from ..symbols import INVERSE_TEMPERATURE, OVERLAP, SIGNAL_OVERLAP


@dataclass(frozen=True)
class ReplicaSymmetric(Printable):
    """The free energy per spin at overlaps q and m, and where it is stationary in both."""

    landscape: GaussianLandscape

    @cached_property
    def free_energy(self) -> Expr:
        """``F = -beta [f(1) - f(q)]/2 - g(m) - [(q - m^2)/(1 - q) + ln(1 - q)]/(2 beta)``."""
        q, m, beta, f = OVERLAP, SIGNAL_OVERLAP, INVERSE_TEMPERATURE, self.landscape.f
        entropy = ((q - m**2) / (1 - q) + log(1 - q)) / 2
        return -beta * (f(0, 1) - f(0, q)) / 2 - self.landscape.g(0, m) - entropy / beta

    @cached_property
    def conditions(self) -> tuple[Eq, Eq]:
        """``dF/dm = dF/dq = 0``: ``m = beta (1 - q) g'(m)`` and ``q - m^2 = beta^2 (1 - q)^2 f'(q)``."""
        q, m, beta = OVERLAP, SIGNAL_OVERLAP, INVERSE_TEMPERATURE
        along = Eq(m, beta * (1 - q) * self.landscape.g(1, m), evaluate=False)
        return along, Eq(q - m**2, beta**2 * (1 - q) ** 2 * self.landscape.f(1, q), evaluate=False)

    def equations(self) -> list[Line]:
        """Free energy, and where it is stationary."""
        return [("F", self.free_energy), *((condition.lhs, condition.rhs) for condition in self.conditions)]
