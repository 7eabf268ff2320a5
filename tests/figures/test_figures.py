from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from figures.phase_diagram import draw, visible
from figures.registry import FIGURES
from figures.registry import draw as draw_published
from numerics.phase_diagram import phase_diagram
from numerics.provenance import write_whole


@pytest.mark.parametrize("name", FIGURES)
def test_published_figures_are_drawn(name: str, tmp_path: Path) -> None:
    files = draw_published(name, tmp_path)
    assert {path.suffix for path in files} == {".png", ".pdf"}
    assert all(path.stat().st_size > 5000 for path in files)


@pytest.mark.parametrize("p", [3, 4])
def test_regions_of_the_diagram_do_not_overlap(p: int) -> None:
    diagram = phase_diagram(p, np.geomspace(0.1, 10, 25))
    edges = diagram.edges()
    for below, above in pairwise(edges):
        assert np.all(above >= below)
    axes = draw([diagram]).axes[0]
    assert axes.get_xlabel() == r"$\Delta_p$" and axes.get_ylabel() == r"$1/\Delta_2$"
    shaded = [np.ptp(patch.get_paths()[0].vertices[:, 1]) for patch in axes.collections]
    assert len(shaded) == 6 and np.all(np.isfinite(shaded)) and min(shaded) > 0
    labels = {text.get_text() for text in axes.texts}
    assert {"impossible", "gradient flow succeeds", "no spurious minima"} <= labels


def test_a_line_is_not_drawn_over_the_one_it_coincides_with() -> None:
    diagram = phase_diagram(3, np.geomspace(0.3, 5, 40))
    line = visible(diagram, "information_theoretic")
    assert np.isfinite(line[0]) and np.isnan(line[-1])


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    write_whole(path, "old")
    with pytest.raises(OSError, match="missing"):
        write_whole(tmp_path / "missing" / "file.txt", "new")
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["kept.txt"]
