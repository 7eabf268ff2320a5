r"""Approximate message passing on a sampled landscape, Bayes-optimal and maximum-likelihood.

``h^t = -grad H(x^t) - b_t x^{t-1}``, ``x^{t+1} = eta(h^t)``, with Onsager's coefficient
``b_t = f''(x^t.x^{t-1}/N) <eta'(h^{t-1})>``: ``x^t`` answers to ``h^{t-1}`` with the slope ``<eta'>``, and the field to
``x^t`` with ``f''``. What is left is ``h^t = g'(m_t) x* + sqrt(f'(|x^t|^2/N)) z``, z a fresh Gaussian vector: state
evolution. For the spiked matrix-tensor model see Sarao Mannelli et al. (2018, arXiv 1812.09066, appendix).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from theory.inference import BayesOptimal
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP

from ..arrays import require_whole
from ..lowering import Array
from ..power_series import coefficients, evaluate
from .landscape_sample import Sample, vectors

Kind = Literal["bayes", "maximum-likelihood"]
Denoiser = Callable[[Array, Array], tuple[Array, Array]]
"""From the field h (starts, N) and the noise's variance (starts,): ``eta(h)`` and ``<eta'>`` (starts,)."""


@dataclass(frozen=True, eq=False)
class MessagePassing:
    """``overlap[t] = x^t.x*/N`` and ``norm[t] = |x^t|^2/N``, shape (steps + 1, starts); x (starts, N) at the end."""

    overlap: Array
    norm: Array
    x: Array


def message_passing(
    sample: Sample, landscape: GaussianLandscape, start: ArrayLike, steps: int, *, kind: Kind = "maximum-likelihood"
) -> MessagePassing:
    """That many steps from each row of ``start`` (starts, N), which must not depend on the noise of the sample.

    Parameters
    ----------
    sample
        A realisation of ``landscape``, whose ``f'`` and ``f''`` enter.
    start
        For maximum likelihood on the sphere; for Bayes with ``|x|^2 = x.x*``, so that it is the mean of a posterior.
    steps
        At least 1; each reads the couplings once.
    kind
        ``"bayes"``: posterior mean, ``h/(1 + f'(q))``, for ``f = g``. ``"maximum-likelihood"``: ``sqrt(N) h/|h|``; its
        fixed points are critical points of H.

    Raises ``ValueError`` for a bad argument, ``f != g`` among them where ``kind = "bayes"``.
    """
    if kind not in DENOISERS:
        raise ValueError(f"kind = {kind!r}: expected one of {', '.join(DENOISERS)}")
    require_whole("steps", steps, 1)
    if kind == "bayes":
        BayesOptimal(landscape)
    noise, curvature = (coefficients(landscape.f(k, OVERLAP), OVERLAP, "covariance") for k in (1, 2))
    x = vectors("start", start, sample.size, 2)
    before, slope, size = np.zeros_like(x), np.zeros(len(x)), sample.size
    overlaps, norms = [x @ sample.signal / size], [_dot(x, x)]
    for _ in range(steps):
        onsager = evaluate(curvature, _dot(x, before)) * slope
        field = -sample.gradient(x)[1] - onsager[:, None] * before
        before, (x, slope) = x, DENOISERS[kind](field, evaluate(noise, norms[-1]))
        overlaps.append(x @ sample.signal / size)
        norms.append(_dot(x, x))
    return MessagePassing(np.array(overlaps), np.array(norms), x)


def _posterior_mean(field: Array, variance: Array) -> tuple[Array, Array]:
    """Of a Gaussian signal seen at signal-to-noise ratio ``f'(q)``."""
    slope = 1 / (1 + variance)
    return field * slope[:, None], slope


def _on_sphere(field: Array, _variance: Array) -> tuple[Array, Array]:
    slope = 1 / np.sqrt(_dot(field, field))
    return field * slope[:, None], slope


DENOISERS: dict[Kind, Denoiser] = {"bayes": _posterior_mean, "maximum-likelihood": _on_sphere}


def _dot(a: Array, b: Array) -> Array:
    """``a.b/N`` of each row."""
    product: Array = np.sum(a * b, axis=1) / a.shape[1]
    return product
