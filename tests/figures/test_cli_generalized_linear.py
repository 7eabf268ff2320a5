import json
from typing import Any

import pytest

KEYS = {
    "bbp_initial", "bbp_threshold_1rsb", "bbp_ground_state_frsb", "bbp_kac_rice_zero_complexity",
    "bbp_kac_rice_dominant_quenched", "bbp_kac_rice_dominant_annealed", "weak_recovery", "bayes_algorithmic",
    "information_theoretic", "spectral_optimal",
}  # fmt: skip


@pytest.mark.slow
def test_every_threshold_as_json(run: Any) -> None:
    status, out, _ = run("thresholds", "phase-retrieval", "--a", "0.01", "--json")
    record = json.loads(out)
    assert status == 0 and record["parameters"] == {"a": 0.01}
    assert set(record["thresholds"]) == KEYS
    for entry in record["thresholds"].values():
        assert {"alpha", "error", "exists", "note"} <= set(entry)
        assert entry["exists"] == (entry["alpha"] is not None) == (entry["error"] is not None)


def test_chosen_thresholds_are_computed_alone(run: Any) -> None:
    words = ("thresholds", "phase-retrieval", "--a", "1", "--only", "bbp_initial,spectral_optimal", "--json")
    found = json.loads(run(*words)[1])["thresholds"]
    assert list(found) == ["bbp_initial", "spectral_optimal"]
    assert found["bbp_initial"]["alpha"] == pytest.approx(1.134854126, abs=1e-9)
    assert found["spectral_optimal"]["alpha"] == pytest.approx(0.5, abs=1e-9)
    table = run("thresholds", "phase-retrieval", "--a", "1", "--only", "weak_recovery", "--digits", "6")[1]
    assert "0.5" in table and "weak_recovery" in table


def test_a_missing_threshold_is_null(run: Any) -> None:
    words = ("thresholds", "linear-regression", "--only", "bbp_threshold_1rsb", "--json")
    entry = json.loads(run(*words)[1])["thresholds"]["bbp_threshold_1rsb"]
    assert entry["alpha"] is None and entry["exists"] is False and "not even" in entry["note"]


@pytest.mark.parametrize("topic", ["bbp", "replicas", "complexity", "dynamics", "inference", "thresholds"])
def test_equations_are_printed(run: Any, topic: str) -> None:
    status, out, _ = run("derive", "phase-retrieval", topic, "--latex")
    assert status == 0 and out.count(r"\begin{align}") == out.count(r"\end{align}") >= 1
    assert "Mean" not in out
    assert run("derive", "phase-retrieval", topic)[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("thresholds", "phase-retrieval"), "--a is missing for phase-retrieval; try --a 0.01"),
        (("thresholds", "phase-retrieval", "--a", "-1"), "--a -1 must be a positive number"),
        (("thresholds", "phase-retrieval", "--a", "x"), "--a 'x' is not a number"),
        (("thresholds", "phase-retrieval", "--a", "1", "--p", "3"), "--p does not apply to phase-retrieval"),
        (("thresholds", "phase-retrieval", "--a", "1", "--only", "bbp"), "--only bbp: no such threshold"),
        (("thresholds", "phase-retrieval", "--a", "1", "--digits", "30"), "--digits 30"),
        (("thresholds", "spiked-tensor", "--p", "3", "--a", "1"), "--a does not apply to spiked-tensor"),
        (("derive", "phase-retrieval", "ageing"), "unknown topic 'ageing' for phase-retrieval"),
        (("complexity", "phase-retrieval", "--a", "1"), "--alpha is missing for phase-retrieval; try --alpha 3"),
        (("thresholds", "phase-retrieva"), "did you mean phase-retrieval"),
    ],
)
def test_mistakes_take_one_line(run: Any, words: tuple[str, ...], message: str) -> None:
    status, out, err = run(*words)
    assert status == 2 and out == "" and message in err and err.count("\n") == 1
