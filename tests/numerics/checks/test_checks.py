"""The rule of the verdict, and that every check can both agree and disagree."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.linalg import eigh
from scipy.stats import norm, skew

import numerics.checks.bbp_rotation_invariant as bbp
import numerics.checks.complexity as complexity_check
import numerics.checks.informative_minimum as minimum_check
import numerics.checks.state_evolution as evolution_check
from numerics.checks import Check, Comparison, Point, Report, Row, Run, Sizes, all_checks, judge, run_check
from numerics.checks.verdict import LEVEL, POWER, critical
from numerics.extrapolation import SizeLaw, extrapolate, limits
from numerics.lowering import Array
from numerics.progress import silent
from numerics.statistics import means
from tests.small_checks import run_small

TINY = (complexity_check.Case(0, 6, 60), complexity_check.Case(1, 5, 40))
SMALL: dict[str, Any] = {
    "bbp-rotation-invariant": bbp.Strengths((200, 400, 800, 1600), (80,) * 4, 0.05, (0.5, 1.5, 2.5)),
    "state-evolution": replace(evolution_check.CHECK.quick, sizes=(32, 64, 128), samples=(40, 40, 24), steps=3),
    "complexity": replace(complexity_check.CHECK.quick, cases=TINY, bins=(2, 1), matrices=2048),
    "informative-minimum": replace(minimum_check.CHECK.quick, sizes=(24, 32, 48, 64), samples=(40, 30, 20, 20)),
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


run = partial(run_small, SMALL)


def comparison(z: float, **options: Any) -> Comparison:
    """Of the given z, by default with an error bar that sees its resolution."""
    values: dict[str, Any] = {"resolution": 100.0} | options
    return Comparison("x", 0.0, 0.6, z, 0.8, **values)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name == "complexity" else ()) for name in SMALL]
)
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
    few = bbp.Strengths((50, 100, 200), (5,) * 3, 0.05, (0.5, 2.0))
    one, two = (bbp.CHECK.run(plan=few, seed=3, workers=k) for k in (1, 2))
    assert one.comparisons == two.comparisons
    assert one.comparisons != bbp.CHECK.run(plan=few, seed=4).comparisons


def test_progress_runs_from_zero_to_one() -> None:
    seen: list[float] = []
    few = bbp.Strengths((50, 100, 200), (3,) * 3, 0.05, (2.0,))
    bbp.CHECK.run(plan=few, progress=lambda fraction, what: seen.append(fraction))
    assert seen == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_the_tridiagonal_matrix_has_the_law_of_the_dense_one() -> None:
    """Mean and variance of both observables at N = 30, by diagonalising matrices with all their entries."""
    size, theta, samples, random = 30, 1.3, 4000, np.random.default_rng(0)
    noise = random.normal(size=(samples, size, size))
    dense = (noise + noise.transpose(0, 2, 1)) / np.sqrt(2 * size)
    dense[:, 0, 0] += theta
    values, vectors = eigh(dense)
    expected = np.stack([values[:, -1], vectors[:, 0, -1] ** 2], axis=1)
    plan_of_one = bbp.Strengths((size,), (samples,), 0.05, (theta,))
    found = bbp.measured(Point(plan_of_one, 0, size, 0, samples, 0, {}))
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


@pytest.mark.parametrize("size", [60, 200])
def test_skewed_samples_do_not_raise_false_alarms(size: int) -> None:
    """Exponential samples, of skewness 2: means that are low, by chance, come with errors that are too small."""
    values = np.random.default_rng(0).exponential(size=(20000, size))
    means, errors, skews = values.mean(axis=1), values.std(axis=1, ddof=1) / size**0.5, skew(values, axis=1) / size**0.5
    each = list(zip(means, errors, skews, strict=True))
    known, unknown = (
        np.array([Comparison("x", 1, 0, m, e, 1, size, size - 1, True, on * k).z for m, e, k in each]) for on in (1, 0)
    )
    expected = len(means) * norm.sf(3)
    assert np.sum(unknown < -3) > 3 * expected and np.sum(unknown > 3) < 0.5 * expected
    assert np.sum(np.abs(known) > 3) < 2 * (2 * expected) and abs(known.mean()) < 0.03
    assert known.std() == pytest.approx(1, abs=0.03)


def test_skewness_by_hand() -> None:
    """``((1 + k r/3)^3 - 1)/k + k/6``: what is low by chance counts less, what is high more; 0 changes nothing."""
    for k in (-0.2, 0.1):
        for ratio in (-4.0, 3.0):
            z = ratio + k * ratio**2 / 3 + k**2 * ratio**3 / 27 + k / 6
            assert Comparison("x", 0, 0, ratio, 1, 1, skewness=k).z == pytest.approx(z)
    assert Comparison("x", 0, 0, 3.0, 1, 1, skewness=1e-9).z == pytest.approx(3)
    # an error of theory dilutes it
    assert Comparison("x", 0, 3, 4.0, 1, 1, skewness=0.5).z == pytest.approx(4 / 10**0.5, abs=0.02)
    with pytest.raises(ValueError, match="skewness = nan must be finite"):
        Comparison("x", 0, 0, 1, 1, 1, skewness=np.nan)


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
    assert straight.value == pytest.approx(2) and straight.at([50, np.inf]) == pytest.approx([2.06, 2])
    assert bent.error > 5 * straight.error


def edges(errors: Array, width: float, count: int) -> Array:
    """Made-up values at ``EDGE_SIZES`` with the law of an edge, a third term of that size, and noise."""
    random = np.random.default_rng(5)
    coefficients = np.column_stack([np.tile([2, -2.6, 2.2], (count, 1)), width * random.standard_normal(count)])
    exact = coefficients @ EDGE_SIZES ** -np.array([0, 2 / 3, 1, 4 / 3])[:, None]
    return np.asarray(exact + errors * random.standard_normal(exact.shape))


EDGE_SIZES = np.array([32.0, 64, 128, 256])


@pytest.mark.parametrize("precision", [1.0, 0.1])
def test_the_error_of_the_law_is_part_of_the_error_of_the_limit(precision: float) -> None:
    """Limits are right within their errors, whether noise or the third term dominates these."""
    errors, law = precision * np.array([0.003, 0.0025, 0.003, 0.004]), SizeLaw((2 / 3, 1.0), 4 / 3, 6.0)
    values = edges(errors, 6.0, 600)
    fits = [extrapolate(EDGE_SIZES, row, errors, law) for row in values]
    pulls = np.array([(fit.value - 2) / fit.error for fit in fits])
    assert abs(pulls.mean()) < 0.15 and pulls.std() == pytest.approx(1, abs=0.09)
    assert np.mean([fit.p_value < 0.1 for fit in fits]) == pytest.approx(0.1, abs=0.04)
    # the leading power alone is wrong by many errors, two powers without a third wherever that dominates
    plain = [extrapolate(EDGE_SIZES, row, errors, SizeLaw(law.powers)) for row in values]
    spread = np.std([(fit.value - 2) / fit.error for fit in plain])
    assert spread == pytest.approx(1, abs=0.2) if precision == 1 else spread > 2
    first = [extrapolate(EDGE_SIZES, row, errors, SizeLaw(law.powers[:1])) for row in values]
    assert np.mean([(fit.value - 2) / fit.error for fit in first]) < -1.5


def test_a_law_whose_width_is_not_known() -> None:
    """1/N with 1/N^2 beside it, of coefficients that grow by a ratio: the error covers what the fit leaves out."""
    sizes, errors, ratio = np.array([400.0, 800, 1600]), np.full(3, 3e-5), 50.0
    bent = 1 - 3 / sizes + 3 * ratio / sizes**2
    told, untold = (extrapolate(sizes, bent, errors, SizeLaw.series(ratio=r)) for r in (ratio, 1e-9))
    assert abs(told.value - 1) < 2 * told.error and abs(untold.value - 1) > 3 * untold.error
    assert SizeLaw.series(2 / 3, 2) == SizeLaw((2 / 3, 4 / 3), 2.0) and told.at(np.inf) == told.value
    for values in (np.ones(3), np.zeros(3)):
        flat = extrapolate(sizes, values, errors)
        assert flat.value == pytest.approx(values[0]) and flat.error > 0


def test_degrees_of_freedom_leave_out_the_law() -> None:
    """An error that is all the law's is known; one that is all noise has at most the freedom of all samples."""
    random = np.random.default_rng(0)
    for noise, low, high in ((1e-6, 1e6, np.inf), (1.0, 3, 27)):
        groups = [means(int(n), 2 + n ** (-2 / 3) + noise * random.standard_normal((10, 1))) for n in EDGE_SIZES[1:]]
        found = limits(groups, SizeLaw((2 / 3, 1.0), 4 / 3, 1.0))
        assert low < found.degrees[0] < high


