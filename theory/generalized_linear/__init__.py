"""Generalised linear landscapes: spectra, replicas, Kac-Rice and inference, derived from a loss."""

from .average import GivenSignal, Mean
from .bayes import BayesChannel
from .critical_points import CriticalPointAction
from .effective_process import EffectiveProcess, FlowProcess
from .kac_rice import KacRiceAction
from .landscape import GeneralizedLinearLandscape
from .piecewise import Piece, PiecewiseProximalMap, pieces
from .replicas import FullRSB, OneStepRSB, ProximalMap
from .singular import SingularEnd
from .spectral import SpectralMethod
from .spectrum import HessianSpectrum
from .symbols import ALPHA, FIELD, SIGNAL_FIELD
from .thresholds import critical_alphas

__all__ = [
    "ALPHA",
    "FIELD",
    "SIGNAL_FIELD",
    "BayesChannel",
    "CriticalPointAction",
    "EffectiveProcess",
    "FlowProcess",
    "FullRSB",
    "GeneralizedLinearLandscape",
    "GivenSignal",
    "HessianSpectrum",
    "KacRiceAction",
    "Mean",
    "OneStepRSB",
    "Piece",
    "PiecewiseProximalMap",
    "ProximalMap",
    "SingularEnd",
    "SpectralMethod",
    "critical_alphas",
    "pieces",
]
