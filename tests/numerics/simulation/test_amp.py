"""Message passing against what defines it; its overlaps against state evolution are in the checks."""

import numpy as np
import pytest
from sympy import Rational

from numerics.checks.samples import with_noise
from numerics.checks.state_evolution import Case, evolution, symmetric_starts
from numerics.lowering import Array
from numerics.simulation import sample, starts_with_overlap
from numerics.simulation.amp import message_passing
from theory import OVERLAP as Q
from theory import SIGNAL_OVERLAP as M
from theory import GaussianLandscape, SpikedMatrixTensor

SPIKED = SpikedMatrixTensor(3, Rational(1, 4), 1)
MADE_UP = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q**4 / 9, 2 * M**2 + M / 5)


def test_a_fixed_point_of_maximum_likelihood_is_a_critical_point() -> None:
    drawn = sample(MADE_UP, 40, 1)
    start = starts_with_overlap(drawn.signal, 0.9, 2, np.random.default_rng(0))
    x = message_passing(drawn, MADE_UP, start, 200).x
    _, gradient = drawn.gradient(x)
    tangent = gradient - np.sum(gradient * x, axis=1)[:, None] / 40 * x
    assert np.linalg.norm(tangent, axis=1) == pytest.approx(0, abs=1e-8)
    assert np.all(np.linalg.norm(gradient, axis=1) > 1)


def mean_overlaps(case: Case, onsager: GaussianLandscape) -> tuple[Array, Array]:
    """At N = 192 with the Onsager term of that landscape, and standard errors."""
    found = []
    for seed in range(24):
        drawn = sample(case.landscape, 192, seed)
        start = symmetric_starts(case, drawn.signal, np.random.default_rng(seed))
        runs = [message_passing(with_noise(drawn, sign), onsager, start, 3).overlap for sign in (1, -1)]
        found.append(np.mean(runs, axis=(0, 2)))
    return np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(len(found))


def test_the_onsager_term_is_what_state_evolution_needs() -> None:
    case = Case("", "maximum-likelihood", SPIKED, 0.2)
    theory = evolution(case, 3)
    (right, error), (wrong, _) = mean_overlaps(case, SPIKED), mean_overlaps(case, GaussianLandscape(Q))
    print(theory, right, wrong, error)
    assert np.all(np.abs(right - theory) < 4 * error + 2 / 192)
    assert abs(wrong[3] - theory[3]) > 8 * error[3] + 2 / 192


def test_a_posterior_mean_has_the_norm_of_its_overlap() -> None:
    size, m = 128, 0.4
    gaps = []
    for seed in range(12):
        drawn = sample(SPIKED, size, seed)
        start = np.sqrt(m) * starts_with_overlap(drawn.signal, np.sqrt(m), 4, np.random.default_rng(seed))
        run = message_passing(drawn, SPIKED, start, 4, kind="bayes")
        gaps.append((run.norm - run.overlap).mean(axis=1))
    mean, error = np.mean(gaps, axis=0), np.std(gaps, axis=0, ddof=1) / np.sqrt(len(gaps))
    assert mean[0] == pytest.approx(0, abs=1e-12)
    assert np.all(np.abs(mean) < 4 * error + 4 / size)
    assert np.max(error) < 0.02


@pytest.mark.parametrize(
    ("landscape", "options", "message"),
    [
        (SPIKED, {"kind": "best"}, "kind = 'best': expected one of bayes, maximum-likelihood"),
        (SPIKED, {"steps": 0}, "steps = 0"),
        (MADE_UP, {"kind": "bayes"}, "not Bayes-optimal"),
    ],
)
def test_bad_arguments_are_named(landscape: GaussianLandscape, options: dict[str, object], message: str) -> None:
    drawn = sample(landscape, 8, 0)
    arguments: dict[str, object] = {"steps": 1} | options
    with pytest.raises(ValueError, match=message):
        message_passing(drawn, landscape, drawn.signal[None], **arguments)  # type: ignore[arg-type]
