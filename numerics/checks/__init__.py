r"""Theory against simulation: each check puts a prediction beside a measurement and says agree, disagree or undecided.

    from numerics.checks import run_check
    report = run_check("bbp-rotation-invariant", quick=True, workers=2)
    print(report.verdict, report.z, report.message)

How to add a check
------------------
1. A module ``numerics/checks/NAME.py`` with one public function of this form:

       def run(*, quick=False, seed=0, workers=1, output=None, progress=None, perturb=None, settings=None) -> Report

   ``quick``     fewer samples and smaller sizes (``QUICK`` in place of ``DEFAULT``, both instances of the module's
                 frozen dataclass ``Settings``); ``settings`` overrides both.
   ``seed``      of everything random; the same seed gives the same report for any ``workers`` (``tasks.gather``).
   ``output``    a folder in which finished samples may be kept, or None; a check that takes seconds ignores it.
   ``progress``  called with the fraction done and what is being done.
   ``perturb``   deliberate mistakes by name, such as ``{"theta": 1.1}``: a check has to be able to fail, and its tests
                 show that it does. ``perturbation`` rejects a name that the check does not know.

2. Return a ``Report``: its ``Comparison``s, each with the ``resolution`` it promises (the deviation that matters), its
   settings, and ``Panel``s to draw. Values at several sizes go through ``extrapolate`` by a ``Law``, whose own error is
   part of that of the limit; the powers of 1/N are stated in ``remarks``. The verdict follows from the comparisons by
   the rule of ``verdict.py``; a check does not choose it.
3. One line in ``registry.CHECKS``. The command line, the figure and the table need nothing more.
"""

from .comparison import Comparison
from .extrapolation import Law, Limit, extrapolate
from .registry import CHECKS, run_check
from .report import Panel, Report, Series
from .verdict import Judgement, judge

__all__ = [
    "CHECKS",
    "Comparison",
    "Judgement",
    "Law",
    "Limit",
    "Panel",
    "Report",
    "Series",
    "extrapolate",
    "judge",
    "run_check",
]
