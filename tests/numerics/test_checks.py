"""The rule of the verdict, and that every check can both agree and disagree."""

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from numpy.linalg import eigh
from scipy.stats import norm

import numerics.checks.bbp_rotation_invariant as bbp
import numerics.checks.complexity as complexity_check
import numerics.checks.informative_minimum as minimum_check
import numerics.checks.state_evolution as evolution_check
from numerics.checks import CHECKS, Comparison, Report, extrapolate, judge, run_check
from numerics.checks.tasks import gather
from numerics.checks.verdict import LEVEL, POWER, critical

TINY = (complexity_check.Case(0, 6, 60), complexity_check.Case(1, 5, 40))
SMALL: dict[str, Any] = {
    "bbp-rotation-invariant": bbp.Settings(strengths=(0.5, 1.5, 2.5), sizes=(200, 400, 800, 1600), samples=80),
    "state-evolution": replace(evolution_check.QUICK, sizes=(32, 64, 128), samples=(40, 40, 24), steps=3),
    "complexity": replace(complexity_check.QUICK, cases=TINY, bins=(2, 1), matrices=2048),
    "informative-minimum": replace(minimum_check.QUICK, sizes=(24, 32, 48, 64), samples=(40, 30, 20, 20)),
}
"""Small enough to run here; too small, some of them, to decide."""

MISTAKES = [
    ("bbp-rotation-invariant", {"theta": 1.1}),
    ("state-evolution", {"overlap": 1.05}),
    ("state-evolution", {"signal": 0.85}),
    ("complexity", {"complexity": 0.05}),
    ("complexity", {"complexity": -0.05}),
    ("complexity", {"signal": 0.0}),
    ("informative-minimum", {"overlap": 1.05}),
    ("informative-minimum", {"signal": 0.9}),
]


SIMULATED: dict[str, list[Any]] = {}


