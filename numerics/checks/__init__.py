r"""Theory against simulation: each check puts a prediction beside a measurement and says agree, disagree or undecided.

    from numerics.checks import run_check
    report = run_check("bbp-rotation-invariant", quick=True, workers=2)
    print(report.verdict, report.z, report.message)

A new check is a ``Check`` in a file of this folder or of an experiment; the command line, the figure and the record
need nothing more. One that is made elsewhere runs by its own ``run``. The verdict follows from the comparisons by the
rule of ``verdict.py``; a check does not choose it.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from theory.naming import nearest
from theory.system import System
from theory.systems import system, systems

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
    "checks_of",
    "find_checks",
    "judge",
    "run_check",
]


@cache
def all_checks() -> dict[str, Check[Any]]:
    """Every check in the files of this folder and of ``numerics/experiments``, by name."""
    places = {__name__: __path__, experiments.__name__: experiments.__path__}
    modules = [import_module(f"{name}.{own.name}") for name, path in places.items() for own in iter_modules(path)]
    return {x.name: x for module in modules for x in vars(module).values() if isinstance(x, Check)}


def checks_of(kind: type[System]) -> dict[str, Check[Any]]:
    """Those about a system, and those in the file that declares it, by name."""
    own = [x for x in vars(sys.modules[kind.__module__]).values() if isinstance(x, Check)]
    return {x.name: x for x in (*all_checks().values(), *own) if x in own or kind.slug in x.systems}


def find_checks(name: str) -> list[Check[Any]]:
    """``all`` of them, the one of that name, or those about a system, given by its name or its file.

    ``ValueError`` for a name that is none of these, and for a system without checks.
    """
    known = all_checks()
    if name == "all" or name in known:
        return list(known.values()) if name == "all" else [known[name]]
    if name in systems() or ".py" in name:
        found = list(checks_of(system(name)).values())
        if not found:
            raise ValueError(f"{name} has no checks; choose among {', '.join(known)}")
        return found
    choice = f"choose among {', '.join(known)}"
    raise ValueError(f"unknown check {name!r}; {nearest(name, known, choice)}")


def run_check(name: str, **options: Any) -> Report:
    """Run the check of that name, with the options of ``Check.run``. ``ValueError`` for an unknown one."""
    found = find_checks(name)
    if [check.name for check in found] != [name]:
        raise ValueError(f"{name} is no check but several: {', '.join(check.name for check in found)}; choose one")
    return found[0].run(**options)
