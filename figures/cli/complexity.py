"""`ruggedflow complexity SYSTEM`."""

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from numerics.complexity import ComplexityResult, complexity
from numerics.rounding import half_unit, rounded_up
from theory.kac_rice import Kind
from theory.kac_rice.average import AVERAGE, quenched_remark
from theory.landscape import GaussianLandscape
from theory.parsing import shortened

from .arguments import LARGEST_ENERGY, open_overlap, picture_to_write, real, refuse, whole
from .delivery import deliver
from .generalized_linear import LOSSES
from .generalized_linear_complexity import Question, run_complexity
from .output import echo_parameters, print_table
from .registry import System, option, require_signal, system


def run(
    name: str,
    given: Mapping[str, str],
    *,
    overlap: str,
    energy: str | None,
    channel_energies: Sequence[str],
    index: str | None,
    labels: str | None,
    size: str | None,
    plot: str | None,
    as_json: bool,
) -> None:
    """Evaluate the complexity at one overlap; draw it over all overlaps on request."""
    if name in LOSSES:
        refuse(name, {"channel_energy": channel_energies or None})
        asked = Question(overlap, energy, index, "quenched" if labels is None else labels, size, plot)
        run_complexity(name, given, asked, as_json=as_json)
        return
    chosen = system(name)
    refuse(name, {"labels": labels})
    landscape = _landscape(chosen, given)
    m = open_overlap(overlap)
    require_signal(name, landscape, m)
    at_energy = None if energy is None else real("energy", energy, -LARGEST_ENERGY, LARGEST_ENERGY)
    by_channel = _channels(channel_energies)
    k = None if index is None else whole("index", index, 0, 100)
    if plot is not None:
        _check_plot(plot, bool(by_channel))
    kinds: dict[str, Kind] = {"total": "total", "minima": 0}
    if k is not None:
        kinds["index"] = k
    results = {
        label: complexity(landscape, m, kind, energy=at_energy, channel_energies=by_channel)
        for label, kind in kinds.items()
    }
    record: dict[str, Any] = {"system": name, "parameters": echo_parameters(chosen.read(given)), "overlap": m}
    chosen_at = {"energy": at_energy, "channel_energies": by_channel or None, "index": k}
    record |= {key: value for key, value in chosen_at.items() if value is not None}
    for label, result in results.items():
        record |= _fields(label, result)
    record["theta"] = float(results["total"].theta)
    record |= {"average": AVERAGE, "remark": quenched_remark(landscape, m)}
    if size is not None:
        record["finite_size"] = _finite_size(landscape, whole("size", size, 2, 60))
    files = {} if plot is None else {"plot": lambda: _draw(landscape, Path(plot), at_energy, k)}
    deliver(record, lambda shown: _print(shown, results), files, as_json)


def _landscape(chosen: System, given: Mapping[str, str]) -> GaussianLandscape:
    chosen.require(given, chosen.required)
    return chosen.build(given)


def _channels(texts: Sequence[str]) -> dict[str, float]:
    energies = {}
    for text in texts:
        label, separator, value = text.partition("=")
        if not separator:
            raise ValueError(f"--channel-energy {shortened(text)} must be DEGREE=E; try --channel-energy 2=-0.5")
        energies[label.strip()] = real("channel-energy", value, -LARGEST_ENERGY, LARGEST_ENERGY)
    return energies


def _fields(label: str, result: ComplexityResult) -> dict[str, Any]:
    """Flat keys: sigma_total, t_total, energy_total, error_total, ..."""
    values = {"sigma": result.sigma, "t": result.t, "energy": result.energy, "error": result.error}
    fields: dict[str, Any] = {f"{key}_{label}": float(value) for key, value in values.items()}
    if float(result.sigma) == float("-inf"):
        fields[f"reason_{label}"] = "none: at this energy the Hessian has extensively many negative directions (t < 2)"
    return fields


def _finite_size(landscape: GaussianLandscape, size: int) -> dict[str, Any]:
    """Expected numbers at finite N, over all overlaps, with standard errors."""
    import numpy as np

    from numerics.finite_size import expected_critical_points

    count = expected_critical_points(landscape, size, overlap_edges=np.linspace(-1, 1, 11))
    return {"size": size, **count.record()}


def _check_plot(plot: str, by_channel: bool) -> None:
    """Before anything is computed."""
    if by_channel:
        raise ValueError("--plot draws Sigma(m) at most at a fixed total energy; leave --channel-energy out")
    picture_to_write("plot", plot)


def _draw(landscape: GaussianLandscape, path: Path, energy: float | None, index: int | None) -> Path:
    from figures.complexity_curve import draw
    from figures.style import save

    return save(draw(landscape, energy, index), path)


DIGITS = 12
"""Of a number in the table."""


def _shown(value: float) -> str:
    return f"{value:.{DIGITS}g}" if isfinite(value) else "\u2014"


def _error(result: ComplexityResult) -> str:
    """Of Sigma as it is printed."""
    sigma = float(result.sigma)
    return rounded_up(float(result.error) + half_unit(sigma, DIGITS), 2) if isfinite(sigma) else "\u2014"


def _print(record: dict[str, Any], results: dict[str, ComplexityResult]) -> None:
    shown = ", ".join(f"{option(key)} = {value}" for key, value in record["parameters"].items())
    labels = {"total": "all critical points", "minima": "minima", "index": f"index {record.get('index')}"}
    rows = [
        [labels[label], *(_shown(float(x)) for x in (r.sigma, r.t, r.energy)), _error(r)]
        for label, r in results.items()
    ]
    title = f"{record['system']}: {shown}; overlap m = {record['overlap']:g}"
    print_table(title, ["critical points", "Sigma (annealed)", "t", "energy", "error"], rows)
    print(record["remark"])
    for label in results:
        if f"reason_{label}" in record:
            print(f"{labels[label]}: {record[f'reason_{label}']}")
    if "finite_size" in record:
        finite = record["finite_size"]
        print(f"N = {finite['size']}: {finite['total']:.4g} +- {finite['total_error']:.1g} critical points expected, "
              f"{finite['by_index'][0]:.4g} +- {finite['by_index_error'][0]:.1g} of them minima")  # fmt: skip
