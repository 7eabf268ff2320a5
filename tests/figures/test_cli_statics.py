"""`ruggedflow statics`: numbers of the papers, stable keys, what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from scipy.optimize import brentq
from scipy.stats import norm

KEYS = {"energy", "error", "free_energy", "entropy", "algorithmic_energy", "t_d", "t_k", "breaking", "order_parameter"}


def record(run: Any, *words: str) -> dict[str, Any]:
    status, out, err = run("statics", *words, "--json")
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    assert found.keys() >= KEYS
    return found


def test_pure_three_spins(run: Any) -> None:
    """Crisanti, Sommers 1992: T_K = .586, T_d = sqrt(3/8) for f = q^3/2."""
    found = record(run, "pure-spin", "--p", "3", "--delta-p", "2/3")
    assert found["energy"] == pytest.approx(-1.1716747793, abs=1e-10)
    assert found["algorithmic_energy"] == pytest.approx(-1.1547005384, abs=1e-10)
    assert found["t_d"] == pytest.approx(0.6123724357, abs=1e-10)
    assert found["t_k"] == pytest.approx(0.5860539724, abs=1e-10)
    assert found["breaking"] == "1RSB" and found["entropy"] is None and "T -> 0" in found["reason_entropy"]


def test_a_mixture_at_a_temperature_in_text_and_picture(run: Any, tmp_path: Path) -> None:
    picture = tmp_path / "x.png"
    words = ("landscape", "--covariance", "q**2/2 + q**16/2", "--temperature", "0.3", "--plot", str(picture))
    status, out, _ = run("statics", *words)
    assert status == 0 and picture.stat().st_size > 10_000
    assert "order parameter: 1-FRSB" in out and "grows from 0 to 0.0194" in out and "steps from" in out


def test_at_an_overlap_overlaps_include_it(run: Any) -> None:
    """Two configurations of overlap m with the signal overlap by ``m^2`` and more."""
    words = ("spiked-matrix-tensor", "--p", "3", "--delta-2", "0.5", "--delta-p", "1", "--overlap", "0.782665")
    found = record(run, *words)
    assert found["energy"] == pytest.approx(-1.8504786, abs=5e-8)
    assert found["energy"] == pytest.approx(found["algorithmic_energy"], abs=1e-12)  # one state
    assert found["t_k"] is None and "one state" in found["reason_t_k"]
    warm = record(run, *words, "--temperature", "0.5")
    assert all(step["overlap"] > 0.782665**2 for step in warm["order_parameter"]["steps"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pure-spin", "--p", "3"), "--delta-p is missing"),
        (("pure-spin", "--p", "3", "--delta-p", "1", "--temperature", "-1"), "must be a number from 0"),
        (("pure-spin", "--p", "3", "--delta-p", "1", "--overlap", "0.5"), "nothing is planted"),
        (("spiked-tensor", "--p", "3", "--delta-p", "1", "--overlap", "1"), "strictly between -1 and 1"),
        (("pure-spin", "--p", "3", "--delta-p", "1", "--temperature", "1e-8"), "too close to 0"),
        (("pure-spin", "--p", "3", "--delta-p", "1", "--plot", "x.gif"), "ends in .png, .pdf or .svg"),
    ],
    ids=str,
)
def test_mistakes_take_one_line(run: Any, words: tuple[str, ...], message: str) -> None:
    status, out, err = run("statics", *words)
    assert status == 2 and out == "" and message in err and err.count("\n") == 1


@pytest.mark.parametrize("system", ["landscape --covariance q**3/2", "pure-spin", "spiked-matrix-tensor"])
def test_the_derivation_prints(run: Any, system: str) -> None:
    name, *given = system.split()
    status, out, _ = run("derive", name, "statics", *given, "--latex")
    assert status == 0 and r"\chi" in out and "static_transition" in out and "NaN" not in out


def test_a_loss_without_teacher_is_the_lowest_eigenvalue_of_a_wishart_matrix(run: Any) -> None:
    """``min |X w|^2/2`` over the sphere is ``N (sqrt(alpha) - 1)^2/2``, with or without steps."""
    status, out, err = run(
        "statics", "generalized-linear", "--loss", "u**2/2", "--alpha", "4", "--steps", "0", "--json"
    )
    found = json.loads(out)
    assert (status, found["energy"]) == (0, pytest.approx(0.5, abs=1e-9)) and "announced" not in err
    assert "one_step" not in found and found["message"] == ""


@pytest.mark.slow
def test_phase_retrieval_bounds_rise_with_the_steps(run: Any) -> None:
    """Each number of steps bounds the energy from below; the equations of one step are solved apart, too."""
    words = ("statics", "phase-retrieval", "--a", "0.01", "--alpha", "3", "--json")
    found = json.loads(run(*words)[1])
    assert found["replica_symmetric"] < found["one_step"] < found["energy"] < found["one_step"] + 0.003
    assert found["error"] < 1e-4 and found["order_parameter"]["steps"]
    heights = [step["to"] for step in found["order_parameter"]["steps"]]
    assert heights == sorted(heights)
    assert "overlap 0" in found["message"]


def test_patterns_beyond_the_capacity_of_a_perceptron(run: Any) -> None:
    """Gardner, Derrida 1988: ``alpha int_0^t h^2 Dh = 1`` fixes the largest field that is moved; those beyond pay."""
    found = json.loads(
        run("statics", "perceptron-storage", "--kappa", "0", "--alpha", "3", "--steps", "0", "--json")[1]
    )
    moved = brentq(lambda t: 3 * (0.5 - norm.sf(t) - t * norm.pdf(t)) - 1, 0.1, 3)
    assert found["energy"] == pytest.approx(3 * norm.sf(moved), abs=1e-8)
    assert found["numbers"]["per_datum"]["value"] == pytest.approx(norm.sf(moved), abs=1e-8)
    assert (found["breaking"], found["order_parameter"]["steps"]) == ("RS or more", [])


@pytest.mark.slow
def test_positive_fields_of_a_random_layer(run: Any) -> None:
    """Where one step has an energy of 1 is its threshold, 6.7157; every step raises the energy."""
    found = json.loads(run("statics", "relu-injectivity", "--alpha", "6.7157", "--json")[1])
    assert found["numbers"]["one_step"]["value"] == pytest.approx(1, abs=2e-5)
    assert found["replica_symmetric"] < found["one_step"] < found["energy"] - found["error"]
    assert found["breaking"] == "full RSB" and found["order_parameter"]["variable"] == "x/T"
