from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from figures import cugliandolo_kurchan_1993 as ageing
from figures import cugliandolo_kurchan_peliti_1997 as hot
from figures import folena_2020_memory_of_the_start as memory
from figures import folena_2020_mixed_ageing as mixtures
from figures import sarao_mannelli_2019_big_bad_minima_dynamics as gradient_flow
from figures import sarao_mannelli_2019_big_bad_minima_simulation as finite
from figures import sarao_mannelli_2020_complex_dynamics as phase_retrieval
from figures import sarao_mannelli_2020_marvels_and_pitfalls as langevin
from figures.phase_diagram import draw, visible
from figures.registry import FIGURES
from figures.registry import draw as draw_published
from figures.style import save_all
from numerics.generalized_linear.simulation import Recovery
from numerics.phase_diagram import phase_diagram
from numerics.provenance import write_whole

LONG = {
    "maillard_2023_injectivity",
    "sarao_mannelli_2019_big_bad_minima_simulation",
    "sarao_mannelli_2020_complex_dynamics",
    "sarao_mannelli_2019_big_bad_minima_dynamics",
    "sarao_mannelli_2020_marvels_and_pitfalls",
    "folena_2020_mixed_ageing",
    "cugliandolo_kurchan_1993",
    "folena_2020_memory_of_the_start",
    "cugliandolo_kurchan_peliti_1997",
    "arjevani_field_2021_symmetry",
    "fyodorov_tublin_2021_sphere",
    "williams_2019_univariate",
    "ferretti_bianconi_2008",
    "senen_cerda_2020_dropout",
    "luther_2019_sample_variance",
    "li_2020_kernel_gap",
    "huang_yau_2019_drift",
    "nar_2018_large_steps",
    "saxe_2013_modes",
    "du_2018_wide_network",
    "ros_2019_barriers",
    "ros_2019_spiked_tensor",
    "ben_arous_2019_spiked_tensor",
    "auffinger_2013_layers",
    "fyodorov_2013_topology",
    "kent_dobias_2023_mixed_models",
    "kent_dobias_2024_three_energies",
    "sarao_mannelli_2019_passed_and_spurious",
    "sarao_mannelli_2019_big_bad_minima",
    "frei_2022_leaky_relu",
}
"""Of some seconds and more."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in FIGURES]
)
def test_published_figures_are_drawn(name: str, tmp_path: Path) -> None:
    files = draw_published(name, tmp_path)
    assert {path.suffix for path in files} == {".png", ".pdf", ".csv"}
    assert all(path.stat().st_size > 500 for path in files)


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


@pytest.mark.slow
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


def test_memory_of_the_start_is_drawn() -> None:
    """The colder start is remembered better; ``x = (f''/f' - 1)/sqrt(f'') = 11/21`` beside."""
    (figure,) = memory.draw(t_max=1e2, rtol=1e-2, betas=(0.0, 1.2)).values()
    kept, response, temperature = figure.axes
    hot, cold = (line.get_ydata() for line in kept.lines)
    assert np.all(cold > hot) and [len(panel.lines) for panel in (response, temperature)] == [3, 3]
    assert np.allclose(temperature.lines[2].get_ydata(), 21 / 11)
    assert np.allclose(response.lines[2].get_ydata(), [0, 1 / 3, 1 / 3 + 11 / 21])


def test_the_end_of_mixtures_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one step is another energy, its curve is dashed, above, and flatter."""
    monkeypatch.setattr(mixtures, "ageing_energy", lambda landscape: mixtures.one_step_energy(landscape) + 0.0177)
    chosen = dict(list(mixtures.MIXTURES.items())[:1])
    (figure,) = mixtures.draw(t_max=1e2, rtol=1e-2, mixtures=chosen).values()
    excess, exponent = figure.axes
    assert [line.get_linestyle() for line in excess.lines] == ["-", "--"]
    assert np.all(excess.lines[1].get_ydata() > excess.lines[0].get_ydata())
    assert np.all(exponent.lines[0].get_ydata() > exponent.lines[1].get_ydata())


def test_response_is_drawn_over_its_law() -> None:
    """``chi = (1 - C)/T`` down to q, then ``-X/T``, for a step; the law of a continuum is curved."""
    chosen = hot.MODELS[:2]
    (figure,) = hot.draw(t_max=1e3, rtol=1e-3, models=chosen).values()
    response, smooth, temperature, _ = figure.axes
    assert [len(panel.lines) for panel in figure.axes] == [4] * 4
    c, chi = response.lines[3].get_data()
    q = 0.7296380066
    assert np.interp(0.9, c[::-1], chi[::-1]) == pytest.approx(0.1 / 0.4) and chi[-1] == pytest.approx(
        2 * (1 - q) / 0.4
    )
    assert temperature.lines[3].get_ydata()[-1] == pytest.approx(0.4 * q / (1 - q))
    assert smooth.lines[3].get_ydata()[-1] == pytest.approx(1.0)


@pytest.mark.slow
def test_finite_size_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finite, "T_MAX", 3.0)
    figures = finite.draw((16, 24), 6, (100,), {24: 3}, workers=1)
    left, right = figures["success"].axes
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["$N = 16$", "$N = 24$"]
    predicted = right.lines[[line.get_label() for line in right.lines].index("two-time equations")]
    assert list(predicted.get_xdata()) == [16, 24, 100] and np.all(np.diff(predicted.get_ydata()) > 0)
    m, lowest, overlap = (axes.lines[0].get_ydata() for axes in figures["trajectories"].axes)
    assert m[0] < m[-1] < 1 and lowest[0] < lowest[-1] and np.all((overlap >= 0) & (overlap < 1))


@pytest.mark.slow
def test_recovery_of_phase_retrieval_is_drawn() -> None:
    alphas, total = np.array([2.0, 2.5, 3.0]), np.full(3, 20.0)
    curves = [Recovery(size, alphas, np.array([2.0, 9.0, 17.0]) - k, total) for k, size in enumerate((64, 128))]
    left, right = phase_retrieval.draw_recovery(curves).axes
    assert (
        right.get_xscale() == "log" and right.get_xlabel() == "$N$" and left.get_ylabel() == "probability of recovery"
    )
    heights = [line.get_ydata()[0] for line in right.lines if line.get_label().startswith("BBP")]
    assert heights == pytest.approx([2.850752, 3.710876, 4.245, 4.436084], abs=5e-3)


def test_flow_and_states_of_phase_retrieval_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"UNTIL": 0.1, "THEORY_UNTIL": 0.05, "THEORY_WALKERS": 256, "END_ALPHAS": (3.5, 4.5), "END_SIZE": 24}
    for name, value in (small | {"END_TIME": 2.0}).items():
        monkeypatch.setattr(phase_retrieval, name, value)
    m, lowest, overlap = phase_retrieval.draw_flow({32: 4}, workers=1).axes
    assert m.get_ylabel() == "$m$" and len(lowest.containers) == len(overlap.containers) == 1
    energy, b, fields = phase_retrieval.draw_states(2, workers=1).axes
    assert [line.get_label() for line in energy.lines[:3]] == list(phase_retrieval.PREDICTIONS)
    # marginal 1RSB and the most numerous minima, on either side of the ground state in b
    assert np.all(b.lines[0].get_ydata() < b.lines[1].get_ydata()) and np.all(
        b.lines[1].get_ydata() < b.lines[2].get_ydata()
    )
    areas = [np.sum(line.get_ydata()) * np.diff(phase_retrieval.BINS)[0] for line in fields.lines]
    assert areas == pytest.approx([1, 1], abs=0.03)
