"""From lines to their phase diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..continuation import Box
from ..errors import ConvergenceError
from ..progress import Progress, part, silent
from ..provenance import Record
from ..quantity import Quantity
from .diagram import PhaseDiagram
from .meetings import meetings
from .of_system import Range
from .sampling import Sampled, sample
from .source import Source
from .special import Beyond, SpecialPoint, gathered, turning

POINTS = 33
"""Places to begin with."""
MARGIN = 0.05
"""Of an axis whose range is not given, on either side of the lines."""


def phase_diagram(
    source: Source,
    box: Box,
    names: tuple[str, str],
    *,
    lines: Sequence[str] = (),
    labels: tuple[str, str] | None = None,
    points: int = POINTS,
    settings: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> PhaseDiagram:
    """Lines of a source, all or some, within a box, from ``points`` places in x on, which become more where needed."""
    chosen = list(lines) or list(source.meanings)
    found = sample(source, chosen, box, points, part(progress, 0, 2))
    special: list[SpecialPoint] = []
    beyond: list[Beyond] = []
    for number, name in enumerate([] if source.whole else chosen):
        progress(0.5 + 0.25 * number / len(chosen), f"ends of {name}")
        for point, arc in turning(found, name):
            special.append(point)
            beyond += [] if arc is None else [arc]
    progress(0.8, "crossings")
    special += [] if source.whole else meetings(found, chosen)
    quantities = {name: _quantity(found, name, names[0]) for name in chosen}
    return PhaseDiagram(
        names,
        labels or names,
        found.x,
        quantities,
        _different(beyond),
        gathered(special, found),
        box,
        settings or {},
        whole=source.whole,
    )


def _quantity(found: Sampled, name: str, axis: str) -> Quantity:
    samples = found.lines[name]
    return Quantity(samples.value, samples.error, found.source.meanings[name], over=(axis,), notes=samples.reasons)


def _different(arcs: Sequence[Beyond]) -> tuple[Beyond, ...]:
    """Two folds of one line may have the same arc between them."""
    kept: list[Beyond] = []
    for arc in arcs:
        same = (a for a in kept if a.line == arc.line and {a.x[0], a.x[-1]} == {arc.x[0], arc.x[-1]})
        if next(same, None) is None:
            kept.append(arc)
    return tuple(kept)


def box_of(source: Source, lines: Sequence[str], x: Range, y: Range | None) -> Box:
    """The ranges given; without one of y, that of the lines at a few places."""
    if y is not None:
        return Box(x.ends, y.ends, (x.logarithmic, y.logarithmic))
    spread = np.geomspace if x.logarithmic else np.linspace
    places = spread(x.low, x.high, 9)
    there = source.at(np.unique(np.round(places)) if source.whole else places, lines)
    values = np.concatenate([samples.value for samples in there.values()])
    values = values[np.isfinite(values)]
    if not values.size:
        reason = next((r for samples in there.values() for r in samples.reasons if r), "no reason known")
        raise ConvergenceError(f"no line exists for {x.name} from {x.low:g} to {x.high:g}: {reason}")
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or max(abs(high), 1.0) / 2
    return Box(
        x.ends, (min(low, max(0.0, low - margin)) if low >= 0 else low - margin, high + margin), (x.logarithmic, False)
    )


def to_record(diagram: PhaseDiagram) -> Record:
    """For JSON: what was asked for, lines at all places, special points, regions."""
    x, y = diagram.names
    regions = [
        {"letter": letter, "beneath": list(region.beneath), x: region.x, y: region.y, "share": region.share}
        for letter, regions in diagram.lettered().items()
        for region in regions
    ]
    return {
        "settings": dict(diagram.settings),
        "control": y,
        "lines": {name: {"meaning": q.meaning} for name, q in diagram.lines.items()},
        "rows": diagram.rows(),
        "points": diagram.points_record(),
        "regions": regions,
        **({"overlays": [overlay.record(x, y) for overlay in diagram.overlays]} if diagram.overlays else {}),
    }
