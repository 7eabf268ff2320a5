"""Injectivity of random ReLU layers: geometry counted in two ways, published thresholds, exact small systems."""

import json
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from numerics.experiment import average
from numerics.experiments.relu_injectivity import CHECK, Arrangement, VertexEnumeration
from numerics.lowering import lower_exact
from numerics.solve import solve_thresholds
from theory.generalized_linear import ALPHA
from theory.systems.relu_injectivity import (
    DIMENSION,
    POSITIVES,
    ROWS,
    SIZE,
    ReluInjectivity,
    euler_characteristic,
    euler_rate,
    faces,
    low_vertices,
    vertices,
)

GEOMETRY = ("annealed", "euler_characteristic")


def exact_euler(m: int, n: int) -> float:
    return float(lower_exact((ROWS, SIZE), [euler_characteristic()])(m, n)[0])


def by_intrinsic_volumes(m: int, n: int) -> Fraction:
    """Crofton's formula, ``2 sum_i v_(m-n+1+2i)``; ``v_k`` from ``[t^k] (1-t)^p (1+t)^(m-p)``."""

    def krawtchouk(k: int, p: int) -> int:
        return sum((-1) ** i * comb(p, i) * comb(m - p, k - i) for i in range(k + 1))

    def volume(k: int) -> Fraction:
        return Fraction(sum(comb(m, p) * (-1) ** p * krawtchouk(k, p) for p in range(n)), 2**m)

    return 2 * sum((volume(k) for k in range(m - n + 1, m + 1, 2)), Fraction(0))


@pytest.mark.parametrize(("m", "n"), [(6, 2), (9, 3), (12, 4), (25, 5)])
def test_euler_characteristic_two_ways(m: int, n: int) -> None:
    assert exact_euler(m, n) == pytest.approx(float(by_intrinsic_volumes(m, n)), rel=1e-9)


def test_the_exponent_is_the_limit() -> None:
    for alpha in (8, 9):
        logs = [float(np.log(abs(float(by_intrinsic_volumes(alpha * n, n))))) for n in (20, 40)]
        assert (logs[1] - logs[0]) / (20 * alpha) == pytest.approx(float(euler_rate().subs(ALPHA, alpha)), abs=0.006)


def test_thresholds_of_geometry_to_many_digits() -> None:
    """In bits, ``H(1/alpha) = 1/2`` for cells."""
    known = {p.name: p for p in ReluInjectivity().predictions()}
    found = solve_thresholds([known[name] for name in GEOMETRY], {}, 30)

    def bits(alpha: float) -> float:
        return -np.log2(1 / alpha) / alpha - (1 - 1 / alpha) * np.log2(1 - 1 / alpha) - 0.5

    assert float(found["annealed"].value) == pytest.approx(brentq(bits, 3, 20), abs=1e-11)
    assert float(found["euler_characteristic"].value) == pytest.approx(8.344633, abs=1e-6)
    assert all(value.error < 1e-28 for value in found.values())


def test_command_line(run: Any) -> None:
    """Gordon's bound in closed form: ``alpha int_0^t h^2 Dh = 1``, ``Q(t) = 1/alpha``."""
    status, out, _ = run("thresholds", "relu-injectivity", "--only", "annealed,replica_symmetric", "--json")
    found = json.loads(out)["thresholds"]
    exact = 1 / norm.sf(brentq(lambda t: 0.5 - 2 * norm.sf(t) - t * norm.pdf(t), 0.1, 3))
    entry = found["replica_symmetric"]
    assert status == 0 and entry["control"] == "alpha" and abs(entry["alpha"] - exact) < entry["error"] < 1e-6
    assert found["annealed"]["alpha"].startswith("9.0886")
    for words, said in {
        ("simulate", "relu-injectivity", "--alpha", "5.1", "-N", "4"): "--alpha 5.1: alpha N is no whole number >= N",
        ("simulate", "relu-injectivity", "--alpha", "5", "-N", "16"): "--size 16: more than 1000000 vertices",
        ("thresholds", "relu-injectivity", "--alpha", "5"): "--alpha is the parameter whose thresholds are computed",
        ("dynamics", "relu-injectivity", "--alpha", "5"): "relu-injectivity has no dynamics",
    }.items():
        status, out, err = run(*words)
        assert status == 2 and out == "" and said in err and err.count("\n") == 1, err


