"""Checks with plans small enough for a test."""

from typing import Any

import pytest

from numerics.checks import Report, all_checks, plan
from numerics.sweep import sweep

SIMULATED: dict[str, list[Any]] = {}


def run_small(small: Any, name: str, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Report:
    """A check with its plan in ``small``; predictions that differ share their simulations."""

    def remembered(function: Any, points: Any, _: Any, **__: Any) -> list[Any]:
        key = f"{function} {points}"
        if key not in SIMULATED:
            SIMULATED[key] = sweep(function, points)
        return SIMULATED[key]

    monkeypatch.setattr(plan, "sweep_kept", remembered)
    return all_checks()[name].run(plan=small[name], seed=1, **options)
