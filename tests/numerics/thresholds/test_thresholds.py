from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from sympy import Rational, Symbol, exp

from numerics.complexity import complexity
from numerics.thresholds import Locator, evaluate_table, evaluate_thresholds
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, MixedSpin, PureSpin, SpikedMatrixTensor
from theory.energies import energy_family
from theory.systems import SpikedTensor
from theory.thresholds import planted

# Derived independently of this code; reading (b) at p = 3, Delta_p = 1/2 is treated on its own below.
TABLE = {
    (3, "1/2"): {"trivialization": 3.2678316, "trivialization_connected": 3.5066383, "gradient_flow": 2.5615528,
                 "ml_amp": 2, "langevin": 2, "information_theoretic": 0.8511564},
    (3, "2"): {"trivialization": 1.9155777, "trivialization_any_overlap": 1.9575006,
               "trivialization_connected": 1.9575006, "gradient_flow": 1.6180340, "ml_amp": 1.3660254, "langevin": 1},
    (4, "1"): {"trivialization": 3.1255862, "trivialization_any_overlap": 3.1255862,
               "trivialization_connected": 3.1255862, "gradient_flow": 2.3027756, "ml_amp": 1.6180340},
    (3, "1/4"): {"information_theoretic": 0.1551095},
}  # fmt: skip


def values(p: int, delta_p: str | int, digits: int = 20, *only: str) -> dict[str, object]:
    family = SpikedMatrixTensor.family(p)
    found = evaluate_thresholds(family, {family.free[0]: Rational(delta_p)}, digits, only)
    return {name: result.value for name, result in found.items()}


@pytest.mark.parametrize("key", TABLE, ids=str)
def test_independent_table(key: tuple[int, str]) -> None:
    found = values(*key)
    for name, expected in TABLE[key].items():
        assert float(found[name]) == pytest.approx(expected, rel=0, abs=0.51e-7), name


@pytest.mark.parametrize("p", [3, 4, 5, 6])
@pytest.mark.parametrize("noise", ["1/10", "1", "100"])
def test_closed_forms(p: int, noise: str) -> None:
    d = Fraction(noise)
    x = float(d)
    found = values(p, noise, 15, "gradient_flow", "ml_amp", "bayes_amp")
    delta_2 = (-x + np.sqrt(x**2 + 4 * (p - 1) * x)) / (2 * (p - 1))
    assert float(found["gradient_flow"]) == pytest.approx(1 / delta_2, rel=1e-13)
    assert float(found["ml_amp"]) == pytest.approx((1 + np.sqrt(1 + 4 / x)) / 2, rel=1e-13)
    assert found["bayes_amp"] == 1


def test_langevin_line() -> None:
    """Delta_p = 2 Delta_2^2 below Delta_p = 2; no line for p >= 4, with a reason."""
    assert float(values(3, "1/8", 15, "langevin")["langevin"]) == pytest.approx(4)
    assert values(3, 5, 15, "langevin")["langevin"] == 1
    family = SpikedMatrixTensor.family(4)
    missing = evaluate_thresholds(family, {family.free[0]: Rational(1)}, 15, ["langevin"])["langevin"]
    assert not missing.exists and missing.value is None and "replica symmetry" in missing.reason


