"""The law of a label of a few Gaussian fields, with the means of the fields and of their squares given the label.

Along a ray ``z = r e`` the label is a function of one variable. Where it is homogeneous, ``Y = r^d Y(e)``, all
densities are integrals over directions of smooth functions of ``ln |Y|``. Others are put into bins of labels, narrow
where the law may be singular: bins say less than labels, by the square of their width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve
from scipy.special import gammainc, gammaln

from theory.generalized_linear.kinks import gaps
from theory.generalized_linear.multi_index import IndexTeacher

from ..lowering import Array, lower
from ..machine_code import compiled
from ..roots import between
from .directions import directions

FIELDS = 9.0
"""Largest size of the fields."""
SPACING = 0.05
"""Of ``ln r``, for homogeneous labels."""
RESOLVED, FINEST = 0.4, 2e-5
"""Step of the largest labels in units of the noise, and the least step of ``ln r``."""
LOWEST = -37.0
"""``K ln r`` of the smallest."""
HALVINGS = {1: 0, 2: 20, 3: 10}
"""Of panels of angles towards zeros of homogeneous labels, by dimension."""
STENCIL = 4
ROUNDED = 1e-15
"""Densities relative to the largest, below which rounding of sums leaves nothing."""
BINS = 1000
"""Of labels, on the coarsest grid; finer ones have twice as many, and twice as many segments to a ray."""
TABLE = 200_001
DEEPEST = 1e-13
"""Probability of the outermost bins."""
INSIDE = 1e-9
"""Distance from the end of a segment at which its label is read."""
FEW = 40
"""Values of a label of finitely many."""
CHUNK = 2000
PROBES = np.random.default_rng(0).standard_normal((3, 64))


@dataclass(frozen=True, eq=False)
class LabelMoments:
    """Of labels in ``n`` places: probability (n,), and as much times ``E[z | label]`` (n, K), ``E[z z^T | label]``."""

    label: Array
    probability: Array
    first: Array
    second: Array

    def kept(self) -> LabelMoments:
        """Without places of no probability."""
        here = self.probability > 0
        return LabelMoments(self.label[here], self.probability[here], self.first[here], self.second[here])


def label_function(teacher: IndexTeacher) -> Callable[[Array], Array]:
    """The label at points (K, ...). Raises ValueError where it is not a finite number."""
    plain, function = (lower(teacher.indices, [label]) for label in (teacher.label, teacher.core))
    if np.isnan(plain(*PROBES[: len(teacher.indices)])[0]).any():
        raise ValueError(f"teacher = {teacher.label} is not a finite number for all z; try z1*z2")

    def compute(z: Array) -> Array:
        values = function(*z)[0]
        if not np.isfinite(values).all():
            place = z[:, ~np.isfinite(values)][:, 0]
            where = ", ".join(f"{name} = {x:.3g}" for name, x in zip(teacher.indices, place, strict=True))
            raise ValueError(f"teacher = {teacher.label} is not a finite number at {where}; try z1*z2")
        return values

    return compute


def degree(teacher: IndexTeacher) -> float | None:
    """d of ``Y(t z) = t^d Y(z)``, t > 0; none for other labels and for those that do not vary along rays."""
    label = label_function(teacher)
    z = PROBES[: len(teacher.indices)]
    values = label(z)
    there = values != 0
    longer = {t: label(t * z)[there] for t in (2.0, 3.0, 0.7)}
    if not there.any() or any((label_at == 0).any() for label_at in longer.values()):
        return None
    found = [np.log(np.abs(label_at / values[there])) / np.log(t) for t, label_at in longer.items()]
    same = np.ptp(found) < 1e-9 and (np.sign(label(2 * z)) == np.sign(values)).all()
    d = float(np.round(np.mean(found), 9))
    return d if same and d != 0 else None


def label_moments(teacher: IndexTeacher, level: int) -> LabelMoments:
    """On the grid of this level, 0 the coarsest."""
    d, deviation, step = degree(teacher), float(teacher.noise) ** 0.5, SPACING / 2**level
    if d is not None and deviation > 0:
        step = min(step, RESOLVED * deviation / (abs(d) * _largest(teacher, d)))
    clear = binned(teacher, level) if d is None or step < FINEST else homogeneous(teacher, d, level, step)
    return clear.kept() if deviation == 0 else blurred(clear.kept(), deviation, level)


def _largest(teacher: IndexTeacher, d: float) -> float:
    """Size of a homogeneous label that is hardly ever exceeded."""
    e = directions(len(teacher.indices), _gaps(teacher), 2, 0.5, 4)[0]
    return float(np.abs(label_function(teacher)(e)).max() * (FIELDS if d > 0 else np.exp(LOWEST / 2)) ** d)


def _gaps(teacher: IndexTeacher) -> Callable[[Array], Array]:
    """What a label breaks at, and the label itself."""
    function = lower(teacher.indices, [*gaps(teacher.core), teacher.core])
    return lambda z: np.stack(function(*z))


def _ray_density(count: int) -> float:
    """``ln (2 pi)^(K/2)``."""
    return count / 2 * float(np.log(2 * np.pi))


def homogeneous(teacher: IndexTeacher, d: float, level: int, step: float) -> LabelMoments:
    """At equal steps of ``ln |Y|``, for either sign: ``r^K e^(-r^2/2)/|d|`` integrated over directions."""
    count = len(teacher.indices)
    e, weight = directions(count, _gaps(teacher), HALVINGS[count] + 4 * level, 0.5, 6 + 2 * level)
    values, products = label_function(teacher)(e), weight[:, None] * _products(e)
    parts = []
    for sign in (1, -1):
        here = values * sign > 0
        if here.any():
            parts.append(_one_sign(count, d, step, np.log(values[here] * sign), products[here]))
            parts[-1][0] *= sign
    label, columns = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return _of_columns(label, columns, count)


def _one_sign(count: int, d: float, step: float, place: Array, products: Array) -> list[Array]:
    """Labels, and columns of their moments: directions are laid on a grid of ``ln |Y(e)|``, along rays on the same."""
    unit = step * abs(d)
    place = np.maximum(place, place.max() - 100 * abs(d) / count) if d > 0 else place
    first = place.min() - STENCIL * unit
    grid = np.zeros((int((place.max() - first) / unit) + 2 * STENCIL, products.shape[1]))
    laid(np.ascontiguousarray((place - first) / unit), products, grid)
    x = np.arange(LOWEST / count, np.log(FIELDS), step)
    ray = np.exp(count * x - np.exp(2 * x) / 2 - _ray_density(count)) * step
    powers = _powers(count)
    along = (ray[:, None] * np.exp(x[:, None] * powers))[:: 1 if d > 0 else -1]
    columns = fftconvolve(grid, along, axes=0)
    start = first + (d * x[0] if d > 0 else d * x[-1])
    label = np.exp(start + unit * np.arange(len(columns)))
    seen = columns[:, 0] > columns[:, 0].max() * ROUNDED
    return [label[seen], columns[seen]]


def _products(e: Array) -> Array:
    """``1, e_a, e_a e_b`` of directions (K, n): (n, 1 + K + K^2)."""
    return np.concatenate((np.ones((1, e.shape[1])), e, (e[:, None] * e[None]).reshape(len(e) ** 2, -1))).T


def _powers(count: int) -> Array:
    """Powers of r that go with them."""
    return np.array([0] + [1] * count + [2] * count**2)


def _of_columns(label: Array, columns: Array, count: int) -> LabelMoments:
    """Columns as in ``_products``."""
    second = columns[:, 1 + count :].reshape(-1, count, count)
    return LabelMoments(label, columns[:, 0], columns[:, 1 : 1 + count], second)


@compiled
def laid(place: Array, products: Array, grid: Array) -> None:
    """Adds each row at its place between rows of the grid, by Lagrange's polynomial through ``2 STENCIL`` of them."""
    for i in range(len(place)):
        base = int(np.floor(place[i])) - STENCIL + 1
        for a in range(2 * STENCIL):
            weight = 1.0
            for b in range(2 * STENCIL):
                if b != a:
                    weight *= (place[i] - base - b) / (a - b)
            for c in range(products.shape[1]):
                grid[base + a, c] += weight * products[i, c]


