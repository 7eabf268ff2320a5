r"""Diluted runs that condense: all weight on a few sites, at energies of order ``-N^(p/2 - 1)``, foreign to mean field.

One coupling of p sites with all the weight has the energy ``-sqrt(f_p/c) (N/p)^(p/2)``, below anything of mean field
where N is large: sooner or later a run finds such a state. How long that takes was measured: gradient flow from random
starts in eight frames, ``f = q^p/2``, one to two samples each, first time at which the participation exceeds 6.

    p = 3   c = 16, 32, 48   N = 8000    t = 5, 25, 95;    c = 64: none to t = 100, to N = 32000
            c = 16, 32       N = 32000   t = 6, 18
            c = 24           N = 2000    t = 30
    p = 4   c = 64, 128, 256 N = 1000    t = 4, 9, 100;    c = 512: none to t = 100
            c = 64, 128, 256 N = 4000    t = 2, 4, 14;     c = 512: none to t = 100
            c = 64, 128, 256 N = 8000    t = 1.5, 2.5, 6;  c = 256: t = 5 at N = 16000

It grows as ``exp(c/c_0)``, ``c_0 = 11`` for p = 3 and about ``50 sqrt(N/1000)`` for p = 4, to within a factor 1.5.
"""

from __future__ import annotations

from math import ceil, log1p, sqrt

import numpy as np
from numpy.typing import NDArray

from theory.landscape import GaussianLandscape

from ..lowering import Array
from .diluted import CONNECTIVITY, diluted_degrees
from .landscape_sample import series_of

SPREAD = 6.0
"""Participation of a spread vector is 3; of runs that did not go on to condense it was 5 at most."""
FEW_SITES = 300.0
"""Over N, what chance adds to the participation of a spread vector on few sites (below 1e-6 for each)."""
MARGIN = 2.0
"""Of the connectivity, over where half of the runs condense."""
ROUND = 64
"""Connectivities are multiples of it."""


def condensed(participation: Array, size: int) -> NDArray[np.bool_]:
    """Whether a run (..., times) was at any time on few sites: ``N sum y^4/|y|^4`` far above the 3 of a spread one."""
    return np.asarray(participation.max(axis=-1) > SPREAD + FEW_SITES / size)


def safe_connectivity(landscape: GaussianLandscape, size: int, t_max: float) -> int | None:
    """The least connectivity with which a run to ``t_max`` does not condense, at least 128; None where unknown.

    ``MARGIN c_0 ln(1 + t sqrt f''(1))`` of the largest degree, which was measured to 4 and for gradient flow; with a
    bath it is a guess. A mixture has weaker couplings of each degree than the pure landscape that was measured. Whether
    it was enough, ``condensed`` tells.
    """
    covariance, _ = series_of(landscape)
    degrees = diluted_degrees(covariance)
    order = max(degrees, default=2)
    if order > 4:
        return None
    curvature = np.arange(covariance.size) * np.arange(-1, covariance.size - 1) * covariance
    decay = {2: 0.0, 3: 11.0, 4: 50.0 * sqrt(max(1.0, size / 1000))}[order]
    wanted = MARGIN * decay * log1p(t_max * sqrt(float(curvature.sum())))
    return max(CONNECTIVITY, ROUND * ceil(wanted / ROUND))