@pytest.mark.parametrize("p", [3, 4, 5, 6])
@pytest.mark.parametrize("delta_p", [0.1, 0.5, 1.0, 2.0, 10.0])
def test_readings_of_trivialization_by_brute_force(p: int, delta_p: float) -> None:
    """Scan the complexity of minima over m on both sides of each threshold.

    Away from the aligned points, whose complexity is exactly zero, it is positive somewhere just below a threshold and
    nowhere just above.
    """
    found = values(p, str(delta_p), 15, "trivialization", "trivialization_any_overlap", "trivialization_connected")
    a, b, c = (float(found[name]) for name in found)
    noise = Rational(str(delta_p))
    m = np.sin(np.linspace(-1, 1, 20001) * np.pi / 2)[1:-1]

    def sigma(control: float, kind: int = 0) -> np.ndarray:
        landscape = SpikedMatrixTensor(p, delta_p=noise)
        return complexity(landscape, m, kind, parameters={"delta_2": 1 / control}).sigma

    middle = m.size // 2
    assert sigma(a * 0.999)[middle] > 0 > sigma(a * 1.001)[middle]
    assert sigma(b * 0.99).max() > 1e-9
    assert sigma(b * 1.01).max() < 1e-14
    side = -1 if sigma(c)[middle - 1] > sigma(c)[middle + 1] else 1
    for factor, sign in ((0.999, 1), (1.001, -1)):
        values_ = sigma(c * factor)[middle::side]
        top = int(np.argmax(np.diff(values_, append=-np.inf) < 0))
        assert np.sign(values_[top]) == sign
    assert a <= c * (1 + 1e-12) and c <= b * (1 + 1e-12)


def test_band_opposite_to_the_signal_closes_tangentially() -> None:
    """At p = 3, Delta_p = 1/2 reading (b) is 3.80630709...: beyond 3.8042961 the complexity is below 1e-11, not zero.

    A search that takes 1e-11 for zero stops at 3.8042961 (a value quoted in notes on this model). In 40 digits the
    complexity is positive there and grows like the cube of the distance to the threshold.
    """
    from scipy.optimize import brentq

    from numerics.lowering import lower_exact
    from theory.symbols import INVERSE_DELTA_2
    from theory.thresholds.trivialization import trivialization_connected

    family = SpikedMatrixTensor.family(3)
    b = values(3, "1/2", 30, "trivialization_any_overlap")["trivialization_any_overlap"]
    assert float(b) == pytest.approx(3.8063070955101886, abs=1e-14)
    edge = trivialization_connected(family.landscape, family.control, held_back=False, at_edge=True)
    arguments = (edge.unknowns[0], INVERSE_DELTA_2, family.free[0])
    function = lower_exact(arguments, [edge.defining[0].lhs, edge.defining[1].lhs])

    def maximum(control: object) -> object:
        with mp.workdps(40):
            m = mp.findroot(lambda m: function(m, control, mp.mpf(1) / 2)[1], (mp.mpf("-0.506"), mp.mpf("-0.5055")))
            return function(m, control, mp.mpf(1) / 2)[0]

    with mp.workdps(40):
        heights = [maximum(b - mp.mpf(10) ** -k) for k in (3, 4, 5)]
        assert all(height > 0 for height in heights)
    assert [float(x / y) for x, y in pairwise(heights)] == pytest.approx([1000, 1000], rel=0.01)
    cutoff = brentq(lambda a: float(maximum(mp.mpf(a))) - 1e-11, 3.80, 3.806, xtol=1e-12)
    assert cutoff == pytest.approx(3.8042961, abs=2e-6)


@pytest.mark.parametrize("p", [3, 4, 5, 6])
def test_lines_agree_with_polished_points_within_their_errors(p: int) -> None:
    family, noises = SpikedMatrixTensor.family(p), ["0.1", "0.27", "0.6", "1.5", "8", "100"]
    locator = Locator(family, [float(x) for x in noises])
    table = evaluate_table(family, [{family.free[0]: Rational(x)} for x in noises], 25)
    for name in family.thresholds:
        line = locator(name)
        for i, point in enumerate(table):
            assert point[name].exists == line.exists[i]
            if point[name].exists:
                assert abs(float(point[name].value) - line.value[i]) <= line.error[i], (name, noises[i])
                assert line.error[i] < 1e-8


