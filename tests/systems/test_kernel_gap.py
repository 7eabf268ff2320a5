"""What kernels cannot learn: floors in closed form, by projection, by regression; and a network below them."""

import json
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest

from numerics.experiment import average
from numerics.experiments.kernel_gap import (
    CHECK,
    RIDGES,
    Examples,
    Kernel,
    KernelRegression,
    Regressions,
    Student,
    linear,
    quadratic,
    resolved,
    smooth,
)
from numerics.lowering import Array, lower
from theory.networks.kernels import ACTIVATIONS, RHO, dual
from theory.systems.kernel_gap import DIMENSION, TOTAL, KernelGap, coefficient, floor, trace_part

A = [1.0, -0.5, 2.0, 0.25]


def floors(run: Any, *coefficients: float) -> tuple[float, float]:
    words = ("thresholds", "kernel-gap", "--coefficients", ",".join(map(str, coefficients)), "--json")
    found = json.loads(run(*words)[1])["thresholds"]
    assert all(entry["control"] == "risk" for entry in found.values())
    return float(found["kernel_floor"]["risk"]), float(found["linear_kernel_floor"]["risk"])


def test_closed_forms(run: Any) -> None:
    """``(1 - 3/pi) |a|^2``, and ``(|a|^2 - (sum a)^2/d)/pi`` besides."""
    for a in (A, [1, 1, 1], [0.1, -0.1]):
        squares, total = sum(x * x for x in a), sum(a)
        below, above = floors(run, *a)
        assert below == pytest.approx((1 - 3 / np.pi) * squares, rel=1e-14)
        assert above == pytest.approx(below + (squares - total**2 / len(a)) / np.pi, rel=1e-14)


def test_the_coefficients_are_those_of_hermite_s_series() -> None:
    x, w = np.polynomial.legendre.leggauss(200)
    x, w = 5 * (x + 1), 5 * w  # twice the half line, up to 10
    for k in range(0, 7, 2):
        series = np.polynomial.hermite_e.hermeval(x, np.eye(k + 1)[k])
        weight = np.sqrt(2 / np.pi) * np.exp(-(x**2) / 2) / np.sqrt(float(np.prod(np.arange(1.0, k + 1))))
        assert float(coefficient(k)) == pytest.approx(w @ (x * series * weight), rel=1e-12)
        assert coefficient(k + 1) == 0
    assert floor(3) == floor(2)


def test_floors_are_what_polynomials_leave(run: Any) -> None:
    """Least squares on all monomials of degree 2, and on 1, x and ``|x|^2``, with many examples."""
    random = np.random.default_rng(0)
    x, a = random.standard_normal((400_000, len(A))), np.array(A)
    f = np.abs(x) @ a
    pairs = [x[:, i] * x[:, j] for i, j in combinations_with_replacement(range(len(A)), 2)]
    one = [np.ones(len(x)), *x.T]
    for columns, exact in zip(([*one, *pairs], [*one, np.sum(x**2, axis=1)]), floors(run, *A), strict=True):
        design = np.stack(columns, axis=1)
        left = f - design @ np.linalg.lstsq(design, f)[0]
        assert np.mean(left**2) == pytest.approx(exact, rel=0.01)


def test_equal_coefficients_leave_the_linear_kernel_no_worse(run: Any) -> None:
    """The second degree is the trace."""
    below, above = floors(run, 1, 1, 1, 1)
    assert above == pytest.approx(below)


def test_kernels_are_regression_on_their_features() -> None:
    random = np.random.default_rng(1)
    seen, unseen = (Examples(np.array(A), random.standard_normal((n, len(A)))) for n in (80, 300))
    monomials = [np.stack([np.ones(len(e.inputs)), *e.inputs.T], axis=1) for e in (seen, unseen)]
    products = [
        np.stack([m[:, i] * m[:, j] for i, j in combinations_with_replacement(range(len(A) + 1), 2)], axis=1)
        for m in monomials
    ]
    assert products[0].shape[1] == resolved(len(A))
    left = unseen.labels - products[1] @ np.linalg.lstsq(products[0], seen.labels)[0]
    assert seen.risk(quadratic, unseen) == pytest.approx(np.mean(left**2), rel=1e-5)


