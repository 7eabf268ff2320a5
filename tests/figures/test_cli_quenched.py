"""`complexity --quenched`, what it says by default, and the derivation."""

import json
from math import isfinite
from typing import Any

import pytest

import ruggedflow as rf

SPIKED = ["landscape", "--covariance", "q**3/2", "--mean", "5*m**3/6", "--overlap", "0.3"]


def test_keys_beside_the_annealed_ones(run: Any) -> None:
    status, text, _ = run("complexity", *SPIKED, "--quenched", "--json")
    record = json.loads(text)
    assert status == 0 and record["average"] == "annealed"
    assert record["sigma_minima_quenched"] == pytest.approx(0.001942902, abs=6e-10)
    assert record["sigma_minima_quenched"] < record["sigma_minima"]
    assert 0 < record["error_minima_quenched"] < 1e-13
    assert record["sigma_total_quenched"] < record["sigma_total"]
    assert record["overlaps_minima_quenched"] == pytest.approx([0.128217], abs=6e-7)


def test_both_numbers_by_default(run: Any) -> None:
    _, shown, _ = run("complexity", *SPIKED)
    words = " ".join(shown.split())
    assert "quenched: all critical points 0.285291357218, minima 0.00194290168331" in words
    assert "Sigma (quenched)" not in words
    assert "sigma_minima_quenched" not in json.loads(run("complexity", *SPIKED, "--json")[1])


def test_a_table_of_its_own_and_reasons(run: Any) -> None:
    words = ["spiked-matrix-tensor", "--p", "3", "--delta-2", "0.5", "--delta-p", "1", "--overlap", "0.1"]
    _, shown, _ = run("complexity", *words, "--quenched", "--index", "1")
    assert "Sigma (quenched)" in shown and "0.000643742777789" in shown
    assert "minima, quenched: not known" in " ".join(shown.split())
    record = json.loads(run("complexity", *words, "--quenched", "--json")[1])
    assert record["sigma_minima_quenched"] is None and "negative" in record["reason_minima_quenched"]


def test_in_python() -> None:
    found = rf.Landscape("q**3/2", "5*m**3/6").complexity(overlap=0.3, quenched=True)
    assert found["minima_quenched"].sigma < float(found["minima"].sigma)
    assert found.quantities["sigma_minima_quenched"].exists


def test_energies_of_channels_are_not_for_it(run: Any) -> None:
    words = ["spiked-matrix-tensor", "--p", "3", "--delta-2", "0.5", "--delta-p", "1", "--channel-energy", "2=-0.5"]
    status, _, error = run("complexity", *words, "--quenched")
    assert status == 2 and "--quenched" in error and "--channel-energy" in error and error.count("\n") == 1


def test_derivation(run: Any) -> None:
    status, text, _ = run("derive", "landscape", "quenched", "--covariance", "q**3/2", "--latex")
    assert status == 0 and r"\mathbb{E} \ln[\text{number}]/N \quad \text{(quenched)}" in text
    assert "f''(q_{0})" in text and "x_{1}" in text


@pytest.mark.slow
def test_drawn_beside_the_annealed_curves() -> None:
    from matplotlib import pyplot as plt

    from figures.complexity_curve import draw

    figure = draw(rf.Landscape("q/10+q**3/2", "m**2/2"), typical=True)
    for axes in figure.axes:
        annealed, typical = (line for line in axes.lines if line.get_label() in ("annealed", "quenched"))
        at = dict(zip(annealed.get_xdata(), annealed.get_ydata(), strict=True))
        curve = zip(typical.get_xdata(), typical.get_ydata(), strict=True)
        known = [(m, sigma) for m, sigma in curve if isfinite(sigma)]
        assert len(known) > 10 and all(sigma <= at[m] + 1e-12 for m, sigma in known)
    plt.close(figure)
