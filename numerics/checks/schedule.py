r"""Temperatures that change at finite N against the two-time equations: a quench, an annealing, a cycle.

Theory: the equations of Langevin dynamics with ``T(t)`` (``theory.dynamics``), solved at infinite size by
``numerics.dynamics``; ``mu`` steps with T.

Simulation: Langevin runs on dense landscapes, whose averages at fixed times are series in 1/N (``two_time``). Sizes
and samples are those of the check ``inertia``.
"""

from __future__ import annotations

from theory.course import Course
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP

from .two_time import Case, CasePlan, Comparisons, Plans

CUBE = GaussianLandscape(OVERLAP**3 / 2)
PLANTED = GaussianLandscape(OVERLAP**2 / 2 + OVERLAP**3 / 2, SIGNAL_OVERLAP / 2 + SIGNAL_OVERLAP**2 / 4)
CASES = (
    Case("quench", CUBE, (1.0, 3.0, 6.0), 4, schedule=Course("0:1, 2:0.2")),
    Case("annealing", PLANTED, (1.0, 3.0, 6.0), 4, overlap=0.3, schedule=Course("1/(1 + t)")),
    Case("cycle", CUBE, (1.0, 3.0, 6.0), 4, schedule=Course("0:0.2, 2:0.8, 4:0.2")),
)
COMPARED = Comparisons(CASES)
CHECK = COMPARED.check(
    name="schedule",
    description="Langevin runs at temperatures that change against the two-time equations",
    systems=("pure-spin", "landscape"),
    reason="10 % (16 %, quick): at t = 3 the temperature that went before, in place of the present one, makes e 41 % "
    "higher after the quench and 44 % lower in the cycle; at T = 0 the annealed one is 23 % lower at t = 1.",
    doing="runs at changing temperature",
    default=Plans((CasePlan((40, 64, 128, 256), (240, 400, 160, 60), 2),) * 3, t_max=6.0, resolution=0.1),
    quick=Plans((CasePlan((48, 72, 128), (80, 60, 32), 1),) * 3, t_max=3.0, resolution=0.16),
)
