"""`ruggedflow simulate` as a user types it; the library underneath is tested in tests/numerics."""

import io
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from figures.commands.progress import fraction
from numerics import simulation
from numerics.errors import Interrupted
from numerics.simulation import device, load, simulate
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, SpikedMatrixTensor

SPIKED = SpikedMatrixTensor(3, Rational(3, 10), 1)
SYSTEM = ["simulate", "spiked-matrix-tensor", "--p", "3", "--delta-2", "0.3", "--delta-p", "1", "-N", "16"]
SHORT = [*SYSTEM, "--samples", "4", "--t-max", "3"]


def test_rows_are_those_of_the_library(run: Any, tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    words = ["--seed", "3", "--overlap", "0.1", "--at", "2,1/2", "--starts", "2", "--hessian", "--output", folder]
    status, out, err = run(*SHORT, *words, "--workers", "2", "--json")
    record = json.loads(out)
    found = simulate(SPIKED, 16, 4, 3, t_max=3, starts=2, overlap=0.1, at=[0.5, 2], hessian_times="end")
    assert (status, err) == (0, "")
    assert record["system"] == "spiked-matrix-tensor" and record["output"] == folder
    assert record["parameters"] == {"p": 3, "delta_2": 0.3, "delta_p": 1.0}
    assert record["settings"] == {key: value for key, value in found.settings.items() if key != "t"}
    for name, values in found.at([0.5, 2]).items():
        assert [row[name] for row in record["rows"]] == values.tolist(), name
    mode = record["hessian"][0]
    assert mode["t"] == 3 and mode["lambda_min"] == found.mean("lambda_min").value[0]
    assert mode["lambda_min_overlap_low"] <= mode["lambda_min_overlap"] <= mode["lambda_min_overlap_high"]
    assert load(folder).samples.size == 4


def test_resume(run: Any, tmp_path: Path) -> None:
    words = [*SHORT, "--output", str(tmp_path), "--json"]
    first = run(*words)
    status, _, err = run(*words)
    assert status == 2 and "holds a run already" in err and err.count("\n") == 1
    assert run(*words, "--resume") == first
    more = json.loads(run(*words, "--resume", "--samples", "6")[1])
    assert more["settings"]["samples"] == 6 and len(list(tmp_path.glob("*.npz"))) == 6


def test_a_sample_of_another_run_is_not_averaged_in(run: Any, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    assert run(*SHORT, "--output", str(mine))[0] == run(*SHORT, "--seed", "7", "--output", str(other))[0] == 0
    foreign = mine / "sample-000002.npz"
    shutil.copy(other / foreign.name, foreign)
    line = f"ruggedflow: {foreign}: a sample of another run: its seed is 7, not 0; delete it and resume\n"
    assert run(*SHORT, "--output", str(mine), "--resume") == (2, "", line)
    foreign.unlink()
    assert run(*SHORT, "--output", str(mine), "--resume")[0] == 0


def test_other_systems_temperatures_and_ensembles(run: Any) -> None:
    words = ["simulate", "landscape", "--covariance", "q**2/2 + q**3/4", "--mean", "m**2/5", "-N", "12"]
    words += ["--samples", "2", "--t-max", "1", "--temperature", "0.5", "--overlap", "random", "--json"]
    record = json.loads(run(*words)[1])
    landscape = GaussianLandscape(OVERLAP**2 / 2 + OVERLAP**3 / 4, SIGNAL_OVERLAP**2 / 5)
    found = simulate(landscape, 12, 2, 0, t_max=1, temperature=0.5, overlap=None)
    assert record["rows"][-1]["energy"] == found.at(1)["energy"][0]
    assert record["settings"]["overlap"] is None and record["settings"]["rtol"] == 1e-3
    sparse = json.loads(run(*words, "--connectivity", "5")[1])["settings"]
    assert sparse["ensemble"] == "diluted" and sparse["connectivity"] == 5


def test_table(run: Any) -> None:
    status, out, err = run(*SHORT, "--overlap", "0.2", "--hessian")
    assert (status, err) == (0, "")
    table = [line for line in out.splitlines() if line[:1] in "┏┃┡│└"]
    assert len(table) == 6 and len({len(line) for line in table}) == 1
    assert re.search(r"│ 3 +│ 0\.\d+\(\d\) +│ \d\.\d+\(\d\) +│ -\d\.\d+\(\d\) +│ ", out)
    assert re.search(r"Hessian at t = 3: lowest eigenvalue -?\d\.\d+\(\d\), squared overlap", out)


def test_one_sample_has_no_error(run: Any) -> None:
    words = [*SYSTEM, "--samples", "1", "--t-max", "1", "--at", "0,1"]
    row = json.loads(run(*words, "--json")[1])["rows"][1]
    assert row["energy_error"] is None and row["energy"] < 0
    out = run(*words)[1]
    assert re.search(rf"│ {row['energy']:.6g} +│", out) and "(" not in out.split("┡")[1]


def test_bar_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with fraction() as progress:
            progress(3 / 8, "3 of 8 samples")
        assert ("3 of 8 samples" in stream.getvalue()) is shown


def test_interrupted(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: Any, **_words: Any) -> None:
        raise Interrupted("interrupted after 3 of 4 samples; go on with resume", None)

    monkeypatch.setattr(simulation, "simulate", interrupted)
    assert run(*SHORT) == (130, "", "ruggedflow: interrupted after 3 of 4 samples; go on with resume\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--t-max", "0"], "--t-max 0 must be a number from 1e-100 to"),
        (["--samples", "0"], "--samples 0 must be a whole number from 1 to"),
        (["-N", "many"], "--size many must be a whole number from 2 to"),
        (["-N", "20000", "--ensemble", "dense"], r"size = 20000 needs .* GiB"),
        (["--overlap", "2"], "--overlap 2 must be a number from -1 to 1"),
        (["--overlap", "some"], "--overlap 'some' is not a number"),
        (["--at", "5"], "--at 5 must be a number from 0 to 3"),
        (["--resume"], "--resume goes on with what --output DIR holds"),
        (["--temperature", "-1"], "--temperature -1 must be"),
        (["--workers", "0"], "--workers 0 must be"),
        (["--connectivity", "0"], "--connectivity 0 must be"),
        (
            ["--ensemble", "conditioned", "--connectivity", "4"],
            "--connectivity does not go with",
        ),
        (["--ensemble", "conditioned", "--hessian"], "--hessian does not go with --ensemble conditioned"),
        (["--rtol", "1"], "--rtol 1 must be"),
        (["--mean", "m"], "--mean does not apply to spiked-matrix-tensor"),
        (["--output", "/dev/null/x"], "cannot write /dev/null/x"),
    ],
)
def test_mistakes_are_one_line(run: Any, words: list[str], message: str) -> None:
    status, out, err = run(*SHORT, *words)
    assert (status, out) == (2, "")
    assert re.search(message, err) and err.count("\n") == 1


