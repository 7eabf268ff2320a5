import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numerics.generalized_linear.dynamics import load, runs, solve_descent
from theory import PhaseRetrieval

QUICK = ("dynamics", "phase-retrieval", "--a", "1", "--alpha", "3", "--walkers", "128", "--samples", "2")


def test_flow_as_json(run: Any) -> None:
    status, out, _ = run(*QUICK, "--t-max", "0.3", "--overlap", ".2", "--at", "0.1,0.3", "--json")
    record = json.loads(out)
    assert status == 0 and record["parameters"] == {"a": 1.0, "alpha": 3.0}
    assert [row["t"] for row in record["rows"]] == [0.1, 0.3]
    assert 0.2 < record["rows"][0]["m"] < record["rows"][1]["m"] < 0.6
    assert record["settings"]["eta"] is None and "extrapolated" in record["message"]
    for row in record["rows"]:
        assert row["loss"] == pytest.approx(row["energy"] / 3) and row["energy_error"] > 0


def test_descent_as_table_files_and_pictures(run: Any, tmp_path: Path) -> None:
    file, picture = tmp_path / "descent.npz", tmp_path / "descent.png"
    words = ("--t-max", "0.1", "--eta", "0.02", "--batch", "0.5", "--persistence", "0.1", "--seed", "3")
    status, out, _ = run(*QUICK, *words, "--output", str(file), "--plot", str(picture))
    assert status == 0 and "C(t, 0)" in out and "reached t = 0.1 by 5 steps" in out
    kept = load(file)
    assert kept.settings["batch"] == 0.5 and kept.settings["seed"] == 3
    np.testing.assert_allclose(kept.t, 0.02 * np.arange(6))
    assert picture.stat().st_size > 1000


def test_a_loss_of_ones_own(run: Any) -> None:
    words = ("dynamics", "generalized-linear", "--loss", "(u - y)**2/2", "--alpha", "2", "--t-max", "1", "--eta", "0.2")
    row = json.loads(run(*words, "--walkers", "128", "--samples", "2", "--json")[1])["rows"][-1]
    assert row["m"] == pytest.approx(0.83034561, abs=1e-8)


def test_least_squares_without_the_sphere(run: Any) -> None:
    words = ("dynamics", "linear-regression", "--alpha", "2", "--t-max", "1", "--eta", "0.2", "--constraint", "none")
    row = json.loads(run(*words, "--walkers", "128", "--samples", "2", "--json")[1])["rows"][-1]
    assert row["m"] == pytest.approx(0.76608, abs=1e-8) and row["energy"] == pytest.approx(0.06300631, abs=1e-8)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--t-max", "1", "--constraint", "ball"), "--constraint 'ball' must be one of sphere, none"),
        (("--t-max", "1", "--beta-initial", "1"), "--beta-initial does not apply to phase-retrieval; it has"),
        (("--t-max", "1", "--temperature", "-1"), "--temperature -1"),
        (("--t-max", "1", "--ridge", "1"), "try constraint = 'none'"),
        (("--t-max", "1", "--momentum", "0.5"), "needs a step"),
        (("--t-max", "1", "--verify"), "--verify does not apply"),
        (("--t-max", "1", "--resume", "x"), "--resume does not apply"),
        (("--t-max", "1", "--p", "3"), "--p does not apply to phase-retrieval"),
        (("--t-max", "1", "--batch", "0.5"), "needs a step"),
        (("--t-max", "1", "--eta", "x"), "--eta 'x' is not a number"),
        (("--t-max", "1", "--walkers", "100"), "power of two"),
        (("--t-max", "1", "--samples", "1"), "--samples 1 must be a whole number"),
        (("--t-max", "1", "--at", "2"), "--at 2 lies beyond --t-max 1"),
        (("--t-max", "1", "--overlap", "2"), "--overlap 2"),
    ],
)
def test_mistakes_of_losses(run: Any, words: tuple[str, ...], message: str) -> None:
    status, out, err = run("dynamics", "phase-retrieval", "--a", "1", "--alpha", "3", *words)
    assert status == 2 and not out and message in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("phase-retrieval", "--a", "1"), "--alpha is missing"),
        (("phase-retrieval", "--alpha", "3"), "--a is missing"),
        (("pure-spin", "--p", "3", "--delta-p", "1", "--eta", "1"), "--eta does not apply to pure-spin; it has"),
        (("pure-spin", "--p", "3", "--delta-p", "1", "--alpha", "1"), "--alpha does not apply to pure-spin"),
    ],
)
def test_mistakes_between_families(run: Any, words: tuple[str, ...], message: str) -> None:
    status, out, err = run("dynamics", *words, "--t-max", "1")
    assert status == 2 and not out and message in err


def test_an_interrupted_run_goes_on(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = [*QUICK, "--t-max", "0.3", "--overlap", ".2"]
    whole, parts = tmp_path / "whole.npz", tmp_path / "run.npz.parts"
    assert run(*words, "--output", str(whole))[0] == 0 and not whole.with_name("whole.npz.parts").exists()

    def interrupt(_: Any, done: float, __: str) -> None:
        if done > 0.5:
            raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr("figures.commands.progress.Shown.__call__", interrupt)
        status, out, err = run(*words, "--output", str(tmp_path / "run.npz"))
        assert run(*words)[2].endswith("of 8 samples; nothing was kept\n")
    assert (status, out) == (130, "") and err.startswith("ruggedflow: interrupted after ")
    assert err.endswith(f" of 8 samples; the same command goes on from {parts}\n")
    files = sorted(parts.iterdir())
    assert 1 <= len(files) < 8
    files[0].write_bytes(files[0].read_bytes()[:-5])
    assert run(*words, "--output", str(tmp_path / "run.npz"))[0] == 0
    assert (tmp_path / "run.npz").read_bytes() == whole.read_bytes() and not parts.exists()


def test_finished_samples_are_not_run_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    problem: dict[str, Any] = {"alpha": 3.0, "t_max": 0.1, "overlap": 0.2, "walkers": 64, "samples": 2}
    found = solve_descent(PhaseRetrieval(1), keep=tmp_path, **problem)
    other = solve_descent(PhaseRetrieval(1), keep=tmp_path, **(problem | {"seed": 1}))
    assert len(list(tmp_path.iterdir())) == 16 and not np.array_equal(other.m, found.m)
    monkeypatch.setattr(runs, "run", lambda _: pytest.fail("run again"))
    again = solve_descent(PhaseRetrieval(1), keep=tmp_path, **problem)
    assert np.array_equal(again.C, found.C) and np.array_equal(again.errors["m"], found.errors["m"])