def test_risk_of_a_network_and_its_gradient() -> None:
    random, a = np.random.default_rng(2), np.array(A)
    student = Student(random.standard_normal((6, 4)), np.array([1.0, -1, 1, -1, 1, -1]))
    risk, gradient = student.risk_and_slope(a)
    x = random.standard_normal((400_000, 4))
    missed = np.abs(x @ student.weights.T) @ (student.signs * np.linalg.norm(student.weights, axis=1)) - np.abs(x) @ a
    assert risk == pytest.approx(np.mean(missed**2), rel=0.02)
    moved = np.zeros((6, 4))
    moved[3, 1] = 1e-5
    ends = [Student(student.weights + s * moved, student.signs).risk_and_slope(a)[0] for s in (1, -1)]
    assert gradient[3, 1] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)


def test_a_network_learns_what_no_kernel_does(run: Any) -> None:
    a = np.array([0.25, -0.25, 0.25, 0.25])
    _, risk = Student.random(a, np.random.default_rng(0)).descend(a, 4000)
    assert 4 * risk < 1e-3 < 0.01 * 4 * floors(run, *a)[0] * 10


def test_command_line(run: Any) -> None:
    words = ("kernel-gap", "--coefficients", "1,-1,0.5")
    status, out, _ = run("simulate", *words, "-N", "100", "--samples", "3", "--json")
    risks = [json.loads(out)["numbers"][name]["value"] for name in ("network", "quadratic", "linear")]
    assert status == 0 and risks[0] < 0.01 < risks[1] < risks[2]
    assert run("derive", "kernel-gap", "floors", *words[1:], "--latex")[0] == 0
    assert run("statics", *words)[0] == 0
    status, _, err = run("simulate", *words, "-N", "10")
    assert status == 2 and err == "ruggedflow: --size 10: the second degree takes 20 examples or more; try 40\n"
    status, _, err = run("thresholds", "kernel-gap", "--coefficients", "1,x")
    assert status == 2 and "'x' is not a number" in err


@pytest.mark.slow
def test_risks_come_down_to_the_floors() -> None:
    experiment = KernelRegression(KernelGap(coefficients="1,-1,0.5"))
    few, many = (average(experiment, n, 6).quantities["quadratic"].value for n in (40, 600))
    exact = float(floor(2).subs(experiment.of.sums))
    assert few > many > 0.8 * exact and many == pytest.approx(exact, rel=0.2)


def test_linear_kernel_sees_the_trace() -> None:
    random, a = np.random.default_rng(3), np.ones(5)
    seen, unseen = (Examples(a, random.standard_normal((n, 5))) for n in (600, 2000))
    assert seen.risk(linear, unseen) == pytest.approx(seen.risk(quadratic, unseen), rel=0.15)


def of_wide_networks(x: Array, y: Array) -> Array:
    """``|x||x'| kappa(cos)`` of rectified linear units."""
    lengths = np.outer(np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1))
    return lengths * lower((RHO,), [dual(ACTIVATIONS["relu"])])(np.clip(x @ y.T / lengths, -1, 1))[0] / x.shape[1]


@pytest.mark.slow
@pytest.mark.parametrize(("kernel", "sees_norms"), [(of_wide_networks, True), (smooth, False)])
@pytest.mark.parametrize("second", [1.0, 0.0])
def test_linear_regime_in_a_hundred_dimensions(run: Any, kernel: Kernel, sees_norms: bool, second: float) -> None:
    """``d R`` near .0451 and .4085 at n = 1000 by a kernel that sees norms; by one that does not, with the trace."""
    random, a = np.random.default_rng(4), np.tile([2 - second, second], 50) / 100
    seen = [[Examples(a, random.standard_normal((n, 100))) for n in (1000, 2000)] for _ in range(3)]
    risk = 100 * np.mean([examples.risk(kernel, unseen, RIDGES) for examples, unseen in seen])
    floor = 100 * floors(run, *a)[1]
    assert floor == pytest.approx(0.0451 if second else 0.4085, abs=1e-4)
    trace = 0.0 if sees_norms else float(trace_part().subs({TOTAL: 1, DIMENSION: 100})) * 100
    assert floor + trace == pytest.approx(risk, abs=0.07 * (floor + trace))


SMALL = Regressions((200, 400), (60, 40), 0.2, dimension=3, networks=3)


def test_check_agrees() -> None:
    report = CHECK.run(plan=SMALL)
    assert report.verdict == "agree" and len(report.comparisons) == 3


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [{"floor": 1.4}, {"teacher": 1.3}])
def test_check_sees_a_mistake(mistake: dict[str, float]) -> None:
    assert CHECK.run(plan=SMALL, perturb=mistake).verdict == "disagree"
