"""Random starts of phase retrieval: the check does not disagree, and tells a wrong growth and a wrong time."""

from dataclasses import replace

import pytest

from numerics.checks import escape_phase_retrieval as check

FEW = replace(check.CHECK.quick, sizes=(192,), samples=(150,), walkers=4096)


def test_chance_of_a_need() -> None:
    """``P(|z| > sqrt(N) m0/kappa)``: 1 without a need, .3173 one standard deviation away."""
    found = check.Need(0.0525, 0.001, 1.05, 0.01)
    value, error = found.chance(400)
    assert value == pytest.approx(0.3173, abs=1e-4) and 0 < error < 0.02
    assert check.Need(1e-9, 0.0, 1.0, 0.0).chance(100)[0] == pytest.approx(1.0)


@pytest.mark.slow
def test_never_disagrees_and_can_fail() -> None:
    assert check.CHECK.run(plan=FEW, seed=1).verdict != "disagree"
    for wrong in ({"growth": 2.5}, {"time": 0.4}):
        assert check.CHECK.run(plan=FEW, seed=1, perturb=wrong).verdict == "disagree"