def doubled(point: Point[Sizes]) -> Array:
    """2 + 3/N and noise, with the signal times ``signal``."""
    random = np.random.default_rng(point.seeds())
    return np.array([2 * point.wrong["signal"] + 3 / point.size + 0.01 * random.standard_normal()])


TWO = Check(
    name="two",
    description="a number that is two",
    reason="it is not 2.1.",
    doing="draws",
    default=Sizes((10, 20, 40), (30, 30, 30), 0.1),
    quick=Sizes((10, 20), (4, 4), 0.1),
    count=lambda _: 1,
    measure=doubled,
    predict=lambda run, _: [Row("two", 2.0 * run.wrong["two"], 0, run.plan.resolution, panel="two")],
    theory_mistakes={"two": 1.0},
    simulation_mistakes={"signal": 1.0},
    facts={"is": "two"},
)


def test_a_check_made_elsewhere_runs() -> None:
    """All but the physics is the same for every check: verdict, figure, record, mistakes."""
    report = TWO.run()
    assert report.verdict == "agree" and report.exit_status == 0 and "two" not in all_checks()
    record = report.record()
    assert record["settings"] == {
        "sizes": (10, 20, 40), "samples": (30, 30, 30), "resolution": 0.1, "seed": 0, "is": "two"
    }  # fmt: skip
    assert "it is not 2.1." in record["remarks"][-1] and [panel.title for panel in report.panels] == ["two"]
    assert TWO.run(workers=2).comparisons == report.comparisons
    for mistake in ("two", "signal"):
        assert TWO.run(perturb={mistake: 1.1}).verdict == "disagree"


