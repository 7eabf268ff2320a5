"""Equilibrium of one spherical model at one temperature, its order parameter found without being told which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, ClassVar, Self

import numpy as np
from mpmath import mp
from sympy import Expr, Integer, Rational

from theory.expressions import parse_expression, parse_polynomial
from theory.landscape import GaussianLandscape, exact
from theory.naming import shortened
from theory.statics.restricted import at_overlap, entropy_of_overlap
from theory.symbols import OVERLAP

from ..curves import Numbers
from ..lowering import Array, lower_exact
from ..packing import packed, unpacked
from ..provenance import Record
from ..quantity import Axis, Quantity
from ..solution import Solution
from ..storage import Arrays, Format
from .covariance import UnitCovariance
from .exact import DIGITS, Exact, exact_order
from .interior_point import grid, minimise
from .order_parameter import OrderParameter

ROUNDED, CERTIFIED = 3e-14, 1e-10
"""Gaps, in the landscape's unit of energy: rounding (at T = 0; by ``1 + 1/T`` more at T > 0), where an exact order
parameter is the minimum; and that from which it is better than none."""
ROUNDING = 4e-15
NO_STEP = 1e-9
POINTS = (250, 500, 900)
"""Of ever finer grids, until one suggests an order parameter that can be certified."""
LOWEST_TEMPERATURE = 1e-6
"""In units of ``sqrt(f'(1))``: below it the support at ``1 - q ~ T`` is within rounding of q = 1."""
PLACES = 400
"""On the axis of the order parameter, its steps apart."""
LEFT_OUT = ("order", "found", "states")
"""What a file keeps in another form, or not."""
COLD = "continuous spins: s ~ (1/2) ln T for T -> 0"


@dataclass(frozen=True, eq=False, repr=False)
class Statics(Solution):
    """Equilibrium at a temperature; energies per spin, entropy relative to the uniform measure on the whole sphere.

    Attributes
    ----------
    energy, error
        At T = 0 of the ground state; otherwise the mean energy. ``error`` bounds the error of the functional's minimum
        by a certificate (T = 0: primal minus dual), and that of ``energy`` at T > 0 by stationarity.
    free_energy, free_energy_error
        ``F = e - T s``.
    entropy, entropy_error
        None at T = 0, where ``s ~ (1/2) ln T``.
    order
        The order parameter; ``exact`` says whether its atoms and bands are known exactly (their certificate leaves
        nothing but rounding) or on a grid.
    found
        Its ansatz, where one was found; a file does not keep it.
    states
        The complexity of states (``numerics.statics.states``) where it was asked for; a file does not keep it.
    """

    temperature: float
    overlap: float
    energy: float
    error: float
    free_energy: float
    free_energy_error: float
    entropy: float | None
    entropy_error: float | None
    order: OrderParameter
    exact: bool
    found: Exact | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    states: Numbers | None = None
    form: ClassVar[Format] = Format("ruggedflow statics", 1, "statics")

    @property
    def axes(self) -> dict[str, Axis]:
        """Overlaps q of two configurations from 0 to 1, both sides of each step among them."""
        steps = [step["overlap"] for step in self.order_parameter["steps"]]
        q = np.concatenate([np.linspace(0, 1, PLACES), steps, np.nextafter(steps, 0)])
        return {"q": Axis(np.unique(q.clip(0, 1)), "$q$")}

    @property
    def quantities(self) -> dict[str, Quantity]:
        """``energy, free_energy, entropy``, and the order parameter ``x`` over ``q``."""
        symbol = "$x(q)/T$" if self.temperature == 0 else "$x(q)$"
        entropy = Quantity(self.entropy, self.entropy_error, "(F - e)/(-T)", COLD if self.entropy is None else "")
        return {
            "energy": Quantity(self.energy, self.error, "energy per spin"),
            "free_energy": Quantity(self.free_energy, self.free_energy_error, "free energy per spin, F = e - T s"),
            "entropy": entropy,
            "x": Quantity(self.x(self.axes["q"].values), None, "order parameter", over=("q",), symbol=symbol),
        }

    def at(self, places: Any) -> dict[str, Array]:
        """``q`` and ``x(q)`` at any overlaps of two configurations."""
        q = np.atleast_1d(np.asarray(places, dtype=np.float64))
        return {"q": q, "x": self.x(q)}

    def _heading(self) -> list[str]:
        return [*super()._heading(), f"{'order parameter':>18}  {self.breaking}"]

    def _packed(self) -> tuple[Record, Arrays]:
        """The order parameter as arrays and its covariance as text; ``ValueError`` where that cannot be read back."""
        covariance = self.order.f.landscape.covariance
        if _read(str(covariance)) != covariance:
            raise ValueError(f"covariance = {shortened(covariance)} cannot be kept: it is not read back as it is")
        left = {
            part.name: getattr(self, part.name)
            for part in fields(self)
            if part.name not in ("order", "found", "states")
        }
        header = {
            "solution": packed(left, "", {}),
            "covariance": str(covariance),
            "temperature": self.order.temperature,
        }
        return header, {"q": self.order.q, "chi": self.order.chi, "band": self.order.band}

    @classmethod
    def _unpacked(cls, header: Record, arrays: Arrays) -> Self:
        f = UnitCovariance(GaussianLandscape(_read(header["covariance"])))
        order = OrderParameter(f, header["temperature"], arrays["q"], arrays["chi"], arrays["band"])
        return cls(order=order, **unpacked(header["solution"], arrays, {}))

    @property
    def breaking(self) -> str:
        """``RS``; ``kRSB``: x has k plateaus between 0 and 1; ``FRSB``, or ``k-FRSB``: with continuous parts."""
        first, last = self.order.slopes
        linear = ~self.order.band
        scale = float(np.max(last, initial=0.0))
        plateaus = int(np.sum(linear & (first > 1e-9 * scale)))
        if not self.exact:
            return "unresolved"
        if self.order.band.any():
            return f"{plateaus}-FRSB" if plateaus else "FRSB"
        return f"{plateaus}RSB" if plateaus else "RS"

    @property
    def order_parameter(self) -> dict[str, Any]:
        """``variable``: x, at T = 0 ``x/T``; ``steps``: overlap, and x before and after; ``continuous``: intervals.

        Also ``self_overlap`` (q_EA) and at T = 0 ``response``, ``lim (1 - q_EA)/T``. Overlaps are those of two
        configurations, ``m^2 + (1 - m^2) s`` at an overlap m with the signal.
        """
        order, cold = self.order, self.temperature == 0
        first, last = (np.maximum(slopes, 0.0) * self._scale for slopes in order.slopes)
        before = np.concatenate([[0.0], last])
        after = np.append(first, before[-1] if cold else 1.0)
        places = self._full_overlap(order.q)
        bends = np.abs(after - before) > NO_STEP * np.max(after, initial=0.0)
        record: dict[str, Any] = {
            "variable": "x/T" if cold else "x",
            "steps": [
                {"overlap": float(places[i]), "from": float(before[i]), "to": float(after[i])}
                for i in np.flatnonzero(bends)
            ],
            "continuous": [
                {
                    "from": float(places[i]),
                    "to": float(places[i + 1]),
                    "x_from": float(first[i]),
                    "x_to": float(last[i]),
                }
                for i in np.flatnonzero(order.band)
            ],
            "self_overlap": 1.0 if cold else float(places[-1]),
        }
        return record | ({"response": (1 - self.overlap**2) * float(order.chi[-1]) / order.f.unit} if cold else {})

    @property
    def _scale(self) -> float:
        """From slopes of chi to x, at T = 0 to ``x/T``."""
        return 1 / self.order.f.unit if self.temperature == 0 else self.order.temperature

    def _full_overlap(self, s: Any) -> Any:
        return self.overlap**2 + (1 - self.overlap**2) * s

    def x(self, q: Any) -> Any:
        """The order parameter at overlaps q of two configurations: x(q), or ``x/T`` at T = 0."""
        order = self.order
        s = (np.asarray(q, dtype=float) - self.overlap**2) / (1 - self.overlap**2)
        if order.q.size == 1:
            return np.where(s >= order.q[-1], 1.0, 0.0)
        i = np.clip(np.searchsorted(order.q, s, side="right") - 1, 0, order.q.size - 2)
        inside = self._scale * np.where(order.band[i], order.slope_on_band(np.clip(s, 0, 1)), order.slopes[0][i])
        inside = np.where(s < 0, 0.0, np.maximum(inside, 0.0))
        return inside if self.temperature == 0 else np.where(s >= order.q[-1], 1.0, inside)


def _read(covariance: str) -> Expr:
    """A polynomial, or else a function, that ``str`` has written."""
    try:
        return parse_polynomial(covariance, OVERLAP)
    except ValueError:
        return parse_expression(covariance, {"q": OVERLAP})


def statics(landscape: GaussianLandscape, *, temperature: Any = 0, overlap: Any = 0) -> Statics:
    r"""``-F = min_chi 1/2 [f'(0) chi(0) + int f'' chi dq + int dq/chi]`` (``theory.statics.functional``).

    Parameters
    ----------
    landscape
        All parameters with values. A random field (a linear term of f) is within.
    temperature
        ``T >= 0``; 0: the ground state. Not between 0 and ``1e-6 sqrt(f'(1))``.
    overlap
        With the signal, ``-1 < m < 1``: equilibrium among the configurations of that overlap (``-g(m)`` included).

    Raises ``ValueError`` for a bad argument, ``ConvergenceError`` where no certified minimum is found.
    Source: Crisanti, Sommers 1992; Talagrand 2006; Chen, Sen 2017; Jagannath, Tobasco 2017.
    """
    m, t = _number("overlap", overlap), _number("temperature", temperature)
    if not -1 < m < 1:
        raise ValueError(f"overlap = {overlap}: expected a number between -1 and 1; try 0")
    if t < 0:
        raise ValueError(f"temperature = {temperature}: expected a number >= 0; try 0")
    return _statics(landscape, t, m)


def _number(name: str, value: Any) -> Expr:
    try:
        number = exact(value)
        size = float(number)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} = {value!r}: expected a number") from error
    if not np.isfinite(size):
        raise ValueError(f"{name} = {value}: expected a finite number")
    return number


