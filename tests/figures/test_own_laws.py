"""A stranger's file with numbers, a flow and an experiment has the commands that these support, and no others."""

import json
from pathlib import Path
from typing import Any

import pytest

import ruggedflow as rf

STRANGER = """
import numpy as np
from sympy import Function, Integral, Symbol, exp, log

from numerics.experiment import Experiment
from theory.domain import Real
from theory.laws import Explicit, Flow
from theory.parameter import Parameter
from theory.prediction import Condition, Derived
from theory.system import System

X, T = Symbol("x", positive=True), Symbol("t", positive=True)
F = Function("f")(X, T)


class Decay(System):
    slug, title, statement, source = "decay", "rates of all sizes", "df/dt = -a x f", "nobody 2026"
    parameters = (Parameter("a", "scale of the rates", Real(0.1, 10), "2"),)

    def predictions(self):
        left = Integral(exp(-self.a * X), (X, 0, 1))
        yield Derived("left", "What is left at t = 1.", "nobody 2026", Explicit(left))
        fast = Condition(self.a > 5, "too slow")
        yield Derived("half_life", "Of the fastest.", "nobody 2026", Explicit(log(2) / self.a), (fast,))
        law = Flow(F, X, (0, 1), T, -self.a * X * F, 1 + 0 * X, (("left", Integral(F, (X, 0, 1))),))
        yield Derived("amount", "Of each rate.", "nobody 2026", law)


class Clicks(Experiment):
    system = Decay
    observables = {"left": "share that is left at t = 1"}

    def draw(self, size, random):
        return random.exponential(size=size) > self.of.a * random.random(size)

    def measure(self, state):
        return {"left": state.mean()}
"""
LEFT = (1 - 2.718281828459045**-2) / 2


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("mine") / "decay_of_mine.py"
    path.write_text(STRANGER)
    return str(path)


def test_its_commands(run: Any, file: str, tmp_path: Path) -> None:
    status, out, err = run("statics", file, "--a", "2", "--json")
    assert status == 0, err
    numbers = json.loads(out)["numbers"]
    assert numbers["left"]["value"] == pytest.approx(LEFT) and numbers["half_life"]["note"] == "too slow"
    picture, kept = tmp_path / "flow.png", tmp_path / "flow.npz"
    words = ("dynamics", file, "--a", "2", "--t-max", "1", "--plot", str(picture), "--output", str(kept))
    status, out, err = run(*words, "--json")
    assert status == 0 and picture.exists(), err
    assert json.loads(out)["rows"][-1]["left"] == pytest.approx(LEFT, abs=1e-9)
    assert rf.load(kept).at([1.0])["left"][0] == pytest.approx(LEFT, abs=1e-9)
    folder = tmp_path / "samples"
    words = ("simulate", file, "--a", "2", "-N", "1000", "--samples", "20", "--output", str(folder))
    status, out, err = run(*words, "--workers", "2", "--json")
    left = json.loads(out)["numbers"]["left"]
    assert status == 0 and abs(left["value"] - LEFT) < 4 * left["error"], err
    assert rf.load(folder / "averages.npz").quantities["left"].value == left["value"]
    assert len(list(folder.glob("point-*.npz"))) == 20
    status, out, _ = run(*words)
    assert status == 0 and "│ left" in out


def test_front_door(file: str) -> None:
    decay = rf.system(file)(a=2)
    assert float(decay.statics().quantities["left"].value) == pytest.approx(LEFT)
    assert decay.dynamics(t_max=1).at([1.0])["left"][0] == pytest.approx(LEFT, abs=1e-9)
    assert 0 < float(decay.simulate(size=50, samples=4).quantities["left"].value) < 1


def test_what_it_does_not_have(run: Any, file: str) -> None:
    for command in ("thresholds", "complexity", "phase-diagram"):
        status, _, err = run(command, file)
        assert (
            status == 2 and err == f"ruggedflow: decay has no {command}; it has: derive, statics, dynamics, simulate\n"
        )
    for words, said in {
        ("simulate", file, "--a", "2"): "Missing option '--size'",
        ("dynamics", file, "--a", "2"): "Missing option '--t-max'",
        ("dynamics", file, "--t-max", "1"): "--a is missing for decay; try --a 2",
    }.items():
        status, _, err = run(*words)
        assert status == 2 and err.count("\n") == 1 and said in err, err