def test_any_number_of_digits() -> None:
    names = ("gradient_flow", "trivialization", "trivialization_any_overlap", "trivialization_connected",
             "information_theoretic")  # fmt: skip
    few, many = (values(3, "1/2", digits, *names) for digits in (30, 100))
    for name in names:
        assert abs(few[name] / many[name] - 1) < 1e-29, name
    with mp.workdps(120):
        exact = (1 + mp.sqrt(17)) / 2
        assert abs(many["gradient_flow"] / exact - 1) < mp.mpf(10) ** -100
    family = SpikedMatrixTensor.family(3)
    text = evaluate_thresholds(family, {family.free[0]: Rational(1, 2)}, 100, ["gradient_flow"])["gradient_flow"].text()
    assert len(text.replace(".", "")) == 100


def test_bayes_optimal_transitions() -> None:
    """p = 3: spinodal (2 sqrt(Delta_p) - 1)/Delta_p up to the tricritical point Delta_p = 1; p = 4: up to 8/27."""
    assert float(values(3, "0.64", 15)["dynamic_spinodal"]) == pytest.approx(0.6 / 0.64)
    family = SpikedMatrixTensor.family(4)
    inside, outside = (evaluate_thresholds(family, {family.free[0]: x}) for x in (Rational(29, 100), Rational(3, 10)))
    assert inside["dynamic_spinodal"].exists and not outside["dynamic_spinodal"].exists
    low, line, high = (
        float(inside[name].value) for name in ("dynamic_spinodal", "information_theoretic", "bayes_amp_jump")
    )
    assert 1 < low < line < high
    assert outside["information_theoretic"].value == 1


def test_first_order_line_is_where_the_free_entropies_cross() -> None:
    from numerics.lowering import lower
    from theory.inference import BayesOptimal
    from theory.symbols import SIGNAL_OVERLAP as M

    for p, noise in ((3, "0.5"), (4, "0.2"), (4, "0.28"), (5, "0.15")):
        line = values(p, noise, 15, "information_theoretic")["information_theoretic"]
        phi = BayesOptimal(SpikedMatrixTensor(p, 1 / Rational(str(line)), Rational(noise))).free_entropy
        m = np.linspace(0, 0.999, 200001)
        entropy = lower((M,), [phi])(m)[0]
        inner = (entropy[1:-1] > entropy[:-2]) & (entropy[1:-1] > entropy[2:])
        tops = entropy[1:-1][inner]
        if entropy[0] > entropy[1]:
            tops = np.append(entropy[0], tops)
        assert tops.size == 2
        assert tops[0] == pytest.approx(tops[1], abs=1e-9)


def test_spiked_tensor_thresholds() -> None:
    """Ben Arous et al. 2019; nothing at m = 0 feels the signal."""
    for p in (3, 4, 5):
        found = evaluate_thresholds(SpikedTensor.family(p), {}, 20)
        assert found["informative_minimum"].value == pytest.approx((p - 1) ** (p - 1) / (p - 2) ** (p - 2))
        assert not found["gradient_flow"].exists and "g''(0) = 0" in found["gradient_flow"].reason
        assert all(result.exists or result.reason for result in found.values())
    matrix = evaluate_thresholds(SpikedTensor.family(2), {}, 20)
    assert matrix["gradient_flow"].value == matrix["ml_amp"].value == matrix["bayes_amp"].value == 1
    assert all(result.exists or result.reason for result in matrix.values())


def test_large_noise_of_the_tensor_is_the_matrix() -> None:
    """Delta_p -> infinity: every transition at Delta_2 = 1 (BBP of the spiked matrix)."""
    found = values(3, 10**4, 15, "gradient_flow", "ml_amp", "langevin", "bayes_amp", "trivialization")
    assert [float(x) for x in found.values()] == pytest.approx([1] * 5, abs=1e-3)


def test_made_up_landscape() -> None:
    landscape = GaussianLandscape(OVERLAP**2 / 4 + OVERLAP**3 / 7, SIGNAL_OVERLAP**2 / 3)
    found = evaluate_thresholds(planted(landscape), {}, 20)
    f1, f2 = 1 / 2 + 3 / 7, 1 / 2 + 6 / 7
    assert float(found["gradient_flow"].value) == pytest.approx(1.5 * np.sqrt(f2))
    assert float(found["ml_amp"].value) == pytest.approx(1.5 * np.sqrt(f1))
    strength = float(found["trivialization"].value)
    for factor, sign in ((0.999, 1), (1.001, -1)):
        scaled = GaussianLandscape(landscape.covariance, Rational(str(strength * factor)) * landscape.mean)
        assert np.sign(complexity(scaled, 0, 0).sigma) == sign