def test_the_points_of_a_plan() -> None:
    """The largest first; batches of about so many sites, which do not depend on the workers."""
    run = Run(Sizes((10, 30), (7, 2), 0.1), 0, 1, silent, {"two": 1.0, "signal": 0.5})
    points = replace(TWO, sites=30).points(run)
    assert [(p.size, p.number, p.samples) for p in points] == [
        (30, 0, 1),
        (30, 1, 1),
        (10, 0, 3),
        (10, 1, 3),
        (10, 2, 1),
    ]
    assert all(p.wrong == {"signal": 0.5} for p in points) and len({p.own_seed for p in points}) == 5


def test_every_check_states_what_it_is() -> None:
    found = all_checks()
    assert len(found) >= 13 and set(SMALL) < set(found)
    for name, check in found.items():
        assert check.name == name and check.description and check.reason.endswith(".")
        assert check.theory_mistakes or check.simulation_mistakes


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
        (lambda: run_check("complexity", workers=0), "workers = 0: expected a whole number >= 1"),
        (
            lambda: run_check("complexity", perturb={"theta": 2}),
            "perturb = 'theta': this check knows complexity, signal",
        ),
        (lambda: judge([]), r"comparisons = \(\) must hold at least one"),
        (lambda: comparison(np.nan), "x: measured = nan must be finite"),
        (lambda: Comparison("x", 0, -1, 0, 1, 1), "x: predicted_error = -1 must be finite, and an error >= 0"),
        (lambda: comparison(0, resolution=0.0), "x: resolution = 0.0"),
        (lambda: extrapolate([10], [1], [0.1]), "expected 2 different ones or more"),
    ],
)
def test_bad_arguments_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
