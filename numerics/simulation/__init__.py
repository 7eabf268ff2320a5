"""One realisation of a landscape at finite N, and what is measured on it."""

from .diluted import DilutedLandscape, diluted
from .ensemble import Ensemble, load
from .flow import Flow, gradient_flow
from .hessian import Modes, lowest, spectrum
from .landscape_sample import Sample, SampledLandscape, memory_needed, sample
from .langevin import langevin
from .simulate import simulate
from .starts import random_starts, starts_with_overlap

__all__ = [
    "DilutedLandscape",
    "Ensemble",
    "Flow",
    "Modes",
    "Sample",
    "SampledLandscape",
    "diluted",
    "gradient_flow",
    "langevin",
    "load",
    "lowest",
    "memory_needed",
    "random_starts",
    "sample",
    "simulate",
    "spectrum",
    "starts_with_overlap",
]
