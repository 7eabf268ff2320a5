"""Checks along the flow: its dynamics and its end. They do not disagree with a true theory, and notice a wrong one."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from numerics.checks import Point, Run, dynamics, inertia, run_check, schedule, threshold_energy
from numerics.checks.dynamics import CASES, COMPARED
from numerics.checks.samples import spread
from numerics.checks.threshold_energy import MIXED, PROBLEMS, PURE, theory_of, to_infinity
from numerics.checks.two_time import ROWS, CasePlan, Plans, scale_of
from numerics.errors import ConvergenceError
from numerics.progress import silent
from numerics.simulation import simulate
from numerics.statistics import means

slow = pytest.mark.slow
FEW = Plans(tuple(CasePlan((32, 48), (12, 8), 1) for _ in CASES), t_max=5.0, resolution=0.5)
BRIEF = threshold_energy.Window(
    late_sizes=(64, 128),
    rest_sizes=(16, 24, 32),
    samples=((10, 6), (6, 4), (16, 12, 8), (12, 8, 6)),
    window=(2.0, 4.0),
    resolution=0.3,
)


TWICE = threshold_energy.Window((64,), (16,), ((2,),) * 4, (20.0, 100.0), 0.1)


def test_limit_of_late_times() -> None:
    """The weights find v_inf of v_inf + c t^(-2/3), and give errors their law."""
    times = (20.0, 45.0, 100.0)
    values = 1.7 - 3 * np.array(times) ** (-2 / 3)
    assert to_infinity(times) @ values == pytest.approx(1.7) and np.sum(to_infinity(times)) == pytest.approx(1)


def test_theory_of_late_times() -> None:
    """Pure p = 3 with f = q^3/2: e_th = -2/sqrt 3, mu_th = 2 sqrt 3; the fit to the equations comes near."""
    window = (5.0, 10.0, 20.0)
    theory = theory_of(PURE, window)
    assert theory.threshold == pytest.approx(-2 / 3**0.5) and theory.marginal == pytest.approx(2 * 3**0.5)
    found = theory.solution.at(window)
    e = found["energy"]
    assert found["mu"] == pytest.approx(-3 * e, rel=1e-6) and np.all(np.diff(e) < 0)
    assert np.all(found["energy_error"] < 1e-4) and np.all(theory.drift < 0.03)
    assert abs(to_infinity(window) @ e - theory.threshold) < 0.02


@pytest.mark.parametrize("case", range(4))
def test_what_is_said_of_late_times(case: int) -> None:
    """A mistake multiplies what it names, in all rows; one number of each problem is independent."""
    plan, problem = BRIEF, PROBLEMS[case]
    rows: list[Any] = []
    for energy, multiplier in ((1.0, 1.0), (1.1, 1.2)):
        run = Run(plan, 0, 1, silent, {"energy": energy, "multiplier": multiplier, "signal": 0.0})
        predicted = threshold_energy.predicted(run, case)
        rows.append([row for row in predicted if isinstance(row, threshold_energy.Row) and row.resolution])
    assert sum(row.independent for row in rows[0]) == 1
    for right, wrong in zip(*rows, strict=True):
        factor = 1.1 if ": e " in right.label else 1.2
        assert wrong.value == pytest.approx(factor * right.value) and wrong.place == right.place
    ends = {row.label.split(": ")[1]: row.value for row in rows[0]}
    name = "e" if problem.landscape == PURE else "mu"
    end = -2 / 3**0.5 if name == "e" else 2 * float(MIXED.f(2)) ** 0.5
    assert ends[f"{name} as t → ∞" if problem.late else f"{name} at rest"] == pytest.approx(end)


def test_condensed_runs_are_refused() -> None:
    """Connectivity 4: all weight on a few sites, which says nothing of mean field."""
    found = simulate(PURE, 512, 3, 0, t_max=40.0, ensemble="diluted", connectivity=4)
    with pytest.raises(ConvergenceError, match="of 3 diluted runs at N = 512 condensed on a few couplings"):
        spread(found)


def test_laws_have_the_scales_of_their_runs() -> None:
    """At fixed time N is large beyond t, and 1/m0^2 where a signal has to emerge; at rest the unit is sigma."""
    pure, planted = CASES[0], CASES[2]
    assert scale_of(pure, 10.0) == 10 and scale_of(pure, 0.1) == 1
    assert scale_of(planted, 5.0) == pytest.approx(0.4**-2) and scale_of(planted, 50.0) == 50
    late, _, rest, _ = (threshold_energy.laws_of(TWICE, case) for case in range(4))
    assert [law.ratio for law in late] == [20, 100, 20, 100, 100, 100] and late[0].powers == (1.0,)
    e, mu, lowest = (law.width for law in rest)
    assert mu == lowest == pytest.approx(0.1 * 3**0.5) and e == pytest.approx(0.1 * 3**0.5 / 3)


@slow
@pytest.mark.parametrize("module", [inertia, schedule])
def test_other_motions_never_disagree(module: ModuleType) -> None:
    """Few small systems; another motion in the simulation, or a wrong energy, is told from the one of theory."""
    few = Plans(tuple(CasePlan((32, 48), (24, 16), 1) for _ in module.CASES), t_max=2.0, resolution=0.5)
    report = module.CHECK.run(plan=few, seed=1)
    assert report.verdict != "disagree", report.message
    assert {c.label.split(":")[0] for c in report.comparisons} == {case.label for case in module.CASES}
    assert module.CHECK.run(plan=few, seed=1, perturb={"energy": 1.6}).verdict == "disagree"


def test_a_case_is_recorded_with_what_moves_it() -> None:
    declared = inertia.COMPARED.facts["cases"]
    assert [case["mass"] for case in declared] == ["1.0"] * 4 and declared[1]["friction"] == "0"
    assert "mass" not in COMPARED.facts["cases"][0] and "friction" not in declared[0]


def test_controls_at_the_signal() -> None:
    """They have mean zero, narrow the error of the energy, and tell when the signal sampled is another."""
    plan = Plans((CasePlan((24,), (100,), 1),) * len(CASES), t_max=1.0, resolution=0.1)
    points = [Point(plan, 2, 24, 0, 100, 1, {"signal": factor}) for factor in (1.0, 1.5)]
    (values, controls), (_, wrong) = (COMPARED.measured(point) for point in points)
    error = controls.std(axis=0) / np.sqrt(len(controls))
    assert np.all(np.abs(controls.mean(axis=0)) < 4 * error)
    energy = [values.shape[1] * 2 // len(ROWS) - 1]
    assert means(24, values, controls).error[energy] < 0.7 * means(24, values).error[energy]
    assert np.all(np.abs(wrong.mean(axis=0)) > 20 * error)


@pytest.mark.parametrize(
    ("module", "few"), [(dynamics, FEW), pytest.param(threshold_energy, BRIEF, marks=pytest.mark.slow)]
)
def test_a_few_runs_never_disagree(module: ModuleType, few: object) -> None:
    report = module.CHECK.run(plan=few, seed=1)
    assert report.verdict != "disagree", report.message
    labels = {c.label for c in report.comparisons}
    expected = "planted: m at t = 0.5" if module is dynamics else "pure p = 3: lowest eigenvalue at rest"
    assert expected in labels and report.remarks
    assert len(report.panels) == (19 if module is dynamics else 6)
    late = next(panel for panel in report.panels if panel.title == "pure p = 3")
    assert [series.label for series in late.series if series.error is not None][-1] == "N → ∞"


@pytest.mark.parametrize(
    ("module", "few", "mistake"),
    [
        (dynamics, FEW, {"energy": 1.5}),
        pytest.param(dynamics, FEW, {"signal": 2.0}, marks=pytest.mark.slow),
        pytest.param(threshold_energy, BRIEF, {"energy": 1.3}, marks=pytest.mark.slow),
    ],
)
def test_a_gross_mistake_is_noticed_by_a_few_runs(module: ModuleType, few: object, mistake: dict[str, float]) -> None:
    assert module.CHECK.run(plan=few, seed=1, perturb=mistake).verdict == "disagree"


@pytest.mark.parametrize("module", [dynamics, threshold_energy])
def test_unknown_mistakes(module: ModuleType) -> None:
    with pytest.raises(ValueError, match="perturb = 'phase'"):
        module.CHECK.run(quick=True, perturb={"phase": 2.0})


@slow
@pytest.mark.parametrize("name", ["dynamics", "threshold-energy"])
def test_quick_checks_agree(name: str) -> None:
    report = run_check(name, quick=True, seed=2, workers=2)
    assert report.verdict == "agree", report.message


@slow
@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("dynamics", {"energy": 1.1}),
        ("dynamics", {"covariance": 1.2}),
        ("dynamics", {"signal": 1.5}),
        ("threshold-energy", {"energy": 1.1}),
        ("threshold-energy", {"multiplier": 1.1}),
        ("threshold-energy", {"signal": 2.0}),
    ],
)
def test_mistakes_are_noticed(name: str, mistake: dict[str, float]) -> None:
    assert run_check(name, quick=True, seed=2, workers=2, perturb=mistake).verdict == "disagree"
