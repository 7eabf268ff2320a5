"""Empirical risks as the checks want them: with a wrong signal, with mirrored ones, or with none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from theory.generalized_linear import GeneralizedLinearLandscape

from ..generalized_linear.simulation import SampledRisk, sample_risk
from ..lowering import Array
from ..simulation.sphere import on_sphere


def declared(landscape: GeneralizedLinearLandscape) -> dict[str, str]:
    """Loss and label as text."""
    return {"loss": str(landscape.label_loss), "teacher": str(landscape.teacher)}


def with_wrong_signal(sample: SampledRisk, cosine: float, random: np.random.Generator) -> SampledRisk:
    """The same data and labels; what passes for the signal is at this cosine to it, 1 where nothing is wrong."""
    if cosine == 1:
        return sample
    across = random.standard_normal(sample.size)
    across = on_sphere((across - (across @ sample.signal / sample.size) * sample.signal)[None])[0]
    return replace(sample, signal=cosine * sample.signal + np.sqrt(1 - cosine**2) * across)


def without_signal(
    landscape: GeneralizedLinearLandscape, size: int, alpha: float, seed: np.random.SeedSequence
) -> SampledRisk:
    """Labels that are independent of the data, as they are for whatever is orthogonal to the signal."""
    drawn = sample_risk(landscape, size, alpha, seed)
    labels = np.random.default_rng(seed.spawn(1)[0]).standard_normal(drawn.labels.size)
    return replace(drawn, labels=labels)


def with_signal_beside(sample: SampledRisk, x: Array) -> tuple[SampledRisk, Array]:
    """One dimension more, along which the data are their labels: the signal; and x (N,) there, orthogonal to it.

    ``|x|^2 = |w*|^2 = N + 1``; the fields u and y of all data stay what they were.
    """
    size = sample.size + 1
    signal = np.zeros(size)
    signal[-1] = np.sqrt(size)
    data = np.column_stack([sample.data, sample.labels]).astype(np.float64)
    return SampledRisk(sample.landscape, signal, sample.labels, data), np.append(x * np.sqrt(size / sample.size), 0.0)
