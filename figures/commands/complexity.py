"""`ruggedflow complexity SYSTEM`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from theory.domain import FLAG, Between, Choice, Domain, Real, Whole
from theory.kac_rice.average import AVERAGE, differs, quenched_remark
from theory.naming import called
from theory.systems import GeneralizedLinear, Landscape

from .answer import Answer, about, as_far_as_it_got, asked
from .files import FILE, SIZED, drawing, picture_to_write, pictured
from .output import print_table, print_text
from .progress import fraction
from .quenched import MARGINAL, NAMES, error_shown, print_typical, shown, typical_fields, typical_of, with_numbers
from .question import Option, answers
from .rows import titled
from .signal import require_signal
from .windows import print_windows, window_fields

if TYPE_CHECKING:
    from numerics.complexity import ComplexityResult
    from numerics.quenched.complexity import QuenchedComplexity

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
QUENCHED = Option(FLAG, "Also the typical (quenched) complexities, by replicas.", flag=True)
TEMPERATURE = Option(
    Real(0, 1e100),
    "Count states of this temperature (of Thouless, Anderson, Palmer) in place of critical points; keys sigma_, "
    "free_energy_, energy_ and self_overlap_ with equilibrium, lowest, most_numerous and threshold.",
)
FREE_ENERGY = Option(
    ENERGIES, "Free energy per spin to resolve states by, with --temperature; keys sigma, energy and self_overlap."
)
AT_EDGE = Option(
    FLAG,
    "Also of marginal points (Hessian's bulk from zero on), and the energies between which there are some.",
    flag=True,
)
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
    quenched: Annotated[bool, QUENCHED] = False,
    marginal: Annotated[bool, AT_EDGE] = False,
    size: Annotated[int | None, SIZE] = None,
    temperature: Annotated[float | None, TEMPERATURE] = None,
    free_energy: Annotated[float | None, FREE_ENERGY] = None,
    plot: Annotated[Any, PLOT] = None,
) -> Answer:
    """At one overlap; drawn over all of them on request. Or of states at a temperature."""
    from numerics.complexity import complexity
    from numerics.together import Together

    require_signal(landscape, overlap)
    if temperature is not None:
        from .states import found as states_found

        others = {"overlap": overlap, "energy": energy is not None, "channel_energy": channel_energy}
        others |= {"index": index is not None, "quenched": quenched, "marginal": marginal, "size": size}
        return states_found(landscape, temperature, free_energy, others, plot)
    if free_energy is not None:
        raise ValueError(f"{called('free_energy')} needs {called('temperature')} beside it")
    by_channel = dict(channel_energy)
    if plot is not None and by_channel:
        alone = f"leave {called('channel_energy')} out"
        raise ValueError(f"{called('plot')} draws Sigma(m) at most at a fixed total energy; {alone}")
    if quenched and by_channel:
        alone = f"leave {called('channel_energy')} out"
        raise ValueError(f"{called('quenched')} is derived at most at a fixed total energy; {alone}")
    picture = picture_to_write(plot)
    kinds: dict[str, Any] = {"total": "total", "minima": 0} | ({} if index is None else {"index": index})
    kinds |= MARGINAL if marginal else {}
    results: dict[str, ComplexityResult] = {}
    record: dict[str, Any] = {**about(landscape), "overlap": overlap}
    chosen = {"energy": energy, "channel_energies": by_channel or None, "index": index}
    record |= {key: value for key, value in chosen.items() if value is not None}
    record |= {"average": AVERAGE, "remark": quenched_remark(landscape, overlap)}
    typical: dict[str, QuenchedComplexity] = {}
    with as_far_as_it_got(results) as told:
        for label, kind in kinds.items():
            results[label] = complexity(
                landscape, overlap, kind, energy=energy, channel_energies=by_channel, marginal=label in MARGINAL
            )
            record |= _fields(label, results[label])
            record["theta"] = float(results[label].theta)
        resolved = energy is not None
        if quenched or (differs(landscape, overlap, resolved=resolved) and not by_channel):
            typical |= typical_of(landscape, overlap, kinds, energy, breaking=quenched or resolved)
            record["remark"] += with_numbers(typical)
        if quenched:
            record |= typical_fields(typical)
        if marginal and not by_channel:
            record |= _windows(landscape, overlap, quenched=quenched)
        if size is not None:
            record["finite_size"] = _finite_size(landscape, size)

    def curve() -> Any:
        from figures.complexity_curve import draw

        return draw(landscape, energy, index, typical=quenched)

    files = drawing(picture, pictured(curve))
    shown_too = typical if quenched else {}
    by_name = {**results, **{f"{label}_quenched": result for label, result in shown_too.items()}}
    together = Together(by_name, asked(landscape), record["remark"])
    return Answer(together, record, lambda shown: _print(shown, results, shown_too), files, told.interruption)


@answers(GeneralizedLinear)
def of_loss(
    landscape: GeneralizedLinear,
    *,
    overlap: Annotated[float, OVERLAP] = 0.0,
    energy: Annotated[float | None, ENERGY] = None,
    index: Annotated[float | None, FRACTION] = None,
    marginal: Annotated[bool, AT_EDGE] = False,
    labels: Annotated[Any, LABELS] = "quenched",
    size: Annotated[int | None, SIZE] = None,
    plot: Annotated[Any, PLOT] = None,
) -> Answer:
    """The same of an empirical risk."""
    from .complexity_of_loss import found

    return found(landscape, overlap, energy, index, labels, size, plot, marginal=marginal)


def _fields(label: str, result: ComplexityResult) -> dict[str, Any]:
    """Flat keys: sigma_total, t_total, energy_total, error_total, ..."""
    values = {"sigma": result.sigma, "t": result.t, "energy": result.energy, "error": result.error}
    fields: dict[str, Any] = {f"{key}_{label}": float(value) for key, value in values.items()}
    if float(result.sigma) == float("-inf"):
        from numerics.complexity import NO_SHIFT

        fields[f"reason_{label}"] = NO_SHIFT
    return fields


def _windows(landscape: Landscape, overlap: float, *, quenched: bool) -> dict[str, Any]:
    """``window_marginal``: the lowest and the highest energy of marginal points; null, with the reason, for none."""
    from numerics.marginal import typical_window, window

    found = {label: window(landscape, overlap, kind) for label, kind in MARGINAL.items()}
    if quenched:
        with fraction("energies of marginal points"):
            found |= {f"{label}_quenched": typical_window(landscape, overlap, k) for label, k in MARGINAL.items()}
    return window_fields(found)


def _finite_size(landscape: Landscape, size: int) -> dict[str, Any]:
    """Expected numbers at finite N, over all overlaps, with standard errors."""
    import numpy as np

    from numerics.finite_size import expected_critical_points

    with fraction() as progress:
        count = expected_critical_points(landscape, size, overlap_edges=np.linspace(-1, 1, 11), progress=progress)
    return {"size": size, **count.record()}


def _print(
    record: dict[str, Any], results: dict[str, ComplexityResult], typical: dict[str, QuenchedComplexity]
) -> None:
    labels = {**NAMES, "index": f"index {record.get('index')}"}
    rows = [
        [labels[label], *(shown(float(x)) for x in (r.sigma, r.t, r.energy)), error_shown(r)]
        for label, r in results.items()
    ]
    title = f"{titled(record)}; overlap m = {record['overlap']:g}"
    print_table(title, ["critical points", "Sigma (annealed)", "t", "energy", "error"], rows)
    print_typical(typical, labels)
    print_text(record["remark"])
    print_windows(record, labels)
    for label in results:
        if f"reason_{label}" in record:
            print_text(f"{labels[label]}: {record[f'reason_{label}']}")
    if "finite_size" in record:
        finite = record["finite_size"]
        print(f"N = {finite['size']}: {finite['total']:.4g} +- {finite['total_error']:.1g} critical points expected, "
              f"{finite['by_index'][0]:.4g} +- {finite['by_index_error'][0]:.1g} of them minima")  # fmt: skip
