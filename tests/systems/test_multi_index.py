"""Weak recovery of labels of a few indices: closed forms, brute-force averages, symmetries, a growing overlap."""

import json
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfc, k0, k1
from sympy import eye

from numerics.experiments.multi_index import CHECK, LinearPassing, slopes
from numerics.generalized_linear import weak_recovery
from numerics.generalized_linear.label_moments import binned, label_moments
from numerics.generalized_linear.multi_index import stability_map
from numerics.solve import solve_threshold
from numerics.threshold_values import ThresholdValue
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.generalized_linear.multi_index import INDICES, LinearisedPassing
from theory.systems.multi_index import MultiIndex


def found(teacher: str, noise: str = "0") -> ThresholdValue:
    (threshold,) = MultiIndex(teacher=teacher, noise=noise).predictions()
    return solve_threshold(threshold, {})


def test_the_map_follows_from_message_passing() -> None:
    """``dQ' = (E[z^2 | label] - 1)^2 dQ`` for one index; G is the gap of second moments for two."""
    one, two = LinearisedPassing(1), LinearisedPassing(2)
    gap = one.second[0] - 1
    assert one.slope[0] == gap and one.map[0].subs(one.second[0], 3) == 4 * one.map[0].subs(one.second[0], 2)
    assert two.slope == two.second - eye(2)


def test_closed_forms() -> None:
    """``E[(z^2 - 1)^2] = 2``; of ``z_1^2 + z_2^2`` half the label less 1; ``2/pi`` squared."""
    for teacher, exact in (("z**2", 0.5), ("z1**2 + z2**2", 1.0), ("sign(z1*z2)", np.pi**2 / 4), ("tanh(abs(z))", 0.5)):
        value = found(teacher)
        assert abs(value.value - exact) <= value.error < 1e-7


def test_products_by_bessel_functions() -> None:
    """``E[z_1^2 | y] = |y| K_1(|y|)/K_0(|y|)``, ``E[z_1 z_2 | y] = y``, density ``K_0(|y|)/pi``."""

    def gain(s: float) -> float:
        y = np.exp(s)
        return float(2 * y * ((y * k1(y) / k0(y) - 1) ** 2 + y**2) * k0(y) / np.pi)

    exact = 1 / quad(gain, -30, np.log(40), epsabs=1e-12, limit=400)[0]
    for teacher in ("z1*z2", "z1**2 - z2**2", "exp(z1*z2)"):
        value = found(teacher)
        assert abs(value.value - exact) <= value.error < 1e-8
    assert float(exact) == pytest.approx(0.5937511, abs=1e-7)


def test_one_index_is_what_losses_have() -> None:
    for teacher in ("sign(abs(z) - 1)", "min(abs(z), 1)"):
        label = MultiIndex(teacher=teacher).seen.label.subs(INDICES[0], SIGNAL_FIELD)
        value, other = found(teacher), weak_recovery(GeneralizedLinearLandscape(FIELD**2, label))
        assert abs(value.value - other.value) <= value.error < 1e-3


def test_noise_by_brute_force() -> None:
    """``y = z^2 + noise`` at variance 1/4: averages over z at each y."""
    z, weight = np.polynomial.legendre.leggauss(1200)
    z, weight = 9 * z, 9 * weight * np.exp(-((9 * z) ** 2) / 2) / np.sqrt(2 * np.pi)
    y = np.arange(-5, 90, 0.02)
    density = weight * np.exp(-2 * (y[:, None] - z**2) ** 2) / np.sqrt(np.pi / 2)
    p = density.sum(axis=1)
    there = p > 1e-200
    gain = 0.02 * np.sum(p[there] * ((density @ z**2)[there] / p[there] - 1) ** 2)
    value = found("z**2", "1/4")
    assert value.value == pytest.approx(1 / gain, abs=1e-7) and value.error < 1e-7


def test_labels_with_a_mean() -> None:
    """In all directions, or in some."""
    for teacher in ("z", "sign(z1)", "relu(z1)"):
        assert found(teacher).value == 0
    value = found("z1**2*z2")
    assert not value.exists and "along z = (0, 1), where alpha_c = 0" in value.note


def test_a_mean_that_no_grid_resolves() -> None:
    """``E[Y z_1] > 0`` here, too little to be told from none: no number."""
    value = found("z1**2 + z1**3/1000")
    assert value.value is None and "not known: whether labels have a mean" in value.note


def test_rare_labels() -> None:
    """``E[z^2 - 1; |z| > c] = 2 c phi(c)``, for one label of probability p; at c = 10 nothing is seen."""
    p, part = erfc(2**-0.5), 2 * np.exp(-0.5) / np.sqrt(2 * np.pi)
    value = found("heaviside(abs(z1) - 1)")
    assert abs(value.value - p * (1 - p) / part**2) <= value.error < 1e-8
    assert "stable for alpha < 1e+09" in found("heaviside(abs(z1) - 10)").note


