"""Generalised linear landscapes in numbers: spectra, replicas, Kac-Rice, inference, and their thresholds in alpha."""

from .bayes import algorithmic, information_theoretic, state_evolution, weak_recovery
from .complexity import Complexity
from .curves import complexity_curve
from .full_rsb import FullRSBState, full_rsb_state, ground_state_bbp
from .ground_state import ground_state, ground_states
from .kac_rice import dominant_bbp, zero_complexity_bbp
from .labels import spectral_outlier, spectral_threshold
from .minima import Minima, complexity_of_minima
from .one_step import OneStepState, marginal_bbp, marginal_state
from .parisi import GroundState
from .spectrum import HessianEdge, LabelSpectrum, initial_bbp, initial_hessian
from .thresholds import evaluate_critical
from .topology import overlap_lines

__all__ = [
    "Complexity",
    "FullRSBState",
    "GroundState",
    "HessianEdge",
    "LabelSpectrum",
    "Minima",
    "OneStepState",
    "algorithmic",
    "complexity_curve",
    "complexity_of_minima",
    "dominant_bbp",
    "evaluate_critical",
    "full_rsb_state",
    "ground_state",
    "ground_state_bbp",
    "ground_states",
    "information_theoretic",
    "initial_bbp",
    "initial_hessian",
    "marginal_bbp",
    "marginal_state",
    "overlap_lines",
    "spectral_outlier",
    "spectral_threshold",
    "state_evolution",
    "weak_recovery",
    "zero_complexity_bbp",
]
