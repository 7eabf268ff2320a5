"""Complexities as numbers: the supremum over the Hessian's shift is taken exactly, region by region."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sympy import Expr, Symbol

from theory.kac_rice import Complexity, KacRice, Kind
from theory.kac_rice.saddle_point import MEAN, VARIANCE, Candidate, index_candidates, total_candidates
from theory.landscape import GaussianLandscape
from theory.random_matrices.index_cost import index_cost
from theory.random_matrices.semicircle import joukowski, phi
from theory.symbols import SHIFT, SIGNAL_OVERLAP, SPIKE

from .lowering import Array, lower
from .quantity import Axis, Quantity
from .solution import Solution
from .storage import Format

ROUNDING = 8 * float(np.finfo(np.float64).eps)
"""Bound on the relative rounding error of each term of a complexity."""
AT_EDGE = 1e-9
"""Distance from 2 of a shift that the energy fixes at which it is marginal."""
NO_SHIFT = "none: at this energy the Hessian has extensively many negative directions (t < 2)"


@dataclass(frozen=True, eq=False, repr=False)
class ComplexityResult(Solution):
    """Annealed complexity ``sigma``, Hessian shift ``t`` and energy, per spin, of the dominant critical points.

    ``error`` bounds the rounding error of sigma. Where no such critical point exists (their number is smaller than
    exponential in N for every shift allowed) ``sigma = -inf`` and ``t``, ``energy`` are those of the fixed shift.
    ``given`` are the overlaps, energies and parameters, which broadcast to the shape of all of these.
    """

    sigma: Array
    t: Array
    energy: Array
    error: Array
    theta: Array
    kind: Kind = "total"
    given: Mapping[str, Array] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    form: ClassVar[Format] = Format("ruggedflow complexity", 1, "complexity")

    @property
    def axes(self) -> dict[str, Axis]:
        """For each dimension what is given along it alone, or its index."""
        shape, axes = np.shape(self.sigma), dict[str, Axis]()
        for i, size in enumerate(shape):
            alone = (1,) * i + (size,) + (1,) * (len(shape) - i - 1)
            names = [k for k, v in self.given.items() if v.size == size and np.shape(v) == alone[len(shape) - v.ndim :]]
            name = next((k for k in names if k not in axes), f"index {i}")
            axes[name] = Axis(np.ravel(self.given.get(name, np.arange(float(size)))), name)
        return axes

    @property
    def quantities(self) -> dict[str, Quantity]:
        """``sigma, t, energy``."""
        over = tuple(self.axes)
        return {
            "sigma": Quantity(self.sigma, self.error, "annealed complexity per spin", over=over),
            "t": Quantity(self.t, None, "shift of the Hessian", over=over),
            "energy": Quantity(self.energy, None, "energy per spin", over=over),
        }


@lru_cache(maxsize=64)
def _ingredients(action: Complexity, arguments: tuple[Symbol, ...]) -> Callable[..., list[Array]]:
    energy_at_zero = action.energy.subs(SHIFT, 0)
    parts = [
        action.entropy,
        action.spike,
        action.offset,
        action.shift_mean,
        action.shift_variance,
        energy_at_zero,
        action.energy.subs(SHIFT, 1) - energy_at_zero,
    ]
    # 1 - m^2 loses digits near the poles, its factors do not
    factored = (1 - SIGNAL_OVERLAP) * (1 + SIGNAL_OVERLAP)
    return lower(arguments, [part.subs(1 - SIGNAL_OVERLAP**2, factored) for part in parts])


@lru_cache(maxsize=64)
def _stationary(kind: Kind) -> Callable[..., list[Array]]:
    candidates: tuple[Candidate, ...] = total_candidates() if kind == "total" else index_candidates(kind)
    flat = [part for c in candidates for part in (c.stationary, c.lower, c.upper)]
    return lower((MEAN, VARIANCE, SPIKE), flat)


@lru_cache(maxsize=64)
def _spectral(kind: Kind) -> Callable[..., list[Array]]:
    cost: Expr = 0 * SHIFT if kind == "total" else index_cost(kind)
    return lower((SHIFT, SPIKE), [phi(), cost])


def _candidates(kind: Kind, mean: Array, variance: Array, theta: Array) -> list[Array]:
    """Best shift of each region, clipped to it; regions that lie at infinity are empty."""
    values = _stationary(kind)(mean, variance, theta)
    triples = zip(values[0::3], values[1::3], values[2::3], strict=True)
    clipped = [np.clip(t, np.minimum(lower, upper), upper) for t, lower, upper in triples]
    return [np.where(np.isfinite(t), t, clipped[0]) for t in clipped]


def evaluate(
    action: Complexity, kind: Kind, arguments: Sequence[Symbol], *values: ArrayLike, marginal: bool = False
) -> ComplexityResult:
    """The complexity of one kind of critical points at arrays of overlaps, parameters and fixed energies.

    ``arguments`` names what ``values`` holds, every free symbol of the action among them. ``marginal`` holds t at 2.
    """
    entropy, theta, offset, mean, variance, energy, slope = _ingredients(action, tuple(arguments))(*values)
    fixed = action.shift_variance == 0
    held = [np.full_like(mean, 2.0)] if marginal else _candidates(kind, mean, variance, theta)
    shifts = [mean] if fixed else held
    options = []
    for t in shifts:
        phi_t, cost = _spectral(kind)(t, theta)
        rate = np.zeros_like(t) if fixed else (t - mean) ** 2 / (2 * variance)
        terms = np.abs(entropy) + phi_t + np.where(np.isfinite(cost), cost, 0) + offset + rate
        allowed = np.abs(t - 2) < AT_EDGE if fixed and marginal else True
        options.append((np.where(allowed, entropy + phi_t - cost - offset - rate, -np.inf), t, terms))
    sigmas, ts, bounds = (np.stack(column) for column in zip(*options, strict=True))
    best = np.argmax(sigmas, axis=0)[None]
    sigma, t, terms = (np.take_along_axis(column, best, 0)[0] for column in (sigmas, ts, bounds))
    return ComplexityResult(sigma, t, energy + slope * t, ROUNDING * terms, theta, kind)


def outside_coordinate(t: Array) -> Array:
    """``y >= 1`` with ``t = y + 1/y``; 1 for t inside the bulk."""
    return lower((SHIFT,), [joukowski(SHIFT)])(np.maximum(t, 2))[0]


def require_values(symbol: Symbol, values: ArrayLike) -> Array:
    """The values as an array. Raises ValueError unless all are finite, and positive where the symbol is."""
    array = np.asarray(values, dtype=np.float64)
    if not np.all(np.isfinite(array)) or (symbol.is_positive and not np.all(array > 0)):
        kind = "positive and finite" if symbol.is_positive else "finite"
        raise ValueError(f"{symbol} = {array} must be {kind}; try {symbol} = 1")
    return array


def complexity(
    landscape: GaussianLandscape,
    overlap: ArrayLike,
    kind: Kind = "total",
    *,
    energy: ArrayLike | None = None,
    channel_energies: Mapping[str, ArrayLike] | None = None,
    parameters: Mapping[str, ArrayLike] | None = None,
    marginal: bool = False,
) -> ComplexityResult:
    """``lim (1/N) ln E[number of critical points]`` at overlap m with the signal, annealed.

    Parameters
    ----------
    landscape
        What is random and what is planted.
    overlap
        ``m`` in (-1, 1), any shape; all arrays broadcast.
    kind
        ``"total"`` for all critical points, 0 for minima, k for saddles with k negative directions.
    energy
        Energy per spin to resolve by; by default integrated out (the dominant energy is returned).
    channel_energies
        Energies per spin of some or all independent channels, by label (``{"2": -0.4, "3": -0.2}``).
    parameters
        Values of the landscape's symbols, by name (``{"delta_2": [0.5, 0.6]}``).
    marginal
        Only those whose Hessian has the edge of its bulk at 0, ``t = 2``.

    Raises
    ------
    ValueError
        A parameter left symbolic, an overlap outside (-1, 1), two resolutions at once, an unknown channel.
    """
    m = np.asarray(overlap, dtype=np.float64)
    if not np.all(np.abs(m) < 1):
        raise ValueError(f"overlap = {m} must lie strictly between -1 and 1")
    if energy is not None and channel_energies:
        raise ValueError("energy and channel_energies are both given; choose one")
    values = dict(parameters or {})
    names = [symbol.name for symbol in landscape.free_symbols]
    for name in [*names, *values]:
        if name not in values or name not in names:
            raise ValueError(f"parameters = {sorted(values)} must name exactly {names}")
    resolution = tuple(channel_energies) if channel_energies else "energy" if energy is not None else None
    action = _action(landscape, resolution)
    for symbol in landscape.free_symbols:
        require_values(symbol, values[symbol.name])
    fixed = list(channel_energies.values()) if channel_energies else [] if energy is None else [energy]
    for symbol, value in zip(action.fixed, fixed, strict=True):
        require_values(symbol, value)
    arguments = (SIGNAL_OVERLAP, *action.fixed, *landscape.free_symbols)
    result = evaluate(action, kind, arguments, m, *fixed, *(values[name] for name in names), marginal=marginal)
    if np.isnan(result.sigma).any():
        raise ValueError(f"complexity of {landscape!r} is not a number at parameters = {values}, fixed = {fixed}")
    given = dict(zip(map(str, arguments), map(np.asarray, (m, *fixed, *(values[name] for name in names))), strict=True))
    return replace(result, given=given, settings={"landscape": repr(landscape), "kind": kind})


@lru_cache(maxsize=64)
def _action(landscape: GaussianLandscape, resolution: str | tuple[str, ...] | None) -> Complexity:
    kac_rice = KacRice(landscape)
    if resolution is None:
        return kac_rice.complexity()
    return kac_rice.at_energy() if isinstance(resolution, str) else kac_rice.at_channel_energies(*resolution)
