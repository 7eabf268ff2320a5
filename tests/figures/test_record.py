"""Results say how they were made, are made again, and are not overwritten."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from figures import registry
from figures.record import claim_file, claim_folder, command_of, fingerprint, leave_records, record_of, words_of
from figures.reproduction import Recorded, agree, compare
from figures.style import new_figure, save
from numerics.provenance import commit, versions, write_whole
from numerics.running import RUNNING, Running, essential
from numerics.storage import Format, write

KEYS = {"command", "versions", "commit", "date", "machine", "seconds", "files"}
SIMULATE = ["simulate", "spiked-tensor", "--p", "3", "--delta-p", "0.2", "-N", "12", "--t-max", "1", "--samples", "2"]
DYNAMICS = ["dynamics", "spiked-tensor", "--p", "3", "--delta-p", "1", "--method", "reference"]


def test_what_results_depend_on() -> None:
    assert essential(("simulate", "x", "-o", "d", "--workers=2", "--force", "--json", "--seed", "1", "--resume")) == (
        "simulate", "x", "--seed", "1"
    )  # fmt: skip
    assert essential(("dynamics", "x", "--resume", "file", "--plot", "p.png", "-od", "--t-max", "1")) == (
        "dynamics", "x", "--t-max", "1"
    )  # fmt: skip
    assert words_of({"command": "ruggedflow derive x 'a b'"}) == words_of({"argv": ["derive", "x", "a b"]})
    assert commit() is None or len(str(commit()).removesuffix("-dirty")) == 40
    assert versions()["ruggedflow"].startswith("0.")


def test_a_folder_is_recorded_kept_and_made_again(run: Any, tmp_path: Path) -> None:
    folder, other = tmp_path / "runs", tmp_path / "again"
    assert run(*SIMULATE, "--output", str(folder))[0] == 0
    record = json.loads((folder / "record.json").read_text())
    assert {*KEYS, "system", "parameters"} <= record.keys() and record["seconds"] > 0
    assert record["command"] == [*SIMULATE, "--output", str(folder)] and record["system"] == "spiked-tensor"
    assert record["files"] == {file.name: fingerprint(file) for file in folder.iterdir() if file.name != "record.json"}
    _refused_and_forced(run, folder)
    status, out, err = run("reproduce", str(folder / "record.json"), "--output", str(other), "--json")
    found = json.loads(out)
    assert (status, err) == (0, "") and found["reproduced"]
    assert found["files"].pop("record.json") == "equal" and set(found["files"].values()) == {"identical"}
    _another_seed_is_seen(run, folder, tmp_path / "third")


def _refused_and_forced(run: Any, folder: Path) -> None:
    """Another seed: refused, unless it goes on or is forced."""
    words, kept = [*SIMULATE, "--seed", "3", "--output", str(folder)], (folder / "header.json").read_bytes()
    status, out, err = run(*words)
    assert (status, out) == (2, "") and err.count("\n") == 1 and "give --force" in err
    assert "holds the results of another command, 'ruggedflow simulate spiked-tensor" in err
    assert (folder / "header.json").read_bytes() == kept
    assert run(*words, "--force")[0] == 0 and (folder / "header.json").read_bytes() != kept
    assert command_of(folder / "record.json") == (*SIMULATE, "--seed", "3")
    assert run(*SIMULATE, "--seed", "3", "--output", str(folder))[0] == 2  # a run that is complete: as before
    assert run(*words[:-2], "--samples", "3", "--resume", "--output", str(folder))[0] == 0


def _another_seed_is_seen(run: Any, folder: Path, new: Path) -> None:
    record = json.loads((folder / "record.json").read_text())
    record["command"][record["command"].index("--seed") + 1] = "4"
    (folder / "record.json").write_text(json.dumps(record))
    status, out, _ = run("reproduce", str(folder), "--output", str(new))
    assert status == 1 and "not reproduced" in " ".join(out.split()) and "different" in out


def test_a_file_says_itself_how_it_was_made(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    words = [*DYNAMICS, "--output", str(file), "--t-max"]
    assert run(*words, "1")[0] == 0 and run(*words, "1")[0] == 0
    assert command_of(file) == (*DYNAMICS, "--t-max", "1") and record_of(file)["versions"] == versions()
    kept = file.read_bytes()
    status, _, err = run(*words, "2")
    assert status == 2 and "--output " in err and "holds the results of another command, 'ruggedflow dynamics" in err
    assert file.read_bytes() == kept
    status, out, _ = run("reproduce", str(file), "--output", str(tmp_path / "new"), "--json")
    assert status == 0 and json.loads(out)["files"] == {"a.npz": "identical"}
    assert run(*words, "2", "--force")[0] == 0 and file.read_bytes() != kept


def test_every_format_of_pictures_says_it(tmp_path: Path) -> None:
    words = ("dynamics", "(quoted) 'words' & <signs>; \\ --")
    token = RUNNING.set(Running(words))
    try:
        for kind in ("png", "pdf", "svg"):
            file = save(new_figure(), tmp_path / f"a.{kind}")
            assert command_of(claim_file("plot", file)) == words
        assert Recorded.read(str(file)).words(Path("new")) == (*words, "--plot", str(Path("new") / file.name))
    finally:
        RUNNING.reset(token)


def test_what_no_command_wrote_is_kept(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "photograph.png"
    file.write_bytes(b"holiday")
    status, _, err = run(*DYNAMICS, "--t-max", "1", "--plot", str(file))
    assert status == 2 and "holds what no command wrote; choose another place or give --force" in err
    assert file.read_bytes() == b"holiday"


def test_each_figure_has_its_record(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name, drawn = "luther_2019_sample_variance", SimpleNamespace(draw=lambda: {"networks": new_figure()})
    monkeypatch.setattr(registry, "import_module", lambda _: drawn)
    status, out, _ = run("figure", name, "--output", str(tmp_path), "--json")
    files = {Path(file).name for file in json.loads(out)["files"]}
    record = json.loads((tmp_path / f"{name}.json").read_text())
    assert status == 0 and record.keys() >= KEYS and set(record["files"]) == files
    assert record == json.loads((tmp_path / "record.json").read_text())
    status, _, err = run(*SIMULATE, "--output", str(tmp_path))
    assert status == 2 and f"'ruggedflow figure {name}'" in err


def test_a_record_that_a_command_writes_itself_keeps_its_keys(tmp_path: Path) -> None:
    running = Running(("phase-diagram", "--p", "3"))
    token = RUNNING.set(running)
    try:
        folder = claim_folder(tmp_path, ["own.json", "*.csv"], name="own")
        write_whole(folder / "a.csv", "x\n1\n")
        write_whole(folder / "own.json", '{"command": "ruggedflow phase-diagram x --p 3", "parameters": [1]}')
        leave_records({"system": "x", "parameters": {}})
        claim_folder(tmp_path, [], name="own")
        RUNNING.set(Running(("phase-diagram", "--p", "4")))
        with pytest.raises(ValueError, match="holds the results of another command, 'ruggedflow phase-diagram --p 3'"):
            claim_folder(tmp_path, [], name="own")
    finally:
        RUNNING.reset(token)
    record = json.loads((tmp_path / "own.json").read_text())
    assert record["command"].startswith("ruggedflow") and record["argv"] == list(running.words)
    assert record["parameters"] == [1] and list(record["files"]) == ["a.csv"] and record.keys() >= KEYS
    assert Recorded.read(str(tmp_path)).command == running.words


def test_files_are_compared_by_their_numbers(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir(), new.mkdir()
    pairs = {
        "a.csv": ("m,m_error\n0.5,0.1\n", "m,m_error\n0.6,0.2\n", "m,m_error\n0.9,0.1\n"),
        "b.json": ('{"z": 1.0, "seconds": 3}', '{"z": 1.0000000000001, "seconds": 4}', '{"z": 2}'),
        "c.tex": ("$1.5$ & 2", "$1.50$ & 2", "$1.6$ & 2"),
    }
    for name, (before, after, other) in pairs.items():
        assert compare(old / name, new / name) == "missing"
        (old / name).write_text(before)
        found = []
        for text in (before, after, other):
            (new / name).write_text(text)
            found.append(compare(old / name, new / name))
        assert found == ["identical", "equal", "different"], name
    for place, values in ((old, [1.0, np.nan]), (new, [1.0 + 1e-13, np.nan])):
        write(place / "d.npz", Format("x", 1, "test"), {"versions": place.name}, {"m": np.array(values)})
    assert compare(old / "d.npz", new / "d.npz") == "equal"
    shutil.rmtree(old)
    assert compare(old / "d.npz", new / "d.npz", "another") == "unknown"
    assert agree({"a": [1, "x"]}, {"a": [1.0, "x"]}) and not agree([1], [1, 2]) and not agree({"a": 1}, {"b": 1})


@pytest.mark.parametrize("content", [b"", b"[]", b'{"command": []}', b'{"command": ["report", "x"]}', b"\xff\xfe"])
def test_what_is_no_record_gets_one_line(run: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "record.json").write_bytes(content)
    for name in (tmp_path / "record.json", tmp_path, tmp_path / "nowhere"):
        status, out, err = run("reproduce", str(name))
        assert (
            (status, out) == (2, "")
            and "give a record that a command wrote, or its folder" in err
            and err.count("\n") == 1
        )


def test_results_are_not_reproduced_over_themselves(run: Any, tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text(json.dumps({"command": SIMULATE, "files": {}}))
    status, _, err = run("reproduce", str(tmp_path), "--output", str(tmp_path))
    assert status == 2 and "choose another place" in err and err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("words", ["phase-diagram --p 3 --points 5", "check bbp-rotation-invariant --quick"])
def test_diagrams_and_checks_are_reproduced(run: Any, tmp_path: Path, words: str) -> None:
    assert run(*words.split(), "--output", str(tmp_path / "old"))[0] == 0
    status, out, _ = run("reproduce", str(tmp_path / "old"), "--output", str(tmp_path / "new"), "--json")
    assert status == 0 and {"equal", "identical"} >= set(json.loads(out)["files"].values()) - {"drawn"}
