"""Derivatives of thresholds against implicit differentiation, closed forms, kinks."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Rational, Symbol, diff, nsolve, sqrt

import ruggedflow as rf


def derivative(found: Any, name: str, of: str) -> Any:
    return found[name].derivatives[of]


@pytest.mark.parametrize("noise", ["1", "1/3"])
def test_gradient_flow_of_the_spiked_model(noise: str) -> None:
    """``a^2 = a + (p - 1)/Delta_p``, differentiated."""
    found = rf.SpikedMatrixTensor(p=3, delta_p=noise).thresholds(
        only="gradient_flow,ml_amp,bayes_amp", derivative="delta_p"
    )
    x = Symbol("x", positive=True)
    exact = diff((1 + sqrt(1 + 8 / x)) / 2, x).subs(x, Rational(noise))
    here = derivative(found, "gradient_flow", "delta_p")
    assert abs(here.value - exact.evalf(40)) <= here.error < 1e-15
    assert abs(derivative(found, "bayes_amp", "delta_p").value) <= derivative(found, "bayes_amp", "delta_p").error


def test_as_many_digits_are_printed_as_were_asked_for() -> None:
    for digits, said in ((6, "-0.666667(1)"), (17, "-0.66666666666666667(1)")):
        found = rf.SpikedMatrixTensor(p=3, delta_p=1).thresholds(
            only="gradient_flow", derivative="delta_p", digits=digits
        )
        assert said in str(found.table())
    assert "$-0.66667(5)$" in found.latex(digits=4) and "2.000" in found.latex(digits=4)


def test_spinodals_by_the_implicit_function_theorem() -> None:
    from theory.symbols import SIGNAL_OVERLAP as M
    from theory.thresholds.bayes import BayesTransitions

    family = rf.SpikedMatrixTensor.family(4)
    theory = BayesTransitions(family.landscape, family.control)
    (noise,) = family.free
    at = {noise: Rational(1, 5)}
    overlap = nsolve(theory.slope.subs(at), M, 0.59, prec=40)
    exact = diff(theory.curve, noise).subs(at).subs(M, overlap).evalf(30)
    found = rf.SpikedMatrixTensor(p=4, delta_p="1/5").thresholds(only="dynamic_spinodal", derivative="delta_p")
    here = derivative(found, "dynamic_spinodal", "delta_p")
    assert abs(here.value - exact) <= here.error < 1e-15


@pytest.mark.slow
def test_values_in_double_precision_have_derivatives_too() -> None:
    """Weak recovery of a loss, whose label is all it depends on, and the initial transition, which moves with a."""
    found = rf.PhaseRetrieval(a="1/2").thresholds(only="bbp_initial,weak_recovery", derivative="a")
    near = [float(rf.PhaseRetrieval(a=a).thresholds(only="bbp_initial")["bbp_initial"].value) for a in ("0.49", "0.51")]
    here = derivative(found, "bbp_initial", "a")
    assert float(here.value) == pytest.approx((near[1] - near[0]) / 0.02, rel=1e-3) and here.error < 1e-3
    assert abs(derivative(found, "weak_recovery", "a").value) <= derivative(found, "weak_recovery", "a").error


def test_a_kink_has_two() -> None:
    """The smallest eigenvalue has the same on both sides where as many inputs as dimensions are there."""
    found = rf.system("ntk-two-layer")(gamma="1", activation="relu").thresholds(derivative="gamma")
    here = derivative(found, "smallest_eigenvalue", "gamma")
    assert not here.exists or abs(here.value) <= here.error


def test_on_the_command_line(run: Any) -> None:
    import json

    words = (
        "thresholds",
        "spiked-matrix-tensor",
        "--p",
        "3",
        "--delta-p",
        "1",
        "--only",
        "gradient_flow",
        "--derivative",
    )
    assert "d/d delta_p" in run(*words, "delta-p")[1] and "-0.666666666666667(1)" in run(*words, "delta-p")[1]
    record = json.loads(run(*words, "delta-p", "--json")[1])["thresholds"]["gradient_flow"]["derivatives"]["delta_p"]
    assert record["value"] == pytest.approx(-2 / 3) and record["reason"] == ""
    status, _, err = run(*words, "p")
    assert status == 2 and "--derivative p" in err and err.count("\n") == 1
