"""Sampled landscapes as the checks want them: with a wrong signal, with the noise reversed, or free of condensation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from theory.landscape import GaussianLandscape

from ..errors import ConvergenceError
from ..simulation import Ensemble, SampledLandscape


def declared(landscape: GaussianLandscape) -> dict[str, str]:
    """``f`` and ``g`` as text."""
    return {"covariance": str(landscape.covariance), "mean": str(landscape.mean)}


def with_signal(landscape: GaussianLandscape, factor: float) -> GaussianLandscape:
    """The landscape with its planted part g multiplied: a wrong signal that a check has to notice."""
    if factor == 1:
        return landscape
    return GaussianLandscape(landscape.covariance, factor * landscape.mean, name=landscape.name)


def with_noise(sample: SampledLandscape, sign: int) -> SampledLandscape:
    """The same signal with the noise times +1 or -1, which are equally likely."""
    tensors = {degree: sign * tensor for degree, tensor in sample.tensors.items()}
    return replace(sample, constant=sign * sample.constant, tensors=tensors)


def spread(found: Ensemble) -> Ensemble:
    """The same runs; ``ConvergenceError`` if some of them condensed, which says nothing of mean field."""
    if condensed := int(np.count_nonzero(found.condensed)):
        size, runs = found.settings["size"], found.condensed.size
        raise ConvergenceError(f"{condensed} of {runs} diluted runs at N = {size} condensed on a few couplings")
    return found
