"""Lowering of the two-time equations: every function of them becomes an array of power-series coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import Any, Literal

import numpy as np
from sympy import Expr, Symbol, diff

from theory.course import Course
from theory.dynamics import DynamicalEquations
from theory.landscape import GaussianLandscape
from theory.symbols import CORRELATION, INVERSE_TEMPERATURE, SIGNAL_OVERLAP

from ..course import UNIT, highest, packed, require_friction, unpacked, value
from ..lowering import Array
from ..power_series import coefficients, evaluate
from ..statics.replica_symmetric import equilibrium, informed
from ..statics.transitions import static_temperature


@dataclass(frozen=True)
class Planted:
    """``P(H, x(0)) ~ P(H) exp(-beta H(x(0)))``: adds ``beta f'(C(t,0)) C(t',0)`` to ``d_t C(t,t')``; ``beta >= 0``.

    A landscape that is built around its start, at any beta, with a random field or without. Above the static transition
    it looks like any other landscape, and the start like one of equilibrium: see ``Equilibrium``. Below, its energy
    ``-beta f(1)`` may be lower than the ground state of a typical landscape. Source: Krzakala, Zdeborova (Phys. Rev.
    Lett. 102, 238701, 2009).
    """

    beta: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.beta) and self.beta >= 0):
            raise ValueError(f"beta = {self.beta}: expected a finite number >= 0; try 1")


@dataclass(frozen=True)
class Equilibrium(Planted):
    """``P(x(0)) ~ exp(-beta H)`` in a landscape that does not know of it; refused where it breaks replica symmetry.

    Without a field, and at zero overlap with a signal, replicas of the start do not overlap: the equations of
    ``Planted``, exact above the static transition (``statics.static_temperature``). In a field (``f'(0)`` or ``g'(0)``
    not 0) they overlap by ``q(0)``, and with the signal by ``m(0)``, those of ``statics.replica_symmetric``; so do
    ``informed`` starts, in equilibrium among the configurations that have found the signal, be that state the lowest
    or metastable. Source: Franz, Parisi (1995); Barrat, Franz, Parisi (J. Phys. A 30, 5593, 1997); for replicas that
    overlap ``theory.dynamics.kernels``.
    """

    informed: bool = False


Start = Literal["random"] | Planted
SAME = 1e-9
"""Relative distance within which a time is that of a step."""
COURSES = ("schedule", "friction")
"""Fields that are functions of time."""
OPTIONAL = {"schedule": None, "mass": 0.0, "friction": UNIT, "replica": 0.0}
"""Fields that a file has only if they are something else."""


@dataclass(frozen=True, eq=False)
class Model:
    r"""``d_t C = -mu C + int f''(C) R C + int f'(C) R + g'(m) m`` as coefficients, in ascending powers.

    ``covariance, noise, memory, memory_slope`` are ``f, f', f'', f'''`` as series in ``C``;
    ``planted, drift, drift_slope`` are ``g, g', g''`` as series in ``m`` (all float64, at least one entry).
    ``temperature`` is that of the bath, with a ``schedule`` its scale; ``overlap`` is ``m(0)``, ``beta`` the inverse
    temperature of the start (0 for a random one), ``replica`` the overlap q(0) of its replicas (0: none). With a
    ``mass`` it is ``M x'' + gamma x'`` that the forces make, and the noise has variance ``2 gamma T``; without, the
    ``friction`` is 1.
    """

    covariance: Array
    noise: Array
    memory: Array
    memory_slope: Array
    planted: Array
    drift: Array
    drift_slope: Array
    temperature: float = 0.0
    overlap: float = 0.0
    beta: float = 0.0
    schedule: Course | None = None
    mass: float = 0.0
    friction: Course = UNIT
    replica: float = 0.0

    def bath(self, t: Array | float, start: float, end: float) -> Array:
        """Temperature at times of the piece from ``start`` to ``end``, over which it is smooth."""
        if self.schedule is None:
            return np.full(np.shape(t), self.temperature)
        return value(self.schedule, t, start, end)

    def piece(self, t: float) -> tuple[float, float]:
        """The steps of temperature and friction before and after t, or 0 and infinity; at a step, from there on."""
        changes = set(self.friction.breaks) | set(() if self.schedule is None else self.schedule.breaks)
        breaks = (0.0, *sorted(changes), np.inf)
        later = next(i for i, step in enumerate(breaks) if step > t * (1 + SAME))
        return breaks[later - 1], breaks[later]

    @cached_property
    def frozen(self) -> bool:
        """Whether the friction is infinite at time 0, at least as ``1/t``."""
        end = min(self.friction.breaks, default=1.0)
        near, far, first = (float(value(self.friction, x * end, 0.0, end)) for x in (1e-12, 1e-9, 0.0))
        return not np.isfinite(first) and near > 0.99e3 * far

    def jump(self, t: float) -> float:
        """By how much mu steps at t, which is with the temperature where there is no mass."""
        start, end = self.piece(t)
        if self.schedule is None or self.mass > 0 or start < t * (1 - SAME) or start == 0:
            return 0.0
        before = self.piece(t * (1 - 2 * SAME))
        right, left = (self.bath(start, *ends) for ends in ((start, min(end, 2 * start)), before))
        return float(right - left)

    def arrays(self) -> dict[str, Array]:
        """Fields as arrays: what a file keeps."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        kept = [name for name in given if name not in OPTIONAL or given[name] != OPTIONAL[name]]
        return {name: packed(given[name]) if name in COURSES else np.asarray(given[name]) for name in kept}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Model:
        """The inverse of ``arrays``; KeyError names a field that is missing, ValueError one of another shape."""
        names = [field.name for field in fields(cls) if field.name not in OPTIONAL or field.name in arrays]
        values: dict[str, Any] = {name: arrays[name] for name in names}
        numbers = {field.name for field in fields(cls) if field.default is not MISSING} - {*COURSES}
        for name, array in values.items():
            if array.ndim != int(name not in numbers) or not array.size:
                raise ValueError(f"model.{name} has shape {array.shape}")
            if name in numbers or name in COURSES:
                values[name] = float(array) if name in numbers else unpacked(array)
        return cls(**values)


def model(
    landscape: GaussianLandscape,
    *,
    temperature: float = 0.0,
    overlap: float = 0.0,
    start: Start = "random",
    schedule: Course | None = None,
    mass: float = 0.0,
    friction: Course = UNIT,
    t_max: float = 1.0,
    parameters: Mapping[str, Any] | None = None,
) -> Model:
    """The equations of ``landscape`` with every coefficient a number, up to ``t_max``, which matters to a schedule.

    A covariance or mean that is not a polynomial is replaced by its Taylor series at 0, to a relative remainder
    below 1e-17 on [-1, 1]. Raises ``ValueError`` for a parameter left symbolic, a series that does not converge that
    fast, ``temperature < 0``, ``|overlap| > 1``, an equilibrium or planted start with an overlap of its own, a planted
    one where the signal is a field (``g'(0)`` not 0), or equilibrium where it breaks replica symmetry.
    """
    numbers = landscape.subs(parameters) if parameters else landscape
    if numbers.free_symbols:
        names = ", ".join(map(str, numbers.free_symbols))
        raise ValueError(
            f"landscape has parameters without a value: {names}; give them in parameters = {{name: value}}"
        )
    if schedule is not None:
        temperature = highest(temperature, schedule, t_max)
    _require_range("temperature", temperature, 0, np.inf)
    _require_range("overlap", overlap, -1, 1)
    _require_range("mass", mass, 0, np.inf)
    require_friction(mass, friction, t_max)
    beta = _inverse_temperature(start)
    series = {name: coefficients(e, x, name) for name, (e, x) in _expressions(numbers).items()}
    replica = 0.0
    if beta > 0:
        _require_free_overlap(overlap)
        if isinstance(start, Equilibrium) and (start.informed or series["noise"][0] != 0 or series["drift"][0] != 0):
            state = (informed if start.informed else equilibrium)(numbers, beta)
            overlap, replica = state.m, state.q
        elif isinstance(start, Equilibrium):
            _require_annealed(beta, numbers)
        else:
            _require_zero_overlap(series)
    return Model(
        **series,
        temperature=float(temperature),
        overlap=float(overlap),
        beta=beta,
        schedule=schedule,
        mass=float(mass),
        friction=friction,
        replica=replica,
    )


def first_kinetic(model: Model) -> float:
    """``K(0)``: at rest from a random start, ``1/(beta M)`` from one in equilibrium; ``T(0)/M``, at once, from any
    start where the integral of the friction diverges at time 0."""
    if model.mass == 0:
        return 0.0
    if model.frozen:
        return float(model.bath(0.0, 0.0, 1.0)) / model.mass
    return 1 / (model.beta * model.mass) if model.beta > 0 else 0.0


def initial(model: Model) -> tuple[float, float, float]:
    """``m(0)``, ``mu(0) = T(0) + g'(m) m + beta [f'(1) - f'(q) q]`` and ``e(0) = -g(m) - beta [f(1) - f(q)]``, with the
    overlap q of replicas of the start; with a mass ``M K(0)`` for ``T(0)``."""
    m = model.overlap
    drift, planted = (float(evaluate(series, np.array(m))) for series in (model.drift, model.planted))
    thermal = model.mass * first_kinetic(model) if model.mass > 0 else float(model.bath(0.0, 0.0, 1.0))
    q, noise, covariance = np.array(model.replica), model.noise, model.covariance
    pull = float(noise.sum() - q * evaluate(noise, q))
    height = float(covariance.sum() - evaluate(covariance, q))
    return m, thermal + drift * m + model.beta * pull, -planted - model.beta * height


def _expressions(landscape: GaussianLandscape) -> dict[str, tuple[Expr, Symbol]]:
    """What each coefficient array of ``Model`` expands, and in which symbol."""
    derived = DynamicalEquations(landscape, start="equilibrium").kernels
    in_c = {
        "covariance": derived.initial_energy.subs(INVERSE_TEMPERATURE, 1),
        "noise": derived.noise,
        "memory": derived.memory,
        "memory_slope": diff(derived.memory, CORRELATION),
    }
    in_m = {
        "planted": derived.energy_drift,
        "drift": derived.drift,
        "drift_slope": diff(derived.drift, SIGNAL_OVERLAP),
    }
    return {k: (e, CORRELATION) for k, e in in_c.items()} | {k: (e, SIGNAL_OVERLAP) for k, e in in_m.items()}


def _inverse_temperature(start: Start) -> float:
    if isinstance(start, Planted):
        return float(start.beta)
    if start != "random":
        raise ValueError(f"start = {start!r}: expected 'random' or Equilibrium(beta) or Planted(beta)")
    return 0.0


def _require_range(name: str, value: float, low: float, high: float) -> None:
    if not (np.isfinite(value) and low <= value <= high):
        interval = f"within [{low:g}, {high:g}]" if np.isfinite(high) else f"finite and >= {low:g}"
        raise ValueError(f"{name} = {value}: expected a number {interval}; try 0")


def _require_free_overlap(overlap: float) -> None:
    if overlap != 0:
        raise ValueError(f"overlap = {overlap} with an equilibrium start: that measure fixes m; use overlap = 0")


def _require_zero_overlap(series: Mapping[str, Array]) -> None:
    """A planted start is drawn among configurations of zero overlap with the signal."""
    if series["drift"][0] != 0:
        raise ValueError("start = Planted(beta) needs g'(0) = 0: m is not 0 in a field; use Equilibrium(beta)")


def _require_annealed(beta: float, landscape: GaussianLandscape) -> None:
    """One state, or many of zero overlap: above the static transition."""
    static = static_temperature(landscape)
    if static.value is not None and static.error is not None and 1 / beta < static.value - static.error:
        name = "T_K" if static.note == "random first order" else "the continuous transition T_s"
        raise ValueError(
            f"beta = {beta:g}: equilibrium at T = {1 / beta:.6g} is below {name} = {static.value:.6g}, where replicas "
            "overlap; use a smaller beta, or start = Planted(beta) (--start planted): a landscape built around it"
        )


def described(start: Start) -> str:
    """In words, for the settings of a solution."""
    if not isinstance(start, Planted):
        return start
    kind = "planted" if not isinstance(start, Equilibrium) else "informed" if start.informed else "equilibrium"
    return f"{kind} at beta = {start.beta:g}"
