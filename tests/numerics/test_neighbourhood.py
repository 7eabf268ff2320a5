"""What lies around a minimum: closed forms, identities, conditioned fields, and the command."""

import json

import numpy as np
import pytest
from sympy import Rational, simplify

from figures.cli.main import invoke
from numerics.checks import run_check
from numerics.checks.neighbourhood import Places
from numerics.complexity import complexity
from numerics.neighbourhood import halfway, lowest_energy, minimum, neighbourhood, neighbours, solve
from numerics.simulation import sample
from numerics.simulation.conditioned import correction, covariance
from theory.kac_rice.local_law import F
from theory.kac_rice.two_points import FQ, TwoPoints, across
from theory.landscape import GaussianLandscape
from theory.random_matrices.bordered import CENTRE, SHARE, isolated, outside
from theory.random_matrices.semicircle import Y
from theory.symbols import OVERLAP as Q

PURE, MIXED = GaussianLandscape(Q**3 / 2), GaussianLandscape((Q**3 + Q**4) / 2)
HIGHEST = -2 / 3**0.5


def test_derivation_ends_in_the_known_variances():
    """Ros, Biroli, Cammarota 2019: gradient and row across the line."""
    gradient, row = across()
    assert simplify(gradient - (F[1] - FQ[1] ** 2 / F[1])) == 0
    assert simplify(row - (F[2] - FQ[2] ** 2 * (1 - Q**2) * F[1] / (F[1] ** 2 - FQ[1] ** 2))) == 0


def test_printed_equations_hold_every_ingredient():
    latex = TwoPoints(MIXED).latex()
    assert all(part in latex for part in (r"\Sigma(q, E_1, t_1 | E_0, t_0)", r"\lambda_{\rm iso}", "K", "S(q)"))


def test_known_values_of_the_pure_model():
    numbers = neighbourhood(PURE, -1.167).numbers
    known = {"same_energy_overlap": 0.12521577, "closest_overlap": 0.75696916, "barrier": -1.1576735269}
    assert all(abs(numbers[name].value - value) < 1e-8 for name, value in known.items())
    assert abs(numbers["barrier_overlap"].value - 0.677264) < 1e-6
    at = neighbours(PURE, -1.16, 0.75, -1.12).numbers
    assert abs(at["isolated_eigenvalue"].value + 0.28345) < 1e-5
    assert abs(neighbours(PURE, -1.167, 0.9, -1.1).numbers["isolated_eigenvalue"].value + 1.80172) < 1e-5


@pytest.mark.parametrize(("landscape", "energy"), [(PURE, -1.16), (MIXED, -1.72), (GaussianLandscape(Q**4 / 2), -1.25)])
def test_the_direction_back_is_flat_at_the_lowest_barrier(landscape, energy):
    """An identity: where the lowest energy is stationary in q, saddles and minima merge."""
    numbers = neighbourhood(landscape, energy).numbers
    assert energy < numbers["barrier"].value < 0
    assert abs(numbers["barrier_isolated_eigenvalue"].value) < 1e-13


def test_a_minimum_knows_nothing_of_what_is_orthogonal_to_it():
    """At q = 0, without a field: the annealed complexity of single points, and its lowest energy."""
    around = minimum(MIXED, -1.72).rough
    energies = np.array([-1.73, -1.7, -1.66])
    alone = complexity(MIXED, 0.0, 0, energy=energies)
    found = around.at(np.zeros(3), energies)
    assert np.allclose(found.sigma, alone.sigma, atol=1e-13)
    assert np.allclose(found.shift, alone.t, atol=1e-12)
    assert np.allclose(complexity(MIXED, 0.0, 0, energy=lowest_energy(around, np.zeros(1))).sigma, 0, atol=1e-13)


def test_floats_and_mpmath_agree():
    rough, exact, _ = minimum(MIXED, -1.72)
    for q, energy in ((0.3, -1.7), (0.75, -1.69), (0.9, -1.65)):
        one, other = rough.at(np.array(q), np.array(energy)), exact.at(Rational(repr(q)), Rational(repr(energy)))
        for name in ("sigma", "shift", "isolated", "alignment"):
            assert abs(float(getattr(one, name)) - float(getattr(other, name))) < 1e-10


def test_row_apart_against_a_large_matrix():
    """The lowest eigenvalue of a GOE one row of which has another mean and variance."""
    random, size, mean, share = np.random.default_rng(0), 1000, -2.0, 0.5
    matrix = random.standard_normal((size, size)) / np.sqrt(2 * size)
    matrix += matrix.T
    matrix[0, 1:] *= np.sqrt(share)
    matrix[1:, 0] = matrix[0, 1:]
    matrix[0, 0] = mean
    values, modes = np.linalg.eigh(matrix)
    at = {CENTRE: mean, SHARE: share}
    y = float(outside().subs(at))
    z, overlap = (float(part.subs({**at, Y: y})) for part in isolated())
    assert abs(values[0] - z) < 0.04
    assert abs(modes[0, 0] ** 2 - overlap) < 0.04
    assert float(outside().subs({CENTRE: 0, SHARE: 1})) <= 1