@lru_cache(maxsize=128)
def _statics(landscape: GaussianLandscape, t: Expr, m: Expr) -> Statics:
    restricted = at_overlap(landscape, m)
    f = UnitCovariance(restricted)
    with mp.workdps(DIGITS):
        in_units = Rational(str(lower_exact((), [t])()[0] / mp.mpf(f.unit))) if t != 0 else Integer(0)
    if 0 < in_units < LOWEST_TEMPERATURE:
        least = LOWEST_TEMPERATURE * f.unit
        raise ValueError(f"temperature = {float(t):g}: too close to 0; try 0, or at least {least:.1e}")
    order, found = _minimum(f, in_units)
    with mp.workdps(DIGITS):
        mean, volume = (float(x) for x in lower_exact((), [landscape.g(0, m), entropy_of_overlap(m)])())
    return _result(landscape, float(t), float(m), order, found, (mean, volume))


def _minimum(f: UnitCovariance, temperature: Expr) -> tuple[OrderParameter, Exact | None]:
    """Exact where it can be certified, on a grid otherwise."""
    t, best = float(temperature), None
    for points in POINTS:
        solution = minimise(f, t, grid(t, points))
        found = exact_order(f, temperature, solution, rounded_gap(t))
        if found is not None and (best is None or found.order.gap < best.order.gap):
            best = found
        if best is not None and best.order.gap <= rounded_gap(t):
            return best.order, best
    if best is not None and best.order.gap <= CERTIFIED:
        return best.order, best
    return OrderParameter(f, t, solution.q, solution.chi, np.zeros(solution.q.size - 1, dtype=bool)), None


