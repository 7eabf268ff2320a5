"""Ground states of small landscapes: the check sees the energy without breaking of replica symmetry, and the twin."""

import pytest

from numerics.checks import run_check
from numerics.checks.ground_state import SMALL, TWIN, Systems, ground_state, symmetric


def test_rival_is_far_but_for_the_twin():
    assert ground_state(2)[0] == pytest.approx(symmetric(2))
    assert ground_state(4)[0] - symmetric(4) > 0.1


@pytest.mark.slow
def test_check_agrees_and_excludes_its_rival():
    plan = Systems((2, 4), (TWIN, SMALL), ((250,) * 3, (80, 55, 40)), 0.05)
    assert run_check("ground-state", plan=plan).verdict == "agree"
    wrong = symmetric(4) / ground_state(4)[0]
    assert run_check("ground-state", plan=plan, perturb={"energy": wrong}).verdict == "disagree"
