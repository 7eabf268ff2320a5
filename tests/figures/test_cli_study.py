"""``ruggedflow study`` and ``rf.study``."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import ruggedflow as rf
from tests.printed import HOW_TO, README, ROOT, block

FILE = """
system = "spiked-matrix-tensor"
command = "thresholds"

[options]
p = 3
only = ["gradient_flow", "ml_amp"]

[over]
delta_p = {from = 0.1, to = 10, points = 3, spacing = "log"}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "lines.toml"
    path.write_text(FILE)
    return path


def test_from_a_file(run: Any, file: Path) -> None:
    status, out, err = run("study", str(file), "--dry-run", "--workers", "1")
    assert (status, err) == (0, "") and out.startswith("3 points, 1 finished in lines; the others take about ")
    status, out, err = run("study", str(file), "--workers", "1", "--export", "copy.json")
    assert (status, err) == (0, "") and "thresholds of spiked-matrix-tensor: 3 points" in out
    table = Path("lines/table.csv").read_text()
    assert table.splitlines()[0] == "delta_p,gradient_flow,gradient_flow_error,ml_amp,ml_amp_error,note"
    assert table.splitlines()[2].startswith("1,2.0,")
    assert [row["delta_p"] for row in json.loads(Path("copy.json").read_text())["rows"]] == [0.1, 1, 10]
    status, out, err = run("study", str(file), "--dry-run", "--json")
    assert json.loads(out)["finished"] == 3 and json.loads(out)["seconds"] == 0
    status, out, err = run("study", str(file), "--json", "--workers", "1")
    assert json.loads(out)["rows"][1]["gradient_flow"] == 2 and not err


def test_in_python_it_is_the_same(run: Any, file: Path) -> None:
    over = {"delta_p": {"from": 0.1, "to": 10, "points": 3, "spacing": "log"}}
    only = ["gradient_flow", "ml_amp"]
    run("study", str(file), "--workers", "1", "--output", "typed")
    rf.study(rf.SpikedMatrixTensor(p=3), "thresholds", over, only=only, workers=1, output="called")
    assert Path("typed/table.csv").read_bytes() == Path("called/table.csv").read_bytes()
    assert count("typed") == count("called") == 3
    assert rf.load("called").fields()["ml_amp"][1] == pytest.approx(1.618033988749895)


def test_refined_from_a_file(run: Any, file: Path) -> None:
    file.write_text('refine = "ml_amp"\nbudget = 5\n' + FILE)
    status, out, err = run("study", str(file), "--dry-run", "--workers", "1")
    assert (status, err) == (0, "") and out.startswith("3 points, then refined to 5, 1 finished in lines")
    status, out, err = run("study", str(file), "--workers", "1", "--json")
    assert (status, err) == (0, "")
    assert [row["delta_p"] for row in json.loads(out)["rows"]] == [0.1, 0.177827941, 0.316227766, 1, 10]


def test_times_asked_for_and_failures(file: Path) -> None:
    over = {"delta_2": [0.5, 1], "t_max": [1, 3]}
    study = rf.study("spiked-matrix-tensor", "dynamics", over, p=3, delta_p=1, overlap=0.1, at=[1, 2], workers=1)
    assert sorted(study.failed) == [0, 2] and "lies beyond t_max = 1" in study.failed[0]
    assert study.fields()["m(t=2)"][1] > study.fields()["m(t=1)"][1] > 0.1


def test_a_function_of_one_s_own() -> None:
    study = rf.study(lambda point: point["x"] ** point["n"], over={"x": [1, 2]}, n=3, workers=1)
    assert study.fields()["value"] == [1, 8] and study.about["fixed"] == {"n": 3}


def test_a_system_of_one_s_own_is_known_by_its_source(tmp_path: Path, file: Path) -> None:
    source = block(README, "own-system")
    for name, text in {"trap_once": source, "trap_changed": source.replace("q**3 / 2", "q**3")}.items():
        Path(f"{name}.py").write_text(text)
        study = rf.study(f"./{name}.py", "thresholds", {"depth": [3]}, workers=1, output="traps")
        assert study.about["source"] and not study.failed
    assert count("traps") == 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            '"spiked-matrix-tensor"',
            '"spiked-matrix"',
            "unknown system 'spiked-matrix'; did you mean spiked-matrix-tensor?",
        ),
        ('"thresholds"', '"threshold"', "has no threshold; did you mean thresholds?"),
        ("delta_p", "delta_q", "delta_q does not apply to thresholds of spiked-matrix-tensor; did you mean delta_p?"),
        ("p = 3", "p = 3\nworkers = 2", "workers does not apply"),
        ("p = 3", "p = 3\ndelta_p = 1", "delta_p is fixed and varied; give it once"),
        ("p = 3\n", "", "p is missing"),
        ("[options]", "[option]", "it has no 'option'; did you mean options?"),
        ("0.1", "-1", "spacing = 'log'"),
        ("[over]", "[points]", "points = {"),
        ("system =", "system", "is not TOML"),
        ("[over]", "[[points]]", ""),
        ("command", "budget = 2\ncommand", "budget = 2 is less than the 3 points of the grid"),
        ("command", "refine = true\ncommand", "refine = True must be a name"),
    ],
)
def test_mistakes_take_one_line(run: Any, file: Path, old: str, new: str, told: str) -> None:
    file.write_text(FILE.replace(old, new, 1))
    status, out, err = run("study", str(file), "--workers", "1")
    assert (status, out) == (2, "") and err.count("\n") == 1 and err.startswith("ruggedflow: ") and told in err


