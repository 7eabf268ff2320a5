r"""Bayes-optimal generalised approximate message passing on a sample (Rangan 2011; arXiv 1708.03395).

``w = X x/sqrt N - V g'``, with g' the g of the step before; ``g = (E[y | w, label] - w)/V``;
``qhat = alpha <(V - Var)/V^2>``; ``x <- (qhat x + X^T g/sqrt N)/(1 + qhat)``, ``V <- 1/(1 + qhat)``. Averages are over
the data, so nothing of the signal is used but a start; state evolution follows ``q = 1 - V = x.w*/N``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from theory.generalized_linear import SIGNAL_FIELD
from theory.generalized_linear.bayes import DENOISED, KNOWN, POSTERIOR_VARIANCE
from theory.generalized_linear.symbols import ALPHA, PLANTED_OVERLAP

from ...lowering import Array, lower
from ...simulation.amp import MessagePassing
from ...simulation.landscape_sample import vectors
from ..bayes import channel
from .sample import SampledRisk

LEAST_VARIANCE = 1e-12


@dataclass(frozen=True, eq=False)
class KnownMessagePassing(MessagePassing):
    """With ``expected[t] = 1 - V_t``, what overlap and norm should be from the data alone; (steps + 1, starts)."""

    expected: Array


def informed_start(sample: SampledRisk, q: float, seed: int | np.random.SeedSequence, starts: int = 1) -> Array:
    """``q w* + sqrt(q (1 - q)) z``, z ~ N(0, I): as a posterior mean, ``x.w*/N = |x|^2/N = q``; (starts, N)."""
    if not 0 < q < 1:
        raise ValueError(f"q = {q}: expected an overlap within (0, 1); try 0.1")
    noise = np.random.default_rng(seed).standard_normal((starts, sample.size))
    return np.asarray(q * sample.signal + np.sqrt(q * (1 - q)) * noise)


def message_passing(sample: SampledRisk, start: ArrayLike, q: float, steps: int) -> KnownMessagePassing:
    """That many steps from each row of ``start`` (starts, N), whose overlap and squared norm are ``q N``.

    Parameters
    ----------
    sample
        Of a loss whose teacher's label has known preimages (``BayesChannel``).
    start
        Such as ``informed_start``; it must not depend on the data but through the signal.
    q
        Within (0, 1).
    steps
        At least 1; each reads the data twice.

    Raises ``ValueError`` for a bad argument.
    """
    if steps < 1 or not 0 < q < 1:
        raise ValueError(f"steps = {steps}, q = {q}: expected at least one step, and q within (0, 1)")
    theory = channel(sample.landscape)
    datum = lower((SIGNAL_FIELD, KNOWN, PLANTED_OVERLAP), [theory.output, theory.variance])
    ratio = lower((ALPHA, PLANTED_OVERLAP, POSTERIOR_VARIANCE), [theory.signal_to_noise])
    overlap = lower((DENOISED,), [theory.overlap])
    x = vectors("start", start, sample.size, 2)
    known, sent = np.full(len(x), q), np.zeros((len(x), sample.labels.size))
    history = [(x @ sample.signal / sample.size, np.vecdot(x, x) / sample.size, known)]
    for _ in range(steps):
        field = sample.fields(x) - (1 - known)[:, None] * sent
        sent, spread = datum(sample.labels, field, known[:, None])
        strength = np.maximum(ratio(sample.alpha, known, spread.mean(axis=1))[0], LEAST_VARIANCE)[:, None]
        x = (strength * x + sample.combined(sent)) / (1 + strength)
        known = np.minimum(overlap(strength[:, 0])[0], 1 - LEAST_VARIANCE)
        history.append((x @ sample.signal / sample.size, np.vecdot(x, x) / sample.size, known))
    overlaps, norms, expected = (np.array(column) for column in zip(*history, strict=True))
    return KnownMessagePassing(overlaps, norms, x, expected)
