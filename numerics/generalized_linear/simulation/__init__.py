"""One realisation of an empirical risk: gradient flow, descent, Hessians, spectral starts and message passing."""

from .descent import Descended, Motion, descend
from .empirical import empirical_law, empirical_spectrum, spectrum_of
from .message_passing import KnownMessagePassing, informed_start, message_passing
from .recovery import Recovery, label_histogram, recovery, success_probability, successes
from .sample import SampledRisk, sample_risk
from .simulate import simulate_risk
from .spectral import SpectralEstimate, spectral_estimate

__all__ = [
    "Descended",
    "KnownMessagePassing",
    "Motion",
    "Recovery",
    "SampledRisk",
    "SpectralEstimate",
    "descend",
    "empirical_law",
    "empirical_spectrum",
    "informed_start",
    "label_histogram",
    "message_passing",
    "recovery",
    "sample_risk",
    "simulate_risk",
    "spectral_estimate",
    "spectrum_of",
    "success_probability",
    "successes",
]
