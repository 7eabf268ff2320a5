r"""Complexity of all critical points by the Kac-Rice formula, and of those with a given extensive index.

Without a condition on the Hessian zero lies anywhere in its bulk, and the resolvent there is complex,
``g = g_r + i g_i`` at ``z = +i0``: the real part of ``Phi = ext_g [alpha E ln(1 + gD) - ln g + g mu - 1]`` is
``int rho(x) ln|x| dx``, and its imaginary part ``-pi k`` counts the fraction k of negative eigenvalues. Both are linear
in the law P of the data, as for minima (Maillard, Ben Arous, Biroli 2020; Maillard, Bonnaire, Biroli 2026).
"""

from dataclasses import dataclass
from functools import cached_property

from sympy import Eq, Expr, I, Integer, Symbol, atan2, expand, log, pi

from ..kac_rice.average import DEFINITION
from ..printing import Line, Printable
from .average import Mean, integrands
from .kac_rice import KacRiceAction
from .spectrum import HessianSpectrum
from .symbols import (
    ALPHA,
    FORCE_DUAL,
    INDEX_DUAL,
    RESOLVENT,
    RESOLVENT_IMAGINARY,
    RESOLVENT_REAL,
    SIGNAL_DUAL,
)
from .tilted import TiltedFunctional, tilted

MINIMA = KacRiceAction()
INDEX = Symbol("k", nonnegative=True)
"""Fraction of negative eigenvalues."""


@dataclass(frozen=True)
class CriticalPointAction(Printable):
    """``Sigma(q) = ext [explicit + alpha ln E e^tilt] + s e - lambda k`` over ``g_r, g_i, c, theta``.

    ``lambda = 0`` counts all critical points. As ``lambda -> -inf`` the index and ``g_i`` vanish with
    ``-lambda g_i/pi = xi``: these are the minima of ``KacRiceAction`` whose bulk touches zero.
    """

    @property
    def spectrum(self) -> HessianSpectrum:
        """The Hessian of these points; its bulk may reach below zero."""
        return MINIMA.spectrum

    @property
    def energy(self) -> Expr:
        """``e = alpha E[l]``."""
        return MINIMA.energy

    @cached_property
    def parts(self) -> tuple[Expr, Expr]:
        """``int rho ln|x| dx`` and ``k``, from the real and imaginary parts of ``Phi``."""
        real, imaginary = _parts(MINIMA.determinant)
        return real, -imaginary / pi

    @property
    def index(self) -> Expr:
        """``k = -Im Phi/pi``."""
        return self.parts[1]

    @cached_property
    def functional(self) -> TiltedFunctional:
        """All of it; stationary in ``g_r`` and ``g_i`` where ``z(g) = 0``, the resolvent's equation at zero."""
        volume, base = MINIMA.volume
        return tilted(volume + self.parts[0] + INDEX_DUAL * self.index, base)

    @cached_property
    def stationarity(self) -> tuple[Expr, Expr, Expr, Expr]:
        """Derivatives in ``g_r``, ``g_i``, c and theta."""
        unknowns = (RESOLVENT_REAL, RESOLVENT_IMAGINARY, FORCE_DUAL, SIGNAL_DUAL)
        real, imaginary, force, signal = (self.functional.derivative(unknown) for unknown in unknowns)
        return real, imaginary, force, signal

    @cached_property
    def resolvent_equations(self) -> tuple[Expr, Expr]:
        """``Re z(g) = 0`` and ``Im z(g) = 0``; the second is ``alpha E|t|^2 = 1``, the edge's equation for real g."""
        return _parts(MINIMA.position_at_zero)

    def equations(self) -> list[Line]:
        """The action and its stationarity."""
        lines: list[Line] = [
            (r"\Sigma", DEFINITION),
            (r"\Sigma(q)", r"\mathcal{S} + \alpha\,\mathbb{E}_y\ln\int du\,e^{\mathcal{T}} + s\,e - \lambda k"),
            (r"\mathcal{S}", self.functional.explicit),
            (r"\mathcal{T}", self.functional.tilt),
            (r"e", self.energy),
            (INDEX, self.index),
        ]
        named = (
            (r"\mathrm{Re}\,z(g)", self.resolvent_equations[0]),
            (r"\mathrm{Im}\,z(g)", self.resolvent_equations[1]),
            (r"\text{from } c", 2 * self.stationarity[2]),
            (r"\text{from } \theta", self.stationarity[3]),
        )
        return [*lines, *((name, Eq(value, Integer(0), evaluate=False)) for name, value in named)]


def _parts(functional: Expr) -> tuple[Expr, Expr]:
    """Real and imaginary part at ``g = g_r + i g_i`` of a functional linear in averages."""
    averages = {mean: Symbol(f"mean_{i}", real=True) for i, mean in enumerate(integrands(functional))}
    linear = expand(functional.subs(averages), log=False)
    real, imaginary = _complex(linear.subs(dict.fromkeys(averages.values(), 0)))
    for mean, name in averages.items():
        weight = linear.coeff(name)
        parts = _complex(weight / ALPHA * mean.args[0])
        real, imaginary = real + ALPHA * Mean(parts[0]), imaginary + ALPHA * Mean(parts[1])
    return real, imaginary


def _complex(expression: Expr) -> tuple[Expr, Expr]:
    """Real and imaginary part; ``ln`` by modulus and angle."""
    value = expression.subs(RESOLVENT, RESOLVENT_REAL + I * RESOLVENT_IMAGINARY)
    table: dict[Expr, Expr] = {}
    for i, node in enumerate(sorted(value.atoms(log), key=str)):
        modulus, angle = (Symbol(f"{part}_{i}", real=True) for part in ("modulus", "angle"))
        real, imaginary = node.args[0].as_real_imag()
        table |= {modulus: log(real**2 + imaginary**2) / 2, angle: atan2(imaginary, real)}
        value = value.subs(node, modulus + I * angle)
    real, imaginary = value.as_real_imag()
    return real.xreplace(table), imaginary.xreplace(table)
