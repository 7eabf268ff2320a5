"""What a caller hands to compiled code has the right shape and kind, or is refused in one line."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from numerics.arrays import reals
from numerics.generalized_linear.simulation import sample_risk
from numerics.simulation import diluted, gradient_flow, lowest, sample, simulate
from numerics.simulation.amp import message_passing
from numerics.simulation.starts import saved_starts
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP as Q
from theory.systems.phase_retrieval import PhaseRetrieval

LANDSCAPE = GaussianLandscape(Q**2 / 2 + Q**3 / 6)
DRAWN, RISK = sample(LANDSCAPE, 8, 0), sample_risk(PhaseRetrieval(1), 8, 2.0, 0)
SPARSE = diluted(LANDSCAPE, 8, 0, connectivity=8)
ONES = np.ones(8)
WRONG = {"short": np.ones(5), "complex": 1j * ONES, "text": ["a"] * 8, "ragged": [[1.0], [1.0, 2.0]]}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(
    "call",
    [
        lambda x: saved_starts(x, 8),
        lambda x: gradient_flow(DRAWN, x, [1.0]),
        DRAWN.gradient,
        lambda x: DRAWN.hessian_vector(ONES, x),
        DRAWN.hessian,
        SPARSE.gradient,
        SPARSE.participation,
        lambda x: lowest(DRAWN, x),
        RISK.gradient,
        RISK.combined,
        lambda x: RISK.weighted_vector(x, ONES[None]),
        RISK.weighted_gram,
        lambda x: message_passing(DRAWN, LANDSCAPE, x, 1),
        lambda x: simulate(LANDSCAPE, 8, 1, 0, t_max=1.0, start=x),
    ],
)
def test_wrong_arrays_are_refused(call: Callable[[Any], object], wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"has shape|expected an array of real numbers") as caught:
        call(wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [np.full(8, np.nan), np.zeros(8), np.full((2, 8), np.inf)])
def test_starts_are_finite(wrong: Any) -> None:
    with pytest.raises(ValueError, match="zero or not finite"):
        simulate(LANDSCAPE, 8, 1, 0, t_max=1.0, starts=len(np.atleast_2d(wrong)), start=wrong)


@pytest.mark.parametrize("times", [["soon"], [1j], [[1.0, 2.0], [3.0, 4.0]], [np.nan]])
def test_times_are_numbers(times: Any) -> None:
    with pytest.raises(ValueError, match=r"times|at"):
        gradient_flow(DRAWN, ONES, times)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: replace(DRAWN, tensors={3: DRAWN.tensors[3][:-1]}), r"tensors\[3\] has shape \(119,\): expected"),
        (lambda: replace(RISK, labels=RISK.labels[:-1]), r"data has shape \(16, 8\): expected \(15, 8\)"),
        (lambda: replace(RISK, signal=np.ones(9)), r"data has shape \(16, 8\): expected \(16, 9\)"),
        (lambda: replace(SPARSE, vector=np.ones(9)), r"vector has shape \(9,\)"),
        (lambda: _with_sites(np.full((4, 3), 8, dtype=np.int32)), r"sites of shape \(4, 3\): expected"),
    ],
)
def test_samples_fit_together(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def _with_sites(sites: Any) -> object:
    frame = SPARSE.frames[0]
    tensors = (replace(frame.tensors[0], sites=sites), *frame.tensors[1:])
    return replace(SPARSE, frames=(replace(frame, tensors=tensors), *SPARSE.frames[1:]))


def test_whole_numbers_are_real() -> None:
    assert reals("x", [1, 2]).dtype == np.float64 and reals("x", 3).shape == ()