def binned(teacher: IndexTeacher, level: int) -> LabelMoments:
    """In bins, and in atoms: labels that do not vary along rays, or along stretches of them."""
    count = len(teacher.indices)
    e, weight = directions(count, _gaps(teacher), (8, 8, 2)[count - 1] + level, 0.5 / 2**level, 4)
    products, number = _products(e), (800, 200, 100)[count - 1] * 2**level
    chunks = [slice(k, k + CHUNK) for k in range(0, e.shape[1], CHUNK)]
    few = np.random.default_rng(0).permutation(e.shape[1])[:CHUNK]
    seen = Segments.of(teacher, e[:, few], number)
    origin = float(label_function(teacher)(np.full((count, 1), 1e-12))[0])
    edges = _edges(*seen.varying(weight[few]), origin, BINS * 2**level)
    sums = np.zeros((len(edges) - 1, 1 + products.shape[1]))
    atoms: dict[float, Array] = {}
    for part in chunks:
        segments = Segments.of(teacher, e[:, part], number)
        weighted = weight[part, None] * products[part]
        sums += spread(segments.low, segments.high, segments.varied(), weighted, _powers(count), edges)
        segments.add_atoms(atoms, weighted, _powers(count))
        if len(atoms) > FEW:
            raise ValueError(
                f"teacher = {teacher.label} depends on the direction of z alone, in more than {FEW} values; "
                "try noise, or what varies along rays"
            )
    middle = sums[:, 0] / np.where(sums[:, 1] > 0, sums[:, 1], 1.0)
    label = np.append(middle, np.array([*atoms]))
    return _of_columns(label, np.concatenate((sums[:, 1:], *(column[None] for column in atoms.values()))), count)


