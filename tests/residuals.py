"""Printed equations as numbers: residuals on a solution, and the same equations with one of their terms changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.legendre import leggauss
from sympy import Add, Expr, Rational, lambdify
from sympy.concrete.expr_with_limits import ExprWithLimits

from numerics.dynamics import DynamicsSolution
from numerics.lowering import Array
from theory.dynamics.notation import EARLIER, INNER, TIME, Terms, TimeIntegral
from theory.symbols import INVERSE_TEMPERATURE

CHANGE = 2e-3
"""Of one term of a printed equation: the residual must tell."""


class Residual(NamedTuple):
    """Left minus right side, the claimed error of the left one, and the terms of the right one."""

    value: float
    claim: float
    terms: Mapping[str, float]


def require_all_terms(residuals: Iterable[Residual]) -> None:
    """Every residual is within its claim; with any one term larger by ``CHANGE``, one of them is not."""
    residuals = list(residuals)
    for residual in residuals:
        assert abs(residual.value) <= residual.claim, residual
    for name in residuals[0].terms:
        assert any(abs(r.value - CHANGE * r.terms[name]) > r.claim for r in residuals), (name, residuals)


@dataclass(frozen=True)
class TwoTimeNumbers:
    """Sums of products and integrals of ``C, R, m, mu`` on a solution of the two-time equations."""

    solution: DynamicsSolution

    def residual(self, left: float, claim: float, right: Terms, times: Array, earlier: float) -> Residual:
        """Of an equation at one time, or of a rate integrated between two; powers of C are terms of their own."""
        t, weights = panels(*times, nodes=6) if times.size == 2 else (times, np.ones(1))
        terms = {}
        for term in right.args:
            inside = term.args[0] if isinstance(term, TimeIntegral) else term
            for part in Add.make_args(inside.as_expr().expand()):
                values = [self._term(part, term, now, earlier) for now in t]
                terms[f"{part} in {term}"] = float(weights @ values)
        return Residual(left - sum(terms.values()), claim, terms)

    def _term(self, part: Expr, term: Any, t: float, earlier: float) -> float:
        """The part of a term; an integral has an edge at ``t'``, where C has a kink."""
        function = _lowered(self.solution, part)
        if not isinstance(term, TimeIntegral):
            return float(function(t, earlier, 0.0))
        low, high = (float(limit.subs({TIME: t, EARLIER: earlier})) for limit in term.args[2:])
        edges = sorted({low, high, min(max(earlier, low), high)})
        s, w = (np.concatenate(rows) for rows in zip(*(panels(*ends) for ends in pairwise(edges)), strict=True))
        return float(w @ function(np.full_like(s, t), np.full_like(s, earlier), s))


@cache
def _lowered(solution: DynamicsSolution, expression: Expr) -> Callable[..., Any]:
    """A function of ``t, t', s``."""
    one = solution.two_time.one_time
    functions = {
        "C": solution.C,
        "R": solution.R,
        "m": lambda t: one(np.asarray(t)).m,
        "mu": lambda t: one(np.asarray(t)).mu,
    }
    known = expression.subs(INVERSE_TEMPERATURE, Rational(str(solution.model.beta)))
    return lambdify((TIME, EARLIER, INNER), known, [functions, "numpy"])  # type: ignore[no-any-return]


def panels(start: float, end: float, nodes: int = 12, smallest: float = 0.1) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights on panels that double in width away from both ends."""
    half = (end - start) / 2
    count = max(1, int(np.ceil(np.log2(1 + half / smallest))))
    edges = half * np.expm1(np.log(2) * np.arange(count + 1)) / np.expm1(np.log(2) * count)
    edges = np.concatenate([start + edges, end - edges[-2::-1]])
    x, w = leggauss(nodes)
    middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    return (middle[:, None] + width[:, None] * x).ravel(), (width[:, None] * w).ravel()


def changed(expression: Expr, change: float) -> Iterator[tuple[str, Expr]]:
    """The expression with one term of one of its sums larger by ``change``, limits apart; or as a whole."""
    sums = sorted(_sums(expression), key=str)
    for node in sums:
        for term in node.args:
            yield f"{term} in {expression}", expression.xreplace({node: node + change * term})
    if not sums:
        yield str(expression), (1 + change) * expression


def _sums(expression: Expr) -> set[Expr]:
    inside = expression.args[:1] if isinstance(expression, ExprWithLimits) else expression.args
    found = set().union(*(_sums(argument) for argument in inside))
    return found | {expression} if expression.is_Add else found
