"""Where the Kac-Rice action of a loss is singular: critical points next to configurations without any force."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import bisect
from scipy.special import log_ndtr, logsumexp, ndtr

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.generalized_linear.singular import PULL, STIFFNESS, SingularEnd
from theory.generalized_linear.symbols import LOSS, PLANTED_OVERLAP, TILT
from theory.naming import called

from ..errors import ConvergenceError
from ..lowering import Array, lower
from .bends import NET, bends
from .curvature import curvature_unit
from .field_law import Labels, tabulate
from .loss import loss_functions
from .newton import newton

THEORY = SingularEnd()
STEP = 0.1
"""Of the grid of labels."""
STARTS = (0.0, 1.5, -1.5)
"""ln kappa."""
LEVEL = 1e-9
"""Relative spread of losses without force that are one energy."""
INSIDE = 2
"""Of an interval without force."""
WITHOUT = "configurations without force (l' = 0 for all data)"
NAMES = {"total": "critical points", "minima": "minima"}


class Limit(NamedTuple):
    """``sigma`` and ``energy`` where the force of all data vanishes, at ``stiffness`` kappa.

    ``filled`` where some datum lies in an interval without force. Sigma is ``-inf`` where nothing isolated is near.
    """

    sigma: float
    energy: float
    stiffness: float
    filled: bool


class Zero(NamedTuple):
    """Where the force of a label vanishes: at u (``side`` 0), at the right or left end of an interval (1, -1); inside
    one (2), from u to ``end``, the datum does not pull. ``down``: the force falls, which no minimum has."""

    row: int
    u: float
    end: float
    side: int
    down: bool


@lru_cache(maxsize=64)
def singular_end(
    landscape: GeneralizedLinearLandscape, alpha: float, overlap: float, labels: Labels, kind: str, energy: float | None
) -> Limit | None:
    """The limit of Sigma, "total" or of "minima", as all data lose their force; None where it is not approached.

    With ``energy`` at that one.
    """
    data = tabulate(landscape, STEP, signal_free=overlap == 0)
    labels_at = data.fields[1][:, 0]
    zeros = _zeros(landscape, tuple(labels_at.tolist()))
    if zeros is None:
        return None
    zeros = tuple(zero for zero in zeros if kind == "total" or not zero.down)
    if len({zero.row for zero in zeros}) < len(labels_at):
        return None
    end = _End(landscape, zeros, labels_at, data.weight_y, overlap, labels == "quenched")
    return end.limit(alpha, energy)


def outnumbered(limit: Limit, kind: str) -> str:
    """Why those that are found do not count: there are more next to configurations without force."""
    none = ", so that typically there are none" if limit.sigma < 0 and kind == "minima" else ""
    known = f"those next to {WITHOUT}, where {_tends(limit)}{none}: they {_form(limit)}"
    return f"no {NAMES[kind]} are found that outnumber {known}; ask for {called('energy')}"


def none_found(limit: Limit, kind: str, failure: str) -> str:
    """What is known where a search failed. Away from this end Sigma of minima falls where ``kappa < 1``: the tilt is
    ``(c - g^2)/g``, and near configurations without force it is infinite."""
    if not np.isfinite(limit.sigma):
        return f"no {NAMES[kind]} are found but {WITHOUT}, which {_form(limit)}"
    if kind == "minima" and limit.stiffness < 1 + LEVEL:
        return outnumbered(limit, kind)
    return f"{failure}; next to {WITHOUT} {_tends(limit)}: they {_form(limit)}"


def _tends(limit: Limit) -> str:
    return f"Sigma tends to {limit.sigma:.6g} at energy {limit.energy:.4g}"


def _form(limit: Limit) -> str:
    form = "fill regions, where there are any" if limit.filled else "form continua of dimension (1 - alpha) N"
    return f"{form}, with zero modes, which the Kac-Rice formula does not count"


@lru_cache(maxsize=32)
def _zeros(landscape: GeneralizedLinearLandscape, labels: tuple[float, ...]) -> tuple[Zero, ...] | None:
    """Of all labels; None where a smooth force is lost in rounding."""
    forces = np.broadcast_to(loss_functions(landscape)(NET, np.array(labels)[:, None])[1], (len(labels), len(NET)))
    found: list[Zero] = []
    for row, (label, values) in enumerate(zip(labels, forces, strict=True)):
        flat = (values == 0) & (np.roll(values, -1) == 0)
        if flat[:-1].any() and not bends(landscape.loss):
            return None
        found += _of_label(landscape, row, label, values)
    return tuple(found)


def _of_label(landscape: GeneralizedLinearLandscape, row: int, label: float, values: Array) -> Iterator[Zero]:
    """From left to right, between places with a force."""

    def force(u: float) -> float:
        return float(loss_functions(landscape)(u, label)[1])

    def edge(u: float) -> float:
        return 0.5 if force(u) == 0 else -0.5

    pulled = np.flatnonzero(values)
    for a, b in zip([-1, *pulled], [*pulled, len(values)], strict=True):
        left, right = (values[k] if 0 <= k < len(values) else 0.0 for k in (a, b))
        if b - a <= 2 and left * right < 0:
            yield Zero(row, float(bisect(force, NET[a], NET[b], xtol=1e-12)), 0.0, 0, bool(left > 0))
        elif b - a > 2:
            start = float(bisect(edge, NET[a], NET[a + 1], xtol=1e-12)) if a >= 0 else -np.inf
            end = float(bisect(edge, NET[b - 1], NET[b], xtol=1e-12)) if b < len(NET) else np.inf
            yield Zero(row, start, end, INSIDE, False)
            if a >= 0:
                yield Zero(row, start, 0.0, -1, bool(left > 0))
            if b < len(NET):
                yield Zero(row, end, 0.0, 1, bool(right < 0))


class _End:
    """The limit of the action, over zeros of the force of each label."""

    def __init__(
        self,
        landscape: GeneralizedLinearLandscape,
        zeros: tuple[Zero, ...],
        labels: Array,
        weight: Array,
        overlap: float,
        quenched: bool,
    ) -> None:
        self.row, start, self.end, self.side, _ = (np.array(part) for part in zip(*zeros, strict=True))
        self.start, self.weight, self.overlap, self.quenched = start, weight, overlap, quenched
        self.along = overlap != 0 or not landscape.is_even
        self.first = np.searchsorted(self.row, np.arange(len(labels)))
        self.y = labels[self.row]
        self.u = np.where(np.isfinite(start), start, np.where(np.isfinite(self.end), self.end, 0.0))
        self.unit = curvature_unit(landscape)
        self.loss = np.broadcast_to(loss_functions(landscape)(self.u, self.y)[0], self.u.shape)

    def limit(self, alpha: float, energy: float | None) -> Limit | None:
        """Stationary in kappa and t, and in s where the energy is given."""
        given, filled = energy is not None, bool((self.side == INSIDE).any())
        if alpha >= 1 and not filled:  # alpha E[kappa phi^2] >= alpha
            return None
        if given and np.ptp(self.loss) <= LEVEL * np.abs(self.loss).max(initial=1.0):
            return None
        wanted = np.array([True, self.along, given])

        def full(x: Array) -> Array:
            values = np.zeros(3)
            values[wanted] = x
            return values

        def residuals(x: Array) -> Array:
            _, moments = self._at(full(x), alpha)
            return np.asarray((moments - np.array([1.0, 0.0, energy or 0.0]))[wanted])

        for start in STARTS:
            try:
                found = full(newton(residuals, np.array([start, 0.0, 0.0])[wanted]))
            except ConvergenceError:
                continue
            sigma, moments = self._at(found, alpha)
            lost = abs(moments[2]) < LEVEL * self.unit
            return Limit(sigma, 0.0 if lost else float(moments[2]), float(np.exp(found[0])), filled)
        return Limit(-np.inf, np.nan, np.nan, filled) if alpha < 1 and not given else None

    def _at(self, x: Array, alpha: float) -> tuple[float, Array]:
        """Sigma at ``ln kappa, t, s``, and ``alpha E[kappa phi^2]``, ``alpha E[phi (y - q u)]``, ``alpha E[l]``."""
        kappa, pull, tilt = np.exp(x[0]), x[1], x[2]
        fixed = {STIFFNESS: kappa, PULL: pull, TILT: tilt, PLANTED_OVERLAP: self.overlap}
        datum = (FIELD, SIGNAL_FIELD, LOSS)
        base, drift = lower((*datum, *fixed), [THEORY.base, THEORY.drift])(self.u, self.y, self.loss, *fixed.values())
        mean, spread, inside = -drift / kappa, 1 / np.sqrt(kappa), self.side == INSIDE
        toward = np.where(self.side == 0, np.inf, self.side * mean / spread)
        mass = np.log(2 * np.pi / kappa) / 2 + drift**2 / (2 * kappa) + log_ndtr(toward)
        hazard = np.exp(-(toward**2) / 2 - log_ndtr(toward)) / np.sqrt(2 * np.pi)
        first = np.where(inside, 0.0, mean + self.side * spread * hazard)
        second = np.where(inside, 0.0, spread**2 + mean * first)
        log_weight = np.where(inside, self._between() - tilt * self.loss, base + mass)
        each = np.logaddexp.reduceat(log_weight, self.first)
        share = self.weight if self.quenched else self.weight * np.exp(each - logsumexp(each, b=self.weight))
        log_mass = self.weight @ each if self.quenched else logsumexp(each, b=self.weight)
        law = np.exp(log_weight - each[self.row]) * share[self.row]
        integrands = np.array([kappa * second, first * (self.y - self.overlap * self.u), self.loss])
        moments = alpha * integrands @ law
        explicit = float(lower((STIFFNESS, PLANTED_OVERLAP), [THEORY.explicit])(kappa, self.overlap)[0])
        return float(explicit + alpha * log_mass + tilt * moments[2]), moments

    def _between(self) -> Array:
        """ln of the probability that ``N(q y, 1 - q^2)`` lies in the interval."""
        ends = ((self.end, self.start) - self.overlap * self.y) / np.sqrt(1 - self.overlap**2)
        with np.errstate(divide="ignore"):
            return np.array(np.log(np.where(self.side == INSIDE, ndtr(ends[0]) - ndtr(ends[1]), 1.0)))
