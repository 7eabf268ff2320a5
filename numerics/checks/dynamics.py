r"""Gradient flow and Langevin dynamics at finite N against the two-time equations.

Theory: ``m(t), e(t), mu(t), C(t, t_w)`` of ``numerics.dynamics.solve_dynamics`` (Cugliandolo, Kurchan 1993; with a
signal Sarao Mannelli et al. 2019), exact at infinite size, with its own error estimate.

Simulation: ``numerics.simulation.simulate`` on dense tensors, where ``E H`` and ``Cov H`` are exact at any N, from
starts whose overlap is exact; for late times on diluted ones of connectivity N/4, which are larger. Averages at a fixed
time are then series in 1/N, whose coefficients grow with time (gradient flow comes to rest at ``t ~ N``) and with
``1/m0^2`` (a signal that emerges from noise of order ``N^-1/2``, or competes with it near the edge of its basin of
attraction): sizes are kept above ``4t`` and, where the signal wins, ``10/m0^2``, starts far from that edge.

Samples with a signal differ most in the height of the landscape there: ``H(x*)/N`` and ``mu(x*)`` have means ``-g(1)``
and ``g'(1)`` at any N, and serve as control variates.
"""

from __future__ import annotations

from sympy import Rational

from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

from .two_time import Case, CasePlan, Comparisons, Plans

PURE = GaussianLandscape(OVERLAP**3 / 2)
FIELD = GaussianLandscape(OVERLAP**2 / 2 + OVERLAP**3 / 2, SIGNAL_OVERLAP / 2 + SIGNAL_OVERLAP**2 / 4)
CASES = (
    Case("pure p = 3", PURE, (1.0, 3.0, 10.0), 4),
    Case("mixed, f ≠ g", FIELD, (1.0, 3.0, 10.0), 2, overlap=0.3),
    Case("planted", SpikedMatrixTensor(3, Rational(3, 10), 1), (0.5, 1.0, 5.0), 2, overlap=0.4),
    Case("T = 0.5", PURE, (1.0, 3.0, 10.0), 4, temperature=0.5),
    Case("diluted p = 3", PURE, (5.0, 20.0, 50.0), 1, diluted=True),
)

COMPARED = Comparisons(CASES)
SMALL, LARGER, SPARSE = (40, 64, 128, 256), (64, 96, 160, 256), (384, 768, 1536)
CHECK = COMPARED.check(
    name="dynamics",
    description="gradient flow and Langevin runs against the two-time equations",
    systems=("spiked-matrix-tensor", "pure-spin", "landscape"),
    reason="10 % (16 %, quick): in a quadratic landscape with the same f'(1) mu is a quarter lower than in the pure "
    "one, and e by 12 % at t = 1 and 3.",
    doing="dynamics at finite N",
    default=Plans(
        (
            CasePlan(SMALL, (60, 100, 40, 30), 2),
            CasePlan(SMALL, (120, 200, 80, 120), 2),
            CasePlan(LARGER, (160, 160, 110, 70), 2),
            CasePlan(SMALL, (80, 150, 60, 54), 2),
            CasePlan(SPARSE, (100, 60, 24), 1),
        ),
        t_max=50.0,
        resolution=0.1,
    ),
    quick=Plans(
        (
            CasePlan((48, 72, 128), (40, 30, 16), 1),
            CasePlan((48, 72, 128), (90, 70, 45), 1),
            CasePlan((64, 96, 128), (50, 30, 20), 1),
            CasePlan((48, 72, 128), (50, 40, 25), 1),
            CasePlan((256, 384, 512), (40, 30, 20), 1),
        ),
        t_max=5.0,
        resolution=0.16,
    ),
    remarks=("In pure landscapes mu = T - p e, in theory and up to T/N in a sample: no test of its own.",),
)
