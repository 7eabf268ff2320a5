"""The README's section on a system of one's own, as it stands; and systems that no one has seen before."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from sympy import Rational

import ruggedflow as rf
from theory.landscape import GaussianLandscape

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_readme_s_own_system(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = README[README.index("<!-- own-system -->") :]
    code, shell = (re.search(rf"```{kind}\n(.*?)```", section, re.DOTALL).group(1) for kind in ("python", "sh"))  # type: ignore[union-attr]
    assert len(code.splitlines()) + len(shell.splitlines()) <= 20
    (tmp_path / "my_system.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    for line in shell.splitlines():
        words = shlex.split(line)
        assert words[0] == "ruggedflow" and words[2] == "./my_system.py"
        status, out, err = run(*words[1:])
        assert status == 0 and out and not err, err


LOSS = """
from sympy import log, cosh

from theory import ALPHA, FIELD as u, SIGNAL_FIELD as y, GeneralizedLinear, Exact, Parameter


class Robust(GeneralizedLinear):
    slug, title, source = "robust", "a robust loss", "yours, 2026"
    statement = "l(u, y) = w^2 log cosh((u - y)/w)"
    parameters = (Parameter("width", "where it bends", Exact(), "1"), ALPHA)

    def declare(self):
        return self.width**2 * log(cosh((u - y) / self.width)), y
"""


def test_a_loss_of_one_s_own(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "robust_loss.py"
    file.write_text(LOSS)
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
    with pytest.raises(AttributeError, match="phase-retrieval has no statics"):
        _ = rf.PhaseRetrieval(a=1).statics
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = rf.Nothing
    with pytest.raises(ValueError, match=r"SpikedTensor: .*'q'; it has p, delta_p"):
        rf.SpikedTensor(q=3)


def test_what_was_saved_is_given_back(tmp_path: Path) -> None:
    file = tmp_path / "run.npz"
    flow = rf.PureSpin(p=3, delta_p="1/3").dynamics(t_max=1, method="reference", output=file)
    again = rf.load(file)
    assert again.at([0.5])["energy"] == flow.at([0.5])["energy"]
