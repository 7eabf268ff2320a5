"""A study is a table of what a function gives at points, whatever happens on the way."""

import errno
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numerics.errors import Interrupted
from numerics.quantity import Axis, Quantity
from numerics.solution import Solution
from numerics.study import Points, Study, open_study, points_of, run

calls: list[Any] = []
GRID = {"x": [1, 2, 3], "y": [0.5, 1]}


@dataclass(frozen=True, eq=False, repr=False)
class Decay(Solution):
    """What solvers give: a number, and a curve with errors."""

    rate: float
    settings: Any = None

    @property
    def axes(self) -> dict[str, Axis]:
        return {"t": Axis(np.array([0.0, 1, 10]), "t")}

    @property
    def quantities(self) -> dict[str, Quantity]:
        t = self.axes["t"].values
        m = Quantity(np.exp(-self.rate * t), 1e-9 * t, over=("t",))
        absent = Quantity.absent("the rate is too large")
        return {"m": m, "limit": absent if self.rate > 2.5 else Quantity(1 / self.rate, 1e-3)}


def product(point: Mapping[str, Any]) -> dict[str, float]:
    calls.append(dict(point))
    return {"product": point["x"] * point["y"], "x": point["x"] / 3}


def decay(point: Mapping[str, Any]) -> Decay:
    if point["y"] == 1 and point["x"] == 2:
        raise ValueError("no such\n decay")
    return Decay(point["x"] * point["y"])


def studied(folder: Path | None, over: Any = GRID, **options: Any) -> Study:
    calls.clear()
    return run(product, points_of(over), about={"of": "product"}, folder=folder, **options)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def files(folder: Path) -> list[Path]:
    return sorted((folder / "points").iterdir())


def test_the_table(tmp_path: Path) -> None:
    study = studied(tmp_path)
    lines = (tmp_path / "table.csv").read_text().splitlines()
    assert lines[:3] == ["x,y,product,x_,note", "1,0.5,0.5,0.3333333333333333,", "1,1,1.0,0.3333333333333333,"]
    assert len(lines) == 7 and len(calls) == 6 and not study.left and not study.failed
    assert str(study).startswith("Study: of = product") and "<table>" in study._repr_html_()
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["points"] == 6 and record["of"] == "product" and "finished" in record


def test_the_same_again_asks_nothing_and_changes_nothing(tmp_path: Path) -> None:
    studied(tmp_path)
    before = (tmp_path / "table.csv").read_bytes()
    assert studied(tmp_path, {"x": [1, 2, 3, 4], "y": [0.5, 1]}).left == 0 and len(calls) == 2
    studied(tmp_path)
    assert not calls and (tmp_path / "table.csv").read_bytes() == before
    assert open_study(tmp_path).fields() == studied(None).fields()
    run(product, points_of(GRID), about={"of": "another"}, folder=tmp_path)
    assert len(calls) == 12  # the last study, and those of the other


def test_of_solutions_numbers_and_rows_are_kept() -> None:
    points = points_of(GRID)
    last = run(decay, points, about={})
    assert list(map(str, last.columns)) == ["limit", "t", "m"]
    chosen = run(decay, points, about={}, places=[1, 10], keep=["m"])
    fields = chosen.fields()
    assert list(fields) == ["x", "y", "m(t=1)", "m(t=1)_error", "m(t=10)", "m(t=10)_error", "note"]
    assert fields["m(t=1)"][0] == np.exp(-0.5) and fields["m(t=10)_error"][0] == 1e-8


def test_missing_numbers_are_nan_and_say_why() -> None:
    study = run(decay, points_of(GRID), about={})
    fields = study.fields()
    assert np.isnan(fields["limit"][3]) and np.isnan(fields["m"][3]) and np.isnan(fields["limit"][5])
    assert study.failed == {3: "no such decay"} and fields["note"][5] == "limit: the rate is too large"
    assert all(isinstance(value, float) for name in ("limit", "m", "m_error") for value in fields[name])
    with pytest.raises(ValueError, match="keep = 'q': there is no such number; choose among limit, t, m"):
        run(decay, points_of(GRID), about={}, keep=["q"])


def stop_after(number: int) -> Any:
    def progress(_: float, what: str) -> None:
        if what.startswith(f"{number} of"):
            raise KeyboardInterrupt

    return progress


