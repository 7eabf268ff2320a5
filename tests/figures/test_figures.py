from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from figures import cugliandolo_kurchan_1993 as ageing
from figures import sarao_mannelli_2019_big_bad_minima_dynamics as gradient_flow
from figures import sarao_mannelli_2020_marvels_and_pitfalls as langevin
from figures.phase_diagram import draw, visible
from figures.registry import FIGURES
from figures.registry import draw as draw_published
from figures.style import save_all
from numerics.dynamics import solve_dynamics
from numerics.phase_diagram import phase_diagram
from numerics.provenance import write_whole

LONG = {
    "sarao_mannelli_2019_big_bad_minima_dynamics",
    "sarao_mannelli_2020_marvels_and_pitfalls",
    "cugliandolo_kurchan_1993",
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in FIGURES]
)
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


def test_gradient_flow_is_drawn(tmp_path: Path) -> None:
    pictures = gradient_flow.draw(t_max=1e3, rtol=1e-3, signals=(1.6, 4.0), orders=(3,), noises=(1.0,))
    m, energy, _ = pictures["trajectories"].axes
    end = [float(line.get_ydata()[-1]) for line in m.lines]
    assert end[0] < 1e-7 and end[1] > 0.88 and len(energy.lines) == 2
    time, root, line = pictures["relaxation_time"].axes
    assert time.get_ylabel() == r"$\tau = 1/\lambda$" and root.get_ylim()[0] < 0 < root.get_ylim()[1]
    assert [text.get_text() for text in line.get_xticklabels()] == ["1"]
    assert all(save_all(figure, tmp_path, name) for name, figure in pictures.items())


def test_langevin_is_drawn() -> None:
    (figure,) = langevin.draw(t_max=300, rtol=1e-2, matrix_noises=(0.4,), tensor_noises=(0.8,)).values()
    reached, stays = (panel.lines[0].get_ydata()[-1] for panel in figure.axes)
    assert reached == pytest.approx(langevin.bayes_overlap(0.4, 1.0), abs=1e-2) and stays < 1e-4
    assert langevin.bayes_overlap(0.5, 4) == pytest.approx(0.5311, abs=1e-4)


def test_ageing_is_drawn() -> None:
    (figure,) = ageing.draw(t_max=1e4, rtol=1e-3).values()
    assert figure.axes[2].get_title() == "thin to thick: $t = 10^{0}, 10^{2}, 10^{4}$"
    assert len(figure.axes[0].lines) == len(ageing.waiting_times(1e4)) + 1 == 4


def test_two_slopes_of_the_integrated_response() -> None:
    """T chi = 1 - C near equilibrium; beyond, -X/T, which decays towards its limit slowly."""
    solution = solve_dynamics(ageing.LANDSCAPE, 1e4, temperature=ageing.COLD, rtol=1e-4, method="long-time")
    waiting = 1e4 - np.array([1e-2, 1.0, 10.0, 8e3, 9.5e3])
    c, chi = solution.C(1e4, waiting), ageing.integrated_response(solution, 1e4, waiting)
    assert ageing.COLD * chi[:3] == pytest.approx(1 - c[:3], abs=1e-4)
    assert -(chi[4] - chi[3]) / (c[4] - c[3]) == pytest.approx(ageing.ratio(ageing.COLD), rel=0.05)
    assert ageing.ratio(0) == pytest.approx(1 / np.sqrt(3)) and ageing.plateau(ageing.COLD) > 0.7
