r"""Kac-Rice at finite size for generalised linear landscapes: ``E Crt_k(N)``, with no large-N limit anywhere.

Given the fields ``(u, y)`` of the M data at overlap q, the data are otherwise free Gaussians in N - 2 directions:

- gradient along the signal: ``l'.(y - q u)/sqrt(N (1 - q^2))``, whose zero fixes q; its derivative there in q is
  ``-l'.u/sqrt(N (1 - q^2))``;
- gradient across: covariance ``|l'|^2/N``, density at zero ``(2 pi |l'|^2/N)^(-(N - 2)/2)``;
- Hessian: ``X^T D X/N + mu`` with ``mu = -l'.u/N``, whose columns across the signal are orthogonal to ``l'``.

The slope need only be continuous (the area formula holds for Lipschitz maps): the curvature may jump.

The fields are drawn from laws near those of the critical points at large N, and weighted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from theory.generalized_linear import GeneralizedLinearLandscape

from ..arrays import require_whole
from ..errors import ConvergenceError
from ..finite_size.expected_count import BATCHES, ExpectedCount
from ..lowering import Array
from ..memory import require_memory
from ..progress import Progress, counting, silent
from .bends import bends
from .field_law import FieldLaw, independent, require_numbers, tabulate
from .loss import finite
from .minima import Population, complexity_of_minima
from .quadrature import REACH
from .saddles import as_critical_points, law_at, spectrum_of_indices

PROPOSED = (0.0, 0.4, 0.75)
"""Overlaps of the laws that propose fields."""
STEP, CELL = 0.2, 0.25
"""Spacing of the nodes of the laws, and of those of u that labels share where each has its own."""
COPIES = 5
"""Of the data of a batch, on the way to its Hessians."""


def expected_critical_points(
    landscape: GeneralizedLinearLandscape,
    size: int,
    data: int,
    *,
    samples: int = 4096,
    seed: int = 0,
    progress: Progress = silent,
) -> ExpectedCount:
    r"""``E Crt_k``: mean number of critical points of ``H`` on ``|w|^2 = N`` for M data, by index and overlap.

    Parameters
    ----------
    landscape
        An even loss with numbers for its parameters.
    size, data
        ``N >= 2`` and ``M >= 1``.
    samples
        Number of weighted draws, at least 64; the standard errors fall as ``samples**-0.5``.
    seed
        Seed of ``numpy.random.default_rng``.
    progress
        See ``Progress``.

    Raises ``ValueError`` for a bad argument.
    """
    require_numbers(landscape)
    if bends(landscape.loss) and _flat(landscape):
        raise ValueError(f"{landscape!r} is flat at some fields: with some probability critical points are a continuum")
    for name, value, least in (("size", size, 2), ("data", data, 1), ("samples", samples, BATCHES)):
        require_whole(name, value, least, 8 * least)
    per_batch = -(-samples // BATCHES)
    advice = "try a smaller size, fewer data or fewer samples"
    require_memory(COPIES * 8.0 * per_batch * data * size, f"size = {size} with {data} data", advice)
    rng, edges = np.random.default_rng(seed), np.linspace(-1, 1, 11)
    proposal = _Proposal(landscape, data / size)
    batches, done = [], counting(progress, BATCHES, "batches of draws")
    for _ in range(BATCHES):
        u, y = proposal.draw(rng, per_batch, data)
        weight, overlap, index = _weighted(landscape, size, u, y, proposal.log_density(u, y), rng)
        batches.append(_histogram(edges, overlap, index, weight / per_batch, size))
        done()
    return ExpectedCount(size, edges, np.array(batches))


def _flat(landscape: GeneralizedLinearLandscape) -> bool:
    """Whether the force vanishes over a share of the fields."""
    data = tabulate(landscape, STEP, signal_free=False)
    return bool(np.any((data.fields[3] == 0) & (data.weight_u > 0)))


def _histogram(edges: Array, overlap: Array, index: Array, weight: Array, size: int) -> Array:
    """Weights by bin of the overlap and by index."""
    bins = (edges, np.arange(size + 1) - 0.5)
    return np.asarray(np.histogram2d(overlap, index, bins=bins, weights=weight)[0])


def _weighted(
    landscape: GeneralizedLinearLandscape, size: int, u: Array, y: Array, proposed: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Weight, overlap and index of each draw (rows of u and y)."""
    loss = finite((landscape.force, landscape.curvature))
    force, curvature = loss(u, y)
    radial, along = (force * u).sum(axis=1), (force * y).sum(axis=1)
    q = along / radial
    inside = np.abs(q) < 1
    q = np.where(inside, q, 0.0)
    gap = 1 - q**2
    normal = -((u**2 + y**2 - 2 * q[:, None] * u * y).sum(axis=1)) / (2 * gap) - u.shape[1] * np.log(
        2 * np.pi * np.sqrt(gap)
    )
    slope = 0.5 * np.log(size * gap) - np.log(np.abs(radial))
    across = -(size - 2) / 2 * np.log(2 * np.pi * (force**2).sum(axis=1) / size)
    v = (y - q[:, None] * u) / np.sqrt(gap)[:, None]
    log_det, index = _hessian(size, force, curvature, v, -radial / size, rng)
    total = normal - proposed + _log_area(size) + (size - 3) / 2 * np.log(gap) + slope + across + log_det
    return np.where(inside, np.exp(np.where(inside, total, 0.0)), 0.0), q, index


