"""Phase diagrams of any system on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

DROPOUT = ("--width", "4", "--singular-values", "2,1", "--x", "singular_values[1]=1:3")
OWN = ("--covariance", "r*q**2/2 + b*q**4/4", "--mean", "r*q**2/2 + b*q**4/4", "--x", "b=3:6", "--y", "r=0:6")


def test_a_made_up_landscape_with_symbols(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    words = ("--places", "5", "--only", "dynamic_spinodal,bayes_amp_jump", "--output", str(folder), "--json")
    status, out, _ = run("phase-diagram", "landscape", *OWN, *words)
    assert status == 0
    record = json.loads(out)
    (cusp,) = [p for p in record["points"] if p["kind"] == "cusp"]
    assert cusp["b"] == pytest.approx(27 / 8) and cusp["r"] == pytest.approx(9 / 8)
    assert record["control"] == "r" and record["output"] == str(folder)
    assert {p.name for p in folder.iterdir()} == {f"phase_diagram.{s}" for s in ("png", "pdf", "csv", "json")}
    rows = list(csv.DictReader((folder / "phase_diagram.csv").read_text().splitlines()))
    assert rows[-1]["b"] == "6.0" and float(rows[-1]["dynamic_spinodal"]) == pytest.approx(0.3201566313)
    assert rows[0]["dynamic_spinodal"] == ""
    kept = json.loads((folder / "phase_diagram.json").read_text())
    assert kept["system"] == "landscape" and kept["versions"] and kept["settings"]["x"] == "b=3:6"


def test_flagships_have_both_diagrams(run: Any, tmp_path: Path) -> None:
    words = ("--x", "delta_p=0.3:2:log", "--y", "inverse_delta_2=0:5", "--only", "ml_amp,langevin", "--points", "5")
    status, out, _ = run("phase-diagram", "spiked-matrix-tensor", *words, "--output", str(tmp_path), "--json")
    (crossing,) = [p for p in json.loads(out)["points"] if p["kind"] == "crossing"]
    assert status == 0 and crossing["delta_p"] == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dropout-flow", "--width", "4"), "--x"),
        (("spiked-matrix-tensor", "--x", "delta_p=1:2", "--delta-p-range", "1:2"), "--delta-p-range does not go with"),
        (("phase-retrieval", "--x", "a=1:2", "--a", "1"), "--a does not go with"),
        (("spiked-matrix-tensor", "--only", "ml_amp"), "--x is missing"),
        (("spiked-matrix-tensor", "--with-dynamics"), "--with-dynamics goes with --x"),
        (("landscape", *OWN, "--samples", "8"), "--samples does not apply to landscape without --with-simulation"),
        (("landscape", *OWN, "--with-dynamics", "--measure-at", "9"), "--measure-at 9 must be a number from 3 to 6"),
        (("dropout-flow", *DROPOUT, "--with-dynamics"), "does not apply to dropout-flow: no signal"),
        (("landscape", *OWN[:2], "--x", "c=0:1"), "more than one variable, b, q, r"),
        (("landscape", *OWN, "--only", "langvin"), "no such line"),
        (
            ("landscape", *OWN[:2], "--x", "b=1:2", "--y", "r=1:2"),
            "without a signal (--mean) there is no threshold in r",
        ),
        (("landscape", *OWN[:4], "--x", "b=0:2", "--y", "r=1:2"), "--x b from 0 must begin above 0"),
        (("landscape", *OWN[:4], "--x", "r=1:2", "--y", "b=1:2", "--with-dynamics"), "b weakens them; exchange --x"),
    ],
)
def test_mistakes(run: Any, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    status, out, err = run("phase-diagram", *words, "--output", str(tmp_path))
    assert status == 2 and said in err and out == "" and err.count("\n") == 1
