"""One step of the pair of orders 5 and 4 of Dormand and Prince, several starts at once, each with its own step."""

from __future__ import annotations

import numpy as np

from ..lowering import Array
from .sphere import Field, Point, Trial, on_sphere, rms

# Dormand, Prince (J. Comput. Appl. Math. 6, 19, 1980), table 2: RK5(4)7M
STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
ERROR = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
ERROR_ORDER = 5
"""The estimate is of order ``h^5``."""


def dormand_prince(field: Field, start: Point, h: Array) -> Trial:
    """From ``start`` by h (starts,): six gradients, the last one at the end, projected to the sphere.

    ``stiffness = h |k7 - k6|/|x7 - x6|`` (Hairer, Wanner, Solving ODEs II, IV.2.21); stability ends at 3.3.
    """
    step, forces = h[:, None], [start.force]
    for row in STAGES[:-1]:
        before = start.x + step * _combined(row, forces)
        forces.append(field.at(before).force)
    end = field.at(on_sphere(start.x + step * _combined(STAGES[-1], forces)))
    forces.append(end.force)
    moved, turned = rms(end.x - before), rms(forces[-1] - forces[-2])
    stiffness = h * np.divide(turned, moved, out=np.zeros_like(moved), where=moved > 0)
    return Trial(end, h * rms(_combined(ERROR, forces)), stiffness)


def _combined(weights: tuple[float, ...], forces: list[Array]) -> Array:
    total = weights[0] * forces[0]
    for weight, force in zip(weights[1:], forces[1:], strict=True):
        if weight:
            total += weight * force
    return total
