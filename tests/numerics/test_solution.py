"""Every kind of solution has tables, plots, data sets and files."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from sympy import Rational, exp

import ruggedflow as rf
from numerics import loading, storage
from numerics.complexity import complexity
from numerics.dynamics import DynamicsSolution, solve_dynamics
from numerics.generalized_linear import evaluate_critical
from numerics.generalized_linear import phase_diagram as retrieval
from numerics.generalized_linear.complexity import complexity as complexity_of_loss
from numerics.generalized_linear.dynamics import DescentSolution, solve_descent
from numerics.generalized_linear.topology import Line
from numerics.loading import load
from numerics.phase_diagram import phase_diagram
from numerics.quenched.complexity import quenched
from numerics.simulation import Ensemble, simulate
from numerics.solution import Solution
from numerics.statics import Statics, statics
from numerics.statics.covariance import UnitCovariance
from numerics.thresholds import Thresholds, evaluate_thresholds
from theory import OVERLAP, GaussianLandscape, PhaseRetrieval, PureSpin, SpikedMatrixTensor

SPIKED = SpikedMatrixTensor(3, Rational(1, 2), 1)
FAMILY = SpikedMatrixTensor.family(3)
OVERLAPS = np.linspace(-0.9, 0.9, 19)


def diagram_of_retrieval() -> retrieval.RetrievalDiagram:
    softening, names = np.array([0.1, 1.0]), ["bbp_initial", "weak_recovery"]
    found = [evaluate_critical(PhaseRetrieval(a), names) for a in softening]
    lines = {name: [thresholds[name] for thresholds in found] for name in names}
    return retrieval.RetrievalDiagram(softening, lines, 1.0, {"minima": Line(np.linspace(0, 0.9, 4), np.arange(4.0))})


MAKERS: dict[str, Callable[[], Solution]] = {
    "dynamics": lambda: solve_dynamics(SPIKED, 1, overlap=0.1, rtol=1e-3, method="reference"),
    "long-time": lambda: solve_dynamics(SPIKED, 1, overlap=0.1, rtol=1e-2, method="long-time"),
    "descent": lambda: solve_descent(PhaseRetrieval(1), 3.0, 0.04, eta=0.02, overlap=0.2, walkers=64, samples=2),
    "ensemble": lambda: simulate(SPIKED, 8, 3, 3, t_max=1, starts=2, hessian_times="end"),
    "thresholds": lambda: evaluate_thresholds(FAMILY, {FAMILY.free[0]: Rational(1, 2)}, 30),
    "thresholds of a loss": lambda: evaluate_critical(PhaseRetrieval(1), ["bbp_initial", "weak_recovery"]),
    "complexity": lambda: complexity(SPIKED, 0.1),
    "complexity curve": lambda: complexity(SPIKED, OVERLAPS, 0),
    "quenched complexity": lambda: quenched(GaussianLandscape(OVERLAP**3 / 2 + OVERLAP / 10), 0.0),
    "complexity of a loss": lambda: complexity_of_loss(PhaseRetrieval(1), 4.0, overlap=0.2),
    "statics": lambda: statics(GaussianLandscape(OVERLAP**2 / 2 + OVERLAP**4 / 2), temperature=Rational(1, 2)),
    "statics, T = 0": lambda: statics(PureSpin(3, 1)),
    "phase diagram": lambda: phase_diagram(3, np.geomspace(0.1, 10, 5)),
    "phase diagram of phase retrieval": diagram_of_retrieval,
    "diagram": lambda: rf.PhaseDiagram(rf.PLCondition(), "sigma_2=0.5:2", "alpha=0:1", places=5),
    "complexities": lambda: rf.PureSpin(p=3, delta_p=1).complexity(overlap=0, index=1),
    "flow": lambda: rf.FitnessCondensation(theta=1, temperature=1, m=2).dynamics(t_max=10),
    "numbers": lambda: rf.FitnessCondensation(theta=1, temperature=1, m=2).statics(),
    "averages": lambda: rf.FitnessCondensation(theta=1, temperature=1, m=2).simulate(size=50, samples=3),
}


@cache
def made(kind: str) -> Solution:
    return MAKERS[kind]()


@pytest.mark.parametrize("kind", MAKERS)
def test_one_door_reads_every_file(kind: str, tmp_path: Path) -> None:
    solution, path = made(kind), tmp_path / "it.npz"
    again = load(solution.save(path))
    assert type(again) is type(solution) and again.settings == solution.settings and str(again) == str(solution)
    assert again.quantities.keys() == solution.quantities.keys()
    for name, quantity in solution.quantities.items():
        other = again.quantities[name]
        for one, two in ((quantity.value, other.value), (quantity.error, other.error)):
            assert np.array_equal(np.asarray(one, dtype=float), np.asarray(two, dtype=float), equal_nan=True), name
        assert (quantity.meaning, quantity.note, quantity.over) == (other.meaning, other.note, other.over)
    assert again.save(tmp_path / "again.npz").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", MAKERS)
def test_files_of_all_kinds_are_refused_as_others_and_where_damaged(kind: str, tmp_path: Path) -> None:
    path = made(kind).save(tmp_path / "it.npz")
    content = path.read_bytes()
    other = Statics if not isinstance(made(kind), Statics) else Ensemble
    with pytest.raises(ValueError, match=r"it\.npz: not a file of \w+ but of another kind"):
        other.load(path)
    header, arrays = storage.read(path, type(made(kind)).form)
    plain = {name: value for name, value in header.items() if name not in ("format", "version")}
    first = next(iter(plain))
    storage.write(path, type(made(kind)).form, plain | {first: None}, arrays)
    with pytest.raises(ValueError, match=re.escape(f"{path}: damaged (")) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    path.write_bytes(content[:-100])
    with pytest.raises(ValueError, match=re.escape(f"{path}: not a file of ruggedflow")):
        load(path)


def test_the_door_knows_all_kinds(tmp_path: Path) -> None:
    made_kinds = {made(kind).form.name for kind in MAKERS}
    assert made_kinds == loading.KINDS.keys()
    path = storage.write(tmp_path / "x", storage.Format("ruggedflow point", 1, "a sweep"), {}, {})
    with pytest.raises(ValueError, match="x: no solution but a file of another kind, 'ruggedflow point'"):
        load(path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npz")


def test_a_folder_of_samples(tmp_path: Path) -> None:
    found = simulate(SPIKED, 8, 2, 3, t_max=0.5, output=tmp_path / "run")
    assert str(load(tmp_path / "run")) == str(found) and isinstance(load(tmp_path / "run"), Ensemble)


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_is_shown(kind: str) -> None:
    solution = made(kind)
    for name in solution.numbers or solution.curves:
        assert name in str(solution) and name in solution._repr_html_(), name
    assert solution.message in str(solution) and repr(solution) == str(solution)
    latex = solution._repr_latex_()
    rows = latex.splitlines()[4:-2]
    assert rows and all(row.count(" & ") == rows[0].count(" & ") for row in rows if r"\&" not in row)


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_is_drawn(kind: str) -> None:
    solution = made(kind)
    panels = solution.plot().axes
    axis, drawn = solution.drawn if solution.curves else (None, {})
    drawn = {name: quantity for name, quantity in drawn.items() if np.any(quantity.value)}
    assert len(panels) == (1 if solution.together else max(1, len(drawn)))
    lines = [line for panel in panels for line in (panel.lines if solution.together else panel.lines[:1])]
    for line, quantity in zip(lines, drawn.values(), strict=False):
        assert panels[0].get_xscale() == ("log" if axis.logarithmic else "linear")
        kept = axis.values > 0 if axis.logarithmic else np.full(axis.values.shape, True)
        x, y = line.get_data()
        assert np.array_equal(x, axis.values[kept])
        assert np.array_equal(y, np.where(quantity.exists, quantity.value, np.nan)[kept], equal_nan=True)


def test_bands_and_bars_are_one_error_wide() -> None:
    solution = made("descent")
    band = solution.plot(name="energy").axes[0].collections[0].get_paths()[0].vertices
    t, energy = solution.axes["t"].values, solution.quantities["energy"]
    assert np.max(band[:, 1]) == pytest.approx(np.max((energy.value + energy.error)[t > 0]))
    bars = made("ensemble").plot(name="m").axes[0].collections[-1].get_segments()
    m = made("ensemble").quantities["m"]
    assert bars[-1][:, 1] == pytest.approx([m.value[-1] - m.error[-1], m.value[-1] + m.error[-1]])


def test_a_curve_in_an_axis_given() -> None:
    ax = Figure().subplots()
    for name in ("m", "energy"):
        assert made("dynamics").plot(ax, name) is ax.get_figure()
    assert [line.get_label() for line in ax.lines[:2]] == ["$m(t)$", "$e(t)$"]
    assert ax.get_ylabel() == "$e(t)$" and ax.get_xlabel() == "time"
    made("thresholds").plot(ax)
    with pytest.raises(ValueError, match="name = mass: no such curve; choose among m, energy, mu, correlation"):
        made("dynamics").plot(ax, "mass")
    with pytest.raises(ValueError, match="name = mass: no such curve; choose among gradient_flow"):
        made("thresholds").plot(name="mass")


def test_a_picture_of_one_s_own() -> None:
    figure = made("dynamics").plot(
        lines=["energy", "mu"], labels={"mu": r"$\mu$"}, figsize=(3, 2), x_label="$t$", style={"lines.linewidth": 5}
    )
    assert [axes.get_ylabel() for axes in figure.axes] == ["$e(t)$", r"$\mu$"]
    assert tuple(figure.get_size_inches()) == (3, 2) and figure.axes[-1].get_xlabel() == "$t$"
    assert figure.axes[0].lines[0].get_linewidth() == 5
    for wrong, said in (
        ({"labels": {"mass": "M"}}, "labels = mass: no"),
        ({"style": {"a": 1}}, "style = {'a': 1} cannot"),
    ):
        with pytest.raises(ValueError, match=said):
            made("dynamics").plot(**wrong)


def test_a_notebook_shows_the_house_s_look() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    picture = made("dynamics").plot()
    assert picture._repr_png_()[:4] == b"\x89PNG" and dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_is_a_data_set(kind: str, tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    solution = made(kind)
    data = solution.to_xarray()
    data.to_netcdf(tmp_path / "it.nc", engine="h5netcdf")
    assert xarray.load_dataset(tmp_path / "it.nc", engine="h5netcdf").identical(data)
    if isinstance(solution, Ensemble):  # sample by sample
        assert data["m"].mean(("sample", "start")).values == pytest.approx(solution.quantities["m"].value)
        return
    for name, quantity in solution.quantities.items():
        assert data[name].dims == quantity.over
        expected = np.nan if quantity.value is None else np.asarray(quantity.value, dtype=float)
        assert np.array_equal(data[name], expected, equal_nan=True), name
        assert (f"{name}_error" in data) == (quantity.error is not None)


def test_without_xarray_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xarray", None)
    with pytest.raises(ImportError, match=r"^to_xarray needs xarray: pip install 'ruggedflow\[data\]'$"):
        made("complexity").to_xarray()


def test_rows_at_places_on_the_axis_alone() -> None:
    curve = made("complexity curve")
    rows = curve.at([0.5, -0.9])
    assert rows["m"] == pytest.approx([0.5, -0.9])
    at_one = complexity(SPIKED, 0.5, 0)
    assert rows["sigma"][0] == pytest.approx(float(at_one.sigma), abs=1e-13)
    assert rows["sigma_error"].shape == (2,) and "energy_error" not in rows
    with pytest.raises(ValueError, match=r"m = 0\.42 was not computed \(nearest: 0\.4\)"):
        curve.at(0.42)
    with pytest.raises(ValueError, match="Thresholds has no axis, only numbers: bbp_initial, weak_recovery"):
        made("thresholds of a loss").at(1)


def test_a_table_at_times_and_of_numbers() -> None:
    solution = made("dynamics")
    table = solution.table([0.25, 1])
    assert table.columns == ("t", "m", "mu", "energy", "correlation")
    assert [row[0] for row in table.rows] == ["0.25", "1"]
    rows = solution.at([0.25, 1])
    assert [cell.value for cell in table.rows[1][1:]] == [rows[name][1] for name in table.columns[1:]]
    cold = made("statics, T = 0")
    assert {row[0]: row[2] for row in cold.table().rows}["entropy"] == "continuous spins: s ~ (1/2) ln T for T -> 0"
    assert cold.table([0.2, 0.9]).columns == ("q", "x")


def test_records_along_an_axis() -> None:
    diagram = made("phase diagram of phase retrieval")
    first = diagram.rows()[0]
    assert list(first) == ["a", "bbp_initial", "bbp_initial_error", "weak_recovery", "weak_recovery_error"]
    assert first["weak_recovery"] == pytest.approx(0.5) and 0 < first["weak_recovery_error"] < 1e-11
    assert diagram.rows("q")[1] == {"q": pytest.approx(0.3), "minima": 1.0}
    absent = made("phase diagram").rows()[0]
    assert absent["delta_p"] == 0.1 and absent["dynamic_spinodal"] == absent["dynamic_spinodal_error"] == ""


def test_axes_of_a_complexity_are_what_varies() -> None:
    landscape = SpikedMatrixTensor(3)
    deltas = {"delta_2": np.linspace(0.3, 0.9, 5), "delta_p": np.array([[1.0], [2.0]])}
    plane = complexity(landscape, 0.1, parameters=deltas)
    assert list(plane.axes) == ["delta_p", "delta_2"] and plane.quantities["sigma"].over == ("delta_p", "delta_2")
    assert [axis.values.tolist() for axis in plane.axes.values()] == [[1, 2], deltas["delta_2"].tolist()]
    assert list(complexity(landscape, 0.1, parameters=deltas | {"delta_p": 1.0}).axes) == ["delta_2"]
    together = complexity(landscape, np.zeros((2, 3)), parameters={"delta_2": np.ones((2, 3)), "delta_p": 1.0})
    assert list(together.axes) == ["index 0", "index 1"] and "sigma" in str(together)


def test_thresholds_are_a_mapping() -> None:
    found = made("thresholds of a loss")
    assert isinstance(found, Thresholds) and list(found) == ["bbp_initial", "weak_recovery"] and len(found) == 2
    record = json.loads(json.dumps(found.record()))["weak_recovery"]
    assert record["control"] == "alpha" and record["alpha"] == pytest.approx(0.5) and record["exists"] is True
    assert record["meaning"].startswith("Bayes-optimal") and record["reference"] == "Mondelli, Montanari 2018"
    energies = made("thresholds")
    assert isinstance(energies, Thresholds)
    absent = energies["bayes_amp_jump"]
    assert not absent.exists and absent.reason in str(energies) and absent.record()["inverse_delta_2"] is None


def test_statics_from_a_file_know_the_order_parameter_everywhere(tmp_path: Path) -> None:
    for kind in ("statics", "statics, T = 0"):
        found = made(kind)
        again = load(found.save(tmp_path / "it.npz"))
        assert isinstance(found, Statics) and isinstance(again, Statics)
        q = np.linspace(0, 1, 333)
        assert np.array_equal(found.x(q), again.x(q)) and found.order_parameter == again.order_parameter
        assert found.breaking == again.breaking and again.exact


def test_a_covariance_that_is_no_polynomial_is_kept(tmp_path: Path) -> None:
    found, f = made("statics, T = 0"), UnitCovariance(GaussianLandscape(exp(OVERLAP / 3) - 1))
    assert isinstance(found, Statics)
    again = load(replace(found, order=replace(found.order, f=f)).save(tmp_path / "it.npz"))
    assert isinstance(again, Statics) and again.order.f == f


def test_a_covariance_that_cannot_be_read_back_is_not_kept(tmp_path: Path) -> None:
    found, odd = made("statics, T = 0"), UnitCovariance(GaussianLandscape(OVERLAP**3 * exp(OVERLAP / 10**13)))
    assert isinstance(found, Statics)
    found = replace(found, order=replace(found.order, f=odd))
    with pytest.raises(ValueError, match="1e-12"):
        found.save(tmp_path / "it.npz")
    assert not (tmp_path / "it.npz").exists()


def test_files_of_version_0_4_are_read(tmp_path: Path) -> None:
    """Their names, headers and arrays, as they were written then."""
    solution, descent = made("dynamics"), made("descent")
    assert isinstance(solution, DynamicsSolution) and isinstance(descent, DescentSolution)
    header: dict[str, Any] = {"kind": "reference", "versions": {}, "settings": dict(solution.settings)}
    header |= {"statistics": dict(solution.statistics), "message": solution.message}
    tables = {"model": solution.model.arrays(), "two_time": solution.two_time.arrays()}
    del tables["two_time"]["start_estimates"]
    arrays = {f"{owner}.{name}": array for owner, table in tables.items() for name, array in table.items()}
    storage.write(tmp_path / "run", storage.Format("ruggedflow dynamics", 2, "solve_dynamics"), header, arrays)
    again, t = load(tmp_path / "run"), np.linspace(0, solution.t_reached, 7)
    assert isinstance(again, DynamicsSolution)
    (now, earlier), rough = (found.at(t) for found in (solution, again)), "correlation_error"
    assert np.all(earlier.pop(rough) >= now.pop(rough))  # that of any C(t, s), then
    assert all(np.array_equal(earlier[name], now[name]) for name in now)
    header = {"settings": dict(descent.settings), "message": descent.message, "versions": {}}
    arrays = {"t": descent.t} | {f"value.{name}": array for name, array in descent.values.items()}
    for part, table in descent.error_parts.items():
        arrays |= {f"{part}.{name}": array for name, array in table.items()}
    storage.write(tmp_path / "run", storage.Format("ruggedflow descent", 2, "solve_descent"), header, arrays)
    assert str(load(tmp_path / "run")) == str(descent)
    storage.write(tmp_path / "run", storage.Format("ruggedflow descent", 1, "solve_descent"), header, arrays)
    with pytest.raises(ValueError, match=r"run: an earlier ruggedflow wrote it \(format 1; here: 2\)"):
        load(tmp_path / "run")
