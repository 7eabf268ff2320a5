"""A probability of success ``Phi(z)`` fitted to runs of which each succeeds or fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtr

from .lowering import Array


@dataclass(frozen=True, eq=False)
class Probit:
    """``z`` (runs,) of two parameters, and its ``gradient`` (2, runs) in them.

    Known beforehand are a Gaussian prior of that ``centre`` and those ``widths`` (infinite: nothing is), and ``ends``
    within which each is sought.
    """

    z: Callable[[Array], Array]
    gradient: Callable[[Array], Array]
    centre: Array
    widths: Array
    ends: Sequence[tuple[float, float]]

    def fit(self, succeeded: Array, failed: Array) -> Fitted:
        """The likeliest parameters, given how many runs of each kind did what."""

        def cost(parameters: Array) -> float:
            z, away = self.z(parameters), (parameters - self.centre) / self.widths
            return float(0.5 * away @ away - succeeded @ log_ndtr(z) - failed @ log_ndtr(-z))

        found = np.asarray(minimize(cost, self.centre, method="L-BFGS-B", bounds=self.ends).x)
        z, gradient = self.z(found), self.gradient(found)
        chance = np.clip(ndtr(z), 1e-9, 1 - 1e-9)
        density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
        weights = (succeeded + failed) * density**2 / (chance * (1 - chance))
        return Fitted(found, (gradient * weights) @ gradient.T + np.diag(self.widths**-2.0), chance)


class Fitted(NamedTuple):
    """Parameters, their information matrix, and the probability of each kind of run."""

    parameters: Array
    information: Array
    chance: Array
