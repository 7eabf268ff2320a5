"""Printed equations as numbers: residuals on a solution, and the same equations with one of their terms changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.legendre import leggauss
from sympy import Add, Expr, Rational, lambdify

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


def two_time_residual(
    solution: DynamicsSolution, left: float, claim: float, right: Terms, times: Array, earlier: float
) -> Residual:
    """Of an equation for ``C, R, m, mu`` at one time, or of a rate integrated between two; powers of C are terms."""
    outer = panels(*times, nodes=6) if times.size == 2 else (times, np.ones(1))
    terms = {}
    for term in right.args:
        inside = term.args[0] if isinstance(term, TimeIntegral) else term
        parts = Add.make_args(inside.as_expr().expand())
        t, s, weights = _points(term, *outer, earlier)
        for part, value in zip(parts, _lowered(solution, parts)(t, np.full_like(t, earlier), s), strict=True):
            terms[f"{part} in {term}"] = float(weights @ (value + 0 * t))
    return Residual(left - sum(terms.values()), claim, terms)


def _points(term: Any, times: Array, weights: Array, earlier: float) -> tuple[Array, Array, Array]:
    """Nodes ``t`` and ``s`` and their weights; an integral has an edge at ``t'``, where C has a kink."""
    if not isinstance(term, TimeIntegral):
        return times, times, weights
    rows = []
    for t, weight in zip(times, weights, strict=True):
        low, high = (float(limit.subs({TIME: t, EARLIER: earlier})) for limit in term.args[2:])
        edges = sorted({low, high, min(max(earlier, low), high)})
        rows += [(np.full_like(s, t), s, weight * w) for s, w in (panels(*ends) for ends in pairwise(edges))]
    t, s, w = (np.concatenate(columns) for columns in zip(*rows, strict=True))
    return t, s, w


@cache
def _lowered(solution: DynamicsSolution, expressions: tuple[Expr, ...]) -> Callable[..., Any]:
    """Of ``t, t', s``."""
    one = solution.two_time.one_time
    functions = {
        "C": solution.C,
        "R": solution.R,
        "m": lambda t: one(np.asarray(t)).m,
        "mu": lambda t: one(np.asarray(t)).mu,
        "q": lambda t: solution.two_time.replica(np.asarray(t, dtype=float)),
    }
    known = [expression.subs(INVERSE_TEMPERATURE, Rational(str(solution.model.beta))) for expression in expressions]
    return lambdify((TIME, EARLIER, INNER), known, [functions, "numpy"], cse=True)  # type: ignore[no-any-return]


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
    """The expression with one term of one of its sums larger by ``change`` (but no index is); or as a whole."""
    sums = sorted((node for node in expression.atoms(Add) if not node.is_integer), key=str)
    for node in sums:
        for term in node.args:
            yield f"{term} in {expression}", expression.xreplace({node: node + change * term})
    if not sums:
        yield str(expression), (1 + change) * expression