@pytest.mark.slow
def test_every_step_of_symmetry_breaking_lowers_the_threshold(run: Any) -> None:
    """Maillard et al. 2023: 7.65, then 6.698 with all steps."""
    found = json.loads(run("thresholds", "relu-injectivity", "--json")[1])["thresholds"]
    names = (*GEOMETRY, "replica_symmetric", "one_step", "full_rsb")
    values = [float(found[name]["alpha"]) for name in names]
    assert list(found) == list(names) and values == sorted(values, reverse=True)
    assert values[3] == pytest.approx(6.7157, abs=5e-5)
    assert abs(values[4] - 6.698) < found["full_rsb"]["error"] + 5e-4 and found["full_rsb"]["error"] < 1e-3


@pytest.mark.parametrize("topic", ["geometry", "replicas", "thresholds"])
def test_equations_are_printed(run: Any, topic: str) -> None:
    status, out, _ = run("derive", "relu-injectivity", topic, "--latex")
    assert status == 0 and out.count(r"\begin{align}") == out.count(r"\end{align}") >= 1


def test_vertices_by_number_of_positive_fields() -> None:
    m, n, samples, rng = 9, 3, 400, np.random.default_rng(1)
    drawn = [Arrangement(rng.standard_normal((m, n))) for _ in range(samples)]
    counts = np.array([np.bincount(one.positives, minlength=m - n + 2) for one in drawn])
    at = vertices().subs({ROWS: m, SIZE: n})
    exact = np.array([float(at.subs(POSITIVES, j)) for j in range(m - n + 2)])
    assert np.all(np.abs(counts.mean(axis=0) - exact) < 4 * counts.std(axis=0) / np.sqrt(samples) + 1e-9)
    assert counts.sum(axis=1).min() == counts.sum(axis=1).max() == exact.sum()
    few = lower_exact((ROWS, SIZE), [low_vertices()])(m, n)[0]
    assert float(few) == pytest.approx(exact[:n].sum())


@pytest.mark.parametrize(("n", "sphere"), [(3, 2), (4, 0), (5, 2)])
def test_euler_characteristic_of_a_sphere_and_of_one_without_a_cell(n: int, sphere: int) -> None:
    """All faces; and counted for n rows, where n fields are positive in one cell."""
    numbers = [int(lower_exact((ROWS, SIZE, DIMENSION), [faces()])(9, n, d)[0]) for d in range(n)]
    assert sum((-1) ** d * number for d, number in enumerate(numbers)) == sphere
    assert Arrangement(np.random.default_rng(n).standard_normal((n, n))).euler_characteristic() == 1


def test_minimum_over_vertices_is_the_minimum() -> None:
    rng = np.random.default_rng(2)
    w, x = rng.standard_normal((12, 3)), rng.standard_normal((100000, 3))
    assert Arrangement(w).positives.min() == (x @ w.T > 0).sum(axis=1).min()


def test_two_inputs_that_one_layer_does_not_tell_apart() -> None:
    """An x with fewer than n positive fields moves along all of them: the outputs stay."""
    rng = np.random.default_rng(3)
    drawn = next(d for d in iter(lambda: Arrangement(rng.standard_normal((6, 3))), None) if d.positives.min() < 3)
    x = rng.standard_normal((200000, 3))
    x = x[(x @ drawn.matrix.T > 0).sum(axis=1) < 3][0]
    along = np.linalg.svd(drawn.matrix[drawn.matrix @ x > 0])[2][-1]
    first, second = (np.maximum(drawn.matrix @ (x + step * along), 0) for step in (0, 1e-6))
    assert np.allclose(first, second, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("n", "seen"), [(3, 0.283), (4, 0.428)])
def test_probability_of_no_injection(n: int, seen: float) -> None:
    experiment, random = VertexEnumeration(ReluInjectivity(alpha=5)), np.random.default_rng(n)
    found = np.mean([experiment.measure(experiment.draw(n, random))["not_injective"] for _ in range(400)])
    assert abs(found - seen) < 4 * np.sqrt(seen / 400)


def test_a_share_of_none_has_an_interval() -> None:
    found = average(VertexEnumeration(ReluInjectivity(alpha=20)), 2, 10).quantities["not_injective"]
    assert found.value == 0 and found.error > 0.04 and found.note.startswith("95%: 0 to 0.27")


@pytest.mark.slow
def test_check_agrees_and_sees_mistakes() -> None:
    assert CHECK.run(quick=True).verdict == "agree"
    for mistake in ({"mean": 0.3}, {"theory": 2.0}):
        assert CHECK.run(quick=True, perturb=mistake).verdict == "disagree"