@dataclass(frozen=True, eq=False)
class Segments:
    """Of rays: the label just inside both ends of each segment (rays, n), and ``E[r^k]`` of it, (3, rays, n)."""

    low: Array
    high: Array
    mass: Array

    @classmethod
    def of(cls, teacher: IndexTeacher, e: Array, number: int) -> Segments:
        """So many to a ray; they end where the label breaks."""
        count = len(teacher.indices)
        ends = np.tile(np.linspace(0, FIELDS, number + 1), (e.shape[1], 1))
        broken = gaps(teacher.core)
        for gap in broken:
            function = lower(teacher.indices, [gap])
            _move(ends, lambda r, ray, f=function: f(*(e[:, ray.astype(int)] * r))[0])  # type: ignore[misc]
        label, inside = label_function(teacher), INSIDE * FIELDS / number
        low, high = (label(e[:, :, None] * r) for r in (ends[:, :-1] + inside, ends[:, 1:] - inside))
        table = np.linspace(0, FIELDS, TABLE)
        mass = [np.diff(np.interp(ends, table, _radial(count, k, table)), axis=1) for k in range(3)]
        return cls(low, high, np.maximum(np.array(mass), 0.0))

    @property
    def flat(self) -> NDArray[np.bool_]:
        """Where the label does not vary."""
        size = np.maximum(np.abs(self.high), np.abs(self.low))
        return np.asarray(np.abs(self.high - self.low) <= 1e-12 * size)

    def varied(self) -> Array:
        """Masses of the others."""
        return np.where(self.flat, 0.0, self.mass)

    def varying(self, weight: Array) -> tuple[Array, Array]:
        """Labels at both ends of the others, and their probability."""
        there = ~self.flat
        return np.append(self.low[there], self.high[there]), np.tile((self.mass[0] * weight[:, None])[there], 2)

    def add_atoms(self, atoms: dict[float, Array], products: Array, powers: Array) -> None:
        """Moments of flat segments, by label."""
        flat, values = self.flat, np.round(self.low, 10)
        for value in np.unique(values[flat])[: FEW + 1]:
            mass = np.where(flat & (values == value), self.mass, 0.0).sum(axis=2)
            atoms[float(value)] = atoms.get(float(value), 0.0) + (mass[powers].T * products).sum(axis=0)


def _move(ends: Array, gap: Callable[[Array, Array], Array]) -> None:
    """The nearer end of each segment on which a gap changes its sign, to where it does."""
    rays = np.broadcast_to(np.arange(float(len(ends)))[:, None], ends.shape)
    signs = np.sign(gap(ends, rays))
    ray, k = np.nonzero(signs[:, 1:] * signs[:, :-1] < 0)
    if not ray.size:
        return
    low, high = ends[ray, k], ends[ray, k + 1]
    root = between(gap, low, high, ray.astype(np.float64)).value
    nearer = k + (root - low > high - root)
    nearer = np.clip(nearer, 1, ends.shape[1] - 2)
    ends[ray, nearer] = root


