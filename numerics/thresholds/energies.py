"""Where the complexity of minima or saddles resolved by energy vanishes."""

import numpy as np

from theory.energies import annealed_energy, ground_state_energy, ground_state_of, marginal_energy
from theory.landscape import GaussianLandscape
from theory.statics.transitions import unplanted

from ..complexity import ROUNDING, complexity, outside_coordinate
from ..lowering import Array
from ..roots import above, slope_at
from ..statics import statics
from .lines import Located


def ground_state(landscape: GaussianLandscape) -> Located:
    """Parisi's formula, with the certified error of the order parameter that was found."""
    threshold, result = ground_state_energy(landscape), statics(unplanted(landscape))
    if not result.exact or result.found is None:
        return Located.of(threshold, np.array([result.energy]), np.array([result.error]))
    ansatz = result.found.ansatz
    piece = ground_state_of(landscape, ansatz.parts, ansatz.at_zero, ansatz.at_one)
    seeds = [np.array([float(value)]) for value in result.found.unknowns]
    return Located.of(piece, np.array([result.energy]), np.array([result.error]), seeds)


def lowest_energy(landscape: GaussianLandscape, index: int) -> Located:
    """Searched downwards from the marginal energy, where the complexity is still positive."""
    threshold = annealed_energy(landscape, index)
    start = -float(marginal_energy(landscape).defining[0].rhs)

    def sigma(depth: Array) -> Array:
        return complexity(landscape, np.zeros_like(depth), index, energy=-depth).sigma

    roots = above(sigma, np.array([start * (1 + 1e-12)]), growth=1.01)
    reason = "the complexity at the marginal energy is not positive: there are no exponentially numerous minima"
    depth = np.where(roots.found, roots.value, start)
    y = outside_coordinate(complexity(landscape, np.zeros(1), index, energy=-depth).t)
    error = roots.error + ROUNDING / slope_at(sigma, depth)
    return Located.of(threshold, -roots.value, error, (y,), reason)