def test_energies_of_pure_spin_glasses() -> None:
    """Auffinger, Ben Arous, Cerny 2013; threshold and marginal energies agree for a pure landscape.

    For p = 5 their formula, integrated here, gives ...826369 (a note on this model has ...826869, a slip of one digit).
    """
    expected = {3: 1.656998363527, 4: 1.794085028179, 5: 1.887988826369}
    for p, ground in expected.items():
        with mp.workdps(20):  # their Theta_0(u), integrated numerically
            edge = 2 * mp.sqrt(mp.mpf(p - 1) / p)
            ground_of_theirs = mp.findroot(lambda u, p=p, edge=edge: _theta_0(u, p, edge), edge + mp.mpf("0.05"))
        assert float(ground_of_theirs) == pytest.approx(ground, abs=6e-13)
        found = evaluate_thresholds(energy_family(PureSpin(p, Rational(1, p))), {}, 20)
        assert float(found["ground_state_energy"].value) == pytest.approx(-ground, abs=6e-13)
        assert float(found["threshold_energy"].value) == pytest.approx(-2 * np.sqrt((p - 1) / p), abs=1e-14)
        assert found["marginal_energy"].value == found["threshold_energy"].value
        if p == 3:
            assert float(found["index_1_energy"].value) == pytest.approx(-1.652873198, abs=5e-10)


def _theta_0(u: object, p: int, edge: object) -> object:
    """``ln(p - 1)/2 - (p - 2)/(4 (p - 1)) u^2 - (2/E_inf^2) int_{E_inf}^u sqrt(z^2 - E_inf^2) dz``."""
    integral = mp.quad(lambda z: mp.sqrt(z**2 - edge**2), [edge, u])
    return mp.log(p - 1) / 2 - mp.mpf(p - 2) / (4 * (p - 1)) * u**2 - 2 / edge**2 * integral


def test_energies_of_a_mixture() -> None:
    """E_th = -[f' + f (f'' - f')/f']/sqrt(f''), marginal -2 f' sqrt(f'')/(f' + f''): different for a mixture."""
    mixture = MixedSpin({3: Rational(1, 2), 4: Rational(1, 3)})
    f0, f1, f2 = 1 / 2 + 1 / 3, 3 / 2 + 4 / 3, 3 + 4
    found = evaluate_thresholds(energy_family(mixture), {}, 20)
    threshold = -(f1 + f0 * (f2 - f1) / f1) / np.sqrt(f2)
    assert float(found["threshold_energy"].value) == pytest.approx(threshold, abs=1e-14)
    assert float(found["marginal_energy"].value) == pytest.approx(-2 * f1 * np.sqrt(f2) / (f1 + f2), abs=1e-14)
    ground = float(found["ground_state_energy"].value)
    assert complexity(mixture, 0, 0, energy=ground).sigma == pytest.approx(0, abs=1e-13)
    assert ground < threshold


def test_mistakes_are_named() -> None:
    family = SpikedMatrixTensor.family(3)
    with pytest.raises(ValueError, match="digits = 0"):
        evaluate_thresholds(family, {family.free[0]: Rational(1)}, 0)
    with pytest.raises(ValueError, match="choose among gradient_flow"):
        Locator(family, [1.0])("gradient-flow")
    with pytest.raises(ValueError, match="no planted signal"):
        planted(PureSpin(3, 1))


