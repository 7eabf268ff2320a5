r"""Theory against simulation: each check puts a prediction beside a measurement and says agree, disagree or undecided.

    from numerics.checks import run_check
    report = run_check("bbp-rotation-invariant", quick=True, workers=2)
    print(report.verdict, report.z, report.message)

A new check is a ``Check`` in a file of this folder or of an experiment; the command line, the figure and the record
need nothing more. One that is made elsewhere runs by its own ``run``. The verdict follows from the comparisons by the
rule of ``verdict.py``; a check does not choose it.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from .. import experiments
from .check import Check, Findings, Outcome
from .comparison import Comparison
from .panels import Curve, Row
from .plan import Plan, Point, Run, Sizes
from .report import Panel, Report, Series
from .verdict import Judgement, judge

__all__ = [
    "Check",
    "Comparison",
    "Curve",
    "Findings",
    "Judgement",
    "Outcome",
    "Panel",
    "Plan",
    "Point",
    "Report",
    "Row",
    "Run",
    "Series",
    "Sizes",
    "all_checks",
    "judge",
    "run_check",
]


@cache
def all_checks() -> dict[str, Check[Any]]:
    """Every check in the files of this folder and of ``numerics/experiments``, by name."""
    places = {__name__: __path__, experiments.__name__: experiments.__path__}
    modules = [import_module(f"{name}.{own.name}") for name, path in places.items() for own in iter_modules(path)]
    return {x.name: x for module in modules for x in vars(module).values() if isinstance(x, Check)}


def run_check(name: str, **options: Any) -> Report:
    """Run the check of that name, with the options of ``Check.run``. ``ValueError`` for an unknown one."""
    known = all_checks()
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.3)
        hint = f"did you mean {near[0]}?" if near else f"choose among {', '.join(known)}"
        raise ValueError(f"unknown check {name!r}; {hint}")
    return known[name].run(**options)
