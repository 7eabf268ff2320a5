"""Every complexity that is shown says over what it is averaged."""

import json
from typing import Any

import pytest
from matplotlib import pyplot as plt

from figures.complexity_curve import draw
from numerics.complexity import complexity
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, PureSpin
from theory.kac_rice.average import quenched_remark

Q, M = OVERLAP, SIGNAL_OVERLAP


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["pure-spin", "--p", "3", "--delta-p", "1", "--overlap", "0"], "also the typical"),
        (["spiked-tensor", "--p", "3", "--delta-p", "1", "--overlap", "0.3"], "away from m = 0"),
        (["landscape", "--covariance", "q**3/2+q/10", "--overlap", "0"], "in a random field, f'(0) = 1/10"),
        (["landscape", "--covariance", "q**3", "--mean", "m", "--overlap", "0"], "acts as a field, g'(0) = 1"),
        (["landscape", "--covariance", "q**3/2+q**16/32", "--overlap", "0"], "break replica symmetry further"),
        (["landscape", "--covariance", "1+q**3/2+q**4/2", "--energy", "-1.7"], "minima 0.0238260266323"),
        (["landscape", "--covariance", "1+q**3/2+q**4/2"], "moves all energies of a sample together"),
        (
            ["landscape", "--covariance", "q**3/2+q**16/32", "--energy", "-1.28775"],
            "quenched: all critical points none",
        ),
        (["landscape", "--covariance", "q**2+q**3", "--mean", "2*m**2", "--overlap", "0"], "the signal makes unstable"),
        (["phase-retrieval", "--a", "1", "--alpha", "8", "--overlap", "0"], "at typical labels"),
    ],
)
def test_tables_and_json_say_annealed(run: Any, options: list[str], words: str) -> None:
    status, shown, _ = run("complexity", *options)
    assert status == 0 and "annealed" in shown and words in " ".join(shown.split())
    _, text, _ = run("complexity", *options, "--json")
    record = json.loads(text)
    assert record["average"] == "annealed" and words in record["remark"]


@pytest.mark.parametrize("system", [["pure-spin"], ["phase-retrieval"]])
def test_derivations_say_annealed(run: Any, system: list[str]) -> None:
    _, shown, _ = run("derive", *system, "complexity", "--latex")
    assert r"\ln \mathbb{E}[\text{number}]/N \quad \text{(annealed)}" in shown


def test_annealed_lies_above_the_quenched_value_where_it_is_said_to() -> None:
    """A replica-symmetric quenched value of minima at t = 2, computed independently (Ros et al. 2019)."""
    landscape = GaussianLandscape(Q**3 / 2, 5 * M**3 / 6)
    annealed = float(complexity(landscape, 0.3, 0).sigma)
    assert annealed == pytest.approx(0.002183941, abs=1e-9) and annealed > 0.001942902
    assert "known to lie above" in quenched_remark(landscape, 0.3)
    assert "also the typical" in quenched_remark(PureSpin(4, 1), 0)


def test_axes_say_annealed() -> None:
    figure = draw(PureSpin(3, 1))
    assert all("annealed" in axes.get_ylabel() for axes in figure.axes)
    plt.close(figure)
