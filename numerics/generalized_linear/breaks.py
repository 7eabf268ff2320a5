"""Where an expression in one field has steps and kinks: the zeros of what stands in Abs, sign, Max and their like."""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from sympy import DiracDelta, Expr, S, Symbol, diff

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.generalized_linear.kinks import gaps

from ..lowering import lower
from ..roots import between
from .quadrature import REACH, Axis, graded_axis, halving_panels

PANEL, ORDER = 5.0, 8
"""Widest panel of labels, in units of the spacing that others would have, and nodes to a panel."""
NET = np.linspace(-REACH, REACH, 8000)
"""Has no zero among its points; two breaks closer than 0.0025 may be missed."""


def breaks(expression: Expr, field: Symbol) -> tuple[float, ...]:
    """In order, within reach, to rounding; those on which the expression turns out smooth among them.

    Raises ValueError for a gap that depends on more than this field.
    """
    for gap in gaps(expression):
        if gap.free_symbols != {field}:
            raise ValueError(f"{expression} breaks where {gap} = 0, which depends on more than {field}")
    return _zeros(gaps(expression), field)


def label_breaks(loss: Expr) -> tuple[float, ...]:
    """Those of a loss in y, whatever u."""
    return _zeros(tuple(gap for gap in gaps(loss) if FIELD not in gap.free_symbols), SIGNAL_FIELD)


@lru_cache(maxsize=64)
def _zeros(gaps: tuple[Expr, ...], field: Symbol) -> tuple[float, ...]:
    found: set[float] = set()
    for gap in gaps:
        function = lower((field,), [gap])
        signs = np.sign(function(NET)[0])
        turns = np.flatnonzero(signs[1:] != signs[:-1])
        places = between(lambda y, f=function: f(y)[0], NET[turns], NET[turns + 1]).value
        found.update(0.0 if abs(place) < 1e-14 else float(place) for place in places)
    return tuple(sorted(found))


def slope_between(expression: Expr, field: Symbol) -> Expr:
    """The derivative between breaks."""
    return diff(expression, field).replace(DiracDelta, lambda *_: S.Zero)


def label_axis(landscape: GeneralizedLinearLandscape, step: float, inner: float, *, half: bool) -> Axis:
    """Nodes of y: those of ``graded_axis`` or, where a loss breaks, of panels that shrink by halves to each break."""
    places = [place for place in label_breaks(landscape.loss) if abs(place) < REACH]
    if not places:
        return graded_axis(step, inner, half=half)
    ends = sorted(
        {0.0, REACH, *(places if not half else (abs(place) for place in places))} | (set() if half else {-REACH})
    )
    halvings = int(np.ceil(np.log2(1 / inner))) + 2
    panels = (
        halving_panels((a, b), (halvings, halvings if b < REACH else 0), PANEL * step, ORDER)
        for a, b in itertools.pairwise(ends)
    )
    nodes, weights = (np.concatenate(parts) for parts in zip(*panels, strict=True))
    return Axis(nodes, 2 * weights if half else weights)
