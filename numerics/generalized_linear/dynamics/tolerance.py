"""How many walkers a tolerance takes: errors of averages over walkers fall like the root of their number, or faster.

For how long they fall faster, like their number itself, is for the next run to say: it has ``GROWTH`` times as many at
most.
"""

from __future__ import annotations

import numpy as np

from .solution import DescentSolution, total

FEWEST, MOST, GROWTH, LARGEST = 2**13, 2**17, 4, 2**22
"""Walkers of a run whose number is not given; how many more at a time; and the largest number that is advised."""
SPARE = 1.3
"""By which more walkers are taken than the root asks for: the errors are estimates."""


def enough(solution: DescentSolution, tolerance: float) -> float:
    """Walkers with which the errors that come from their number stay below the tolerance, a power of two.

    Of m, and of the energy over its largest, at all times; what the steps leave is no matter of walkers.
    """
    walkers = int(solution.settings["walkers"])
    largest = float(np.max(np.abs(solution.energy)))
    scales = {"m": 1.0, "energy": largest if largest > 0 else 1.0}
    parts = [solution.error_parts[part] for part in ("statistical", "walkers")]
    worst = max(float(np.max(total(*(part[name] for part in parts)))) / scale for name, scale in scales.items())
    if worst <= tolerance:
        return walkers
    return float(2.0 ** np.ceil(np.log2(walkers * SPARE * (worst / tolerance) ** 2)))


def next_number(solution: DescentSolution, tolerance: float) -> int | None:
    """Of the next run; None where these are enough, or as many as are tried would not be."""
    walkers, needed = int(solution.settings["walkers"]), enough(solution, tolerance)
    if not walkers < needed <= GROWTH * MOST or walkers >= MOST:
        return None
    return int(min(needed, GROWTH * walkers, MOST))