def test_conditioning_gives_what_is_asked_for():
    """The covariances by which a sample is moved are those of the samples themselves, at N = 3."""
    landscape, size, draws = MIXED, 3, 1000
    points = np.sqrt(size) * np.array([[1.0, 0, 0], [0.6, 0.8, 0]])
    seen, hessians = [], []
    for seed in range(draws):
        one = sample(landscape, size, seed, dtype="float64")
        energy, gradient = one.gradient(points)
        seen.append(np.concatenate([gradient.ravel(), np.sqrt(size) * energy]))
        hessians.append(one.hessian(points[1]).ravel())
    theory = covariance(landscape, points)
    assert np.allclose(theory, theory.T)
    spread = np.sqrt(np.outer(np.diag(theory), np.diag(theory)))
    assert np.max(np.abs(np.cov(np.array(seen).T) - theory) / spread) < 6 / np.sqrt(draws)
    weights = np.random.default_rng(1).standard_normal(theory.shape[0])
    mixed = np.array(hessians).T @ (np.array(seen) @ weights) / draws
    assert np.max(np.abs(mixed.reshape(size, size) - correction(landscape, points, weights))) < 2.5


def test_elimination():
    a = np.random.default_rng(0).standard_normal((4, 4))
    matrix, right = a @ a.T + np.eye(4), np.arange(4.0)
    assert np.allclose(solve(matrix.tolist(), list(right)), np.linalg.solve(matrix, right))


def test_check_agrees_and_sees_a_mistake():
    plan = Places((24, 48, 96), (120, 100, 60), 0.1, (1,))
    assert run_check("neighbourhood", plan=plan).verdict == "agree"
    assert run_check("neighbourhood", plan=plan, perturb={"share": 6.0}).verdict == "disagree"


def test_energy_by_default():
    """Halfway from the lowest minima to the most numerous."""
    assert abs(halfway(PURE) - (-1.1716747793 + HIGHEST) / 2) < 1e-3
    with pytest.raises(ValueError, match="energy is missing"):
        halfway(GaussianLandscape(Q**2 / 2 + Q / 3))


def test_command(capsys):
    line = ["neighbourhood", "landscape", "--covariance", "q**3/2", "--energy", "-1.167", "--json"]
    assert not invoke(line)
    record = json.loads(capsys.readouterr().out)
    assert set(record["barrier"]) >= {"energy", "overlap", "isolated_eigenvalue"}
    assert abs(record["barrier"]["energy"] + 1.1576735269) < 1e-9
    assert not invoke([*line, "--overlap", "0.75", "--neighbour-energy", str(HIGHEST)])
    record = json.loads(capsys.readouterr().out)
    assert record["sigma"] > 0 > record["isolated_eigenvalue"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("q**3/2", -1.0), "no minima"),
        (("q**3/2", -1.2), "no minima"),
        (("q**2/2", -1.0), "degree 2"),
        (("1 + q**3/2", -1.2), "constant"),
        (("1 + q**3/2 + q**4/2", -1.7), "constant"),
        (("q/10 + q**3/2", -1.2), r"mean number of these.*is typical; it is 0\.0095969"),
        (("q**3/2 + q**16/32", -1.28775), "is typical; not known: replica symmetry breaks"),
    ],
)
def test_what_does_not_apply_is_refused(arguments, says):
    from sympy import sympify

    covariance, energy = arguments
    with pytest.raises(ValueError, match=says):
        neighbourhood(GaussianLandscape(sympify(covariance, locals={"q": Q})), energy)
    with pytest.raises(ValueError, match="planted"):
        neighbourhood(GaussianLandscape(Q**3 / 2, Q**2 / 2), -1.167)


@pytest.mark.parametrize("power", (-24, 25))
def test_energies_have_no_unit(power):
    """``H -> 10^power H``."""
    made = GaussianLandscape(Rational(100) ** power * PURE.covariance)
    numbers, scaled = (neighbourhood(*each).quantities for each in ((PURE, -1.167), (made, float(f"-1.167e{power}"))))
    for name in ("barrier", "energy", "isolated_eigenvalue"):
        same = np.asarray(scaled[name].value) / 10.0**power
        assert np.allclose(same, numbers[name].value, rtol=1e-9, atol=1e-12, equal_nan=True)
        assert np.nanmax(scaled[name].error) < 1e-10 * 10.0**power
    assert abs(scaled["barrier_overlap"].value - numbers["barrier_overlap"].value) < 1e-13


@pytest.mark.slow
def test_no_energy_below_the_ground_state():
    """Averages over pairs would have some at most overlaps here, Parisi's formula has none."""
    numbers = neighbourhood(GaussianLandscape(Q**3 / 2 + Q**16 / 32), -1.28).quantities
    energy = np.asarray(numbers["energy"].value)
    assert np.nanmin(energy) > -1.287605530533 and np.isnan(energy[:2]).all()
    assert numbers["barrier"].value is None and "falls below that of the minimum" in numbers["barrier"].reason


def test_no_neighbours_below_the_ground_state():
    with pytest.raises(ValueError, match=r"beyond the ground state, E = -1\.73306955"):
        neighbours(MIXED, -1.72, 0.2, -1.7331)


def test_points_that_all_but_coincide():
    """With another energy the complexity goes like ``-1/(1 - q)^3``; ``H(-x) = -H(x)``."""
    places = ((0.999999, 1e-6), (0.999999999999999, 1e-15), (-0.999999999999999, 1e-15))
    found = [(neighbours(PURE, -1.167, q, -np.sign(q)).numbers["sigma"].value, away) for q, away in places]
    first, near, mirror = (sigma * away**3 for sigma, away in found)
    assert near == pytest.approx(first, rel=1e-5) and near == pytest.approx(mirror, rel=1e-12)


def test_marginal_minima_have_neighbours_everywhere():
    with pytest.raises(ValueError, match="as close as q = 0"):
        neighbourhood(PURE, -1.15470054)
