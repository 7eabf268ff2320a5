"""Checks that follow the flow: they do not disagree with a true theory, and they notice a wrong one."""

import pytest

from numerics.checks import bbp_threshold_states, dynamics, gradient_flow_threshold, run_check

slow = pytest.mark.slow
SMALL = bbp_threshold_states.Settings(
    signals=(1.0, 5.0), sizes=(24, 36, 54), samples=(24, 16, 12), directions=6, resolution=0.2
)


def test_hessian_of_threshold_states() -> None:
    report = bbp_threshold_states.run(seed=1, settings=SMALL)
    assert report.verdict != "disagree"
    assert {c.label for c in report.comparisons} >= {"outlier at 1/Delta_2 = 5", "bulk edge at 1/Delta_2 = 1"}


@pytest.mark.parametrize("mistake", [{"theta": 1.3}, {"signal": 1.5}])
def test_a_wrong_outlier_is_noticed(mistake: dict[str, float]) -> None:
    assert bbp_threshold_states.run(seed=1, settings=SMALL, perturb=mistake).verdict == "disagree"


@pytest.mark.parametrize("module", [bbp_threshold_states, dynamics, gradient_flow_threshold])
def test_unknown_mistakes(module: object) -> None:
    with pytest.raises(ValueError, match="perturb = 'phase'"):
        module.run(quick=True, perturb={"phase": 2.0})  # type: ignore[attr-defined]


@slow
@pytest.mark.parametrize("name", ["bbp-threshold-states", "dynamics", "gradient-flow-threshold"])
def test_quick_checks_do_not_disagree(name: str) -> None:
    assert run_check(name, quick=True, seed=2, workers=2).verdict != "disagree"


@slow
@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("bbp-threshold-states", {"theta": 1.1}),
        ("bbp-threshold-states", {"signal": 1.3}),
        ("dynamics", {"energy": 1.1}),
        ("dynamics", {"signal": 2.0}),
        ("gradient-flow-threshold", {"signal": 2.0}),
    ],
)
def test_mistakes_are_noticed(name: str, mistake: dict[str, float]) -> None:
    assert run_check(name, quick=True, seed=2, workers=2, perturb=mistake).verdict == "disagree"
