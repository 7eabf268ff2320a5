"""Students stuck in symmetric minima: dense Hessians, limits of large k, descents, networks on random inputs."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sympy import Integer, Rational, S, cos, limit, pi, simplify, sin

from numerics.checks.plan import Sizes
from numerics.experiments.symmetry_breaking import (
    CHECK,
    DIFFERENCE,
    Descents,
    Student,
    descend,
    hessian,
    predicted,
    slope,
)
from numerics.lowering import Array, lower_exact
from numerics.roots import polish
from numerics.solve import solve
from theory.networks.permutations import THETA, U, V, average, derivatives
from theory.systems.symmetry_breaking import (
    MINIMA,
    TYPE_A,
    TYPE_II,
    K,
    Minimum,
    SymmetryBreaking,
    eigenvalues,
    large,
    several_turned,
    target_eigenvalues,
)

BULK = (1 / 4 - 1 / (2 * np.pi), 1 / 4 + 1 / (2 * np.pi))


def dense(student: Array, teacher: Array) -> Array:
    """The Hessian (k d, k d) neuron by neuron (Safran, Shamir 2018), for angles that are not 0."""
    k, d = student.shape
    found = np.zeros((k, d, k, d))
    for i, w in enumerate(student):
        found[i, :, i] += np.eye(d) / 2
        for sign, others in ((1, student), (-1, teacher)):
            for j, v in enumerate(others):
                if sign < 0 or i != j:
                    found[i, :, i] += sign * same(w, v)
        for j, v in enumerate(student):
            if i != j:
                found[i, :, j] = mixed(w, v)
    return found.reshape(k * d, k * d)


def angle(w: Array, v: Array) -> tuple[float, Array, Array]:
    """Between two vectors; what is across v of w, and across w of v, of length 1."""
    w, v = w / np.linalg.norm(w), v / np.linalg.norm(v)
    across = w - (w @ v) * v, v - (w @ v) * w
    return float(np.arccos(w @ v)), *(x / np.linalg.norm(x) for x in across)


def same(w: Array, v: Array) -> Array:
    theta, _, across = angle(w, v)
    along = w / np.linalg.norm(w)
    size = np.linalg.norm(v) * np.sin(theta) / (2 * np.pi * np.linalg.norm(w))
    return np.asarray(size * (np.eye(len(w)) - np.outer(along, along) + np.outer(across, across)))


def mixed(w: Array, v: Array) -> Array:
    theta, of_w, of_v = angle(w, v)
    outer = np.outer(of_w, v / np.linalg.norm(v)) + np.outer(of_v, w / np.linalg.norm(w))
    return np.asarray(((np.pi - theta) * np.eye(len(w)) + outer) / (2 * np.pi))


def entries(minimum: Minimum, k: int) -> list[float]:
    root = minimum.root(Integer(k))
    residuals = lower_exact(root.unknowns, [side.lhs - side.rhs for side in root.sides])
    found = polish(residuals, tuple(float(x) for x in root.start), 20, slack=0.5).value
    return [float(x) for x in found[1:]]


def weights(minimum: Minimum, k: int) -> Array:
    """As a matrix."""
    values = entries(minimum, k)
    n = k - minimum.alone
    found = np.full((k, k), values[1])
    found[:n, :n] += values[0] * np.eye(n)
    if minimum.alone:
        found[:n, n], found[n, :n], found[n, n] = values[2:]
    return found


def loss_at(minimum: Minimum, k: Any, digits: int = 15) -> Any:
    return solve(minimum.root(S(k)), {}, digits).value


def spectrum(minimum: Minimum, k: int) -> Array:
    """Every eigenvalue as often as it is there."""
    levels = [(float(solve(one.law, {}, 12).value), int(one.multiplicity)) for one in eigenvalues(minimum, S(k))]
    return np.sort(np.concatenate([np.full(times, value) for value, times in levels]))


@pytest.mark.slow
def test_average_of_a_pair_and_its_derivatives() -> None:
    """Of Cho, Saul (2009); that by ``u.v`` is the probability that both are positive; ``u.v/2`` at small angles."""
    assert simplify(average() - U * V * (sin(THETA) + (pi - THETA) * cos(THETA)) / (2 * pi)) == 0
    assert simplify(derivatives()[0][1] - (pi - THETA) / (2 * pi)) == 0
    for angle_, exact in ((THETA, cos(THETA) / 2), (pi - THETA, S.Zero)):
        left = average().subs({U: 1, V: 1}).subs(THETA, angle_) - exact
        assert limit(left / THETA**3, THETA, 0) == 1 / (6 * pi)


def test_spectrum_at_the_target_is_known() -> None:
    """Simple eigenvalues with their dimensions, by k; all of them solve what is found by hand from ``H X``.

    ``H X = X/4 + 1 1^T X/4 + (tr(X) 1 + X^T - 2 diag(X))/(2 pi)``, from ``E 1[x_i > 0] 1[x_j > 0] x x^T``.
    """
    found = {simplify(one.value): one for one in target_eigenvalues(K)}
    low, high = Rational(1, 4) - 1 / (2 * pi), Rational(1, 4) + 1 / (2 * pi)
    assert simplify(found[simplify(low)].multiplicity - K * (K - 1) / 2) == 0
    assert "antisymmetric" in found[simplify(low)].note and "standard" in found[simplify(low)].note
    assert simplify(found[simplify(high)].multiplicity - K * (K - 3) / 2) == 0
    assert simplify(sum(one.multiplicity for one in found.values()) - K**2) == 0


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 7])
def test_spectrum_at_the_target_against_the_whole_hessian(k: int) -> None:
    whole = np.zeros((k * k, k * k))
    for column in range(k * k):
        x = np.zeros(k * k)
        x[column] = 1
        x = x.reshape(k, k)
        image = x / 4 + x.sum(axis=0) / 4 + (np.trace(x) * np.eye(k) + x.T - 2 * np.diag(np.diag(x))) / (2 * np.pi)
        whole[column] = image.ravel()
    levels = [(float(one.value), int(one.multiplicity)) for one in target_eigenvalues(Integer(k))]
    found = np.concatenate([np.full(times, value) for value, times in levels])
    assert_allclose(found, np.linalg.eigvalsh(whole), rtol=0, atol=1e-13)
    measured = Student(np.eye(k, k + 1), np.eye(k, k + 1), 0.0).eigenvalues()
    assert all(abs(measured - value).min() < 1e-6 for value, _ in levels)
    if k > 1:
        assert_allclose(Student(np.eye(k), np.eye(k), 0.0).eigenvalues(), found, rtol=0, atol=1.6e-6)


@pytest.mark.parametrize(("minimum", "k"), [(TYPE_A, 4), (TYPE_A, 6), (TYPE_II, 6)])
def test_spectrum_at_minima_against_the_whole_hessian(minimum: Minimum, k: int) -> None:
    """At a saddle as well. The slope of all weights vanishes there, and the loss is the same."""
    there, gradient = weights(minimum, k), np.empty((k, k))
    assert slope(there, np.eye(k), gradient) == pytest.approx(float(loss_at(minimum, k)), abs=1e-13)
    assert abs(gradient).max() < 1e-14
    found = np.linalg.eigvalsh(dense(there, np.eye(k)))
    assert_allclose(spectrum(minimum, k), found, rtol=0, atol=1e-12)
    assert_allclose(np.linalg.eigvalsh(hessian(there, np.eye(k), DIFFERENCE)), found, rtol=0, atol=1e-7)


@pytest.mark.parametrize("minimum", MINIMA, ids=["A", "II"])
def test_minima_from_six_neurons_on(minimum: Minimum) -> None:
    """Safran, Shamir 2018 found them for 6 <= k <= 20; for fewer neurons these points are saddles."""
    softest = {k: spectrum(minimum, k)[0] for k in (5, 6)}
    assert softest[5] < 0 < softest[6]


def test_both_types_are_one_point_of_three_neurons() -> None:
    a, b = weights(TYPE_A, 3), weights(TYPE_II, 3)
    assert_allclose(np.sort(a.ravel()), np.sort(b.ravel()), atol=1e-12)
    assert float(loss_at(TYPE_A, 3)) == pytest.approx(float(loss_at(TYPE_II, 3)), abs=1e-14)


def test_limits_are_those_of_expansions() -> None:
    """In closed form; free entries as Arjevani, Field (2021) have them: ``2/k, 4/(pi k), -4/(pi k^2)``."""
    values = {p.name: p for p in SymmetryBreaking(k=8).predictions() if p.name in ("loss_type_a", "loss_type_ii")}
    assert simplify(values["loss_type_a"].closed_form - (Rational(1, 2) - 1 / pi)) == 0
    assert simplify(values["loss_type_ii"].closed_form - (Rational(1, 2) - 2 / pi**2)) == 0
    assert sorted(large(TYPE_II)[1].values(), key=float) == [-4 / pi, 0, 4 / pi]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("minimum", "limit_", "seen"),
    [(TYPE_A, 1 / 2 - 1 / np.pi, 2e-5), (TYPE_II, 1 / 2 - 2 / np.pi**2, 1.6e-4)],
    ids=["A", "II"],
)
def test_limits_against_large_k(minimum: Minimum, limit_: float, seen: float) -> None:
    """Extrapolated in ``1/sqrt(k)``, from k = 1e3 to 6.4e4: nearer than was seen before."""
    sizes = np.array([1000, 4000, 16000, 64000])
    scaled = np.array([float(k) ** minimum.power * float(loss_at(minimum, int(k))) for k in sizes])
    powers = sizes[:, None] ** (-np.arange(4) / 2)
    found = np.linalg.solve(powers, scaled)[0]
    assert abs(found - limit_) < seen / 20


@pytest.mark.slow
@pytest.mark.parametrize("minimum", MINIMA, ids=["A", "II"])
def test_spectra_tend_to_that_of_the_target(minimum: Minimum) -> None:
    """Where they stay finite, like ``1/sqrt(k)`` (Arjevani, Field 2020)."""
    small = [[x for x in spectrum_levels(minimum, k) if x < 1] for k in (400, 6400)]
    limits = np.array([BULK[0], 0.25, BULK[1]])
    far = [max(abs(limits - x).min() for x in levels) for levels in small]
    assert far[1] < 0.35 * far[0] and far[1] < 0.01


def spectrum_levels(minimum: Minimum, k: int) -> list[float]:
    return [float(solve(one.law, {}, 8).value) for one in eigenvalues(minimum, S(k))]


def test_gradient_in_more_dimensions_than_neurons() -> None:
    random = np.random.default_rng(0)
    student, teacher, along = random.standard_normal((5, 7)), np.eye(5, 7), random.standard_normal((5, 7))
    gradient, spare, step = np.empty((5, 7)), np.empty((5, 7)), 1e-5
    slope(student, teacher, gradient)
    ends = [slope(student + sign * step * along, teacher, spare) for sign in (1, -1)]
    assert np.sum(gradient * along) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-8)
    assert_allclose(hessian(student, teacher, 1e-5), dense(student, teacher), atol=1e-8)


def test_loss_is_that_of_networks_on_random_inputs() -> None:
    random = np.random.default_rng(1)
    student = Student(random.standard_normal((4, 5)), random.standard_normal((4, 5)), 0.0)
    losses = student.losses(10**6, random)
    exact = slope(student.weights, student.teacher, np.empty((4, 5)))
    assert abs(losses.mean() - exact) < 4 * losses.std() / 1000


@pytest.mark.parametrize("k", [5, 8])
def test_where_descents_end(k: int) -> None:
    """Seen before: spurious ends at k = 8 have L = 0.0215."""
    random = np.random.default_rng(2)
    ends = [Student.trained(np.eye(k), random) for _ in range(60)]
    losses = np.array([end.loss for end in ends if end.stuck])
    assert all(abs(end.loss) < 1e-13 for end in ends if not end.stuck)
    assert (k == 5) == (losses.size == 0)
    assert_allclose(losses, float(loss_at(TYPE_II, 8)), rtol=0, atol=1e-13)
    assert k == 5 or losses[0] == pytest.approx(0.0215, abs=5e-5)


@pytest.mark.parametrize(("turned", "among"), [(2, False), (7, True)])
def test_ends_with_several_neurons_turned(turned: int, among: bool) -> None:
    """Descent from near there; both kinds end descents from random starts, the latter two in a hundred at k = 12."""
    k = 12
    start = np.eye(k)
    others = np.arange(k) >= turned
    start[~others] = -start[~others] + (2 / turned * ~others if among else 2 / k)
    start += 0.01 * np.random.default_rng(3).standard_normal((k, k))
    loss, _ = descend(start, np.eye(k), 6 / (k + 4), 1e-10, 10**6)
    assert loss == pytest.approx(float(solve(several_turned(k, turned, among), {}, 12).value), abs=1e-12)
    assert Student(start, np.eye(k), loss).turned == turned


def test_command_line(run: Any) -> None:
    status, out, _ = run("thresholds", "symmetry-breaking", "--k", "8", "--json", "--digits", "30")
    found = json.loads(out)["thresholds"]
    values = [float(found[f"target_eigenvalue_{place}"]["eigenvalue"]) for place in range(1, 7)]
    assert status == 0 and values == sorted(values) and len(found) == 8
    assert found["target_eigenvalue_1"]["note"].startswith("multiplicity 28 ")
    assert found["target_eigenvalue_3"]["eigenvalue"].startswith("0.40915494309189533576888376337")
    assert found["loss_type_ii"]["loss"].startswith("0.29735763271532445711224107358") and found["loss_type_a"]["note"]
    status, out, _ = run("statics", "symmetry-breaking", "--k", "8", "--json")
    numbers = json.loads(out)["numbers"]
    assert status == 0 and numbers["type_ii_loss"]["value"] == pytest.approx(0.0215080371715214, abs=1e-15)
    assert numbers["type_ii_standard_1"]["note"] == "multiplicity 6" and len(numbers) == 21
    status, out, _ = run("statics", "symmetry-breaking", "--k", "3")
    assert status == 0 and "k >= 4" in out
    status, out, _ = run("simulate", "symmetry-breaking", "--k", "4", "-N", "5", "--samples", "4", "--json")
    assert status == 0 and json.loads(out)["numbers"]["spurious"]["value"] == 0


@pytest.mark.parametrize("words", [pytest.param(("spectrum",), marks=pytest.mark.slow), ("thresholds", "--k", "8")])
def test_equations_are_printed(run: Any, words: tuple[str, ...]) -> None:
    status, out, _ = run("derive", "symmetry-breaking", *words, "--latex")
    assert status == 0 and out.count(r"\begin{align}") == out.count(r"\end{align}") >= 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("thresholds", "symmetry-breaking", "--k", "0"), "--k 0 must be a whole number from 1"),
        (("thresholds", "symmetry-breaking"), "--k is missing"),
        (("simulate", "symmetry-breaking", "--k", "8", "-N", "7"), "--size 7 is the dimension, from 8 to 64"),
        (("simulate", "symmetry-breaking", "--k", "100", "-N", "100"), "--k 100: descents of so many neurons"),
        (("dynamics", "symmetry-breaking", "--k", "8"), "symmetry-breaking has no dynamics"),
    ],
)
def test_bad_input_takes_a_line(run: Any, words: tuple[str, ...], said: str) -> None:
    status, out, err = run(*words)
    assert status == 2 and out == "" and said in err and err.count("\n") == 1, err


SMALL = Sizes((5, 8), (110, 30), 0.002)


@pytest.mark.slow
def test_check_agrees_and_sees_mistakes() -> None:
    report = CHECK.run(plan=SMALL, seed=1)
    assert report.verdict == "agree" and any("1 turned" in c.label for c in report.comparisons)
    assert predicted(8, 1)[0] == pytest.approx(0.0215080371715)
    for mistake in ({"theory": 1.004}, {"tilt": 0.02}):
        assert CHECK.run(plan=SMALL, seed=1, perturb=mistake).verdict == "disagree"


def test_experiment_needs_room() -> None:
    experiment = Descents(SymmetryBreaking(k=1))
    with pytest.raises(ValueError, match="from 2 to 64"):
        experiment.require(1)
    assert float(experiment.measure(experiment.draw(2, np.random.default_rng(0)))["loss"]) < 0.5