def test_every_threshold_is_documented_and_prints() -> None:
    for family in (SpikedMatrixTensor.family(3), SpikedTensor.family(3), energy_family(PureSpin(3, 1))):
        for name, threshold in family.thresholds.items():
            assert threshold.name == name
            assert threshold.meaning.endswith(".") and threshold.reference
            assert threshold.latex().startswith("\\begin{align}")


def test_a_thousand_points_at_once() -> None:
    noises = np.geomspace(0.1, 100, 1000)
    line = Locator(SpikedMatrixTensor.family(3), noises)("gradient_flow")
    assert line.value == pytest.approx(0.5 + np.sqrt(0.25 + 2 / noises), rel=1e-14)


Q, M = OVERLAP, SIGNAL_OVERLAP


@pytest.mark.parametrize(
    ("f", "g"),
    [
        (Q**3 / 3 + Q**2 / 10, M**2 / 2 + M**3 / 3),
        (Q**2 / 4 + Q**3 / 7 + Q**5 / 9, M**2 / 3 + M**5 / 7),
        (exp(Q) - 1 - Q, M**2 + M**3 / 3),
        (Q**2 / 4 + Q**3 / 7, M / 2 + M**2 / 3),
    ],
    ids=str,
)
def test_any_landscape_against_brute_force_and_reflection(f: Any, g: Any) -> None:
    """The last zero of max_m Sigma_min; and m -> -m changes nothing."""
    found, mirrored = (evaluate_thresholds(planted(GaussianLandscape(f, mean)), {}, 15) for mean in (g, g.subs(M, -M)))
    names = ("trivialization", "trivialization_connected", "trivialization_any_overlap")
    for name in names:
        if g.has(M**2) and g.coeff(M, 1) != 0 and name == names[1]:
            assert "closes on a point aligned" in found[name].reason
            continue
        assert float(found[name].value) == pytest.approx(float(mirrored[name].value), rel=1e-13)
    m = np.sin(np.linspace(-1, 1, 20001) * np.pi / 2)[1:-1]
    strength = Symbol("strength", positive=True)
    landscape = GaussianLandscape(f, strength * g)
    last = float(found[names[2]].value)
    for factor in (0.99, 1.01, 1.1, 2, 10):
        highest = complexity(landscape, m, 0, parameters={"strength": factor * last}).sigma.max()
        assert highest > 1e-9 if factor < 1 else highest < 1e-13


@pytest.mark.parametrize(("f", "g"), [(Q**4 / 4 + Q**2 / 20, M**2 / 2 + M**5), (Q**3, M**2 / 2 - M**4)], ids=str)
def test_minima_that_no_strength_removes(f: Any, g: Any) -> None:
    """Where the pull g'(m) vanishes at m != 0 with g'' < 0, minima survive: reading (b) does not exist."""
    found = evaluate_thresholds(planted(GaussianLandscape(f, g)), {}, 15)
    assert not found["trivialization_any_overlap"].exists
    assert "survives at every strength" in found["trivialization_any_overlap"].reason
    m = np.linspace(-0.99, 0.99, 4001)
    assert complexity(GaussianLandscape(f, 1000 * g), m, 0).sigma.max() > 1e-3


def test_signals_without_threshold_say_why() -> None:
    f = Q**2 / 4 + Q**3 / 7
    for g, words in (
        (-(M**2) / 3, "does not attract"),
        (M / 2 + M**2 / 3, "acts as a field"),
        (M**3, "does not attract"),
    ):
        found = evaluate_thresholds(planted(GaussianLandscape(f, g)), {}, 15)
        for name in ("gradient_flow", "ml_amp"):
            assert not found[name].exists and words in found[name].reason
    quadratic = evaluate_thresholds(planted(GaussianLandscape(Q**3 + 3 * Q, M**2)), {}, 15)
    assert "even without signal" in quadratic["trivialization"].reason


def test_a_jump_is_not_a_root() -> None:
    found = evaluate_thresholds(planted(GaussianLandscape(Q**3, M**2 / 2 + 3 * M**3)), {}, 15)
    assert not found["trivialization_connected"].exists and found["trivialization_connected"].reason
    assert found["trivialization"].exists


