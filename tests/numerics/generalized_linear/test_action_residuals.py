"""The printed Kac-Rice actions of a loss, integrated on a plain grid, at the saddles that the solver returns."""

from typing import Any

import numpy as np
import pytest
from sympy import Eq, Expr

from numerics.generalized_linear.complexity import complexity
from numerics.generalized_linear.field_law import Labels
from numerics.generalized_linear.minima import Population
from numerics.generalized_linear.saddle_search import ROUGH, Found, Kind, polished, rough_minima, search
from numerics.lowering import Array, lower
from tests.residuals import changed
from theory.generalized_linear import ALPHA, FIELD, SIGNAL_FIELD, CriticalPointAction, KacRiceAction
from theory.generalized_linear.average import Mean
from theory.generalized_linear.symbols import CURVATURE, FORCE, INDEX_DUAL, LOSS, PLANTED_OVERLAP, TILT
from theory.systems.phase_retrieval import PhaseRetrieval

LANDSCAPE, RATIO, OVERLAP, CHANGE = PhaseRetrieval(1), 4.0, 0.3, 0.02
CASES: list[tuple[Kind, Labels, float]] = [
    ("minima", "quenched", 0.47),
    ("minima", "annealed", 0.45),
    (0.1, "quenched", 0.74),
]
"""What is counted, and at which energy: away from the most numerous, so that the tilts count."""
U, Y = np.arange(-9, 9, 0.06)[None, :], np.arange(-8.5, 8.5, 0.12)[:, None]
LABEL_WEIGHT = np.exp(-(Y[:, 0] ** 2) / 2) * 0.12 / np.sqrt(2 * np.pi)
DATUM = FIELD, SIGNAL_FIELD, LOSS, FORCE, CURVATURE
FIELDS = U, Y, *lower(DATUM[:2], [LANDSCAPE.loss, LANDSCAPE.force, LANDSCAPE.curvature])(U, Y)
Lines = dict[str, Any]


def solved(kind: Kind, labels: Labels, energy: float) -> tuple[Found, float]:
    """The saddle, and the error that is claimed for its Sigma."""
    rough, fine = (Population(LANDSCAPE, labels, OVERLAP, step) for step in (ROUGH, 0.05))
    start = search(rough, kind, rough_minima(LANDSCAPE, RATIO, OVERLAP, labels), energy)
    claimed = complexity(LANDSCAPE, RATIO, kind, overlap=OVERLAP, energy=energy, labels=labels)
    return polished(fine, start, kind, energy), claimed.error


class Action:
    """The printed lines of an action at a saddle: the law of the data, and what follows from it."""

    def __init__(self, lines: Lines, found: Found, labels: Labels) -> None:
        self.lines, self.at = lines, found.saddle.symbols(OVERLAP)
        mass = np.exp(self._on_grid(lines[r"\mathcal{T}"])) * 0.06
        if labels == "quenched":
            each = mass.sum(axis=1)
            self.log_mass, self.law = float(LABEL_WEIGHT @ np.log(each)), LABEL_WEIGHT[:, None] * mass / each[:, None]
        else:
            joint = LABEL_WEIGHT[:, None] * mass
            self.log_mass, self.law = float(np.log(joint.sum())), joint / joint.sum()

    def _on_grid(self, expression: Expr) -> Array:
        return lower((*DATUM, *self.at), [expression])(*FIELDS, *self.at.values())[0]

    def mean(self, expression: Expr) -> float:
        return float(np.sum(self.law * self._on_grid(expression)))

    def number(self, expression: Expr) -> float:
        means = {mean: self.mean(mean.args[0]) for mean in expression.atoms(Mean)}
        return float(lower(tuple(self.at), [expression.xreplace(means)])(*self.at.values())[0])

    def residuals(self, found: Found) -> dict[str, float]:
        """Sigma, energy and index as returned; stationary in the rest; and the printed equations of that."""
        explicit, tilt = self.lines[r"\mathcal{S}"], self.lines[r"\mathcal{T}"]
        slopes = {p: self.number(explicit.diff(p)) + RATIO * self.mean(tilt.diff(p)) for p in self.at if p != ALPHA}
        energy, index = -slopes.pop(TILT), slopes.pop(INDEX_DUAL, 0.0)
        del slopes[PLANTED_OVERLAP]
        sigma = self.number(explicit) + RATIO * self.log_mass
        sigma += self.at[TILT] * energy - self.at.get(INDEX_DUAL, 0.0) * index
        values = {"Sigma": sigma - found.sigma, "e": self.number(self.lines["e"]) - found.energy}
        if "k" in self.lines:
            values |= {"k": self.number(self.lines["k"]) - index, "lambda": index - found.index}
        zero = {name: self.number(line.lhs) for name, line in self.lines.items() if isinstance(line, Eq)}
        return values | zero | {"s": energy - found.energy} | {str(p): slope for p, slope in slopes.items()}


@pytest.mark.parametrize(("kind", "labels", "energy"), CASES)
def test_every_term_of_the_printed_action(kind: Kind, labels: Labels, energy: float) -> None:
    """All that is printed holds within the error that is claimed for Sigma; nothing does with a term 2% larger."""
    action = KacRiceAction() if kind == "minima" else CriticalPointAction()
    found, error = solved(kind, labels, energy)
    lines = {str(left): right for left, right in action.equations() if isinstance(right, Expr | Eq)}
    for name, value in Action(lines, found, labels).residuals(found).items():
        assert abs(value) <= error < 1e-9, name
    for name, line in lines.items():
        for term, other in changed(line.lhs if isinstance(line, Eq) else line, CHANGE):
            new = lines | {name: Eq(other, 0, evaluate=False) if isinstance(line, Eq) else other}
            with np.errstate(invalid="ignore"):
                values = Action(new, found, labels).residuals(found).values()
            assert not all(abs(value) <= error for value in values), (name, term)
