"""Checks along the flow: its dynamics and its end. They do not disagree with a true theory, and notice a wrong one."""

from types import ModuleType

import numpy as np
import pytest

from numerics.checks import dynamics, run_check, threshold_energy
from numerics.checks.batches import Batch
from numerics.checks.dynamics_cases import CASES, Plan
from numerics.checks.joint import means
from numerics.checks.late_times import PROBLEMS, PURE, Theory, to_infinity

slow = pytest.mark.slow
FEW = dynamics.Settings(tuple(Plan((32, 48), (12, 8), 1) for _ in CASES), t_max=5.0, resolution=0.5)
BRIEF = threshold_energy.Settings(
    late_sizes=(64, 128),
    rest_sizes=(16, 24, 32),
    samples=((10, 6), (6, 4), (16, 12, 8), (12, 8, 6)),
    window=(2.0, 4.0),
    resolution=0.3,
)


def test_limit_of_late_times() -> None:
    """The weights find v_inf of v_inf + c t^(-2/3), and give errors their law."""
    times = (20.0, 45.0, 100.0)
    values = 1.7 - 3 * np.array(times) ** (-2 / 3)
    assert to_infinity(times) @ values == pytest.approx(1.7) and np.sum(to_infinity(times)) == pytest.approx(1)


def test_theory_of_late_times() -> None:
    """Pure p = 3 with f = q^3/2: e_th = -2/sqrt 3, mu_th = 2 sqrt 3; the fit to the equations comes near."""
    theory = Theory.of(PURE, (5.0, 10.0, 20.0), 1.0, 1.0)
    assert theory.threshold == pytest.approx(-2 / 3**0.5) and theory.marginal == pytest.approx(2 * 3**0.5)
    e, e_error, mu, _ = theory.at((5.0, 10.0, 20.0))
    assert mu == pytest.approx(-3 * e, rel=1e-6) and np.all(np.diff(e) < 0) and np.all(e_error < 1e-4)
    assert abs(to_infinity((5.0, 10.0, 20.0)) @ e - theory.threshold) < 0.02
    assert np.all(theory.drift < 0.03) and Theory.of(PURE, (5.0, 10.0), 1.1, 1.0).threshold == 1.1 * theory.threshold


def test_laws_have_the_scales_of_their_runs() -> None:
    """At fixed time N is large beyond t, and 1/m0^2 where a signal has to emerge; at rest the unit is sigma."""
    pure, planted = CASES[0], CASES[2]
    assert dynamics.scale_of(pure, 10.0) == 10 and dynamics.scale_of(pure, 0.1) == 1
    assert dynamics.scale_of(planted, 5.0) == pytest.approx(0.4**-2) and dynamics.scale_of(planted, 50.0) == 50
    late, _, rest, _ = (threshold_energy.laws_of(problem, (20.0, 100.0)) for problem in PROBLEMS)
    assert [law.ratio for law in late] == [20, 100, 20, 100, 100, 100] and late[0].powers == (1.0,)
    e, mu, lowest = (law.width for law in rest)
    assert mu == lowest == pytest.approx(0.1 * 3**0.5) and e == pytest.approx(0.1 * 3**0.5 / 3)


def test_controls_at_the_signal() -> None:
    """They have mean zero, narrow the error of the energy, and tell when the signal sampled is another."""
    case, times = 2, (1.0,)
    _, values, controls = dynamics.measured((Batch(case, 24, 0, 100, seed=1), times))
    error = controls.std(axis=0) / np.sqrt(len(controls))
    assert np.all(np.abs(controls.mean(axis=0)) < 4 * error)
    energy = [values.shape[1] * 2 // 5 - 1]
    assert means(24, values, controls).error[energy] < 0.7 * means(24, values).error[energy]
    wrong = dynamics.measured((Batch(case, 24, 0, 100, seed=1, signal=1.5), times))[2]
    assert np.all(np.abs(wrong.mean(axis=0)) > 20 * error)


@pytest.mark.parametrize(("module", "few"), [(dynamics, FEW), (threshold_energy, BRIEF)])
def test_a_few_runs_never_disagree(module: ModuleType, few: object) -> None:
    report = module.run(settings=few, seed=1)
    assert report.verdict != "disagree", report.message
    labels = {c.label for c in report.comparisons}
    expected = {"planted: m at t = 0.5"} if module is dynamics else {"pure p = 3: lowest eigenvalue at rest"}
    assert labels >= expected and len(report.panels) >= 8 and report.remarks


@pytest.mark.parametrize(
    ("module", "few", "mistake"),
    [(dynamics, FEW, {"energy": 1.5}), (dynamics, FEW, {"signal": 2.0}), (threshold_energy, BRIEF, {"energy": 1.3})],
)
def test_a_gross_mistake_is_noticed_by_a_few_runs(module: ModuleType, few: object, mistake: dict[str, float]) -> None:
    assert module.run(settings=few, seed=1, perturb=mistake).verdict == "disagree"


@pytest.mark.parametrize("module", [dynamics, threshold_energy])
def test_unknown_mistakes(module: ModuleType) -> None:
    with pytest.raises(ValueError, match="perturb = 'phase'"):
        module.run(quick=True, perturb={"phase": 2.0})


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
