"""Ground states of losses of u alone, with steps and kinks, by any number of steps of replica symmetry breaking."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erfc
from scipy.stats import norm
from sympy import Abs, Expr, Heaviside, Integer, Max, Rational, Symbol, cos, exp, log

from numerics.errors import ConvergenceError
from numerics.generalized_linear import (
    GroundState,
    complexity_of_minima,
    evaluate_critical,
    full_rsb_state,
    ground_state,
    ground_states,
)
from numerics.generalized_linear.parisi import entropic, paid_by_data
from numerics.generalized_linear.piecewise_fields import PiecewiseFields
from numerics.generalized_linear.recursion import overlaps, sweep, widths
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.systems import PhaseRetrieval

U, Y = FIELD, SIGNAL_FIELD
STEP = GeneralizedLinearLandscape(Heaviside(U))
"""Counts the u > 0: the perceptron of Gardner and Derrida without margin."""
RETRIEVAL = PhaseRetrieval(1)


@pytest.fixture(scope="module")
def full() -> GroundState:
    """Full RSB of the step where the energy is 1."""
    return ground_state(STEP, energy=1)


def solved(loss: Expr, **options: float | int | None) -> GroundState:
    return ground_state(GeneralizedLinearLandscape(loss), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("steps", [0, 1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("loss", "alpha", "exact"),
    [
        pytest.param(-U, 3.0, -np.sqrt(3), marks=pytest.mark.slow),
        pytest.param(U**2 / 2, 3.0, (np.sqrt(3) - 1) ** 2 / 2, marks=pytest.mark.slow),
        pytest.param(500 * (U - 1) ** 2, 3.0, 500 * (np.sqrt(6) - 1) ** 2, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_solvable_losses(loss: Expr, alpha: float, exact: float, steps: int) -> None:
    """A sum of Gaussian vectors; least squares on the sphere. More steps change nothing."""
    found = solved(loss, alpha=alpha, steps=steps)
    assert abs(found.energy - exact) <= found.error < 1e-5 * abs(exact)


@pytest.mark.parametrize("power", [12, pytest.param(-12, marks=pytest.mark.slow)])
def test_energies_grow_with_the_loss(power: int) -> None:
    """Least squares at alpha = 4 pay 1/2."""
    found = solved(Integer(10) ** power * U**2 / 2, alpha=4, steps=0)
    assert abs(found.energy / 10.0**power - 0.5) <= found.error / 10.0**power < 1e-6
    assert solved(Integer(10) ** power * U**2 / 2, energy=10.0**power / 2, steps=0).alpha == pytest.approx(4)


@pytest.mark.parametrize("loss", [U**3, -(U**4) + U, 1 - exp(U)], ids=str)
def test_losses_that_one_datum_lowers_without_end(loss: Expr) -> None:
    with pytest.raises(ValueError, match=r"falls faster than -u\^2 as u -> "):
        solved(loss, alpha=2, steps=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "alpha", "how"),
    [(Max(0, 1 - U) ** 2 / 2, 4, "RS"), (Heaviside(U), 1.5, "not seen: energy 0"), (Heaviside(U), 5, "1RSB or more")],
    ids=str,
)
def test_how_symmetry_breaks_is_found(loss: Expr, alpha: float, how: str) -> None:
    assert ground_states(GeneralizedLinearLandscape(loss), alpha, 1).statistics["breaking"] == how


def test_replica_symmetric_threshold_of_a_step() -> None:
    """``alpha int_0^t h^2 Dh = 1`` with ``Q(t) = 1/alpha`` where the energy is 1."""
    found = ground_state(STEP, energy=1, steps=0)

    def condition(t: float) -> float:
        return (0.5 - norm.sf(t) - t * norm.pdf(t)) / norm.sf(t) - 1

    exact = 1 / norm.sf(brentq(condition, 0.1, 3))
    assert exact == pytest.approx(7.64769, abs=1e-5)
    assert abs(found.alpha - exact) < found.error < 1e-6
    assert found.chi == pytest.approx(norm.isf(1 / exact) ** 2 / 2, rel=1e-4)


@pytest.mark.parametrize("margin", [0, Rational(1, 2), -1])
def test_the_capacity_is_the_limit_of_small_energies(margin: Rational) -> None:
    """Gardner 1988: ``1/alpha = int_(-margin)^inf (t + margin)^2 Dt``, 1/2 without margin."""
    share = quad(lambda t: (t + float(margin)) ** 2 * norm.pdf(t), -float(margin), 12)[0]
    near, nearer = (solved(Heaviside(U + margin), energy=e, steps=0).alpha for e in (1e-3, 1e-5))
    assert near > nearer > 1 / share and nearer == pytest.approx(1 / share, rel=5e-4)


def test_nothing_is_paid_below_the_capacity() -> None:
    for steps in (0, 1):
        found = ground_state(STEP, alpha=1.5, steps=steps)
        assert abs(found.energy) <= found.error < 1e-6


@pytest.mark.slow
def test_broken_symmetry_is_found_next_to_the_capacity() -> None:
    symmetric, broken = (ground_state(STEP, energy=1e-2, steps=steps) for steps in (0, 1))
    assert 2 < broken.alpha < symmetric.alpha - 1e-3
    assert 0.5 < broken.q[0] < 1


@pytest.mark.slow
def test_many_data_per_dimension() -> None:
    """At large alpha the order parameter has flat parts; the energy still rises with each step."""
    one, two = (ground_state(STEP, alpha=100, steps=steps) for steps in (1, 2))
    assert one.energy < two.energy < 50 - 5


def one_step_of_a_step(q: float, s: float, chi: float) -> float:
    """F of a step with one step, ``q_0 = q``: V is 0, ``h^2/(2 chi)`` up to ``h^2 = 2 chi``, and 1; by erfc."""
    width, edge = np.sqrt(1 - q), np.sqrt(2 * chi)
    shrunk = width / np.sqrt(1 + s * width**2 / chi)

    def inner(h: float) -> float:
        middle = h * shrunk**2 / width**2
        bulk = shrunk / width * np.exp((middle**2 / shrunk**2 - h**2 / width**2) / 2)
        inside = norm.cdf((edge - middle) / shrunk) - norm.cdf(-middle / shrunk)
        return float(norm.cdf(-h / width) + bulk * inside + np.exp(-s) * erfc((edge - h) / width / np.sqrt(2)) / 2)

    mean = quad(lambda z: norm.pdf(z) * np.log(inner(z * np.sqrt(q))), -9, 9, epsabs=1e-12)[0]
    return -float(mean) / s


@pytest.mark.parametrize(("q", "s", "chi"), [(0.77, 3.3, 0.053), (0.3, 1.0, 0.5), (0.9, 20.0, 0.01)])
def test_one_step_in_closed_form(q: float, s: float, chi: float) -> None:
    paid, _ = paid_by_data(PiecewiseFields(STEP, order=24), chi, np.array([q, 1.0]), np.array([s]))
    assert paid.value == pytest.approx(one_step_of_a_step(q, s, chi), rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize(("margin", "alpha", "one_step"), [(2, 1.0, 0.4872815), (3, 0.2, 0.0560786)])
def test_one_step_with_a_large_margin(margin: int, alpha: float, one_step: float) -> None:
    """From below, by quadrature of the closed form and simplex search; replica symmetry has .475383 and .0557488."""
    state = solved(Heaviside(margin - U), alpha=alpha, steps=1)
    assert one_step - 1e-6 < state.energy < one_step + 1e-5 and 0.7 < state.q[0] < 1


@pytest.mark.slow
def test_thresholds_of_a_step_fall_with_every_step_of_symmetry_breaking(full: GroundState) -> None:
    """One step: 6.7157; all of them: 6.698 (Maillard, Bandeira, Belius, Dokmanic, Nakajima 2023)."""
    states = [ground_state(STEP, energy=1, steps=steps) for steps in (0, 1, 2)]
    assert states[1].alpha == pytest.approx(6.7157, abs=5e-5)
    assert np.all(np.diff([*(state.alpha for state in states), full.alpha]) < 0)
    assert full.alpha == pytest.approx(6.698, abs=5e-4) and 1e-5 < full.error < 5e-4
    for state in states:
        assert state.paid == pytest.approx(1, abs=1e-5)  # alpha E[l] is the energy where all slopes vanish
    # the other way: at this alpha the energy is 1
    back = ground_state(STEP, alpha=states[1].alpha, steps=1)
    assert abs(back.energy - 1) < back.error + 1e-6 < 1e-5


@pytest.mark.slow
def test_the_error_of_full_rsb_covers(full: GroundState) -> None:
    deep = ground_state(STEP, energy=1, steps=16)
    assert full.alpha - full.error < deep.alpha < full.alpha + full.error
    assert deep.alpha < ground_state(STEP, energy=1, steps=8).alpha


@pytest.mark.slow
def test_full_rsb_is_marginal_without_being_asked(full: GroundState) -> None:
    """``alpha lambda^2 E[f''^2] = 1`` at every overlap follows from the slopes in x; second derivatives were not used.

    Below the last levels, where ``f''`` has a kink to resolve.
    """
    found = sweep(PiecewiseFields(STEP).levels(full.q, full.chi), full.x, full.chi)
    alpha = full.paid / found.loss  # that of the last number of steps
    width = widths(full.x, np.diff(full.q), full.chi)
    assert_allclose((alpha * found.curvature * width**2)[:5], 1, atol=0.01)
    # stationary in every overlap: A_i = q_0/lambda_0^2 + sum (1/lambda_i - 1/lambda_(i-1))/x_i
    field = full.q[0] / width[0] ** 2 + np.append(0, np.cumsum(np.diff(1 / width) / full.x))
    assert_allclose(alpha * found.force / field, 1, atol=0.003)


def test_slopes_are_differences() -> None:
    chi, q, x, step = 0.3, 0.6 + 0.4 * overlaps(3), np.array([0.7, 1.1, 2.5]), 1e-6
    fields = PiecewiseFields(STEP)
    for functional in (entropic, lambda *order: paid_by_data(fields, *order)[0]):
        slopes = functional(chi, q, x)
        along_q = [(functional(chi, q + d, x).value - functional(chi, q - d, x).value) / 2e-6 for d in step * np.eye(4)]
        along_x = [(functional(chi, q, x + d).value - functional(chi, q, x - d).value) / 2e-6 for d in step * np.eye(3)]
        along_chi = (functional(chi + step, q, x).value - functional(chi - step, q, x).value) / 2e-6
        assert_allclose(slopes.q[:-1], along_q[:-1], atol=1e-6)
        assert_allclose(slopes.x, along_x, atol=1e-6)
        assert slopes.chi == pytest.approx(along_chi, abs=1e-6)


@pytest.mark.slow
def test_convex_losses_stay_symmetric() -> None:
    for loss in (Max(0, 1 - U) ** 2 / 2, log(1 + exp(-U))):
        one, two = (solved(loss, alpha=4, steps=steps) for steps in (0, 2))
        assert abs(one.energy - two.energy) < one.error + two.error < 1e-5


@pytest.mark.slow
def test_a_kink_breaks_symmetry_and_a_double_well_in_one_step() -> None:
    one, two = (solved(Abs(U), alpha=4, steps=steps).energy for steps in (1, 2))
    assert two > one + 1e-3
    well = (U**2 - 1) ** 2 / 4
    one, full = solved(well, alpha=2, steps=1).energy, solved(well, alpha=2)
    assert abs(full.energy - one) < full.error + 1e-8 and np.all(np.diff(full.x) >= 0)


def test_finite_systems_with_a_squared_hinge() -> None:
    """Descent on the sphere of 300 dimensions; symmetric, so the ground state is found."""
    size, alpha, rng = 300, 4, np.random.default_rng(3)
    energies = []
    for _ in range(6):
        data = rng.standard_normal((alpha * size, size)) / np.sqrt(size)
        w = data.sum(axis=0)
        for _ in range(400):
            w *= np.sqrt(size) / np.linalg.norm(w)
            w += 0.1 * data.T @ np.maximum(0, 1 - data @ w)
        w *= np.sqrt(size) / np.linalg.norm(w)
        energies.append(np.sum(np.maximum(0, 1 - data @ w) ** 2) / 2 / size)
    mean, bar = np.mean(energies), np.std(energies) / np.sqrt(5)
    assert abs(mean - solved(Max(0, 1 - U) ** 2 / 2, alpha=alpha, steps=0).energy) < 4 * bar + 2 / size
    assert bar < 0.02


@pytest.mark.slow
def test_phase_retrieval_from_below() -> None:
    """Two routes: the maximum over four x, which bounds the energy, and marginality at every overlap."""
    found, marginal = ground_state(RETRIEVAL, alpha=4, steps=4), full_rsb_state(RETRIEVAL, 4.0, levels=16)
    assert 0 < marginal.free_energy - found.energy < 5e-5 and found.error < 1e-6
    assert found.q[0] == 0


@pytest.mark.slow
def test_phase_retrieval_agrees_with_the_marginal_equations() -> None:
    first, second = (full_rsb_state(RETRIEVAL, 4.0, levels=levels).free_energy for levels in (8, 16))
    found = ground_state(RETRIEVAL, alpha=4)
    assert abs(found.energy - (second + (second - first) / 3)) < found.error < 2e-5


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "give one of them"),
        ({"alpha": 1, "energy": 1}, "give one of them"),
        ({"alpha": -1}, "alpha = -1 must be a positive number"),
        ({"energy": np.inf}, "energy = inf must be a finite number"),
        ({"alpha": 1, "steps": 1.5}, "steps = 1.5 must be an integer"),
        ({"alpha": 1, "steps": -1}, "steps = -1 must be an integer"),
    ],
)
def test_bad_arguments(options: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        solved(Heaviside(U), **options)


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        ((U - Y) ** 2, "not stationary"),
        (Abs(U**2 - Y**2), "jumps where"),
        (Symbol("kappa") * cos(U), "kappa has no value"),
    ],
    ids=str,
)
def test_losses_without_such_states(loss: Expr, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        solved(loss, alpha=1, steps=0)


def test_what_needs_a_curvature_still_refuses_steps() -> None:
    with pytest.raises(ValueError, match="has a slope that jumps where"):
        evaluate_critical(STEP)
    with pytest.raises(ValueError, match="has a slope that jumps where"):
        complexity_of_minima(STEP, 4.0)


def test_energies_that_no_alpha_has() -> None:
    with pytest.raises(ConvergenceError, match="does not grow"):
        solved(-U, energy=-1, steps=0)


def test_a_loss_that_falls_without_end():
    """``-alpha (1 + alpha^(-1/2))^2/2``, the edge of Marchenko and Pastur; no minimum at large chi."""
    state = solved(-(U**2) / 2, alpha=4, steps=0)
    assert_allclose(state.energy, -4.5, atol=1e-5)
