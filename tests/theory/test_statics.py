"""Parisi's functional of spherical models: the integrals of its stretches, and its equations for known cases."""

import pytest
from mpmath import mp
from sympy import Rational, Symbol, log, simplify, sqrt

from numerics.lowering import lower_exact
from theory import OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor
from theory.statics import Ansatz, ParisiFunctional, at_overlap
from theory.statics.functional import LEFT, LENGTH, RIGHT, line_integrals, over_line
from theory.statics.restricted import entropy_of_overlap

Q = OVERLAP


@pytest.mark.parametrize(("left", "right"), [(2.0, 0.5), (1.3, 1.1), (0.2, 0.05)])
def test_integrals_over_a_linear_stretch(left: float, right: float) -> None:
    """Against quadrature of the printed integrands."""
    length = 0.7

    def chi(s: float) -> float:
        return left + (right - left) * s / length

    expected = (
        mp.quad(lambda s: 1 / chi(s), [0, length]),
        mp.quad(lambda s: 1 / chi(s) ** 2, [0, length]),
        mp.quad(lambda s: (length - s) / chi(s) ** 2, [0, length]),  # int_0^h K(s) ds by parts
    )
    found = lower_exact((LEFT, RIGHT, LENGTH), list(line_integrals()))(left, right, length)
    assert [float(x) for x in found] == pytest.approx([float(x) for x in expected], rel=1e-12)


def test_a_constant_stretch_is_the_limit() -> None:
    values = lower_exact((LEFT, LENGTH), [over_line(i, LEFT, LEFT, LENGTH) for i in range(3)])(1.4, 0.3)
    near = lower_exact((LEFT, RIGHT, LENGTH), list(line_integrals()))
    with mp.workdps(40):
        assert [float(x) for x in values] == pytest.approx(
            [float(x) for x in near(mp.mpf("1.4"), mp.mpf("1.4") + mp.mpf(10) ** -15, mp.mpf("0.3"))], rel=1e-13
        )


def test_replica_symmetry_at_zero_temperature_is_a_closed_form() -> None:
    """Nothing but a field: ``E = -sqrt(f'(1))``."""
    ansatz = Ansatz(GaussianLandscape(2 * Q + Q**3 / 6), ())
    assert not ansatz.unknowns and not ansatz.conditions
    assert simplify(ansatz.free_energy + sqrt(Rational(5, 2))) == 0


def test_the_hot_phase_is_a_closed_form() -> None:
    """``F = -f(1)/(2T)`` and ``e = -f(1)/T``."""
    temperature = Symbol("T", positive=True)
    ansatz = Ansatz(PureSpin(4, 1), ("atom",), at_zero=True, temperature=temperature)
    assert not ansatz.unknowns
    assert simplify(ansatz.free_energy + Rational(1, 8) / temperature) == 0
    assert simplify(ansatz.energy + Rational(1, 4) / temperature) == 0


@pytest.mark.parametrize(
    ("parts", "options", "count"),
    [
        (("atom",), {"at_zero": True}, 2),
        (("atom",), {}, 3),
        (("atom", "atom"), {"at_zero": True}, 4),
        (("band",), {"at_zero": True, "at_one": True}, 0),
        (("band",), {"at_zero": True}, 2),
        (("atom", "band"), {"at_zero": True, "at_one": True}, 2),
        (("atom", "atom"), {"at_zero": True, "temperature": Rational(1, 2)}, 2),
        (("band", "atom"), {"temperature": Rational(1, 2)}, 3),
        (("band",), {"at_zero": True, "temperature": Rational(1, 2)}, 1),
    ],
    ids=str,
)
def test_as_many_conditions_as_unknowns(parts: tuple, options: dict, count: int) -> None:
    field = 0 if options.get("at_zero") else Rational(1, 10)
    ansatz = Ansatz(GaussianLandscape(field * Q + Q**2 / 2 + Q**4 / 8), parts, **options)
    assert len(ansatz.unknowns) == len(ansatz.conditions) == count
    assert "\\begin{align}" in ansatz.latex()


def test_energy_and_free_energy_agree_with_the_thermodynamics_of_one_step() -> None:
    """``e = d(beta F)/d beta`` at fixed order parameter: the functional depends on beta through its places alone."""
    landscape, temperature = PureSpin(3, Rational(2, 3)), Symbol("T", positive=True)
    ansatz = Ansatz(landscape, ("atom", "atom"), at_zero=True, temperature=temperature)
    c, q = ansatz.unknowns
    value = lower_exact((temperature, c, q), [ansatz.free_energy / temperature, ansatz.energy])
    residuals = lower_exact((temperature, c, q), [x.lhs - x.rhs for x in ansatz.conditions])

    def solved(t: object) -> list:
        return list(mp.findroot(lambda c, q: residuals(t, c, q), (2.0, 0.71)))

    with mp.workdps(30):
        t, h = mp.mpf("0.5"), mp.mpf("1e-8")
        beta = 1 / t
        above, below = (value(1 / b, *solved(1 / b))[0] for b in (beta + h, beta - h))
        slope = (above - below) / (2 * h)
        assert float(slope) == pytest.approx(float(value(t, *solved(t))[1]), rel=1e-12)


def test_a_fixed_overlap_with_the_signal_is_a_landscape_in_a_field() -> None:
    planted = SpikedMatrixTensor(3, delta_2=Rational(1, 2), delta_p=1)
    restricted = at_overlap(planted, Rational(1, 2))
    s = Rational(1, 3)
    assert restricted.f(0, s) == planted.f(0, Rational(1, 4) + Rational(3, 4) * s) - planted.f(0, Rational(1, 4))
    assert restricted.f(1, 0) > 0 and restricted.mean == 0
    assert at_overlap(planted, 0).covariance == planted.covariance
    assert entropy_of_overlap(Rational(1, 2)) == log(Rational(3, 4)) / 2


def test_the_functional_prints() -> None:
    for landscape in (PureSpin(3, 1), PureSpin(), SpikedMatrixTensor(), GaussianLandscape(Q / 5 + Q**3 / 2)):
        text = ParisiFunctional(landscape).latex()
        assert r"\int" in text and "NaN" not in text
