"""`ruggedflow check` as a user types it."""

import errno
import io
import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import numerics.checks.bbp_rotation_invariant as bbp
import ruggedflow as rf
from figures.check_figure import draw
from figures.cli import check as command
from figures.commands.progress import fraction
from numerics.checks import Check, Comparison, Panel, Report, Series, all_checks, find_checks
from numerics.errors import ConvergenceError

NAME = "bbp-rotation-invariant"
WORDS = ["check", NAME, "--quick", "--workers", "1"]
SMALL: Check[Any] = replace(bbp.CHECK, quick=bbp.Strengths((200, 400, 800), (60,) * 3, 0.05, (1.6, 2.4)))


@pytest.fixture
def run(run: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(command, "find_checks", lambda _name: [SMALL])
    return run


def reports(monkeypatch: pytest.MonkeyPatch, **verdicts: str) -> None:
    """Checks that come out as told, in place of the real ones."""
    z = {"agree": (0.5, 0.1), "disagree": (50.0, 0.1), "undecided": (0.5, 10.0)}

    def made(name: str, **_: Any) -> Report:
        if verdicts[name] == "fails":
            raise ConvergenceError("no step is small enough")
        deviation, error = z[verdicts[name]]
        return Report(name, (Comparison("x", 0, 0, deviation * error, error, 1.0, 8),), {"seed": 0})

    stubs = {name: SimpleNamespace(name=name, run=partial(made, name)) for name in verdicts}
    monkeypatch.setattr(command, "find_checks", lambda name: [stubs[name]] if name in stubs else list(stubs.values()))


def test_a_check_is_a_table_and_a_sentence(run: Any) -> None:
    status, out, err = run(*WORDS)
    assert (status, err) == (0, "")
    assert f"{NAME}: agree" in out and "theory and simulation agree: largest |z| = " in out
    assert "squared overlap at theta" in out and "Extrapolated in 1/N" in out


def test_json_is_the_report(run: Any) -> None:
    status, out, _ = run(*WORDS, "--seed", "5", "--json")
    record, report = json.loads(out), SMALL.run(quick=True, seed=5)
    assert status == 0
    assert record["check"] == NAME and record["verdict"] == report.verdict and record["z"] == report.z
    assert record["settings"]["seed"] == 5 and record["settings"]["samples"] == [60, 60, 60]
    assert [row["measured"] for row in record["comparisons"]] == [c.measured for c in report.comparisons]
    keys = {"label", "predicted", "predicted_error", "measured", "measured_error", "resolution", "size", "z"}
    assert keys <= set(record["comparisons"][0])


def test_output_holds_figure_and_record(run: Any, tmp_path: Path) -> None:
    status, out, _ = run(*WORDS, "--output", str(tmp_path / "new"), "--json")
    assert status == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        f"{NAME}.csv", f"{NAME}.json", f"{NAME}.pdf", f"{NAME}.png", "record.json"
    ]  # fmt: skip
    for name in (NAME, "record"):
        assert json.loads((tmp_path / "new" / f"{name}.json").read_text()) == json.loads(out)


def test_one_check_after_another_into_one_folder(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each keeps its record; ``record.json`` is that of the last command."""
    reports(monkeypatch, one="agree", two="disagree")
    for name in ("one", "two"):
        run("check", name, "--output", str(tmp_path))
    found = {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "two", "record")}
    assert [found[name]["check"] for name in ("one", "two")] == ["one", "two"] and found["record"] == found["two"]


def test_a_full_disk_costs_the_files_alone(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The verdict is told all the same, with exit status 2 for the files."""
    reports(monkeypatch, one="agree", two="disagree")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for words in (["one"], ["one", "--json"], ["all"], ["all", "--json"]):
        status, out, err = run("check", *words, "--output", str(tmp_path))
        assert status == 2 and "agree" in out and ("--json" not in words or json.loads(out)["verdict"])
        assert err.count("\n") == 1 and "No space left on device" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("verdict", "status"), [("agree", 0), ("disagree", 1), ("undecided", 3), ("fails", 3)])
def test_the_exit_status_is_the_verdict(run: Any, monkeypatch: pytest.MonkeyPatch, verdict: str, status: int) -> None:
    reports(monkeypatch, one=verdict)
    found, out, err = run("check", "one", "--json")
    expected = "undecided" if verdict == "fails" else verdict
    assert found == status and json.loads(out)["verdict"] == expected
    assert ("no step is small enough" in err) == (verdict == "fails")


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [(("agree", "agree"), 0), (("agree", "undecided"), 3), (("undecided", "disagree"), 1), (("fails", "agree"), 3)],
)
def test_all_checks_have_the_worst_verdict(
    run: Any, monkeypatch: pytest.MonkeyPatch, verdicts: tuple[str, str], status: int, tmp_path: Path
) -> None:
    reports(monkeypatch, first=verdicts[0], second=verdicts[1])
    found, out, _ = run("check", "all", "--output", str(tmp_path), "--json")
    record = json.loads(out)
    assert found == status and [r["check"] for r in record["checks"]] == ["first", "second"]
    assert json.loads((tmp_path / "record.json").read_text()) == record
    _, table, _ = run("check", "all")
    assert "first" in table and "second" in table and "┃" in table


