"""A loss and its derivatives as functions of numbers: fast where double precision does, without overflow elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from sympy import Expr

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape

from ..lowering import Array, lower
from .extended import evaluate

USELESS = 1e-6
"""Relative error beyond which a value counts as unknown, at fields of order one; more where they are improbable."""

Functions = Callable[[ArrayLike, ArrayLike], list[Array]]


@lru_cache(maxsize=64)
def loss_functions(landscape: GeneralizedLinearLandscape) -> Functions:
    """``(l, l', D)`` at fields (u, y) that broadcast; nan where they are not known, cut at 1e150 in size."""
    return finite((landscape.loss, landscape.force, landscape.curvature))


def finite(expressions: Sequence[Expr]) -> Functions:
    """Expressions in u and y, each evaluated again without overflow where double precision gives no number."""
    plain = lower((FIELD, SIGNAL_FIELD), expressions)

    def compute(u: ArrayLike, y: ArrayLike) -> list[Array]:
        return [_repaired(*pair, u, y) for pair in zip(expressions, plain(u, y), strict=True)]

    return compute


def _repaired(expression: Expr, values: Array, u: ArrayLike, y: ArrayLike) -> Array:
    wrong = ~np.isfinite(values)
    if not wrong.any():
        return values
    fields = [np.broadcast_to(np.asarray(field, dtype=np.float64), values.shape)[wrong] for field in (u, y)]
    value, error = evaluate(expression, dict(zip((FIELD, SIGNAL_FIELD), fields, strict=True)))
    values = values.copy()
    rarity = np.exp(np.minimum((fields[0] ** 2 + fields[1] ** 2) / 4, 20))
    values[wrong] = np.where(error <= USELESS * rarity * (1 + np.abs(value)), value, np.nan)
    return values