def test_next_to_the_tricritical_point() -> None:
    """Spinodal < first-order line < jump, a part in a billion apart."""
    family = SpikedMatrixTensor.family(4)
    at = Locator(family, [8 / 27 - 1e-9])
    low, line, high = (at(name) for name in ("dynamic_spinodal", "information_theoretic", "bayes_amp_jump"))
    assert low.value - low.error <= line.value <= high.value + high.error
    assert line.value == pytest.approx(1.125, abs=1e-5)


@pytest.mark.parametrize(("p", "tricritical"), [(3, 1.0), (4, 8 / 27)])
def test_the_errors_of_the_first_order_line_cover(p: int, tricritical: float) -> None:
    """Ever nearer to the tricritical point, against 30 digits; p = 3: ``1 - 2/9 (1 - Delta_p)^2``."""
    noises = tricritical * (1 - np.array([0.1, 1e-3, 1e-4, 1e-5, 1e-7]))
    family = SpikedMatrixTensor.family(p)
    located = Locator(family, noises)("information_theoretic")
    for noise, value, error in zip(noises, located.value, located.error, strict=True):
        exact = evaluate_thresholds(family, {family.free[0]: noise}, 30)["information_theoretic"]
        assert abs(value - float(exact.value)) <= error < 1e-7
        if p == 3 and noise > 0.999:
            assert float(1 - exact.value) == pytest.approx(2 / 9 * (1 - noise) ** 2, rel=1e-2)


@pytest.mark.parametrize("noise", [0, -1, np.nan, np.inf])
def test_noises_must_be_positive_and_finite(noise: float) -> None:
    with pytest.raises(ValueError, match="must be positive and finite"):
        Locator(SpikedMatrixTensor.family(3), [noise])


def test_a_parameter_without_value_is_named() -> None:
    with pytest.raises(ValueError, match="delta_p has no value"):
        evaluate_thresholds(SpikedMatrixTensor.family(3), {})
    with pytest.raises(ValueError, match="delta_p has no value"):
        energy_family(PureSpin(3))


def test_newton_refuses_a_double_root() -> None:
    from numerics.errors import ConvergenceError
    from numerics.roots import polish

    assert float(polish(lambda x: [x**2 - 2], (1.4142136,), 50).value[0]) == pytest.approx(2**0.5)
    with pytest.raises(ConvergenceError):
        polish(lambda x: [(x - 1) ** 2], (1.000001,), 30)


@pytest.mark.parametrize(
    ("f", "g", "expected"),
    [
        (Q**6 / 20 + 3 * Q**4 / 20 + 17 * Q**3 / 20, M**2 / 10 - 2 * M**4 / 5, 28.6227),
        (3 * Q**4 / 5 + Q**2, M**5 / 4 - 4 * M**4 / 5 + 3 * M**2 / 5, 3.8906),
    ],
    ids=str,
)
def test_reading_c_where_zero_overlap_is_a_minimum_of_the_complexity(f: Any, g: Any, expected: float) -> None:
    """The band on the higher side is the one that counts (values from an independent scan over m)."""
    found = evaluate_thresholds(planted(GaussianLandscape(f, g)), {}, 12, ["trivialization_connected"])
    assert float(found["trivialization_connected"].value) == pytest.approx(expected, abs=6e-5)


def test_a_random_constant_changes_no_energy() -> None:
    one, other = (evaluate_thresholds(energy_family(GaussianLandscape(f)), {}, 12) for f in (Q**3, 1 + Q**3))
    assert all(one[name].value == other[name].value for name in one)


def test_flat_complexities_are_refused() -> None:
    family = SpikedMatrixTensor.family(3)
    found = evaluate_thresholds(family, {family.free[0]: Rational(10**7)}, 12)
    for name in ("trivialization", "trivialization_connected", "trivialization_any_overlap"):
        assert not found[name].exists and "too flat" in found[name].reason
