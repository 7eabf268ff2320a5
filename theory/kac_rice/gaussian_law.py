"""Joint Gaussian laws of named variables, with exact conditioning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, ImmutableMatrix, simplify

from ..printing import Line, Printable, as_latex


@dataclass(frozen=True)
class GaussianLaw(Printable):
    """Mean vector and covariance matrix of the variables in ``names``."""

    names: tuple[Any, ...]
    mean: ImmutableMatrix
    covariance: ImmutableMatrix

    def mean_of(self, name: Any) -> Expr:
        """``E[name]``."""
        return self.mean[self.names.index(name)]

    def covariance_of(self, name: Any, other: Any) -> Expr:
        """``Cov(name, other)``."""
        return self.covariance[self.names.index(name), self.names.index(other)]

    def marginal(self, names: Sequence[Any]) -> GaussianLaw:
        """The law of some of the variables."""
        rows = [self.names.index(name) for name in names]
        return GaussianLaw(tuple(names), self.mean.extract(rows, [0]), self.covariance.extract(rows, rows))

    def conditional(self, names: Sequence[Any], given: Mapping[Any, Expr]) -> GaussianLaw:
        """The law of ``names`` given values of others: ``mean + B A^-1 (value - mean)``, ``C - B A^-1 B^T``."""
        if not given:
            return self.marginal(names)
        known, wanted = self.marginal(list(given)), self.marginal(names)
        rows, columns = ([self.names.index(name) for name in group] for group in (names, given))
        gain = self.covariance.extract(rows, columns) * known.covariance.inv()
        shift = ImmutableMatrix(list(given.values())) - known.mean
        covariance = wanted.covariance - gain * known.covariance * gain.T
        return GaussianLaw(wanted.names, (wanted.mean + gain * shift), covariance.applyfunc(simplify))

    def rate(self, values: Mapping[Any, Expr]) -> Expr:
        """``1/2 d^T V^-1 d`` with ``d = value - mean``: minus the log density, up to its normalisation."""
        law = self.marginal(list(values))
        deviation = ImmutableMatrix(list(values.values())) - law.mean
        return (deviation.T * law.covariance.inv() * deviation)[0] / 2

    def equations(self) -> list[Line]:
        """Means and covariance matrix."""
        vector = rf"\left({', '.join(as_latex(name) for name in self.names)}\right)"
        return [(rf"\mathbb{{E}}\,{vector}", self.mean), (r"\mathrm{Cov}", self.covariance)]
