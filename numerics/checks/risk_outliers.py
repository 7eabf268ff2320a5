"""Lowest eigenvalue and its overlap with the signal, at several alpha on both sides of a transition.

Both fluctuate above all because the labels do. What ``z(g)``, ``A(g)`` and ``b(g)`` of theory become under the law of
the labels in a sample has a mean that is known exactly, that under the law of infinite size: these are controls.

Extrapolated from several N: where there is an outlier in 1/N; the edge of a bulk in ``N^(-2/3)``, ``N^(-4/3)``
(Tracy, Widom 1994), and the overlap below the transition in 1/N, ``1/N^2``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from ..generalized_linear import LabelSpectrum
from ..lowering import Array
from .comparison import Comparison
from .extrapolation import SMOOTH, Law
from .joint import Limits, Means, limits, means
from .report import Panel, Series
from .tasks import Progress, gather, results_at

Point = tuple[int, int, int, int, float]
"""Case, N, number of the sample, seed, cosine of what passes for the signal with it."""
LAWS = {True: (SMOOTH, SMOOTH), False: (Law.series(2 / 3, 2), Law.series(1.0, 2))}
"""Of eigenvalue and squared overlap, with an outlier and without."""
NAMES = ("lowest eigenvalue", "squared overlap")
FIRST = 1e-6
"""Over the resolvent at the edge: where the search for an outlier begins."""


@dataclass(frozen=True)
class Settings:
    """``samples`` of each size; ``resolution`` is that of overlaps, and of eigenvalues relative to their size or 1."""

    sizes: tuple[int, ...]
    samples: tuple[int, ...]
    resolution: float


@dataclass(frozen=True)
class Case:
    """A matrix without a multiplier, at this alpha; ``theory`` makes its spectrum for any alpha."""

    label: str
    alpha: float
    theory: Callable[[], LabelSpectrum]

    @cached_property
    def spectrum(self) -> LabelSpectrum:
        """Under the law of infinite size."""
        return self.theory()

    def predicted(self, factor: float = 1.0) -> Array:
        """Lowest eigenvalue and squared overlap at infinite size, at alpha times the factor."""
        found = self.spectrum.hessian(factor * self.alpha, 0.0)
        return np.array([found.outlier if found.attraction > 1 else found.edge, found.overlap_squared])

    @cached_property
    def above(self) -> bool:
        """Whether there is an outlier."""
        return self.spectrum.hessian(self.alpha, 0.0).attraction > 1

    @cached_property
    def resolvent(self) -> float:
        """Where the lowest eigenvalue is."""
        edge = self.spectrum.hessian(self.alpha, 0.0).resolvent
        if not self.above:
            return edge
        return float(brentq(lambda g: self._at(self.spectrum, g)[2] - 1, FIRST * edge, edge, rtol=1e-12))

    @cached_property
    def expected(self) -> Array:
        """``z, A, b`` there."""
        return self._at(self.spectrum, self.resolvent)

    def controls(self, sample: LabelSpectrum) -> Array:
        """The same under the labels of a sample, less their means: (3,)."""
        return self._at(sample, self.resolvent) - self.expected

    def _at(self, spectrum: LabelSpectrum, g: float) -> Array:
        theory = spectrum.theory
        return np.array(spectrum.evaluate((theory.position, theory.stability, theory.attraction), g, self.alpha))


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was measured at each size, and the limits of infinite size."""

    case: Case
    groups: Sequence[Means]
    limits: Limits


def outcomes(
    cases: Sequence[Case],
    measured: Callable[[Point], Array],
    chosen: Settings,
    seed: int,
    cosine: float,
    *,
    workers: int,
    progress: Progress | None,
    title: str,
) -> list[Outcome]:
    """``measured`` at all sizes of every case."""
    points = [
        (case, size, number, seed, cosine)
        for case in range(len(cases))
        for size, count in zip(chosen.sizes, chosen.samples, strict=True)
        for number in range(count)
    ]
    found = gather(measured, points, workers=workers, progress=progress, title=title)
    return [
        outcome(case, chosen.sizes, [np.array(results_at(points, found, k, size)) for size in chosen.sizes])
        for k, case in enumerate(cases)
    ]


def outcome(case: Case, sizes: Sequence[int], samples: Sequence[Array]) -> Outcome:
    """From samples (count, 2 + controls) of each size."""
    groups = [means(size, values[:, :2], values[:, 2:]) for size, values in zip(sizes, samples, strict=True)]
    return Outcome(case, groups, limits(groups, LAWS[case.above]))


def compared(found: Outcome, factor: float, chosen: Settings) -> list[Comparison]:
    """Eigenvalue and overlap; ``factor`` multiplies alpha in the prediction."""
    case = found.case
    theory, scales = case.predicted(factor), (max(1.0, abs(case.predicted()[0])), 1.0)
    return [
        Comparison(
            f"{case.label}: {name}",
            float(theory[k]),
            0.0,
            float(found.limits.value[k]),
            float(found.limits.error[k]),
            chosen.resolution * scales[k],
            None,
            float(found.limits.degrees[k]),
            k == 0,
        )
        for k, name in enumerate(NAMES)
    ]


def panels(found: Sequence[Outcome], factor: float) -> tuple[Panel, ...]:
    """Both against N, theory as lines."""
    made = []
    for k, (name, symbol) in enumerate(zip(NAMES, (r"$\lambda_{\min}$", r"$(v.s)^2$"), strict=True)):
        series = []
        for colour, one in enumerate(found):
            value = one.case.predicted(factor)[k]
            x = 1 / np.array([group.size for group in one.groups])
            y, error = (np.array([getattr(g, part)[k] for g in one.groups]) for part in ("value", "error"))
            series.append(Series.theory("", [0, 1.05 * x.max()], [value, value], colour))
            series.append(Series.simulation(one.case.label, x, y, error, colour))
            series.append(Series.simulation("", 0.0, one.limits.value[k], one.limits.error[k], colour))
        made.append(Panel(name, "$1/N$", symbol, tuple(series)))
    return tuple(made)


def remarks(found: Sequence[Outcome]) -> tuple[str, ...]:
    """How it was extrapolated, and how well."""
    poorest = min(float(one.limits.p_value.min()) for one in found)
    return (
        "Extrapolated in 1/N where there is an outlier; edges in N^(-2/3), N^(-4/3), overlaps there in 1/N, 1/N^2; "
        f"the poorest fit has a p-value of {poorest:.2g}.",
    )