def _log_area(size: int) -> float:
    """Surface at overlap q of the sphere ``|w|^2 = N``, without ``(1 - q^2)^((N - 3)/2) dq``."""
    n = size - 1
    return float(n / 2 * np.log(size) + np.log(2) + n / 2 * np.log(np.pi) - gammaln(n / 2))


def _hessian(
    size: int, force: Array, curvature: Array, v: Array, mu: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """``ln |det|`` and number of negative eigenvalues, the data across the signal drawn given that l' is orthogonal."""
    x = rng.standard_normal((*force.shape, size - 2))
    unit = force / np.linalg.norm(force, axis=1, keepdims=True)
    x -= unit[:, :, None] * np.einsum("sm,smi->si", unit, x)[:, None, :]
    x = np.concatenate((v[:, :, None], x), axis=2)
    hessian = np.einsum("smi,sm,smj->sij", x, curvature, x, optimize=True) / size
    values = np.linalg.eigvalsh(hessian) + mu[:, None]
    return np.log(np.abs(values)).sum(axis=1), (values < 0).sum(axis=1)


@dataclass(frozen=True, eq=False)
class _Cells:
    """A law spread over the cells of its grid, constant in each; grids halved by symmetry are unfolded."""

    edges_u: Array
    edges_y: Array
    probability: Array

    @classmethod
    def of(cls, law: FieldLaw) -> _Cells:
        """Half of y stands for ``(u, y) -> (-u, -y)``, half of u for ``u -> -u`` by itself."""
        (u, each), y = _of_rows(law), law.data.fields[1].ravel()
        if u.min() >= 0:
            u, each = np.concatenate((-u[::-1], u)), np.concatenate((each[:, ::-1], each), axis=1) / 2
        if y.min() > 0:
            y, each = np.concatenate((-y[::-1], y)), np.concatenate((each[::-1, ::-1], each), axis=0) / 2
        return cls(_edges(u), _edges(y), each)

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Array, Array]:
        """Fields of ``count`` data."""
        flat = np.cumsum(self.probability.ravel())
        place = np.searchsorted(flat, rng.random(count) * flat[-1])
        i, j = np.unravel_index(np.minimum(place, len(flat) - 1), self.probability.shape)
        u = self.edges_u[j] + np.diff(self.edges_u)[j] * rng.random(count)
        y = self.edges_y[i] + np.diff(self.edges_y)[i] * rng.random(count)
        return u, y

    def log_density(self, u: Array, y: Array) -> Array:
        """Of each datum."""
        j = np.clip(np.searchsorted(self.edges_u, u) - 1, 0, len(self.edges_u) - 2)
        i = np.clip(np.searchsorted(self.edges_y, y) - 1, 0, len(self.edges_y) - 2)
        area = np.diff(self.edges_u)[j] * np.diff(self.edges_y)[i]
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.probability[i, j] / area))


def _of_rows(law: FieldLaw) -> tuple[Array, Array]:
    """Nodes that all labels share, and probabilities: where each label has nodes of its own, those nearest to them."""
    u = law.data.fields[0]
    if len(u) == 1:
        return u.ravel(), law.probability
    half: Array = (np.arange(round(REACH / CELL), dtype=np.float64) + 0.5) * CELL
    shared: Array = half if u.min() >= 0 else np.concatenate((-half[::-1], half))
    place = np.clip(np.searchsorted(_edges(shared), u) - 1, 0, len(shared) - 1)
    each = np.zeros((len(u), len(shared)))
    np.add.at(each, (np.arange(len(u))[:, None], place), law.probability)
    return shared, each


def _edges(nodes: Array) -> Array:
    """Ends of the cells around ordered nodes; the outermost are as wide inside as outside."""
    middle = (nodes[1:] + nodes[:-1]) / 2
    return np.concatenate(([2 * nodes[0] - middle[0]], middle, [2 * nodes[-1] - middle[-1]]))


class _Proposal:
    """A mixture, all data of a draw from one law: of critical points at some overlaps, or Gaussian."""

    def __init__(self, landscape: GeneralizedLinearLandscape, alpha: float) -> None:
        laws = [independent(tabulate(landscape, STEP, signal_free=False))]
        for overlap in (*PROPOSED, *(-q for q in PROPOSED if q)):
            laws += _laws(Population(landscape, "annealed", overlap, STEP), alpha)
        self.cells = [_Cells.of(law) for law in laws]

    def draw(self, rng: np.random.Generator, count: int, data: int) -> tuple[Array, Array]:
        """Fields (count, data)."""
        chosen = rng.integers(len(self.cells), size=count)
        pairs = [self.cells[k].draw(rng, data) for k in chosen]
        return np.array([u for u, _ in pairs]), np.array([y for _, y in pairs])

    def log_density(self, u: Array, y: Array) -> Array:
        """Of each draw."""
        each = [cells.log_density(u, y).sum(axis=1) for cells in self.cells]
        return np.asarray(logsumexp(each, axis=0) - np.log(len(each)))


def _laws(population: Population, alpha: float) -> list[FieldLaw]:
    """Of minima and of critical points of several indices, where they are found."""
    try:
        minima = complexity_of_minima(
            population.landscape, alpha, overlap=population.overlap, labels="annealed", step=population.step
        )
        path = spectrum_of_indices(population, minima, steps=8)
    except ConvergenceError:
        return []
    return [law_at(population, saddle) for saddle in (as_critical_points(minima), *(point.saddle for point in path))]