def _radial(count: int, power: int, r: Array) -> Array:
    """``int_0^r t^(K - 1 + power) e^(-t^2/2) dt/(2 pi)^(K/2)``."""
    a = (count + power) / 2
    return np.asarray(gammainc(a, r**2 / 2) * np.exp(gammaln(a) + (a - 1) * np.log(2) - _ray_density(count)))


def _edges(label: Array, mass: Array, origin: float, number: int) -> Array:
    """As many quantiles, with geometric steps at both ends of the law and around the label of ``z = 0``."""
    if not len(label):
        return np.array([-np.inf, np.inf])
    order = np.argsort(label)
    ordered, below = label[order], np.cumsum(mass[order])
    below = below / below[-1]
    tails = np.geomspace(DEEPEST, 1 / number, number // 4)
    share = np.unique(np.concatenate((tails, np.arange(1, number) / number, 1 - tails)))
    quantiles = np.interp(share, below, ordered)
    width = float(np.ptp(quantiles))
    near = np.geomspace(1e-9 * width, width, number // 4)
    marks = np.concatenate((quantiles, origin - near, origin + near))
    inner = np.unique(marks[(marks > ordered[0]) & (marks < ordered[-1])])
    return np.concatenate(([-np.inf], inner, [np.inf]))


@compiled
def spread(low: Array, high: Array, mass: Array, products: Array, powers: Array, edges: Array) -> Array:
    """Sums (bins, 1 + columns) over segments, whose labels go evenly from low to high: of labels, and of moments."""
    columns = products.shape[1]
    out = np.zeros((len(edges) - 1, 1 + columns))
    total = np.zeros(columns)
    for ray in range(low.shape[0]):
        for k in range(low.shape[1]):
            if mass[0, ray, k] <= 0:
                continue
            a, b = min(low[ray, k], high[ray, k]), max(low[ray, k], high[ray, k])
            for c in range(columns):
                total[c] = mass[powers[c], ray, k] * products[ray, c]
            bin_ = np.searchsorted(edges, a, side="right") - 1
            start = a
            while True:
                end = min(b, edges[bin_ + 1])
                share = (end - start) / (b - a)
                out[bin_, 0] += share * total[0] * 0.5 * (start + end)
                for c in range(columns):
                    out[bin_, 1 + c] += share * total[c]
                if end >= b:
                    break
                start = end
                bin_ += 1
    return out


def blurred(clear: LabelMoments, deviation: float, level: int) -> LabelMoments:
    """Labels with Gaussian noise, at equal steps."""
    step = deviation * 0.4 / 2**level
    order = np.argsort(clear.label)
    label = clear.label[order]
    number = int(np.ceil((label[-1] - label[0] + 18 * deviation) / step))
    if number > MOST:
        raise ValueError(f"noise = {deviation**2:.3g} is small beside labels of {np.abs(label).max():.3g}; try none")
    count = clear.first.shape[1]
    columns = np.column_stack((clear.probability, clear.first, clear.second.reshape(-1, count**2)))[order]
    places = label[0] - 9 * deviation + step * np.arange(number)
    sums = _blur(label, columns, places, deviation) * step
    return _of_columns(places, sums, count).kept()


MOST = 2_000_000
"""Places of noisy labels."""


@compiled
def _blur(label: Array, columns: Array, places: Array, deviation: float) -> Array:
    """Each label as a Gaussian."""
    out = np.zeros((len(places), columns.shape[1]))
    step = places[1] - places[0]
    reach = int(9 * deviation / step)
    for i in range(len(label)):
        middle = int((label[i] - places[0]) / step)
        for k in range(max(0, middle - reach), min(len(places), middle + reach + 2)):
            x = (places[k] - label[i]) / deviation
            weight = np.exp(-0.5 * x * x) / (deviation * np.sqrt(2 * np.pi))
            for c in range(columns.shape[1]):
                out[k, c] += weight * columns[i, c]
    return out
