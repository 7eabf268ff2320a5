"""H -> lambda H, t -> t/lambda, T -> lambda T changes nothing in simulations."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sympy import Expr, Rational

from numerics.generalized_linear.dynamics.steps import lowest_curvature, lowest_loss
from numerics.generalized_linear.simulation import sample_risk
from numerics.simulation import (
    diluted,
    gradient_flow,
    langevin,
    lowest,
    random_starts,
    sample,
    simulate,
    starts_with_overlap,
)
from numerics.simulation.critical_points import critical_points
from numerics.simulation.inverse import lowest_pairs
from numerics.simulation.landscape_sample import Sample
from numerics.simulation.minimum import descend
from numerics.simulation.unit import power_below, unit_of
from theory.generalized_linear import FIELD as U
from theory.generalized_linear import SIGNAL_FIELD as Y
from theory.generalized_linear import GeneralizedLinearLandscape
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP as Q
from theory.symbols import SIGNAL_OVERLAP as M

Array = NDArray[np.float64]
BINARY = [Rational(2) ** 40, Rational(1, 2**40), Rational(2)]
SCALES = [*BINARY, Rational(10) ** 12, Rational(1, 10**12), Rational(10) ** 50, Rational(3)]
SIZE, TIMES = 24, np.array([0, 0.5, 3, 30, 3000.0])


def landscape(scale: Expr) -> GaussianLandscape:
    return GaussianLandscape(scale**2 * (Q**2 / 2 + Q**3 / 6), scale * M**3 / 3)


def starts(size: int = SIZE) -> Array:
    return random_starts(size, 2, np.random.default_rng(0))


def flow(drawn: Sample, scale: float) -> list[Array]:
    found = gradient_flow(drawn, starts(drawn.size), TIMES / scale)
    work = np.array([found.statistics["gradients"], found.statistics["steps"]], dtype=float)
    return [found.x, found.energy / scale, found.gradient_norm / scale, found.t * scale, work]


def walk(drawn: Sample, scale: float) -> list[Array]:
    rngs = [np.random.default_rng(k) for k in range(2)]
    found = langevin(drawn, starts(), TIMES[:3] / scale, 0.3 * scale, rngs)
    return [found.x, np.array([found.statistics["steps"]], dtype=float)]


def modes(drawn: Sample, scale: float) -> list[Array]:
    found = lowest(drawn, starts()[0], 2)
    return [found.values / scale, found.overlaps, np.array([found.energy, found.mu]) / scale]


def minimum(drawn: Sample, scale: float) -> list[Array]:
    found = descend(drawn, starts()[0])
    return [found.x, found.modes.values / scale]


RUNS: dict[str, Callable[[Sample, float], list[Array]]] = {
    "flow": flow,
    "langevin": walk,
    "modes": modes,
    "minimum": minimum,
}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_the_unit_of_energy_changes_nothing(name: str, scale: Expr) -> None:
    """Not one bit of a power of two, but what eigenvalues themselves lose; single precision stores 3 J as another J."""
    dtype = "float32" if scale in BINARY else "float64"
    one, other = (
        RUNS[name](sample(landscape(unit), SIZE, 3, dtype=dtype), float(unit)) for unit in (Rational(1), scale)
    )
    tolerance = 1e-13 if scale in BINARY else 2e-8
    for a, b in zip(one, other, strict=True):
        if name == "flow" and scale in BINARY:
            assert np.array_equal(a, b)
        elif a.size > 1 or name != "langevin":
            assert a == pytest.approx(b, rel=0.05 if np.all(a > 10) else 1e-12, abs=tolerance)


@pytest.mark.parametrize("scale", [Rational(2) ** 30, Rational(1, 10**12)], ids=str)
def test_critical_points_and_diluted_landscapes(scale: Expr) -> None:
    found = [critical_points(sample(landscape(unit), 5, 3, dtype="float64"), 0) for unit in (Rational(1), scale)]
    assert found[0].points == pytest.approx(found[1].points, abs=1e-12)
    assert np.array_equal(found[0].index, found[1].index)
    ends = [flow(diluted(landscape(unit), SIZE, 1, connectivity=8), float(unit)) for unit in (Rational(1), scale)]
    assert ends[0][0] == pytest.approx(ends[1][0], abs=1e-8)


def test_losses_have_units_too() -> None:
    scale = Rational(2) ** 40
    runs = []
    for unit in (Rational(1), scale):
        loss = GeneralizedLinearLandscape(unit * (U**2 - Y**2) ** 2)
        runs.append(flow(sample_risk(loss, SIZE, 6.0, 5), float(unit)))
        assert lowest_loss(loss) == 0 and lowest_curvature(loss) == pytest.approx(-121 * float(unit), rel=1e-2)
    assert runs[0][0] == pytest.approx(runs[1][0], abs=1e-6) and runs[0][1] == pytest.approx(runs[1][1], abs=1e-9)
    assert lowest_loss(GeneralizedLinearLandscape(U**2 - scale * U**4)) == -np.inf


def test_ensembles_and_their_times() -> None:
    scale = Rational(2) ** 40
    small, large = (
        simulate(landscape(unit), 12, 3, 0, t_max=8 / float(unit), at=[2 / float(unit)], hessian_times="end")
        for unit in (Rational(1), scale)
    )
    rows = small.at([2, 8]), large.at(np.array([2, 8]) / float(scale))
    assert rows[0]["energy"] == pytest.approx(rows[1]["energy"] / float(scale), rel=1e-5)
    assert small["lambda_min"] == pytest.approx(large["lambda_min"] / float(scale), rel=1e-4, abs=1e-4)
    with pytest.raises(ValueError, match="was not recorded"):
        large.at(3 / float(scale))


def test_a_steep_signal_comes_to_rest() -> None:
    """The gradient there cannot be told from zero to 1e-8 of what the noise pulls with."""
    steep = GaussianLandscape(10**8 * Q**3, 10**8 * M**3)
    found = gradient_flow(sample(steep, 8, 0), np.ones(8), 1.0)
    assert found.converged[0] and found.t[0] < 0.1 and found.statistics["gradients"] < 20000


@pytest.mark.parametrize(("noise", "signal"), [(Rational(1, 10**20), 1), (1, 10**30)])
def test_noise_far_below_the_signal_still_sets_a_flow_off(noise: Rational, signal: int) -> None:
    """From m = 0 exactly only the noise moves it; it is not at rest there, and ends at the signal."""
    drawn = sample(GaussianLandscape(noise * Q**2, signal * M**2), 30, 0)
    across = starts_with_overlap(drawn.signal, 0.0, 1, np.random.default_rng(0))
    found = gradient_flow(drawn, across, [200.0])
    assert abs(found.x[0] @ drawn.signal / 30) == pytest.approx(1, abs=1e-8)
    assert found.energy[0] == pytest.approx(-float(signal), rel=1e-8) and found.statistics["gradients"] < 5000


def test_a_walk_that_would_not_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"t_max = 1e\+10 takes .* steps, 1e\+08 reach about .*"):
        langevin(sample(landscape(Rational(1)), 8, 0), np.ones(8), 1e10, 1.0, [np.random.default_rng(0)])


@pytest.mark.parametrize("scale", [1e-150, 1e-12, 1e12, 1e150])
def test_lowest_pairs_at_any_scale(scale: float) -> None:
    matrix = np.random.default_rng(0).standard_normal((200, 200))
    matrix += matrix.T
    values, vectors = lowest_pairs(scale * matrix, 2)
    assert values / scale == pytest.approx(np.linalg.eigvalsh(matrix)[:2], rel=1e-10)
    assert np.linalg.norm(matrix @ vectors - vectors * (values / scale)) < 1e-7


def test_units_are_powers_of_two() -> None:
    assert [power_below(rate) for rate in (0.0, 1.0, 1.9, 2.0, 0.3)] == [1, 1, 1, 2, 0.25]
    drawn = sample(landscape(Rational(1)), SIZE, 3)
    assert unit_of(drawn) in (0.5, 1.0)
    with pytest.raises(ValueError, match="exceed double precision"):
        power_below(np.inf)
