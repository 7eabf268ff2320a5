"""Checks of empirical risks: they do not disagree with a true theory, and they notice a wrong one or a wrong signal."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

import numerics.checks.phase_retrieval_dynamics as flow
import numerics.checks.phase_retrieval_initial_bbp as initial
import numerics.checks.phase_retrieval_threshold_states as states
import numerics.checks.state_evolution_phase_retrieval as evolution
from numerics.checks import run_check, spectral_method
from numerics.checks.descent_states import crossing, predictions
from numerics.checks.risk_samples import with_signal_beside, with_wrong_signal, without_signal
from numerics.extrapolation import extrapolate
from numerics.generalized_linear import initial_hessian
from numerics.generalized_linear.simulation import empirical_spectrum, sample_risk
from numerics.simulation import lowest, random_starts
from tests.small_checks import run_small
from theory.systems.phase_retrieval import PhaseRetrieval

slow = pytest.mark.slow
SMALL: dict[str, Any] = {
    "phase-retrieval-initial-bbp": replace(initial.CHECK.quick, sizes=(40, 64, 96, 144), samples=(40, 40, 24, 16)),
    "spectral-method": replace(spectral_method.CHECK.quick, sizes=(40, 64, 96, 144), samples=(40, 40, 24, 16)),
    "state-evolution-phase-retrieval": replace(
        evolution.CHECK.quick, sizes=(100, 200, 400), samples=(60, 40, 24), steps=3
    ),
    "phase-retrieval-threshold-states": replace(
        states.CHECK.quick, alphas=(6.0,), sizes=(32, 64, 96), samples=(12, 10, 8), t_max=5.0
    ),
    "phase-retrieval-dynamics": replace(
        flow.CHECK.quick, times=((0.1, 0.3), (0.1, 0.2)), sizes=(48, 96, 192), samples=(60, 40, 24), walkers=512
    ),
}
"""Small enough to run here; too small, some of them, to decide."""
MISTAKES = [
    ("phase-retrieval-initial-bbp", {"alpha": 1.5}),
    ("phase-retrieval-initial-bbp", {"signal": 0.6}),
    ("spectral-method", {"alpha": 1.5}),
    ("spectral-method", {"signal": 0.6}),
    ("state-evolution-phase-retrieval", {"alpha": 1.3}),
    ("state-evolution-phase-retrieval", {"signal": 0.7}),
    ("phase-retrieval-threshold-states", {"alpha": 1.5}),
    ("phase-retrieval-threshold-states", {"signal": 0.6}),
    ("phase-retrieval-dynamics", {"energy": 1.2}),
    ("phase-retrieval-dynamics", {"signal": 0.4}),
]
run = partial(run_small, SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_a_true_theory_is_not_called_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    report = run(name, monkeypatch)
    assert report.verdict in ("agree", "undecided"), report.message
    assert report.name == name and len(report.panels) > 0 and len(report.remarks) > 0


@pytest.mark.parametrize(("name", "mistake"), MISTAKES, ids=str)
def test_a_wrong_theory_or_signal_is_noticed(
    name: str, mistake: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(name, monkeypatch, perturb=mistake).verdict == "disagree"


@pytest.mark.parametrize("name", SMALL)
def test_unknown_mistakes(name: str) -> None:
    with pytest.raises(ValueError, match="perturb = 'phase'"):
        run_check(name, quick=True, perturb={"phase": 2.0})


def test_same_numbers_for_any_number_of_workers() -> None:
    tiny = replace(evolution.CHECK.quick, sizes=(20, 30), samples=(3, 3), steps=2, alphas=(1.0,))
    alone, shared = (evolution.CHECK.run(plan=tiny, workers=workers) for workers in (1, 2))
    assert alone.record() == shared.record()


def test_a_wrong_signal_is_at_that_cosine() -> None:
    drawn = sample_risk(PhaseRetrieval(1), 50, 2.0, 0)
    wrong = with_wrong_signal(drawn, 0.6, np.random.default_rng(0))
    assert wrong.signal @ drawn.signal == pytest.approx(30) and wrong.signal @ wrong.signal == pytest.approx(50)
    assert np.array_equal(wrong.labels, drawn.labels) and with_wrong_signal(drawn, 1, np.random.default_rng(0)) is drawn


def test_a_signal_in_one_dimension_more() -> None:
    drawn = without_signal(PhaseRetrieval(1), 40, 3.0, np.random.SeedSequence(3))
    assert abs(np.corrcoef(drawn.labels, drawn.data @ drawn.signal)[0, 1]) < 0.3
    x = random_starts(40, 1, np.random.default_rng(0))[0]
    beside, place = with_signal_beside(drawn, x)
    assert beside.fields(place[None]) == pytest.approx(drawn.fields(x[None]), abs=1e-12)
    assert beside.fields(beside.signal[None])[0] == pytest.approx(drawn.labels, abs=1e-12)
    assert place @ place == pytest.approx(41) and place @ beside.signal == 0
    assert beside.gradient(place[None])[0] * 41 == pytest.approx(drawn.gradient(x[None])[0] * 40, rel=1e-12)


def test_law_of_the_labels_of_one_sample() -> None:
    """At a random point it predicts the lowest eigenvalue of that sample better than the law of infinite size."""
    landscape, ours, theirs = PhaseRetrieval(0.1), [], []
    for seed in range(8):
        drawn = sample_risk(landscape, 300, 3.5, seed)
        x = random_starts(300, 1, np.random.default_rng(seed))[0]
        mode = lowest(drawn, x)
        ours.append(mode.values[0] - empirical_spectrum(drawn, x).hessian(drawn.alpha, mode.mu).outlier)
        theirs.append(mode.values[0] - initial_hessian(landscape, 3.5).outlier)
    assert abs(np.mean(ours)) < 4 * np.std(ours) / np.sqrt(7) + 0.1
    assert np.std(ours) < 0.3 * np.std(theirs)


def test_states_of_theory_and_their_transition() -> None:
    rows = predictions(PhaseRetrieval(0.01), 4.5)
    # the ground state is below the minima that are most numerous, and their b differ
    assert rows[1, 0] < rows[2, 0] and rows[0, 1] < rows[1, 1] < rows[2, 1]

    def at(b: float) -> Any:
        sizes = np.array([50.0, 100, 200])
        return extrapolate(sizes, b + 3 / sizes, np.full(3, 0.01))

    alphas = (3.0, 4.5, 6.0)
    found = crossing(alphas, [at(0.4 + 0.2 * alpha - 0.01 * alpha**2) for alpha in alphas])
    assert found is not None and found[0] == pytest.approx(10 - np.sqrt(40), abs=1e-6) and 0 < found[1] < 1
    assert crossing((3.0, 4.0, 5.0), [at(0.5), at(0.7), at(0.8)]) is None


@slow
@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("name", SMALL)
def test_quick_checks_do_not_disagree(name: str, seed: int) -> None:
    assert run_check(name, quick=True, seed=seed, workers=2).verdict != "disagree"