@pytest.mark.slow
@pytest.mark.parametrize("teacher", ["cos(3*z1)*z2", "cos(5*z1)*z2"])
def test_a_small_mean_is_not_overlooked(teacher: str) -> None:
    """``E[Y z_2] = exp(-9/2), exp(-25/2)``: alpha_c is 0 along z_2."""
    value = found(teacher)
    assert value.value is None and "mean" in value.note


def test_bins_say_less_than_labels_by_the_square_of_their_width() -> None:
    teacher = MultiIndex(teacher="z1*z2").seen
    exact = stability_map(teacher, 1).matrix
    gaps = []
    for level in (0, 1):
        at = binned(teacher, level).kept()
        slope = at.second / at.probability[:, None, None] - np.eye(2)
        matrix = np.einsum("n,nac,nbd->abcd", at.probability, slope, slope).reshape(4, 4)
        gaps.append(np.linalg.eigvalsh(exact)[-1] - np.linalg.eigvalsh(matrix)[-1])
    assert 0 < gaps[1] < gaps[0] < 2e-3 and gaps[0] / gaps[1] == pytest.approx(4, rel=0.15)


def test_moments_add_up() -> None:
    for teacher in ("z1*z2", "max(z1, z2)**2 - z1"):
        at = label_moments(MultiIndex(teacher=teacher).seen, 0)
        assert at.probability.sum() == pytest.approx(1, abs=1e-6)
        assert at.second.sum(axis=0) == pytest.approx(np.eye(2), abs=1e-5)
        assert at.first.sum(axis=0) == pytest.approx(np.zeros(2), abs=1e-6)


def test_slopes_at_labels() -> None:
    label = np.array([-1.3, 0.2, 3.0])
    slope = slopes(MultiIndex(teacher="z1*z2").seen, label)
    assert slope[:, 0, 1] == pytest.approx(label, rel=2e-3)
    exact = np.abs(label) * k1(np.abs(label)) / k0(np.abs(label)) - 1
    assert slope[:, 1, 1] == pytest.approx(exact, abs=2e-3)


def test_command_line(run: Any) -> None:
    status, out, _ = run("thresholds", "multi-index", "--teacher", "z1*z2", "--json")
    entry = json.loads(out)["thresholds"]["weak_recovery"]
    assert status == 0 and entry["control"] == "alpha" and entry["alpha"] == pytest.approx(0.5937511, abs=1e-7)
    assert run("derive", "multi-index", "inference", "--latex")[0] == 0
    words = ("simulate", "multi-index", "--teacher", "z1*z2", "--alpha", "1", "--samples", "3", "-N")
    assert run(*words, "64", "--json")[0] == 0
    status, _, err = run(*words, "2")
    assert status == 2 and "has no room for 2 directions" in err and err.count("\n") == 1
    for teacher, message in (
        ("x", "only numbers"),
        ("2", "does not depend on z1"),
        ("log(z1*z2)", "is not a finite number"),
    ):
        status, _, err = run("thresholds", "multi-index", "--teacher", teacher)
        assert status == 2 and message in err and err.count("\n") == 1


def test_an_aligned_start_grows_by_the_eigenvalue() -> None:
    experiment = LinearPassing(MultiIndex(teacher="sign(z1*z2)", alpha="5"))
    random = np.random.default_rng(0)
    after = [experiment.measure(experiment.draw(200, random))["overlap"] for _ in range(60)]
    growth = 5 * 4 / np.pi**2
    assert np.mean(after, axis=0) == pytest.approx([growth, growth**2], rel=0.05)


@pytest.mark.slow
def test_check_agrees() -> None:
    assert CHECK.run(quick=True).verdict == "agree"


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [{"eigenvalue": 1.8}, {"slope": 1.4}])
def test_check_sees_a_mistake(mistake: dict[str, float]) -> None:
    assert CHECK.run(quick=True, perturb=mistake).verdict == "disagree"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("teacher", "exact"),
    [("z1**2 + z2**2 + z3**2", 1.5), ("sign(z1*z2)*z3**2", None), ("z1*z2*z3", 2.56518)],
)
def test_three_indices(teacher: str, exact: float | None) -> None:
    """``G = (y/3 - 1)``: variance ``2/3``."""
    value = found(teacher)
    assert value.error < 1e-3 and (exact is None or value.value == pytest.approx(exact, abs=2e-5))
    assert not found("sign(z1*z2*z3)").exists
