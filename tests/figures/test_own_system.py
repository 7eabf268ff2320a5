"""The README's section on a system of one's own, as it stands; and systems that no one has seen before."""

import inspect
import pickle
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Rational

import ruggedflow as rf
from tests.printed import HOW_TO, README, ROOT, block, lines, save
from theory.landscape import GaussianLandscape


def test_the_readme_s_own_system(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shell = block(README, "own-system"), block(README, "own-system commands")
    assert len(code.splitlines()) + len(shell.splitlines()) <= 20
    assert code == block(HOW_TO / "own_system.md", "file: my_system.py")
    monkeypatch.chdir(tmp_path)
    save("my_system.py", code, monkeypatch)
    for words in lines(shell):
        assert words[0] == "ruggedflow" and words[2] == "./my_system.py"
        status, out, err = run(*words[1:])
        assert status == 0 and out and not err, err


def test_a_loss_of_one_s_own(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "robust_loss.py"
    file.write_text(block(HOW_TO / "own_loss.md", "file: robust_loss.py"))
    for words in (
        "thresholds --width 2 --only bbp_initial --json",
        "complexity --width 2 --alpha 3",
        "dynamics --width 2 --alpha 3 --t-max 0.2 --overlap 0.1 --walkers 64 --samples 2",
        "simulate --width 2 --alpha 3 -N 16 --samples 2 --t-max 1",
        "derive bbp --latex",
    ):
        command, *rest = words.split()
        status, out, err = run(command, str(file), *rest)
        assert status == 0 and out, (words, err)
    status, _, err = run("complexity", str(file), "--alpha", "3")
    assert status == 2 and "--width is missing for robust; try --width 1" in err
    made = rf.system(str(file))(width=2, alpha=3)
    assert made.derive("replicas").latex() and dir(made)


def test_the_front_door_speaks_the_words_of_the_command_line() -> None:
    model = rf.SpikedMatrixTensor(p=3, delta_2="1/2", delta_p=1)
    assert model == rf.SpikedMatrixTensor(3, Rational(1, 2), 1) and model.echo() == {
        "p": 3,
        "delta_2": 0.5,
        "delta_p": 1,
    }
    assert float(model.thresholds(only="gradient_flow")["gradient_flow"].value) == 2
    sum_of_two = rf.PureSpin(p=3, delta_p="1/3") + rf.PureSpin(p=4, delta_p="1/4")
    assert sum_of_two == GaussianLandscape(sum_of_two.covariance) or sum_of_two.statics().energy < -1
    with pytest.raises(ValueError, match=r"^t_max = -1 must be a number from"):
        model.dynamics(t_max=-1)
    with pytest.raises(ValueError, match=r"^tmax does not apply to dynamics of spiked-matrix-tensor; it has t_max"):
        model.dynamics(tmax=1)
    with pytest.raises(ValueError, match=r"^t_max is missing"):
        model.dynamics()
    with pytest.raises(AttributeError, match="relu-injectivity has no dynamics"):
        _ = rf.ReluInjectivity(alpha=5).dynamics
    with pytest.raises(ValueError, match=r"^alpha = -1 must be a positive number"):
        rf.LinearRegression(alpha=-1)
    with pytest.raises(ValueError, match=r"^expected a SymPy expression or a number, got \[1\]"):
        rf.SpikedMatrixTensor(p=3, delta_2=[1])
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = rf.Nothing
    with pytest.raises(ValueError, match=r"SpikedTensor: .*'q'; it has p, delta_p"):
        rf.SpikedTensor(q=3)


def test_what_was_saved_is_given_back(tmp_path: Path) -> None:
    file = tmp_path / "run.npz"
    flow = rf.PureSpin(p=3, delta_p="1/3").dynamics(t_max=1, method="reference", output=file)
    again = rf.load(file)
    assert again.at([0.5])["energy"] == flow.at([0.5])["energy"]


MISTAKES = """
from numpy import arange

from numerics.experiment import Experiment
from numerics.quantity import Axis
from theory import OVERLAP as q, Landscape, Parameter, Real, System


class Steep(Landscape):
    slug, title = "steep", "only up to a = 5"
    parameters = (Parameter("a", "a", Real(0, 9), "1"), Parameter("b", "b", Real(0, 9), "1", required=False))

    def declare(self):
        if self.a > 5:
            raise ValueError("a must be at most 5")
        return q**3 + self.b * q**2, 0


class Hot(Landscape):
    slug, title = "hot", "a name that is taken"
    parameters = (Parameter("temperature", "T", Real(0, 9), "1"),)

    def declare(self):
        return self.temperature * q**3, 0


class Half(Landscape):
    slug, title, parameters = "half", "without a mean", ()

    def declare(self):
        return q**3


class Short(System):
    slug, title = "short", "measured wrongly"


class Measured(Experiment):
    system, observables = Short, {"n": "a number", "c": "a curve"}
    axes, over = {"x": Axis(arange(3.0), "x")}, {"c": "x"}

    def draw(self, size, random):
        return size

    def measure(self, state):
        return {"n": 1.0, "c": [1.0, 2.0]} if state > 9 else {"c": [1.0, 2.0, 3.0]}
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("statics FILE:steep --a 6 --b 1", "a must be at most 5"),
        ("statics FILE:steep --a 1", "--b is missing for steep: f and g depend on it"),
        ("statics FILE:hot --temperature 1", "hot: temperature is an option of statics already; give"),
        ("simulate FILE:short -N 10", "sample 0: measured 'c' has shape (2,): expected (3,)"),
        ("simulate FILE:short -N 5", "sample 0: measure does not give 'n'"),
        ("statics FILE:half", "Half: declare must return a pair, such as a covariance and a mean"),
        ("derive FILE:short", "no topic given of short; choose among predictions"),
    ],
)
def test_mistakes_in_a_file_of_one_s_own_take_a_line(run: Any, tmp_path: Path, words: str, said: str) -> None:
    file = tmp_path / "mistakes_of_mine.py"
    file.write_text(MISTAKES)
    sys.modules.pop(file.stem, None)
    status, out, err = run(*shlex.split(words.replace("FILE", str(file))))
    assert status == 2 and not out and err.count("\n") == 1 and said in err, err


def test_a_loss_that_forgets_its_alpha(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "forgetful_loss.py"
    file.write_text(block(HOW_TO / "own_loss.md", "file: robust_loss.py").replace(", ALPHA)", ",)"))
    status, _, err = run("complexity", str(file), "--width", "1")
    assert status == 2 and "forgetful_loss.py, line " in err and "Robust: its parameters lack ALPHA" in err


PACKAGE = """
from theory import OVERLAP as q, Landscape


class Quartic(Landscape):
    slug, title, parameters = "quartic", "q^4", ()

    def declare(self):
        return q**4 / 4, 0


class Twin(Landscape):
    slug, title, parameters = "pure-spin", "not the one that everybody knows", ()

    def declare(self):
        return q**4 / 4, 0
"""


def test_systems_of_installed_packages_join_and_break_nothing(tmp_path: Path) -> None:
    (tmp_path / "of_a_package.py").write_text(PACKAGE)
    about = tmp_path / "of_a_package-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: of-a-package\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[ruggedflow.systems]\na = of_a_package\nb = of_a_package.gone\n")
    code = "import ruggedflow as rf; print(rf.Quartic().statics().energy, rf.PureSpin(p=3, delta_p=1).covariance)"
    path = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; {code}"
    done = subprocess.run([sys.executable, "-c", path], capture_output=True, text=True, check=True)
    assert float(done.stdout.split()[0]) < -0.5 and done.stdout.split()[1] == "q**3/3"
    assert "of_a_package.gone are left out: ModuleNotFoundError" in done.stderr
    assert "there is a system pure-spin already" in done.stderr


def test_methods_show_what_they_take() -> None:
    model = rf.MixedSpin(coefficients="3:1")
    assert {"statics", "dynamics"} <= set(dir(model)) and "phase_diagram" not in dir(model)
    assert (
        str(inspect.signature(model.statics))
        == "(*, temperature=0.0, overlap=0.0, beta_initial=None, states=False, plot=None)"
    )
    assert "temperature: 0, the default, is the ground state. (number from 0" in model.statics.__doc__
    with pytest.raises(AttributeError, match="mixed-spin has no phase_diagram; it has: derive, thresholds, statics"):
        _ = model.phase_diagram
    with pytest.raises(ValueError, match=r"^verify = 'no' must be True or False$"):
        model.dynamics(t_max=1, verify="no")
    with pytest.raises(ValueError, match=r"^seed = -1 must be a whole number"):
        model.check(seed=-1)


def test_what_is_given_back_travels_and_names_its_system(tmp_path: Path) -> None:
    network = rf.FitnessCondensation(theta=1, temperature="1/2")
    assert repr(pickle.loads(pickle.dumps(network))) == "FitnessCondensation(theta=1.0, temperature=0.5)"
    sampled, cold = network.simulate(size=50, samples=3), rf.PureSpin(p=3, delta_p="1/3").statics()
    for found in (sampled, network.dynamics(t_max=1), rf.SpikedTensor(p=3).thresholds(only="bayes_amp")):
        again = rf.load(found.save(tmp_path / "found.npz"))
        assert again.settings["system"] in {"fitness-condensation", "spiked-tensor"} and str(again) == str(found)
    assert str(pickle.loads(pickle.dumps(cold)).table()) == str(cold.table())
    assert len(sampled.plot().axes) == 1  # ends of intervals are no curves of their own


def test_a_report_shows_itself() -> None:
    from numerics.checks import Comparison, Report

    report = Report("mine", (Comparison("a < b", 1.0, 0.0, 1.01, 0.01, 0.1),), {}, remarks=("once",))
    assert str(report).splitlines()[0] == "mine: agree" and "1.01(1)" in repr(report)
    assert "a &lt; b" in report._repr_html_() and np.isclose(report.z, 1)
