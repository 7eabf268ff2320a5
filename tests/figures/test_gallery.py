"""All figures in one command."""

import ast
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from figures import registry
from figures.cli import figure as command
from figures.style import new_figure

CALLS: list[tuple[str, int]] = []


def stub(name: str, fails: BaseException | None = None) -> Any:
    """The module of a figure."""

    def draw(samples: int = 10) -> dict[str, Any]:
        CALLS.append((name, samples))
        if fails is not None:
            raise fails
        figure = new_figure()
        figure.subplots().plot([1, 2], [samples, 3], label="curve")
        return {"curves": figure}

    return SimpleNamespace(draw=draw, FAST={"samples": 2})


def drawn_at_once(_: Any, folder: Path, name: str) -> list[Path]:
    """In place of a picture."""
    (folder / f"{name}.png").write_text(name)
    return [folder / f"{name}.png"]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Three figures, quickly drawn."""
    CALLS.clear()
    modules = {name: stub(name) for name in ("one_1901", "two_1902", "three_1903")}
    titles = dict.fromkeys(modules, "a title")
    for where in (registry, command):
        monkeypatch.setattr(where, "FIGURES", titles)
    monkeypatch.setattr(registry, "save_all", drawn_at_once)
    monkeypatch.setattr(registry, "import_module", lambda path: modules[path.rsplit(".", 1)[-1]])
    yield modules
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_one_that_fails_is_named_and_stops_no_other(run: Any, known: Any, tmp_path: Path) -> None:
    known["two_1902"] = stub("two_1902", ZeroDivisionError("by zero"))
    status, out, err = run("figure", "--all", "--output", str(tmp_path))
    assert (status, err) == (1, "") and "ZeroDivisionError: by zero" in out
    assert "1 could not be drawn: two_1902" in out and len(list(tmp_path.glob("*.csv"))) == 2
    known["two_1902"] = stub("two_1902")
    CALLS.clear()
    status, out, err = run("figure", "--all", "--output", str(tmp_path), "--json")
    assert status == 0 and [name for name, _ in CALLS] == ["two_1902"]
    assert json.loads(out) == {"drawn": ["two_1902"], "failed": {}, "there_already": ["one_1901", "three_1903"]}
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["command"] == ["figure", "--all"]
    assert len(record["files"]) == 6


def test_what_is_there_is_left_unless_forced_or_changed(run: Any, known: Any, tmp_path: Path) -> None:
    words = ("figure", "--all", "--output", str(tmp_path))
    run(*words)
    (tmp_path / "one_1901_curves.csv").write_text("changed")
    CALLS.clear()
    status, out, _ = run(*words)
    assert status == 0 and CALLS == [("one_1901", 10)]
    assert "2 of 3 were there already, drawn by this version; --force draws them again" in out
    run(*words, "--force")
    assert len(CALLS) == 4


def test_fast_is_another_figure(run: Any, known: Any, tmp_path: Path) -> None:
    status, *_ = run("figure", "one_1901", "--fast", "--output", str(tmp_path))
    assert status == 0 and CALLS == [("one_1901", 2)]
    assert json.loads((tmp_path / "one_1901.json").read_text())["command"] == ["figure", "one_1901", "--fast"]
    status, _, err = run("figure", "one_1901", "--output", str(tmp_path))
    assert status == 2 and "--force" in err
    assert run("figure", "--all", "one_1901")[0] == 2
    assert run("figure", "--fast")[2] == "ruggedflow: --fast is for drawing: name a figure, or give --all\n"


def test_ctrl_c_keeps_what_is_drawn(run: Any, known: Any, tmp_path: Path) -> None:
    known["two_1902"] = stub("two_1902", KeyboardInterrupt())
    words = ("figure", "--all", "--output", str(tmp_path))
    status, out, err = run(*words)
    assert (status, out) == (130, "")
    assert err == f"ruggedflow: interrupted after 1 of 3; the same command goes on from {tmp_path}\n"
    known["two_1902"] = stub("two_1902")
    CALLS.clear()
    assert run(*words)[0] == 0 and [name for name, _ in CALLS] == ["two_1902", "three_1903"]


@pytest.mark.parametrize("name", registry.FIGURES)
def test_fast_is_arguments_of_draw(name: str) -> None:
    """By their names, which are read without importing anything."""
    body = ast.parse(Path(registry.__file__).with_name(f"{name}.py").read_text()).body
    draw = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == "draw")
    fast = [node for node in body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "FAST"]
    named = {
        ast.literal_eval(key) for node in fast if isinstance(node.value, ast.Dict) for key in node.value.keys if key
    }
    assert named <= {a.arg for a in (*draw.args.args, *draw.args.kwonlyargs)}