def test_interrupted_it_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    with pytest.raises(Interrupted, match="interrupted after 4 of 6 points; the same again goes on") as stop:
        studied(tmp_path / "cut", progress=stop_after(4))
    assert stop.value.partial.left == 2 and open_study(tmp_path / "cut").left == 2
    assert not (tmp_path / "cut" / "table.csv").exists()
    studied(tmp_path / "cut")
    assert len(calls) == 2
    studied(tmp_path / "whole")
    assert (tmp_path / "cut" / "table.csv").read_bytes() == (tmp_path / "whole" / "table.csv").read_bytes()


def test_the_index_is_made_again_from_the_files(tmp_path: Path) -> None:
    whole = studied(tmp_path).fields()
    for damage in (b"", b"PK", (tmp_path / "index.npz").read_bytes()[:-50], None):
        (tmp_path / "index.npz").unlink()
        if damage is not None:
            (tmp_path / "index.npz").write_bytes(damage)
        assert studied(tmp_path).fields() == whole and not calls
    assert open_study(tmp_path).fields() == whole


@pytest.mark.parametrize("indexed", [True, False])
def test_damaged_and_foreign_files_are_set_aside(tmp_path: Path, indexed: bool) -> None:
    whole = studied(tmp_path).fields()
    one, two, three, *_ = files(tmp_path)
    one.write_bytes(one.read_bytes()[:-20])
    two.write_bytes(three.read_bytes())
    three.write_text("{}\n")
    (tmp_path / "points" / "notes.json").write_text('{"mine": 1}')
    (tmp_path / "points" / ".half.json.x").write_text("{")
    if not indexed:
        (tmp_path / "index.npz").unlink()
    told: list[str] = []
    assert studied(tmp_path, told=told.append).fields() == whole
    assert len(calls) == 3 and len(told) == 4 and all("is set aside as" in line and "\n" not in line for line in told)
    assert sum(path.name.endswith(".damaged") for path in files(tmp_path)) == 4
    assert studied(tmp_path, told=told.append).fields() == whole and len(told) == 4 and not calls


def test_by_default_python_warns(tmp_path: Path) -> None:
    studied(tmp_path)
    files(tmp_path)[0].write_text("x")
    with pytest.warns(UserWarning, match="is set aside as"):
        studied(tmp_path)


