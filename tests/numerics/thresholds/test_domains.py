"""Every threshold, energy and transition on landscapes just outside what its formula assumes.

Each is right by an independent formula, or absent with the reason; never a number without one of the two.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sympy import Expr, Rational

from numerics.dynamics import growth_rate
from numerics.quantity import Quantity
from numerics.statics.transitions import algorithmic_energy, dynamic_temperature, static_temperature
from numerics.thresholds import evaluate_thresholds
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.energies import energy_family
from theory.systems import SpikedMatrixTensor, SpikedTensor
from theory.thresholds import planted

Q, M = OVERLAP, SIGNAL_OVERLAP
SIGNAL = M**2 / 2

COVARIANCES = {
    "pure": Q**3 / 2,
    "pure, degree 2": Q**2 / 2,
    "one step": (Q**3 + Q**4) / 2,
    "one step and a continuum": Q**2 / 2 + Rational(55, 400) * Q**4,
    "far apart": Q**2 / 2 + Q**16 / 2,
    "two steps": Q**3 / 2 + Q**16 / 32,
    "continuum": Q**2 / 2 + Q**4 / 32,
    "weak field": Q / 10 + Q**3 / 2,
    "field, degree 2": Q / 10 + Q**2 / 2,
    "field, boundary": Q + Q**2 / 2 + Q**3 / 3,
    "strong field": 2 * Q + Q**3 / 6,
}
SINGLE = ("field, degree 2", "strong field")
NO_MINIMA = (*SINGLE, "field, boundary", "pure, degree 2")

# What a threshold must be where it exists, from the derivatives f(1), f'(1), f''(1) alone
RIGHT: dict[str, Callable[..., float]] = {
    "gradient_flow": lambda f0, f1, f2: max(f1, f2) ** 0.5,
    "ml_amp": lambda f0, f1, f2: f1**0.5,
    "marginal_energy": lambda f0, f1, f2: -2 * f1 * f2**0.5 / (f1 + f2),
}


def derivatives(covariance: Expr) -> list[float]:
    landscape = GaussianLandscape(covariance)
    return [float(landscape.f(k) - (landscape.f(0, 0) if k == 0 else 0)) for k in range(3)]


def checked(name: str, result: Any, covariance: Expr) -> float | None:
    """The value, right where ``RIGHT`` knows it, with an error; or nothing, with a reason."""
    if not result.exists:
        assert result.value is None and len(result.reason) > 20, name
        return None
    value = float(result.value)
    assert not result.reason and 0 <= float(result.error) < 1e-8 * abs(value), name
    if name in RIGHT:
        assert value == pytest.approx(RIGHT[name](*derivatives(covariance)), rel=1e-11), name
    return value


@pytest.mark.parametrize("name", COVARIANCES)
def test_energies(name: str) -> None:
    """``E_alg <= threshold_energy``; one state has no marginal one, and ends at ``-sqrt(f'(1))``."""
    covariance = COVARIANCES[name]
    landscape = GaussianLandscape(covariance, SIGNAL)
    results = evaluate_thresholds(energy_family(landscape), {}, 12, ["threshold_energy", "marginal_energy"])
    found = {key: checked(key, result, covariance) for key, result in results.items()}
    bound, threshold = algorithmic_energy(landscape), found["threshold_energy"]
    assert threshold is not None and bound.value is not None and bound.error is not None
    assert threshold >= bound.value - bound.error - 1e-12
    assert (found["marginal_energy"] is None) == (name in SINGLE)
    if name in NO_MINIMA:
        assert threshold == pytest.approx(-(derivatives(covariance)[1] ** 0.5), rel=1e-12)
    if name in ("continuum", "pure"):
        assert threshold == pytest.approx(bound.value, rel=1e-12)


@pytest.mark.parametrize("name", COVARIANCES)
def test_transitions(name: str) -> None:
    """``T_s <= T_d``, equal where continuous; absent with one state at every temperature."""
    landscape = GaussianLandscape(COVARIANCES[name], SIGNAL)
    static, dynamic = static_temperature(landscape), dynamic_temperature(landscape)
    for number in (static, dynamic):
        assert isinstance(number, Quantity)
        assert number.exists == (name not in (*SINGLE, "field, boundary"))
        assert number.exists != bool(number.reason)
    if static.value is not None and dynamic.value is not None:
        assert static.value <= dynamic.value
        assert (static.value == dynamic.value) == (static.note == "continuous")


@pytest.mark.parametrize("name", COVARIANCES)
def test_instabilities(name: str) -> None:
    covariance = COVARIANCES[name]
    results = evaluate_thresholds(planted(GaussianLandscape(covariance, SIGNAL)), {}, 12, list(RIGHT)[:2])
    values = [checked(key, result, covariance) for key, result in results.items()]
    assert values[0] is not None and values[1] is not None
    assert values[0] >= values[1] * (1 - 1e-12)


@pytest.mark.parametrize("name", NO_MINIMA)
def test_no_minima_to_remove(name: str) -> None:
    names = ["trivialization", "trivialization_any_overlap", "trivialization_connected"]
    results = evaluate_thresholds(planted(GaussianLandscape(COVARIANCES[name], SIGNAL)), {}, 12, names)
    assert all("no exponentially numerous minima" in result.reason for result in results.values())


@pytest.mark.parametrize(
    ("mean", "words"),
    [
        (M, "acts as a field"),
        (SIGNAL + M, "acts as a field"),
        (M**3, "does not attract"),
        (-(M**2), "does not attract"),
    ],
)
@pytest.mark.parametrize("name", ["pure", "strong field"])
def test_signals_that_do_not_pull_at_zero(name: str, mean: Expr, words: str) -> None:
    results = evaluate_thresholds(
        planted(GaussianLandscape(COVARIANCES[name], mean)), {}, 12, ["gradient_flow", "ml_amp"]
    )
    assert all(not result.exists and words in result.reason for result in results.values())


@pytest.mark.parametrize("p", [3, 4, 5])
@pytest.mark.parametrize("noise", [Rational(1, 10), Rational(1), Rational(30)])
def test_spiked_families(p: int, noise: Rational) -> None:
    """All of theirs: a value with its error, or a reason."""
    family = SpikedMatrixTensor.family(p)
    names = [key for key in family.thresholds if "trivialization" not in key]
    results = evaluate_thresholds(family, {family.free[0]: noise}, 12, names)
    for name, result in results.items():
        assert result.exists != bool(result.reason), name
        assert not result.exists or float(result.value) > 0
    assert results["langevin"].exists == (p == 3)
    flow, message_passing = (float(results[name].value) for name in ("gradient_flow", "ml_amp"))
    assert flow >= message_passing >= float(results["bayes_amp"].value)
    only = evaluate_thresholds(SpikedTensor.family(p), {}, 12)
    assert all(result.exists != bool(result.reason) for result in only.values())


def test_exponential_growth_in_a_weak_field_is_that_of_marginal_states() -> None:
    """``f''(1) > f'(1)`` with a field: ``lambda = sigma (theta + 1/theta - 2)``, from the two-time equations."""
    landscape = GaussianLandscape(COVARIANCES["weak field"], Rational(5, 2) * SIGNAL)
    rate = growth_rate(landscape, t_max=300)
    expected = 2.5 + 3 / 2.5 - 2 * 3**0.5
    assert rate.marginal.value == pytest.approx(expected, abs=max(5 * rate.marginal.error, 1e-4))
    assert rate.marginal.error < 1e-2


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in COVARIANCES if name not in NO_MINIMA])
def test_trivialization_in_every_phase(name: str) -> None:
    """The complexity of minima at m = 0 changes sign at the value printed."""
    from numerics.complexity import complexity

    covariance = COVARIANCES[name]
    found = evaluate_thresholds(planted(GaussianLandscape(covariance, SIGNAL)), {}, 12, ["trivialization"])
    value = checked("trivialization", found["trivialization"], covariance)
    assert value is not None
    for factor, positive in ((0.999, True), (1.001, False)):
        strength = Rational(str(value * factor))
        sigma = complexity(GaussianLandscape(covariance, strength * SIGNAL), 0, 0).sigma
        assert (sigma > 0) == positive
