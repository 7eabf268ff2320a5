"""Losses with steps and kinks: their pieces, and the closed form of the proximal map."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sympy import Abs, Expr, Heaviside, Max, Min, Piecewise, Rational, exp, floor, log, oo, sign, sin

from numerics.lowering import lower
from theory.generalized_linear import FIELD, Piece, PiecewiseProximalMap, pieces
from theory.generalized_linear.parisi import CAVITY
from theory.generalized_linear.symbols import RESPONSE

U = FIELD
GATE = Piecewise((1, U < -1), (0, U < 2), (U, True))
LOSSES = [
    Heaviside(U),
    Abs(U),
    Max(0, 1 - U),
    Max(0, 1 - U) ** 2,
    Min(U**2, 1),
    sign(U - Rational(1, 2)) + Abs(U + 1),
    GATE,
    U**2 / 2,
]


def test_pieces_are_what_the_loss_is_between_its_breaks() -> None:
    assert pieces(Heaviside(U)) == (Piece(-oo, 0, 0), Piece(0, oo, 1))
    assert pieces(Abs(U)) == (Piece(-oo, 0, -U), Piece(0, oo, U))
    assert pieces(GATE) == (Piece(-oo, -1, 1), Piece(-1, 2, 0), Piece(2, oo, U))
    assert pieces(exp(U)) == (Piece(-oo, oo, exp(U)),)
    assert pieces(Max(0, 1 - U) + Heaviside(U)) == (Piece(-oo, 0, 1 - U), Piece(0, 1, 2 - U), Piece(1, oo, 1))


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_the_envelope_is_the_minimum(loss: Expr) -> None:
    """Against the least value on a fine grid of u."""
    u, h, chi = np.linspace(-8, 8, 160001), np.linspace(-3, 3, 41), 0.7
    value = lower((U,), [loss.rewrite([Heaviside, sign], Piecewise)])(u)[0]
    least = [np.min(value + (u - place) ** 2 / (2 * chi)) for place in h]
    envelope = lower((CAVITY, RESPONSE), [PiecewiseProximalMap(loss).envelope])(h, chi)[0]
    assert_allclose(envelope, least, atol=5e-4)


def test_the_closed_form_prints() -> None:
    assert r"\chi" in PiecewiseProximalMap(Heaviside(U)).latex()


@pytest.mark.parametrize(
    ("loss", "text"), [(floor(U), "floor"), (Piecewise((0, sin(U) < 0), (1, True)), "no numbers u solve")], ids=str
)
def test_losses_without_known_breaks_are_refused(loss: Expr, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        pieces(loss)


def test_a_map_without_closed_form_is_refused() -> None:
    with pytest.raises(ValueError, match="not quadratic in u"):
        _ = PiecewiseProximalMap(log(1 + exp(-U))).envelope