def rounded_gap(temperature: float) -> float:
    """The gap of an exact minimum, by rounding: weights of x/T add up to 1/T."""
    return ROUNDED * (1 if temperature == 0 else 1 + 1 / temperature)


def _result(
    landscape: GaussianLandscape,
    t: float,
    m: float,
    order: OrderParameter,
    found: Exact | None,
    shifts: tuple[float, float],
) -> Statics:
    unit, (mean, volume) = order.f.unit, shifts
    response, functional, parameter_error = _values(order, found)
    gap = max(order.gap, 0.0)
    free = -unit * functional - mean - t * volume
    free_error = unit * gap + ROUNDING * (abs(unit * functional) + abs(mean))
    asked = {"landscape": repr(landscape), "temperature": t, "overlap": m}
    known = found is not None and gap <= rounded_gap(order.temperature)
    if t == 0:
        return Statics(t, m, free, free_error, free, free_error, None, None, order, known, found, asked)
    energy = -unit * response - mean
    spread = parameter_error + 10 * gap if known else _response_error(order, gap)
    error = unit * spread + ROUNDING * (abs(unit * response) + abs(mean))
    entropy = (unit * (functional - response) + t * volume) / t
    entropy_error = (error + free_error) / t
    return Statics(t, m, energy, error, free, free_error, entropy, entropy_error, order, known, found, asked)


def _values(order: OrderParameter, found: Exact | None) -> tuple[float, float, float]:
    """``response_part``, the functional, and what the errors of the unknowns may do to the first."""
    if found is None:
        return order.parts[0], order.functional, np.inf
    with mp.workdps(DIGITS + 10):
        expressions = [found.ansatz.response_part, -found.ansatz.free_energy]
        response, functional = lower_exact(found.ansatz.unknowns, expressions)(*found.unknowns)
    return float(response), float(functional), 10.0 ** (5 - DIGITS)


def _response_error(order: OrderParameter, gap: float) -> float:
    """``|int f'' (chi - chi*)| <= sqrt(int f''^2 chi^3) sqrt(int (chi - chi*)^2/chi^3)``, that of order ``2 gap``."""
    middle, width = (order.q[1:] + order.q[:-1]) / 2, np.diff(order.q)
    chi = (order.chi[1:] + order.chi[:-1]) / 2
    weight = float(np.sum(width * order.f(middle)[2] ** 2 * chi**3))
    return float(np.sqrt(max(weight, 1e-300) * 2 * gap))