def test_the_list_names_every_check(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_checks", find_checks)
    status, out, _ = run("check", "--list", "--json")
    assert status == 0 and json.loads(out)["checks"] == {
        name: check.description for name, check in all_checks().items()
    }
    assert all(name in run("check", "--list")[1] for name in all_checks())


def test_the_list_is_of_the_name_that_is_given(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_checks", find_checks)
    assert list(json.loads(run("check", "inertia", "--list", "--json")[1])["checks"]) == ["inertia"]
    of_system = json.loads(run("check", "pl-condition", "--list", "--json")[1])["checks"]
    assert list(of_system) == [check.name for check in find_checks("pl-condition")]
    assert json.loads(run("check", "all", "--list", "--json")[1]) == json.loads(run("check", "--list", "--json")[1])
    assert list(json.loads(run("figure", "folena_2020_mixed_ageing", "--list", "--json")[1])["figures"]) == [
        "folena_2020_mixed_ageing"
    ]
    for kind in ("check", "figure"):
        status, out, err = run(kind, "nothing", "--list")
        assert (status, out) == (2, "") and f"unknown {kind} 'nothing'" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", "bbp-rotation"], "unknown check 'bbp-rotation'; did you mean bbp-rotation-invariant?"),
        (["check", "complexity", "--seed", "-1"], "--seed -1 must be a whole number from 0"),
        (["check", "complexity", "--workers", "0"], "--workers 0 must be a whole number from 1"),
        (["check", "complexity", "--output", "/proc/nowhere"], "cannot write /proc/nowhere"),
    ],
)
def test_mistakes_get_one_line(run: Any, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str) -> None:
    monkeypatch.setattr(command, "find_checks", find_checks)
    status, out, err = run(*words)
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1


def test_the_bar_shows_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = {}
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        with fraction() as progress:
            progress(0.5, "message passing")
        shown[type(stream)] = stream.getvalue()
    assert "message passing" in shown[Terminal] and shown[io.StringIO] == ""


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_the_figure_has_a_panel_for_each_and_one_for_z(count: int) -> None:
    x = np.arange(1, 4)
    series = (Series.theory("theory", x, x), Series.simulation("N = 8", x, x + 0.1, 0.1 * np.ones(3), 7))
    panels = tuple(Panel(f"$p = {k}$", "$N$", "$m$", series, y_scale="log") for k in range(count))
    report = Report("made-up", (Comparison("x", 0, 0, 0.1, 0.1, 1.0),) * 3, {}, panels)
    figure = draw(report)
    assert len(figure.axes) == count + 1
    assert figure.axes[-1].get_ylabel() == "$z$"
    figure.draw_without_rendering()


OWN = """
from numerics.checks import Check, Row, Sizes
from theory import Landscape, OVERLAP as q


class Cube(Landscape):
    slug, title, statement, source = "cube", "a cube", "f = q^3/2", "mine"
    parameters = ()

    def declare(self):
        return q**3 / 2, 0


def heads(point):
    import numpy as np

    return np.random.default_rng(point.seeds()).integers(2, size=(point.samples, 1)) + 0.0


COINS = Check(
    name="coins", description="a coin", reason="loaded coins", doing="tossing", count=lambda _: 1, measure=heads,
    default=Sizes((10, 20, 40), (400, 400, 400), 0.5), quick=Sizes((10, 20, 40), (400, 400, 400), 0.5),
    predict=lambda run, case: [Row("heads", 0.5, 0, 0.5)], systems=("cube",),
)
"""


def test_checks_of_a_system_and_of_a_file(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "cube_and_coins.py"
    file.write_text(OWN)
    monkeypatch.setattr(command, "find_checks", find_checks)
    status, out, err = run("check", str(file), "--workers", "1")
    assert status == 0 and "coins: agree" in out, err
    status, _, err = run("check", "linear-regression")
    assert status == 2 and "linear-regression has no checks; choose among" in err
    assert [check.name for check in find_checks("mixed-spin")] == ["threshold-energy"]
    made = rf.system(str(file))()
    assert made.check("coins").verdict == made.check()["coins"].verdict == "agree"
    with pytest.raises(ValueError, match="cube has no such check; it has: coins"):
        made.check("dice")