def run(name: str, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Report:
    """The small version of a check; predictions that differ share their simulations."""
    module = import_module(f"numerics.checks.{CHECKS[name].module}")

    def remembered(function: Any, points: Any, **_: Any) -> list[Any]:
        key = f"{function} {points}"
        if key not in SIMULATED:
            SIMULATED[key] = gather(function, points)
        return SIMULATED[key]

    monkeypatch.setattr(module, "gather", remembered)
    report: Report = module.run(settings=SMALL[name], seed=1, **options)
    return report


def comparison(z: float, **options: Any) -> Comparison:
    """Of the given z, by default with an error bar that sees its resolution."""
    values: dict[str, Any] = {"resolution": 100.0} | options
    return Comparison("x", 0.0, 0.6, z, 0.8, **values)


@pytest.mark.parametrize("name", SMALL)
def test_a_true_theory_is_not_called_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    report = run(name, monkeypatch)
    assert report.verdict in ("agree", "undecided"), report.message
    assert report.name == name and len(report.panels) > 0


@pytest.mark.parametrize(("name", "mistake"), MISTAKES, ids=str)
def test_a_wrong_theory_or_signal_is_noticed(
    name: str, mistake: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = run(name, monkeypatch, perturb=mistake)
    assert report.verdict == "disagree", report.message
    assert report.exit_status == 1 and abs(report.z) > 4


@pytest.mark.slow
@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("name", SMALL)
def test_checks_agree(name: str, quick: bool) -> None:
    report = run_check(name, quick=quick, workers=2)
    assert report.verdict == "agree", report.message


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mistake"), MISTAKES, ids=str)
def test_quick_checks_notice_mistakes(name: str, mistake: dict[str, float]) -> None:
    assert run_check(name, quick=True, workers=2, perturb=mistake).verdict == "disagree"


def test_the_number_of_workers_changes_nothing() -> None:
    settings = bbp.Settings(strengths=(0.5, 2.0), sizes=(50, 100, 200), samples=5)
    one, two = (bbp.run(settings=settings, seed=3, workers=k) for k in (1, 2))
    assert one.comparisons == two.comparisons
    assert one.comparisons != bbp.run(settings=settings, seed=4).comparisons


def test_progress_runs_from_zero_to_one() -> None:
    seen: list[float] = []
    settings = bbp.Settings(strengths=(2.0,), sizes=(50, 100, 200), samples=3)
    bbp.run(settings=settings, progress=lambda fraction, what: seen.append(fraction))
    assert seen == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_the_tridiagonal_matrix_has_the_law_of_the_dense_one() -> None:
    """Mean and variance of both observables at N = 30, by diagonalising matrices with all their entries."""
    size, theta, samples, random = 30, 1.3, 4000, np.random.default_rng(0)
    noise = random.normal(size=(samples, size, size))
    dense = (noise + noise.transpose(0, 2, 1)) / np.sqrt(2 * size)
    dense[:, 0, 0] += theta
    values, vectors = eigh(dense)
    expected = np.stack([values[:, -1], vectors[:, 0, -1] ** 2], axis=1)
    found = bbp.measured((theta, size, samples, 0))
    error = np.sqrt((expected.var(axis=0) + found.var(axis=0)) / samples)
    assert np.all(np.abs(expected.mean(axis=0) - found.mean(axis=0)) < 4 * error)
    assert found.std(axis=0) == pytest.approx(expected.std(axis=0), rel=0.05)


def test_z_is_the_deviation_in_standard_errors() -> None:
    assert comparison(2.5).z == pytest.approx(2.5)
    assert comparison(-2.5).z == pytest.approx(-2.5)
    assert comparison(1e5).z == 37
    assert Comparison("x", 2, 0, 2, 0, 1).z == 0
    assert Comparison("x", 2, 0, 3, 0, 1).z == 37


def test_few_samples_make_weaker_evidence() -> None:
    """P(|t| > 5) is 0.0154 with three degrees of freedom, which is 2.42 standard errors."""
    assert comparison(5, degrees=3).z == pytest.approx(norm.isf(0.0154 / 2), abs=2e-3)
    assert comparison(5, degrees=1e6).z == pytest.approx(5, abs=1e-3)


def test_true_theories_are_called_wrong_as_rarely_as_promised() -> None:
    random, runs = np.random.default_rng(0), 5000
    for count in (1, 20):
        wrong = sum(judge([comparison(z) for z in random.normal(size=count)]).verdict != "agree" for _ in range(runs))
        assert wrong <= runs * LEVEL + 4 * np.sqrt(runs * LEVEL)


def test_dependent_comparisons_are_no_trap() -> None:
    """The same number twenty times over is one number."""
    random, runs = np.random.default_rng(0), 5000
    groups = ([comparison(z, independent=k == 0) for k in range(20)] for z in random.normal(size=runs))
    assert sum(judge(group).verdict == "disagree" for group in groups) <= runs * LEVEL


@pytest.mark.parametrize("count", [1, 12])
def test_a_deviation_of_the_resolution_is_noticed(count: int) -> None:
    """At the widest error bar that is allowed, 95 runs out of a hundred disagree."""
    random, runs = np.random.default_rng(0), 4000
    resolution = critical(count) + norm.isf(1 - POWER) + 1e-9
    verdicts = []
    for _ in range(runs):
        z = random.normal(size=count)
        z[0] += resolution
        verdicts.append(judge([comparison(value, resolution=resolution) for value in z]).verdict)
    assert set(verdicts) <= {"agree", "disagree"}
    assert verdicts.count("disagree") / runs > POWER - 0.01


def test_a_noisy_check_is_undecided() -> None:
    judgement = judge([comparison(0.1), comparison(0.1, resolution=3.0)])
    assert judgement.verdict == "undecided"
    assert "x is known to +-1, too wide to tell 3" in judgement.message
    assert judge([comparison(0.1), comparison(9.0, resolution=3.0)]).verdict == "disagree"


def test_many_small_deviations_add_up() -> None:
    assert judge([comparison(2.0)] * 3).verdict == "agree"
    assert judge([comparison(2.0)] * 30).verdict == "disagree"
    assert judge([comparison(2.0, independent=False)] * 30).verdict == "agree"


def test_extrapolation_owns_up_to_a_poor_fit() -> None:
    sizes, errors = [100, 200, 400, 800], np.full(4, 0.01)
    values = 2 + 3 / np.array(sizes)
    straight = extrapolate(sizes, values, errors)
    bent = extrapolate(sizes, values + np.array([0.1, -0.1, -0.1, 0.1]), errors)
    assert straight.value == pytest.approx(2) and straight.at([50]) == pytest.approx([2.06])
    assert bent.error > 5 * straight.error


def test_a_report_can_be_recorded() -> None:
    record = Report("made-up", (comparison(0.5, size=10),), {"seed": 0}).record()
    assert record["verdict"] == "agree" and record["z"] == pytest.approx(0.5)
    assert record["comparisons"][0]["size"] == 10 and record["settings"] == {"seed": 0}
    assert "numpy" in record["versions"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run_check("bbp-rotation"), "unknown check 'bbp-rotation'; did you mean bbp-rotation-invariant"),
        (lambda: run_check("zzz"), "unknown check 'zzz'; choose among"),
        (lambda: run_check("complexity", workers=0), "workers = 0 must be at least 1"),
        (
            lambda: run_check("complexity", perturb={"theta": 2}),
            "perturb = 'theta': this check knows complexity, signal",
        ),
        (lambda: judge([]), r"comparisons = \(\) must hold at least one"),
        (lambda: comparison(np.nan), "x: measured = nan must be finite"),
        (lambda: Comparison("x", 0, -1, 0, 1, 1), "x: predicted_error = -1 must be finite, and an error >= 0"),
        (lambda: comparison(0, resolution=0.0), "x: resolution = 0.0"),
        (lambda: extrapolate([10], [1], [0.1]), "terms = 1: expected"),
    ],
)
def test_bad_arguments_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
