"""`ruggedflow complexity SYSTEM`."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

from theory.domain import Between, Choice, Domain, Real, Whole
from theory.kac_rice.average import AVERAGE, quenched_remark
from theory.naming import called
from theory.systems import GeneralizedLinear, Landscape

from .answer import Answer, about, as_far_as_it_got, asked
from .files import FILE, SIZED, drawing, picture_to_write, pictured
from .output import print_table, print_text
from .progress import fraction
from .question import Option, answers
from .rows import titled
from .signal import require_signal

if TYPE_CHECKING:
    from numerics.complexity import ComplexityResult

ENERGIES = Real(-1e50, 1e50)
"""Whose squares, over the smallest variance, are still numbers in double precision."""


class Channel(Domain):
    """An energy with the degree of its channel."""

    metavar = "DEGREE=E"

    def read(self, name: str, text: str) -> tuple[str, float]:
        """Text such as ``2=-0.5``."""
        label, separator, value = text.partition("=")
        if not separator:
            raise ValueError(f"{called(name, text)} must be DEGREE=E; try {called(name, '2=-0.5')}")
        return label.strip(), ENERGIES.read(name, value)

    def __str__(self) -> str:
        return "DEGREE=E"


OVERLAP = Option(Between(-1, 1, "0"), "Overlap with the signal, -1 < m < 1.")
ENERGY = Option(ENERGIES, "Energy per spin to resolve by.")
CHANNEL = Option(Channel(), "Energy per spin of one channel; may be repeated.", repeated=True)
INDEX = Option(Whole(0, 100), "Also saddles with this number of negative directions.")
FRACTION = Option(Between(0, 1, "0.1"), "Also saddles with this fraction of negative directions.")
LABELS = Option(Choice(("quenched", "annealed")), "How the labels are averaged; default quenched.")
SIZE = Option(Whole(2, 60), "Also the expected numbers at this finite N.")
PLOT = Option(FILE, "Draw Sigma(m) to a PNG, PDF or SVG file.", draws=SIZED)


@answers(Landscape)
def of_landscape(
    landscape: Landscape,
    *,
    overlap: Annotated[float, OVERLAP] = 0.0,
    energy: Annotated[float | None, ENERGY] = None,
    channel_energy: Annotated[Any, CHANNEL] = (),
    index: Annotated[int | None, INDEX] = None,
    size: Annotated[int | None, SIZE] = None,
    plot: Annotated[Any, PLOT] = None,
) -> Answer:
    """At one overlap; drawn over all of them on request."""
    from numerics.complexity import complexity
    from numerics.together import Together

    require_signal(landscape, overlap)
    by_channel = dict(channel_energy)
    if plot is not None and by_channel:
        alone = f"leave {called('channel_energy')} out"
        raise ValueError(f"{called('plot')} draws Sigma(m) at most at a fixed total energy; {alone}")
    picture = picture_to_write(plot)
    kinds: dict[str, Any] = {"total": "total", "minima": 0} | ({} if index is None else {"index": index})
    results: dict[str, ComplexityResult] = {}
    record: dict[str, Any] = {**about(landscape), "overlap": overlap}
    chosen = {"energy": energy, "channel_energies": by_channel or None, "index": index}
    record |= {key: value for key, value in chosen.items() if value is not None}
    record |= {"average": AVERAGE, "remark": quenched_remark(landscape, overlap)}
    with as_far_as_it_got(results) as told:
        for label, kind in kinds.items():
            results[label] = complexity(landscape, overlap, kind, energy=energy, channel_energies=by_channel)
            record |= _fields(label, results[label])
            record["theta"] = float(results[label].theta)
        if size is not None:
            record["finite_size"] = _finite_size(landscape, size)

    def curve() -> Any:
        from figures.complexity_curve import draw

        return draw(landscape, energy, index)

    files = drawing(picture, pictured(curve))
    together = Together(results, asked(landscape), record["remark"])
    return Answer(together, record, lambda shown: _print(shown, results), files, told.interruption)


@answers(GeneralizedLinear)
def of_loss(
    landscape: GeneralizedLinear,
    *,
    overlap: Annotated[float, OVERLAP] = 0.0,
    energy: Annotated[float | None, ENERGY] = None,
    index: Annotated[float | None, FRACTION] = None,
    labels: Annotated[Any, LABELS] = "quenched",
    size: Annotated[int | None, SIZE] = None,
    plot: Annotated[Any, PLOT] = None,
) -> Answer:
    """The same of an empirical risk."""
    from .complexity_of_loss import found

    return found(landscape, overlap, energy, index, labels, size, plot)


def _fields(label: str, result: ComplexityResult) -> dict[str, Any]:
    """Flat keys: sigma_total, t_total, energy_total, error_total, ..."""
    values = {"sigma": result.sigma, "t": result.t, "energy": result.energy, "error": result.error}
    fields: dict[str, Any] = {f"{key}_{label}": float(value) for key, value in values.items()}
    if float(result.sigma) == float("-inf"):
        fields[f"reason_{label}"] = "none: at this energy the Hessian has extensively many negative directions (t < 2)"
    return fields


def _finite_size(landscape: Landscape, size: int) -> dict[str, Any]:
    """Expected numbers at finite N, over all overlaps, with standard errors."""
    import numpy as np

    from numerics.finite_size import expected_critical_points

    with fraction() as progress:
        count = expected_critical_points(landscape, size, overlap_edges=np.linspace(-1, 1, 11), progress=progress)
    return {"size": size, **count.record()}


DIGITS = 12
"""Of a number in the table."""


def _shown(value: float) -> str:
    return f"{value:.{DIGITS}g}" if isfinite(value) else "\u2014"


def _error(result: ComplexityResult) -> str:
    """Of Sigma as it is printed."""
    from numerics.rounding import half_unit, rounded_up

    sigma = float(result.sigma)
    return rounded_up(float(result.error) + half_unit(sigma, DIGITS), 2) if isfinite(sigma) else "\u2014"


def _print(record: dict[str, Any], results: dict[str, ComplexityResult]) -> None:
    labels = {"total": "all critical points", "minima": "minima", "index": f"index {record.get('index')}"}
    rows = [
        [labels[label], *(_shown(float(x)) for x in (r.sigma, r.t, r.energy)), _error(r)]
        for label, r in results.items()
    ]
    title = f"{titled(record)}; overlap m = {record['overlap']:g}"
    print_table(title, ["critical points", "Sigma (annealed)", "t", "energy", "error"], rows)
    print_text(record["remark"])
    for label in results:
        if f"reason_{label}" in record:
            print_text(f"{labels[label]}: {record[f'reason_{label}']}")
    if "finite_size" in record:
        finite = record["finite_size"]
        print(f"N = {finite['size']}: {finite['total']:.4g} +- {finite['total_error']:.1g} critical points expected, "
              f"{finite['by_index'][0]:.4g} +- {finite['by_index_error'][0]:.1g} of them minima")  # fmt: skip
