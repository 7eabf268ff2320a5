"""Averages over the data in numbers: a loss on a grid of fields, laws on that grid, and the theory's ``E[...]``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import numpy as np
from sympy import Expr, Symbol

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape, GivenSignal
from theory.generalized_linear.average import Mean, integrands
from theory.generalized_linear.smooth import vanishes
from theory.generalized_linear.symbols import CURVATURE, FORCE, LOSS

from ..lowering import Array, lower
from .bends import bends, bent_axis, broken_axis, meetings
from .breaks import label_axis, label_breaks
from .loss import loss_functions
from .quadrature import Axis, gaussian, graded_axis

Labels = Literal["quenched", "annealed"]
Values = Mapping[Symbol, float]
DATUM = (FIELD, SIGNAL_FIELD, LOSS, FORCE, CURVATURE)
INNER = 0.02
"""Spacing of the nodes grows from this scale on."""
UNBOUNDED = 1e9
"""A function larger than this at fields in reach has no bound worth the name."""


@dataclass(frozen=True, eq=False)
class Data:
    """A loss on a grid: rows are values of y with Gaussian weights ``weight_y``, columns values of u.

    ``fields`` holds ``u, y, l, l', D``, each (rows, columns), or a row or a column of that; ``weight_u`` is that of
    ``du``.
    """

    landscape: GeneralizedLinearLandscape
    fields: tuple[Array, ...]
    weight_y: Array
    weight_u: Array

    def values(self, expressions: Sequence[Expr], scalars: Values) -> list[Array]:
        """Expressions of one datum on the grid."""
        names = tuple(symbol for symbol in _free(tuple(expressions)) if symbol not in DATUM)
        return lower((*DATUM, *names), expressions)(*self.fields, *(scalars[name] for name in names))


@lru_cache(maxsize=512)
def _free(expressions: tuple[Expr, ...]) -> tuple[Symbol, ...]:
    """Symbols in expressions, sorted by name."""
    return tuple(sorted(set().union(*(expression.free_symbols for expression in expressions)), key=str))


class _Plan(NamedTuple):
    """Expressions of the theory taken apart: what is averaged, and what is made of the averages."""

    plain: tuple[Expr, ...]
    nested: tuple[Mean, ...]
    names: tuple[Symbol, ...]
    outer: tuple[Expr, ...]


@lru_cache(maxsize=256)
def _plan(expressions: tuple[Expr, ...]) -> _Plan:
    means = sorted(set().union(*(integrands(expression) for expression in expressions)), key=str)
    plain = [mean for mean in means if not mean.atoms(GivenSignal)]
    nested = [mean for mean in means if mean.atoms(GivenSignal)]
    table = {mean: Symbol(f"mean_{i}") for i, mean in enumerate(plain + nested)}
    outer = tuple(expression.xreplace(table) for expression in expressions)
    return _Plan(tuple(mean.args[0] for mean in plain), tuple(nested), tuple(table.values()), outer)


@dataclass(frozen=True, eq=False)
class FieldLaw:
    """A law of the data: ``probability`` on the grid, sum one; ``log_mass`` is ``ln Z`` averaged as labels ask."""

    data: Data
    probability: Array
    log_mass: float

    def evaluate(self, expressions: Sequence[Expr], scalars: Values) -> list[float]:
        """Expressions of the theory: every ``E[...]`` in them averaged over this law."""
        plan = _plan(tuple(expressions))
        averages = [*self.averages(plan.plain, scalars), *(self._nested(mean, scalars) for mean in plan.nested)]
        known = {**scalars, **dict(zip(plan.names, averages, strict=True))}
        free = _free(plan.outer)
        return [float(value) for value in lower(free, plan.outer)(*(known[name] for name in free))]

    def averages(self, parts: Sequence[Expr], scalars: Values) -> list[float]:
        """``E[part]`` of each; points of no probability do not count, whatever the value there."""
        if not parts:
            return []
        values = self.data.values(parts, scalars)
        if not self.everywhere:
            values = [np.where(self.probability > 0, value, 0.0) for value in values]
        return [float(np.einsum("ij,ij->", self.probability, value)) for value in values]

    @cached_property
    def everywhere(self) -> bool:
        """Whether no point has probability zero."""
        return bool(self.probability.min() > 0)

    @property
    def nodes(self) -> float:
        """How many u the law given y is spread over, ``1/sum p^2``; the mean over y."""
        mass = self.probability.sum(axis=1)
        squares = np.einsum("ij,ij->i", self.probability, self.probability)
        return float(mass**2 @ (mass / np.where(squares > 0, squares, 1.0)))

    @property
    def at_the_end(self) -> float:
        """Probability of the u that are largest in size."""
        size = np.broadcast_to(np.abs(self.data.fields[0]), self.probability.shape)
        return float(self.probability[size == size.max(axis=1, keepdims=True)].sum())

    def _nested(self, mean: Mean, scalars: Values) -> float:
        """For integrands that depend on the datum through averages given y alone."""
        inner = sorted(mean.atoms(GivenSignal), key=str)
        mass, inside = self.probability.sum(axis=1), self.probability > 0
        values = self.data.values([part.args[0] for part in inner], scalars)
        weight = np.where(mass > 0, mass, 1.0)  # labels without probability count as nothing
        given = [(self.probability * np.where(inside, value, 0.0)).sum(axis=1) / weight for value in values]
        names = tuple(Symbol(f"given_{i}") for i in range(len(inner)))
        outer = mean.args[0].xreplace(dict(zip(inner, names, strict=True)))
        return float(mass @ lower(names, [outer])(*given)[0])


def law_of(data: Data, tilt: Array, labels: Labels = "quenched") -> FieldLaw:
    """``P ~ e^tilt du``, normalised for each y (quenched labels) or jointly (annealed); ``-inf`` excludes a point."""
    top = tilt.max(axis=1, keepdims=True) if labels == "quenched" else tilt.max()
    with np.errstate(under="ignore"):
        mass = np.exp(tilt - top) * data.weight_u
    if labels == "quenched":
        each = mass.sum(axis=1)
        log_mass = data.weight_y @ (np.log(each) + top[:, 0])
        return FieldLaw(data, mass / each[:, None] * data.weight_y[:, None], float(log_mass))
    mass = mass * data.weight_y[:, None]
    whole = mass.sum()
    return FieldLaw(data, mass / whole, float(np.log(whole) + top))


def tilt_values(data: Data, tilt: Expr, scalars: Values) -> Array:
    """The exponent of a law on the grid, ``-inf`` where it is not defined (``1 + gD <= 0``)."""
    values = data.values([tilt], scalars)[0]
    defined = np.isfinite(values)
    return values if defined.all() else np.where(defined, values, -np.inf)


def independent(data: Data) -> FieldLaw:
    """A random w: u is a standard Gaussian independent of y."""
    return law_of(data, np.broadcast_to(-(data.fields[0] ** 2) / 2, data.fields[2].shape))


@lru_cache(maxsize=24)
def tabulate(landscape: GeneralizedLinearLandscape, step: float, *, signal_free: bool = True) -> Data:
    """The loss on the grid of spacing ``step``; symmetries of the loss halve the axes.

    ``signal_free``: laws are even in u where the loss is (they are not at an overlap with the signal).
    Raises ValueError for a loss with free parameters, or one that is not finite (or lost in rounding) on the grid.
    """
    require_slope(landscape)
    loss = landscape.loss
    mirrored = vanishes(loss.subs({FIELD: -FIELD, SIGNAL_FIELD: -SIGNAL_FIELD}, simultaneous=True) - loss)
    y_axis, u_axis = _axes(landscape, step, half_u=landscape.is_even and signal_free, half_y=mirrored)
    y, u = y_axis.nodes[:, None], np.atleast_2d(u_axis.nodes)
    functions = loss_functions(landscape)(u, y)
    for name, values in zip(("l", "l'", "l''"), functions, strict=True):
        if not np.all(np.isfinite(values)):
            at = np.argwhere(~np.isfinite(values))[0]
            place = f"u = {np.broadcast_to(u, values.shape)[*at]:.3g}, y = {y[at[0], 0]:.3g}"
            raise ValueError(f"{name} is not finite everywhere for the loss {loss}: no number at {place}; soften it")
    weight = gaussian(y_axis)
    return Data(landscape, (u, y, *(np.ascontiguousarray(f) for f in functions)), weight / weight.sum(), u_axis.weights)


def _axes(landscape: GeneralizedLinearLandscape, step: float, *, half_u: bool, half_y: bool) -> tuple[Axis, Axis]:
    """Nodes and weights of y, and of u: for each y its own where the loss bends in u."""
    loss = landscape.loss
    if not bends(loss):
        return label_axis(landscape, 2 * step, INNER, half=half_y), graded_axis(step, INNER, half=half_u)
    marks = [*label_breaks(loss), *meetings(loss)]
    broken = broken_axis(marks, 2 * step, half=half_y) if marks else graded_axis(2 * step, INNER, half=half_y)
    return broken, bent_axis(loss, broken.nodes, step, INNER, half=half_u)


def require_smooth(landscape: GeneralizedLinearLandscape) -> None:
    """Raise ValueError for a loss whose parameters have no values, or which is not smooth, real and finite."""
    require_numbers(landscape)
    landscape.require_smooth()


def require_slope(landscape: GeneralizedLinearLandscape) -> None:
    """The same, but for kinks in u at which the slope is continuous."""
    require_numbers(landscape)
    landscape.require_slope()


def require_numbers(landscape: GeneralizedLinearLandscape) -> None:
    """Raise ValueError for a loss whose parameters have no values."""
    if landscape.free_symbols:
        name = landscape.free_symbols[0]
        raise ValueError(f"{name} has no value in {landscape!r}; give it one with subs({{'{name}': 1}})")
