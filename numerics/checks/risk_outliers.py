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
from typing import Any

import numpy as np
from scipy.optimize import brentq

from ..extrapolation import SMOOTH, SizeLaw
from ..generalized_linear import LabelSpectrum
from ..lowering import Array
from .check import Check, Measured
from .panels import Row
from .plan import Point, Run, Sizes

ABOVE, BELOW = (SMOOTH, SMOOTH), (SizeLaw.series(2 / 3, 2), SizeLaw.series(1.0, 2))
"""Of eigenvalue and squared overlap, with an outlier and without."""
NAMES = {"lowest eigenvalue": r"$\lambda_{\min}$", "squared overlap": r"$(v.s)^2$"}
FIRST = 1e-6
"""Over the resolvent at the edge: where the search for an outlier begins."""


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

    def predicted(self, factor: float = 1.0) -> tuple[float, float]:
        """Lowest eigenvalue and squared overlap at infinite size, at alpha times the factor."""
        found = self.spectrum.hessian(factor * self.alpha, 0.0)
        return float(found.outlier if found.attraction > 1 else found.edge), float(found.overlap_squared)

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


def outlier_check(cases: Sequence[Case], measure: Callable[[Point[Sizes]], Measured], **stated: Any) -> Check[Sizes]:
    """A check of these, ``measure`` giving eigenvalue and overlap, and the controls.

    The resolution is that of overlaps, and of eigenvalues relative to their size or 1.
    """

    def predicted(run: Run[Sizes], k: int) -> list[Row]:
        case, scales = cases[k], (max(1.0, abs(cases[k].predicted()[0])), 1.0)
        return [
            Row(
                f"{case.label}: {name}",
                case.predicted(run.wrong["alpha"])[place],
                place,
                run.plan.resolution * scales[place],
                independent=place == 0,
                panel=name,
                symbol=symbol,
                series=case.label,
            )
            for place, (name, symbol) in enumerate(NAMES.items())
        ]

    how = "Extrapolated in 1/N where there is an outlier; edges in N^(-2/3), N^(-4/3), overlaps there in 1/N, 1/N^2."
    return Check(
        systems=("phase-retrieval",),
        count=lambda _: len(cases),
        measure=measure,
        predict=predicted,
        laws=lambda _, k: ABOVE if cases[k].above else BELOW,
        theory_mistakes={"alpha": 1.0},
        simulation_mistakes={"signal": 1.0},
        remarks=(*stated.pop("remarks", ()), how),
        **stated,
    )