def test_more_mistakes(run: Any, file: Path) -> None:
    status, _, err = run("study", "nowhere.toml")
    assert status == 2 and "name a TOML file that describes a study" in err
    status, _, err = run("study", str(file), "--export", "a.xls")
    assert status == 2 and "--export a.xls: name a file that ends in .csv, .json, .npz, .nc" in err
    with pytest.raises(ValueError, match="output is not for the points of a study"):
        rf.study("spiked-tensor", "dynamics", {"output": ["a", "b"]}, p=3, delta_p=1, t_max=1)
    with pytest.raises(ValueError, match="limit = -1"):
        rf.study("spiked-tensor", "thresholds", {"p": [3, 4]}, limit=-1)
    with pytest.raises(ValueError, match="has no question without a name"):
        rf.study(rf.SpikedTensor, over={"p": [3, 4]})
    with pytest.raises(ValueError, match="latex is not for the points of a study"):
        rf.study("spiked-tensor", "thresholds", {"p": [3, 4]}, latex=True)


def test_where_every_point_fails_the_command_fails(run: Any, file: Path) -> None:
    file.write_text(
        'system = "pure-spin"\ncommand = "dynamics"\n[options]\np = 3\nt_max = 1\nat = 2\n[over]\ndelta_p = [1]'
    )
    status, out, err = run("study", str(file), "--workers", "1")
    assert (
        status == 2
        and "every point failed, the first one so: at = 2 lies beyond t_max = 1" in err
        and "1 failed" in out
    )


@pytest.mark.slow
def test_the_printed_study(run: Any, file: Path) -> None:
    Path("growth.toml").write_text(block(HOW_TO / "studies.md", "file: growth.toml"))
    status, out, err = run("study", "growth.toml")
    assert (status, err) == (0, "") and "dynamics of spiked-matrix-tensor: 6 points" in out
    again = rf.study(rf.SpikedMatrixTensor(p=3, delta_p=2), "dynamics", {"delta_2": [0.6]}, overlap=0.1, t_max=10)
    assert again.fields()["m"][0] == rf.load("growth").fields()["m"][2]


LONG = """
system = "spiked-matrix-tensor"
command = "dynamics"
[options]
p = 3
t_max = 30
overlap = 0.1
[over]
delta_p = {from = 0.8, to = 4, points = 6}
delta_2 = {from = 0.6, to = 1, points = 4}
"""


def started(*words: str) -> "subprocess.Popen[str]":
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", "figures.cli.main", *words]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True, **pipes)


def count(folder: str) -> int:
    return len(list(Path(folder, "points").glob("*.json")))


def wait_for(folder: str, number: int) -> None:
    deadline = time.monotonic() + 200
    while count(folder) < number and time.monotonic() < deadline:
        time.sleep(0.05)
    assert count(folder) >= number


@pytest.mark.slow
def test_killed_and_told_to_end_it_comes_to_the_same_bytes(file: Path) -> None:
    """Killed twice, told to end once, alone and with all its processes; then an uninterrupted serial run."""
    file.write_text(LONG)
    for number, (sent, least) in enumerate({signal.SIGKILL: 3, signal.SIGTERM: 9, signal.SIGINT: 14}.items()):
        process = started("study", str(file), "--output", "cut", "--workers", "2")
        wait_for("cut", least)
        (os.killpg if number % 2 else os.kill)(process.pid, sent)
        _, err = process.communicate(timeout=60)
        assert process.returncode == (-sent if sent == signal.SIGKILL else 128 + sent), err
        if sent != signal.SIGKILL:
            said = [line for line in err.splitlines() if not line.endswith(" s)")]
            assert len(said) == 1 and "of 24 points; the same again goes on" in said[0]
        assert not Path("cut/table.csv").exists() and least <= count("cut") < 24
    kept = {path.name: path.stat().st_mtime_ns for path in Path("cut/points").glob("*.json")}
    for folder, workers in {"cut": "2", "whole": "1"}.items():
        process = started("study", str(file), "--output", folder, "--workers", workers)
        _, err = process.communicate(timeout=500)
        assert process.returncode == 0, err
    assert kept.items() <= {path.name: path.stat().st_mtime_ns for path in Path("cut/points").glob("*.json")}.items()
    assert Path("cut/table.csv").read_bytes() == Path("whole/table.csv").read_bytes()


@pytest.mark.slow
def test_two_processes_on_one_folder(file: Path) -> None:
    file.write_text(LONG.replace("t_max = 30", "t_max = 10"))
    shutil.rmtree("both", ignore_errors=True)
    both = [started("study", str(file), "--output", "both", "--workers", "1") for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=500)
        assert process.returncode == 0 and "set aside" not in err
    table = Path("both/table.csv").read_bytes()
    assert count("both") == 24 and len(rf.load("both").failed) == 0
    process = started("study", str(file), "--output", "alone", "--workers", "2")
    process.communicate(timeout=500)
    assert Path("alone/table.csv").read_bytes() == table
