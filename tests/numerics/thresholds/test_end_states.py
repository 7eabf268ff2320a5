"""Where gradient flow ends at zero overlap, and where it leaves: marginal states, or a single minimum in a field."""

import numpy as np
import pytest
from sympy import Rational, Symbol, simplify

from numerics.dynamics import solve_dynamics
from numerics.dynamics.growth_rate import end_friction
from numerics.dynamics.growth_threshold import dynamical_threshold
from numerics.dynamics.model import model
from numerics.lowering import lower
from numerics.thresholds import evaluate_thresholds
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, SpikedMatrixTensor
from theory.dynamics import GrowthRate, asymptotics
from theory.end_states import friction, stiffness
from theory.energies import energy_family
from theory.kac_rice import KacRice
from theory.kac_rice.hessian import hessian_of
from theory.thresholds import planted

Q, M = OVERLAP, SIGNAL_OVERLAP
STRONG = 2 * Q + Q**3 / 6
FIELDS = [STRONG, Q / 2 + Q**3 / 2, Q / 3 + Q**3 / 18, Q / 10 + Q**2 / 2, 3 * Q + Q**2 / 2 + Q**5 / 7]


@pytest.mark.parametrize("covariance", FIELDS)
def test_gradient_flow_threshold_is_the_larger_of_two(covariance: object) -> None:
    """``max(sqrt(f'(1)), sqrt(f''(1)))``: message passing's in the phase of a single minimum."""
    landscape = GaussianLandscape(covariance, M**2 / 2)
    found = evaluate_thresholds(planted(landscape), {}, 15, ["gradient_flow", "ml_amp"])
    f1, f2 = float(landscape.f(1)), float(landscape.f(2))
    assert float(found["gradient_flow"].value) == pytest.approx(max(f1, f2) ** 0.5, rel=1e-14)
    assert (found["gradient_flow"].value == found["ml_amp"].value) == (f2 <= f1)
    assert ("single minimum" in found["gradient_flow"].meaning) == (f2 < f1)


def test_parameters_decide_the_phase() -> None:
    """``f = a q + q^3/6``: the larger root, as a closed form of a."""
    a = Symbol("a", positive=True)
    family = planted(GaussianLandscape(a * Q + Q**3 / 6, M**2 / 2))
    for value, expected in ((Rational(1, 4), 1.0), (2, 2.5**0.5)):
        found = evaluate_thresholds(family, {a: value}, 15, ["gradient_flow"])["gradient_flow"]
        assert float(found.value) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("covariance", FIELDS)
def test_the_hessian_has_an_outlier_at_zero_there(covariance: object) -> None:
    """``lambda_min = sigma (t - theta - 1/theta) = 0`` at the threshold and the t of the end state."""
    landscape = GaussianLandscape(covariance, stiffness(GaussianLandscape(covariance)) * M**2 / 2)
    law = hessian_of(KacRice(landscape).jet)
    shift = friction(landscape) / law.scale
    theta = law.spike.subs(M, 0)
    assert simplify(law.scale * (shift - theta - 1 / theta)) == 0
    assert shift >= 2


def test_energies_of_a_single_minimum() -> None:
    found = evaluate_thresholds(energy_family(GaussianLandscape(STRONG)), {}, 15)
    assert float(found["threshold_energy"].value) == pytest.approx(-(2.5**0.5), rel=1e-14)
    assert "single minimum" in found["threshold_energy"].meaning
    assert not found["marginal_energy"].exists and "-sqrt(f'(1))" in found["marginal_energy"].reason
    boundary = evaluate_thresholds(energy_family(GaussianLandscape(Q + Q**2 / 2 + Q**3 / 3)), {}, 15)
    both = [float(boundary[name].value) for name in ("threshold_energy", "marginal_energy")]
    assert both == pytest.approx([-(3**0.5)] * 2, rel=1e-14)


@pytest.mark.parametrize("strength", ["1.2", "1.5", "1.7"])
def test_two_time_equations_agree_in_a_strong_field(strength: str) -> None:
    """Energy and friction of the minimum; the overlap decays below ``sqrt(f'(1)) = 1.581`` and grows above.

    At the rate of the Hessian's outlier, ``g''(0) + f''(1)/g''(0) - mu``, of either sign.
    """
    landscape = GaussianLandscape(STRONG, Rational(strength) * M**2 / 2)
    late = solve_dynamics(landscape, 80, overlap=1e-10, rtol=1e-8, method="long-time").at([40, 80])
    assert late["energy"][-1] == pytest.approx(-(2.5**0.5), abs=1e-5)
    assert late["mu"][-1] == pytest.approx(float(friction(landscape)), abs=1e-5)
    expected = float(strength) + 1 / float(strength) - float(friction(landscape))
    assert np.log(late["m"][1] / late["m"][0]) / 40 == pytest.approx(expected, abs=1e-3)
    assert (expected > 0) == (float(strength) > 2.5**0.5)
    theory = GrowthRate(landscape).threshold_rate
    assert float(theory) == pytest.approx(max(expected, 0), abs=1e-12)


def test_friction_of_the_series_is_that_of_theory() -> None:
    for covariance in (*FIELDS, Q**3 / 2, Q**2 / 2 + Q**9 / 4):
        landscape = GaussianLandscape(covariance)
        assert end_friction(model(landscape)) == pytest.approx(float(friction(landscape)), rel=1e-14)


def test_rate_on_threshold_states_is_what_it_was() -> None:
    landscape = SpikedMatrixTensor(3)
    rate = lower(landscape.free_symbols, [GrowthRate(landscape).threshold_rate])
    delta_2, delta_p = (float(x) for x in (0.3, 1.0))
    values = {"delta_2": delta_2, "delta_p": delta_p}
    found = rate(*(np.array(values[symbol.name]) for symbol in landscape.free_symbols))[0]
    sigma = (1 / delta_2 + 2 / delta_p) ** 0.5
    theta = 1 / delta_2 / sigma
    assert float(found) == pytest.approx(sigma * (theta + 1 / theta - 2), rel=1e-13)


def test_what_assumes_marginal_states_says_so() -> None:
    family = planted(GaussianLandscape(STRONG, M**2 / 2))
    with pytest.raises(ValueError, match="vanishes linearly"):
        dynamical_threshold(family)
    titles = [title for title, _ in asymptotics(GaussianLandscape(STRONG, 2 * M**2))]
    assert any("single minimum" in title for title in titles)
