r"""Equilibrium: the fluctuation-dissipation theorem solves the closed equations, and what it makes of them.

With ``C(t,t') = C_st(t - t')``, ``R(t,t') = -C_st'(t - t')/T`` and a start in equilibrium at ``beta = 1/T``, the memory
kernel is a total derivative, ``f''(C) R = (1/T) d/ds f'(C(t,s))``. Integrated by parts, its surface term at ``s = 0``
cancels the pull of the start, and its bulk below t' cancels the noise; all dependence on t' is gone.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from sympy import Eq, Expr, Integer, Mul, cancel, diff, expand, powsimp, simplify

from ..landscape import GaussianLandscape
from ..printing import Line
from ..symbols import INVERSE_TEMPERATURE, OVERLAP, TEMPERATURE
from .equations import DynamicalEquations
from .kernels import Kernels, at, covariance_derivative
from .notation import (
    DELAY,
    EARLIER,
    INNER,
    INNER_DELAY,
    TIME,
    Terms,
    TwoTimeDisplay,
    function_of_time,
    integral,
    product,
)

C_ST_SLOPE = function_of_time("C_st'", r"C_{\rm st}'")
C_ST = function_of_time("C_st", r"C_{\rm st}", derivative=C_ST_SLOPE)


@dataclass(frozen=True)
class StationaryDynamics(TwoTimeDisplay):
    """``d_tau C_st = -T C_st - (1/T) int_0^tau f'(C_st(tau - u)) C_st'(u) du``: Langevin dynamics in equilibrium.

    At zero overlap with a signal. Below ``plateau.arrest`` the correlation stays at its plateau.
    """

    landscape: GaussianLandscape

    @cached_property
    def _kernels(self) -> Kernels:
        return DynamicalEquations(without_signal(self.landscape), start="equilibrium").kernels

    def _noise(self, delay: Expr) -> Expr:
        return at(self._kernels.noise, C_ST(delay))

    @cached_property
    def _force(self) -> tuple[Expr, Expr]:
        """Memory, noise and start in ``d_t C(t,t')``: terms without integral, and an integrand over s in [t', t].

        Raises ValueError unless the fluctuation-dissipation theorem removes the start.
        """
        made, later, before = self._kernels, TIME - INNER, EARLIER - INNER
        primitive = self._noise(later) / TEMPERATURE
        _require_zero(at(made.memory, C_ST(later)) * response(later) - diff(primitive, INNER))
        # int_0^t memory C(s,t') ds by parts; C(s,t') = C_st(|s - t'|) is continuous at t'
        surface = primitive.subs(INNER, TIME) * C_ST(TIME - EARLIER) - primitive.subs(INNER, 0) * C_ST(EARLIER)
        _require_zero(self._noise(later) * response(before) - primitive * diff(C_ST(before), INNER))
        start = at(made.initial_noise, C_ST(TIME)).subs(INVERSE_TEMPERATURE, 1 / TEMPERATURE) * C_ST(EARLIER)
        return powsimp((surface + start).subs(C_ST(0), 1).expand()), -primitive * diff(C_ST(-before), INNER)

    @cached_property
    def multiplier(self) -> Expr:
        """``mu = T + f'(1)/T``: the same at ``t' = t``, where thermal noise adds T."""
        return TEMPERATURE + self._force[0].subs(EARLIER, TIME).subs(C_ST(0), 1)

    @cached_property
    def correlation_rate(self) -> Terms:
        """``d C_st/d tau`` in terms of ``C_st``: the equation at ``t = t' + tau``, ``s = t' + u``, free of t'."""
        shifted = {TIME: EARLIER + DELAY, INNER: EARLIER + INNER_DELAY}
        local, integrand = (part.subs(shifted, simultaneous=True) for part in self._force)
        friction = cancel((local - self.multiplier * C_ST(DELAY)) / C_ST(DELAY))
        factors = -1 / TEMPERATURE, self._noise(DELAY - INNER_DELAY), C_ST_SLOPE(INNER_DELAY)
        _require_zero(integrand - Mul(*factors))
        return Terms(product(friction, C_ST(DELAY)), integral(0, DELAY, *factors, variable=INNER_DELAY))

    @property
    def plateau(self) -> Eq:
        """``T^2 q = f'(q) (1 - q)``: where C_st can stop for ``tau -> infinity``.

        C_st falls from 1 to q at delays u far below tau, so the integral is ``f'(q) (q - 1)``.
        """
        noise = covariance_derivative(self.landscape, 1, OVERLAP)
        return Eq(TEMPERATURE**2 * OVERLAP, (1 - OVERLAP) * noise, evaluate=False)

    def equations(self) -> list[Line]:
        """Fluctuation-dissipation theorem, multiplier, equation for C_st, and its plateau."""
        return [
            (r"R(t,t')", Terms(product(-1 / TEMPERATURE, C_ST_SLOPE(TIME - EARLIER)))),
            (r"\mu", self.multiplier),
            (r"\partial_\tau C_{\rm st}(\tau)", self.correlation_rate),
            (r"C_{\rm st}(0)", Integer(1)),
        ]


def without_signal(landscape: GaussianLandscape) -> GaussianLandscape:
    """The same without a signal, which is that at zero overlap with it."""
    channels = tuple(replace(channel, mean=Integer(0)) for channel in landscape.channels)
    return GaussianLandscape(landscape.covariance, channels=channels, name=landscape.name)


def response(delay: Expr) -> Expr:
    """``R = -C_st'/T``."""
    return -diff(C_ST(DELAY), DELAY).subs(DELAY, delay) / TEMPERATURE


def _require_zero(expression: Expr) -> None:
    if simplify(powsimp(expand(expression))) != 0:
        raise ValueError(f"the fluctuation-dissipation theorem leaves {expression}")
