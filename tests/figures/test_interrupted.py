"""Ctrl-C in the middle of a command: what is finished is told or kept, and the same command goes on from there."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import numerics.checks.bbp_rotation_invariant as bbp
import numerics.solve as solving
from figures.cli import check as checking
from figures.commands import complexity_of_loss
from numerics.diagram.source import SystemLines
from numerics.kept import kept_in
from numerics.phase_diagram import phase_diagram
from numerics.quantity import Quantity
from theory.systems import SpikedMatrixTensor


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """A command that was interrupted leaves its process deaf."""
    yield
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def interrupting(function: Callable[..., Any], at: int) -> tuple[Callable[..., Any], list[int]]:
    """The function, which gets a SIGINT before its call of that number; and a list that grows with every call."""
    calls: list[int] = []

    def counted(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == at:
            os.kill(os.getpid(), signal.SIGINT)
        return function(*given, **named)

    return counted, calls


def test_thresholds_that_are_finished_are_told(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["thresholds", "dropout-flow", "--singular-values", "3,2,1", "--width", "4", "--json"]
    whole = json.loads(run(*words)[1])["thresholds"]
    monkeypatch.setattr(solving, "solve_threshold", interrupting(solving.solve_threshold, 2)[0])
    status, out, err = run(*words)
    first, *others = json.loads(out)["thresholds"].items()
    assert (status, err) == (130, f"ruggedflow: interrupted after 1 of {len(whole)} thresholds\n")
    assert first == next(iter(whole.items()))
    assert others and all(not one["exists"] and one["reason"] == "not computed: interrupted" for _, one in others)


def test_thresholds_of_landscapes(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from numerics.thresholds import evaluation

    monkeypatch.setattr(evaluation, "_at_point", interrupting(evaluation._at_point, 2)[0])
    words = ["thresholds", "spiked-matrix-tensor", "--p", "3", "--delta-p", "1", "--only", "ml_amp,bayes_amp,langevin"]
    status, out, err = run(*words)
    assert (status, err) == (130, "ruggedflow: interrupted after 1 of 3 thresholds\n")
    assert out.count("interrupted") == 2


def test_complexities_that_are_finished_are_told(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import numerics.generalized_linear.complexity as glm

    monkeypatch.setattr(glm, "complexity", interrupting(glm.complexity, 2)[0])
    words = ["complexity", "phase-retrieval", "--a", "1", "--alpha", "3", "--overlap", "0.3"]
    status, out, err = run(*words)
    assert (status, err) == (130, "ruggedflow: interrupted; what was finished is above\n")
    assert "minima: interrupted" in out and complexity_of_loss.NAMES["total"] in out


def test_a_check_goes_on(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small = replace(bbp.CHECK, quick=bbp.Strengths((40, 80, 160), (8,) * 3, 0.5, (1.6,)))
    monkeypatch.setattr(checking, "_draw", lambda *_: [])
    words = ["check", small.name, "--quick", "--json", "--output"]
    measure, calls = interrupting(small.measure, 3)
    for check, output in ((small, "whole"), (replace(small, measure=measure), "cut")):
        monkeypatch.setattr(checking, "find_checks", lambda _, check=check: [check])
        status, out, err = run(*words, str(tmp_path / output))
        if output == "whole":
            whole = json.loads(out)["comparisons"]
    assert (status, out) == (130, "") and "interrupted after 2 of " in err and "the same command goes on from" in err
    signal.signal(signal.SIGINT, signal.default_int_handler)
    status, out, err = run(*words, str(tmp_path / "cut"))
    assert json.loads(out)["comparisons"] == whole and (status, err) == (0, "")
    assert len(calls) == len(small.points(_run(small))) + 1
    assert not (tmp_path / "cut" / "parts").exists()


def _run(check: Any) -> Any:
    from numerics.checks.plan import Run

    return Run(check.quick, 0, 1, lambda *_: None, check._mistakes({}))


def test_verdicts_that_are_finished_are_told(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(bbp.CHECK, quick=bbp.Strengths((40, 80, 160), (8,) * 3, 0.5, (1.6,)))
    points = len(small.points(_run(small)))
    second = replace(small, measure=interrupting(small.measure, points + 1)[0])
    monkeypatch.setattr(checking, "find_checks", lambda _: [second, replace(second, name="other")])
    status, out, err = run("check", "all", "--quick")
    assert status == 130 and small.name in out and "other" not in out
    assert "(1 checks are finished); give --output DIR" in err


@pytest.mark.slow
@pytest.mark.parametrize("kept", [True, False])
def test_a_diagram_goes_on(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept: bool) -> None:
    """Places that took long are not computed again."""
    monkeypatch.setattr("figures.style.save_all", lambda *_: [])
    monkeypatch.setattr("numerics.diagram.kept.WORTH", 0.0 if kept else 1e6)
    words = ["phase-diagram", "dropout-flow", "--singular-values", "3,2,1", "--width", "4", "--places", "3", "--only"]
    words += ["mode_3", "--x", "singular_values[2]=0.5:4", "--y", "lambda=0:30", "--output"]
    there, calls = interrupting(SystemLines._there, 4)
    run(*words, str(tmp_path / "whole"))
    monkeypatch.setattr(SystemLines, "_there", there)
    status, out, err = run(*words, str(tmp_path / "cut"))
    assert (status, out) == (130, "") and "goes on from" in err
    before = len(calls)
    assert run(*words, str(tmp_path / "cut"))[0] == 0
    again = len(calls) - before
    calls.clear()
    run(*words, str(tmp_path / "third"))
    assert again == (len(calls) - 3 if kept else len(calls))
    tables = [(tmp_path / name / "phase_diagram.csv").read_bytes() for name in ("whole", "cut")]
    assert tables[0] == tables[1] and not (tmp_path / "cut" / "parts").exists()


def test_the_main_diagram_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Line by line."""
    whole, names = SpikedMatrixTensor.family(3), ("gradient_flow", "ml_amp")
    short = replace(whole, thresholds={name: whole.thresholds[name] for name in names})
    monkeypatch.setattr(SpikedMatrixTensor, "family", staticmethod(lambda _: short))
    kept, noises = kept_in(tmp_path / "parts", Quantity), np.array([0.5, 1.0])

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        phase_diagram(3, noises, stop, kept)
    task = (3, noises.tolist(), "gradient_flow")
    finished = kept.read(task)
    assert finished is not None and kept.read((*task[:2], "ml_amp")) is None
    kept.write(task, replace(finished, meaning="remembered"))
    lines = phase_diagram(3, noises, kept=kept).lines
    assert [lines[name].meaning == "remembered" for name in names] == [True, False]
