"""`ruggedflow simulate` of empirical risks."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from numerics.generalized_linear.simulation import simulate_risk, success_probability
from theory.systems.phase_retrieval import PhaseRetrieval

SHORT = ["simulate", "phase-retrieval", "--a", "0.01", "--alpha", "4", "-N", "24", "--samples", "4", "--t-max", "3"]


def test_rows_are_those_of_the_library(run: Any, tmp_path: Path) -> None:
    words = ["--seed", "2", "--at", "1,3", "--starts", "2", "--hessian", "--output", str(tmp_path), "--json"]
    status, out, err = run(*SHORT, *words)
    record = json.loads(out)
    found = simulate_risk(PhaseRetrieval(0.01), 24, 4.0, 4, 2, t_max=3, starts=2, at=[1, 3], hessian_times="end")
    assert (status, err) == (0, "")
    assert record["system"] == "phase-retrieval" and record["parameters"] == {"a": 0.01, "alpha": 4.0}
    assert record["settings"] == {key: value for key, value in found.settings.items() if key != "t"}
    for name, values in found.at([1, 3]).items():
        assert [row[name] for row in record["rows"]] == values.tolist(), name
    assert record["hessian"][0]["lambda_min"] == found.mean("lambda_min").value[0]
    share = success_probability(found)
    assert record["success"]["probability"] == share.value and record["success"]["high"] == share.high
    again = run(*SHORT, *words, "--resume")
    assert again[0] == 0 and json.loads(again[1])["rows"] == record["rows"]


def test_starts_and_table(run: Any) -> None:
    assert json.loads(run(*SHORT, "--overlap", "0.5", "--json")[1])["settings"]["overlap"] == 0.5
    spectral = json.loads(run(*SHORT, "--start", "spectral", "--at", "0", "--json")[1])
    assert spectral["rows"][0]["m_abs"] > 0.7 and "T = 1 - 1/y**2" in spectral["settings"]["start"]
    out = run(*SHORT)[1]
    assert "|m|" in out and re.search(r"overlap above 0\.9 at the end: [\d.]+ \([\d.]+-[\d.]+\)", out)


def test_another_loss(run: Any) -> None:
    words = ["simulate", "linear-regression", "--alpha", "3", "-N", "24", "--samples", "2", "--t-max", "30", "--json"]
    record = json.loads(run(*words)[1])
    assert record["rows"][-1]["m"] == pytest.approx(1, abs=1e-2) and "m_abs" not in record["rows"][0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--alpha", "0"], "--alpha 0 must be a positive number"),
        (["--alpha", "x"], "--alpha 'x' is not a number"),
        (["--a", "-1"], "--a -1 must be a positive number"),
        (["--p", "3"], "--p does not apply to phase-retrieval"),
        (["--start", "guess"], "--start 'guess' must be one of random, spectral"),
        (["--start", "spectral", "--overlap", "0"], "--overlap does not go with --start spectral"),
        (["--connectivity", "3"], "--connectivity does not apply to phase-retrieval"),
        (["-N", "3000000"], "needs .* GiB"),
    ],
)
def test_mistakes_take_one_line(run: Any, words: list[str], message: str) -> None:
    status, out, err = run(*SHORT, *words)
    assert (status, out) == (2, "")
    assert re.search(message, err) and err.count("\n") == 1


def test_what_is_missing(run: Any) -> None:
    words = ["simulate", "phase-retrieval", "-N", "16", "--t-max", "1"]
    assert "--alpha is missing" in run(*words, "--a", "1")[2]
    assert "--a is missing" in run(*words, "--alpha", "1")[2]
    assert (
        "--start does not apply to spiked-tensor"
        in run(
            *[
                "simulate",
                "spiked-tensor",
                "--p",
                "3",
                "--delta-p",
                "1",
                "-N",
                "16",
                "--t-max",
                "1",
                "--start",
                "spectral",
            ]
        )[2]
    )
    assert (
        "--alpha does not apply to spiked-tensor"
        in run(
            *["simulate", "spiked-tensor", "--p", "3", "--delta-p", "1", "-N", "16", "--t-max", "1", "--alpha", "1"]
        )[2]
    )