def refuse_writing(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """The disk is full from the next file on, after so many."""
    flush, count = os.fsync, iter(range(10**6))

    def fsync(handle: int) -> None:
        if next(count) >= after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_full_disk_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        refuse_writing(patched, after=3)  # the study and two points
        with pytest.raises(OSError, match="No space left") as stop:
            studied(tmp_path)
    assert Path(str(stop.value.filename)).parent == tmp_path / "points"
    assert len(files(tmp_path)) == 2
    assert studied(tmp_path).fields() == studied(None).fields()


def test_what_may_go_better_is_tried_again(tmp_path: Path) -> None:
    room = [False]

    def hungry(point: Mapping[str, Any]) -> float:
        if not room[0]:
            raise MemoryError("it takes 10 GB")
        return float(point["x"])

    def asked() -> Study:
        return run(hungry, points_of({"x": [1]}), about={}, folder=tmp_path)

    assert asked().failed == {0: "it takes 10 GB"} and not files(tmp_path)
    room[0] = True
    assert not asked().failed


def test_some_now(tmp_path: Path) -> None:
    assert studied(tmp_path, limit=0).left == 6 and not calls
    study = studied(tmp_path, limit=1)
    assert study.left == 5 and calls == [{"x": 2, "y": 1}] and not (tmp_path / "table.csv").exists()
    assert study.expected(2) == pytest.approx(study.seconds * 5 / 2) and np.isnan(studied(None, limit=0).expected(1))
    assert studied(tmp_path).expected(2) == 0


def test_ends_of_ranges_are_exact_and_spacings_even() -> None:
    axes = points_of({
        "a": {"from": 0.1, "to": 10, "points": 3, "spacing": "log"},
        "b": {"from": 0, "to": 1, "points": 3},
        "c": {"from": 1, "to": 0.25, "points": 4, "spacing": "inverse"},
        "d": np.arange(2.0),
    }).axes  # fmt: skip
    assert axes == {"a": (0.1, 1, 10), "b": (0, 0.5, 1), "c": (1, 0.5, 0.3333333333, 0.25), "d": (0, 1)}


@pytest.mark.parametrize(
    ("over", "told"),
    [
        (3, "over = 3 must name axes"),
        ({}, "over has 0 points"),
        ({"x": 3}, "x = 3 must be a list of values"),
        ({"x": []}, "x has no values"),
        ({"x": [1, 1.0]}, "x has 1 twice"),
        ({"x": [float("nan")]}, "x = nan must be a number or a text"),
        ({"x": {"from": 1, "to": 2, "point": 3}}, "x has no 'point'; did you mean points?"),
        ({"x": {"from": 1, "to": 2}}, "x lacks 'points'"),
        ({"x": {"from": 1, "to": 2, "points": 1}}, "x has points = 1: expected a whole number >= 2"),
        ({"x": {"from": 0, "to": 2, "points": 3, "spacing": "log"}}, "positive for spacing = 'log'"),
        ({"x": {"from": 2, "to": 2, "points": 3}}, "both must be different"),
        ({"x": {"from": 1, "to": 2, "points": 3, "spacing": "lin"}}, "one of linear, log, inverse"),
        ([1], "points must be a list of mappings"),
        ([{"x": 1}, {"y": 1}], "point 1 of the list"),
    ],
)
def test_mistakes_take_one_line(over: Any, told: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]*$") as stop:
        points_of(over)
    assert told in str(stop.value)


def test_a_folder_without_a_study(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no study"):
        open_study(tmp_path)
    (tmp_path / "study.json").write_text("{")
    with pytest.raises(ValueError, match=r"study.json: not JSON"):
        open_study(tmp_path)


def test_exports_by_suffix(tmp_path: Path) -> None:
    study = run(decay, points_of(GRID), about={"of": "decay"})
    rows = json.loads(study.save(tmp_path / "a.json").read_text())["rows"]
    assert rows[3]["m"] is None and rows[0]["m"] == np.exp(-5) and rows[3]["note"] == "no such decay"
    with np.load(study.save(tmp_path / "a.npz")) as arrays:
        assert np.isnan(arrays["limit"][3]) and arrays["x"].tolist() == [1, 1, 2, 2, 3, 3]
    assert study.save(tmp_path / "a.csv").read_text().splitlines()[4].split(",")[2:4] == ["nan", "nan"]
    with pytest.raises(ValueError, match=r"name a file that ends in .csv, .json, .npz, .nc"):
        study.save(tmp_path / "a.txt")


def test_labelled_arrays(tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    study = run(decay, points_of(GRID), about={}, places=[1, 10])
    data = study.to_xarray()
    assert data.m.dims == ("x", "y", "t") and float(data.m.sel(x=1, y=0.5, t=10)) == np.exp(-5)
    assert np.isnan(data.m_error.sel(x=2, y=1)).all() and data.limit.dims == ("x", "y")
    with xarray.open_dataset(study.save(tmp_path / "a.nc"), engine="h5netcdf") as again:
        assert again.m.equals(data.m)
    assert study.save(tmp_path / "b.nc").read_bytes() == (tmp_path / "a.nc").read_bytes()
    listed = run(product, points_of([{"x": 1, "y": 2}, {"x": 2, "y": 3}]), about={}).to_xarray()
    assert listed.product.values.tolist() == [2, 6] and listed.x.values.tolist() == [1, 2]


def test_what_is_not_installed_is_named_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = studied(None)
    monkeypatch.setattr("numerics.study.export.find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"needs xarray and h5netcdf: pip install 'ruggedflow\[data\]'"):
        study.save(tmp_path / "a.nc")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"to_dataframe needs pandas: pip install 'ruggedflow\[data\]'"):
        study.to_dataframe()


def test_data_frame() -> None:
    pytest.importorskip("pandas")
    frame = studied(None).to_dataframe()
    assert frame["product"].tolist() == [0.5, 1, 1, 2, 1.5, 3] and list(frame) == ["x", "y", "product", "x_", "note"]


def test_lists_of_points_give_themselves_back() -> None:
    rows = [{"x": 1, "y": 0.5}, {"x": 2, "y": 0.25}]
    points = points_of(rows)
    assert isinstance(points, Points) and points.record() == rows and points.values() == {"x": (1, 2), "y": (0.5, 0.25)}