def test_a_device(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line where there is none; the same numbers from arrays that stand for one."""
    monkeypatch.setattr(device, "FINDERS", {"CuPy": lambda: None})
    status, out, err = run(*SHORT, "--device", "gpu")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert re.search(r"--device gpu: CuPy finds no GPU; .* or try --device cpu$", err)
    monkeypatch.setattr(device, "FINDERS", {"CuPy": lambda: device.Backend(np, lambda: 1e12)})
    found, expected = (json.loads(run(*SHORT, "--device", where, "--json")[1]) for where in ("gpu", "cpu"))
    assert found["settings"]["device"] == "gpu"
    for row, same in zip(found["rows"], expected["rows"], strict=True):
        assert row["energy"] == pytest.approx(same["energy"], rel=1e-9)


def test_what_is_missing(run: Any) -> None:
    status, _, err = run("simulate", "spiked-tensor", "--p", "3", "-N", "16", "--t-max", "1")
    assert status == 2 and "--delta-p is missing" in err
    status, _, err = run("simulate", "spiked-tensor", "--p", "3", "--delta-p", "1", "--t-max", "1")
    assert status == 2 and "Missing option" in err


def test_condensed_runs_come_first(run: Any) -> None:
    """Energies of order N are no mean field; with enough couplings there are none."""
    words = ["simulate", "landscape", "--covariance", "q**4/2", "-N", "600", "--t-max", "8", "--samples", "1"]
    status, out, _ = run(*words, "--connectivity", "32")
    assert status == 0 and out.startswith("CONDENSED: 1 of 1 runs sit on a few couplings, participation to")
    record = json.loads(run(*words, "--connectivity", "32", "--json")[1])
    assert record["condensed"] is True and record["condensed_runs"] == 1 and record["participation"] > 50
    status, out, _ = run(*words, "--connectivity", "auto", "--json")
    record = json.loads(out)
    assert status == 0 and record["condensed"] is False and 2.5 < record["participation"] < 5
    assert record["settings"]["connectivity"] > 300 and -1.2 < record["rows"][-1]["energy"] < -1
    status, _, err = run(*words[:2], "--covariance", "q**5", *words[4:], "--connectivity", "auto")
    assert status == 2 and "was measured for degrees to 4 only" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["spiked-tensor", "--p", "3", "--delta-p", "1e-8", "-N", "8", "--t-max", "1"],
        ["landscape", "--covariance", "1e100*q**3", "-N", "8", "--t-max", "1"],
        ["landscape", "--covariance", "1e-100*q**3", "-N", "8", "--t-max", "1"],
        ["landscape", "--covariance", "1e-24*q**3/2", "-N", "8", "--t-max", "3e13"],
    ],
)
def test_any_unit_of_energy(run: Any, words: list[str]) -> None:
    status, out, err = run("simulate", *words, "--samples", "2", "--json")
    assert (status, err) == (0, "")
    last = json.loads(out)["rows"][-1]
    assert last["energy"] is not None and abs(last["m"]) <= 1 and (last["energy"] < 0 or "-100" in words[2])
    assert run("simulate", *words, "--samples", "2")[0] == 0


@pytest.mark.parametrize(
    "words", [["1e-999*q**3"], ["q**2 + 1e-999*q**3"], ["1e999*q**3"], ["q**2", "--mean", "1e999*m"]]
)
def test_no_unit_of_energy_for_all(run: Any, words: list[str]) -> None:
    status, out, err = run("simulate", "landscape", "--covariance", *words, "-N", "8", "--t-max", "1")
    assert (status, out) == (2, "") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--starts", "1000000", "-N", "500"], r"starts = 1000000 on 16 samples .* GiB, .* starts fit"),
        (["--samples", "1000000", "--starts", "100000"], r"starts = 100000 on 1000000 samples .* GiB"),
        (["--connectivity", "1000000", "-N", "100000"], r"size = 100000 needs .* GiB, .* connectivity"),
        (["--temperature", "1", "--t-max", "1e12"], r"t_max = 1e\+12 takes .* steps, .* reach about"),
    ],
)
def test_what_is_out_of_reach_is_one_line(run: Any, words: list[str], message: str) -> None:
    status, out, err = run(*SYSTEM, *(words if "--t-max" in words else [*words, "--t-max", "1"]))
    assert (status, out) == (2, "")
    assert re.search(message, err) and err.count("\n") == 1
