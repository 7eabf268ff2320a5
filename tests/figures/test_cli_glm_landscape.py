"""Complexity, phase diagram and losses that a user makes up, on the command line."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from numerics.errors import ConvergenceError


def test_complexity_of_phase_retrieval_as_json(run: Any) -> None:
    words = (
        "complexity",
        "phase-retrieval",
        "--alpha",
        "4",
        "--a",
        "1",
        "--overlap",
        "0.3",
        "--index",
        "0.1",
        "--json",
    )
    status, out, _ = run(*words)
    record = json.loads(out)
    assert status == 0 and record["parameters"] == {"a": 1.0, "alpha": 4.0} and record["labels"] == "quenched"
    assert record["sigma_minima"] < record["sigma_index"] < record["sigma_total"]
    assert record["index_index"] == pytest.approx(0.1) and record["index_minima"] == 0 < record["index_total"]
    assert record["stable_minima"] and not record["stable_total"]
    assert max(record[f"error_{kind}"] for kind in ("minima", "index", "total")) < 1e-6


@pytest.mark.slow
def test_marginal_points_of_a_loss(run: Any) -> None:
    """Minima among them all or, with an outlier below zero, not told, and why."""
    words = ("complexity", "phase-retrieval", "--a", "1", "--marginal", "--json")
    few, many = (json.loads(run(*words, "--alpha", alpha)[1]) for alpha in ("4", "8"))
    assert few["sigma_marginal"] == few["sigma_marginal_minima"] == pytest.approx(few["sigma_minima"], abs=1e-9)
    assert few["window_marginal"] == few["window_marginal_minima"] == pytest.approx([0.43989013, 0.62011901], abs=1e-7)
    assert many["sigma_marginal"] > 0 and not many["stable_marginal"] and many["sigma_marginal_minima"] is None
    reasons = many["reason_marginal_minima"], many["window_reason_marginal_minima"]
    assert many["window_marginal_minima"] == [None, None] and all("b > 1" in reason for reason in reasons)
    assert "marginal points: from energy 0.4398901" in run(*words[:-1], "--alpha", "4")[1]


def test_complexity_at_an_energy_as_a_table(run: Any) -> None:
    words = ("complexity", "phase-retrieval", "--alpha", "4", "--a", "1", "--energy", "0.5", "--labels", "annealed")
    status, out, _ = run(*words)
    assert status == 0 and "labels annealed" in " ".join(out.split())
    energies = next(line for line in out.splitlines() if "energy" in line)
    assert energies.count("0.5") == 2


def test_what_is_not_there_is_null_with_a_reason(run: Any) -> None:
    words = ("complexity", "phase-retrieval", "--alpha", "4", "--a", "1", "--index", "0.999", "--json")
    record = json.loads(run(*words)[1])
    assert record["sigma_index"] is None and "the largest index reached is 0.9" in record["reason_index"]


def test_a_made_up_loss_gets_the_same_theory(run: Any) -> None:
    """Phase retrieval typed as a loss is phase retrieval."""
    typed = ("generalized-linear", "--loss", "(u**2-y)**2/(2*(a+y))", "--teacher", "y**2", "--a", "1")
    only = ("--only", "bbp_initial,weak_recovery", "--json")
    first = json.loads(run("thresholds", *typed, *only)[1])["thresholds"]
    second = json.loads(run("thresholds", "phase-retrieval", "--a", "1", *only)[1])["thresholds"]
    assert {key: value["alpha"] for key, value in first.items()} == {k: v["alpha"] for k, v in second.items()}
    quartic = ("generalized-linear", "--loss", "(u**2-y**2)**2/4", "--alpha", "4", "--json")
    record = json.loads(run("complexity", *quartic)[1])
    assert record["parameters"]["loss"] == "(u**2 - y**2)**2/4" and 0 < record["sigma_minima"] < record["sigma_total"]
    status, out, _ = run("derive", "generalized-linear", "complexity", "--loss", "log(1+(u**2-y**2)**2)", "--latex")
    assert status == 0 and r"\lambda" in out and "Mean" not in out


@pytest.mark.slow
def test_phase_diagram_of_phase_retrieval(run: Any, tmp_path: Path) -> None:
    words = (
        "phase-diagram",
        "phase-retrieval",
        "--points",
        "2",
        "--a-range",
        "0.5:1",
        "--only",
        "bbp_initial",
        "--json",
    )
    status, out, _ = run(*words, "--output", str(tmp_path))
    record = json.loads(out)
    assert status == 0 and all((tmp_path / file).stat().st_size > 0 for file in record["files"].values())
    rows = list(csv.DictReader((tmp_path / "phase_diagram.csv").read_text().splitlines()))
    assert float(rows[-1]["bbp_initial"]) == pytest.approx(1.134854126, abs=1e-8)
    assert float(rows[-1]["bbp_kac_rice_zero_complexity"]) == pytest.approx(6.896272, abs=1e-5)
    lines = record["record"]["overlap_panel"]["lines"]
    assert lines["lowest_stable"]["alpha"][0] == pytest.approx(6.89627, abs=1e-4)
    pairs = zip(lines["minima"]["alpha"], lines["critical_points"]["alpha"], strict=True)
    assert all(low < high + 1e-6 for low, high in pairs if low is not None and high is not None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("complexity", "phase-retrieval", "--alpha", "-1", "--a", "1"), "--alpha -1 must be a positive number"),
        (("complexity", "phase-retrieval", "--alpha", "4", "--a", "1", "--labels", "all"), "--labels 'all' must be"),
        (("complexity", "phase-retrieval", "--alpha", "4", "--a", "1", "--overlap", "1"), "--overlap 1 must lie"),
        (
            ("complexity", "phase-retrieval", "--alpha", "4", "--a", "1", "--index", "2"),
            "--index 2 must lie strictly between 0 and 1",
        ),
        (("complexity", "phase-retrieval", "--alpha", "4", "--a", "1", "--p", "3"), "--p does not apply to"),
        (("complexity", "pure-spin", "--p", "3", "--delta-p", "1", "--labels", "annealed"), "--labels does not apply"),
        (("complexity", "pure-spin", "--p", "3", "--delta-p", "1", "--alpha", "4"), "--alpha does not apply"),
        (("thresholds", "generalized-linear"), "--loss is missing for generalized-linear; try --loss"),
        (("thresholds", "generalized-linear", "--loss", "u**2*b"), "only numbers, pi, u, y, a"),
        (("thresholds", "generalized-linear", "--loss", "a*(u-y)**2"), "--a is missing: it is a parameter"),
        (("thresholds", "generalized-linear", "--loss", "y**2"), "does not depend on u"),
        (("thresholds", "generalized-linear", "--loss", "(u-y)**2", "--teacher", "u"), "only numbers, pi, y"),
        (("thresholds", "generalized-linear", "--loss", "u-y", "--a", "0"), "--a 0 must be a positive number"),
        (("phase-diagram", "linear-regression"), "linear-regression has no phase-diagram"),
        (("phase-diagram", "phase-retrieval", "--a-range", "2:1"), "--a-range 2:1 must be LO:HI"),
        (("phase-diagram", "phase-retrieval", "--only", "spectral"), "--only spectral: no such line"),
        (("phase-diagram", "spiked-matrix-tensor", "--a", "1"), "--a does not apply to spiked-matrix-tensor"),
    ],
)
def test_mistakes_take_one_line(run: Any, words: tuple[str, ...], message: str) -> None:
    status, out, err = run(*words)
    assert status == 2 and out == "" and message in err and err.count("\n") == 1


def test_nothing_found_is_one_line_and_status_one(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object, **__: object) -> None:
        raise ConvergenceError("no minima near alpha = 3")

    monkeypatch.setattr("numerics.generalized_linear.complexity.complexity", lost)
    status, out, err = run("complexity", "phase-retrieval", "--a", "1", "--alpha", "3")
    assert (status, out, err) == (1, "", "ruggedflow: no minima near alpha = 3\n")
