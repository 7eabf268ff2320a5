"""What runs on a GPU, without one: the same code on other arrays, against the compiled passes; what is refused."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from numerics.lowering import Array
from numerics.simulation import device, gradient_flow, kernel, langevin, sample, simulate, unfolded
from numerics.simulation.device import Backend
from numerics.simulation.landscape_sample import SampledLandscape
from numerics.simulation.packed import entries, packed_normal
from numerics.simulation.powers import packed_powers, values_at
from numerics.simulation.sphere import on_sphere
from numerics.simulation.unfolded import Unfolded, _panel, device_memory
from numerics.simulation.unseen import ConditionedLandscape
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP

q, m = OVERLAP, SIGNAL_OVERLAP
MIXED = GaussianLandscape(3 * q / 10 + q**2 / 2 + q**3 / 2 + q**4 / 5, m**2 / 4)
PURE = GaussianLandscape(q**3 / 2)
ROUNDING = 1e-12
AMPLIFIED = 1e-5
"""What becomes of it where conditions are nearly redundant, as at stages of short steps (see ``unseen.ROUNDING``)."""


@pytest.fixture(params=["numpy", "array_api_strict"])
def xp(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Arrays that stand for those of a GPU, in panels that are small enough for there to be several: NumPy's, and
    those of array-api-strict, which has the standard and no more."""
    found = pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    monkeypatch.setattr(device, "FINDERS", {"CuPy": lambda: Backend(found, lambda: 1e12)})
    monkeypatch.setattr(unfolded, "LARGEST", 1 << 13)
    return found


def require_close(found: Any, expected: Any, rtol: float = ROUNDING) -> None:
    """Relative to the largest."""
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) < rtol * np.max(np.abs(expected))


def gradient(couplings: Unfolded, x: Array) -> tuple[Array, Array]:
    H, g = np.zeros(x.shape[0]), np.zeros_like(x)  # noqa: N806
    couplings.add_gradient(x, H, g)
    return H, g


def require_compiled(xp: Any, degree: int, dtype: Any) -> None:
    """All at once and axis by axis, as the compiled passes have it."""
    size, rng = 9, np.random.default_rng(degree)
    tensor, x = packed_normal(size, degree, 1.0, rng, dtype), rng.standard_normal((5, size))
    H, g = np.zeros(5), np.zeros((5, size))  # noqa: N806
    kernel.add_gradient(tensor, degree, x, H, g)
    whole, grown = Unfolded.of(xp, tensor, degree, size), Unfolded(xp, degree, size + 4, dtype)
    for a in range(size):
        grown.append(tensor[entries(a, degree) : entries(a + 1, degree)])
    for couplings in (whole, grown):
        energy, slope = gradient(couplings, x)
        require_close(energy, H)
        require_close(slope, g)
        head, weights = rng.standard_normal(entries(size, degree - 1)), rng.standard_normal(5)
        require_close(couplings.values(head, x), values_at(head, degree - 1, x))
        require_close(couplings.powers(x, weights), packed_powers(x, weights, degree - 1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("degree", [2, 3, 4, 6])
def test_unfolded_against_compiled_passes(monkeypatch: pytest.MonkeyPatch, xp: Any, degree: int, dtype: Any) -> None:
    """Single precision is how couplings are kept, not how they are summed."""
    monkeypatch.setattr(unfolded, "LARGEST", 400)
    assert _panel(0, degree, 9).stop < 9 or degree == 2
    require_compiled(xp, degree, dtype)


@pytest.mark.slow
@pytest.mark.parametrize("degree", [2, 3, 4])
def test_unfolded_with_jax(monkeypatch: pytest.MonkeyPatch, degree: int) -> None:
    """On the CPU; it compiles for each shape."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jax.config.update("jax_enable_x64", True)
    monkeypatch.setattr(unfolded, "LARGEST", 1 << 10)
    require_compiled(jax.numpy, degree, "float32")


def both(landscape: GaussianLandscape, size: int) -> tuple[SampledLandscape, SampledLandscape]:
    """The same sample on either."""
    return sample(landscape, size, 1), sample(landscape, size, 1, device="gpu")


def test_runs_on_all_couplings(xp: Any) -> None:
    one, other = both(MIXED, 12)
    x = on_sphere(np.random.default_rng(0).standard_normal((3, 12)))
    for found, expected in zip(other.gradient(x), one.gradient(x), strict=True):
        require_close(found, expected)
    require_close(other.hessian(x[0]), one.hessian(x[0]))
    ends = [gradient_flow(drawn, x, [2.0]) for drawn in (other, one)]
    require_close(ends[0].x, ends[1].x, 1e-9)
    warm = [langevin(d, x, [0.2], 0.5, [np.random.default_rng(k) for k in range(3)]) for d in (other, one)]
    require_close(warm[0].x, warm[1].x, 1e-9)


def test_runs_on_what_they_see(xp: Any) -> None:
    """A million spins, mixed degrees, axes enough for several panels: the same numbers in the same order."""
    runs = []
    for where in ("gpu", "cpu"):
        drawn = ConditionedLandscape(MIXED, 10**6, 3, dtype="float64", device=where)  # type: ignore[arg-type]
        x, seen = on_sphere(drawn.normal(np.random.default_rng(0))[None]), []
        for _ in range(10):
            energy, slope = drawn.gradient(x)
            seen.append([energy[0], *slope[0, :14] / np.linalg.norm(slope)])
            x = on_sphere(x - 0.1 * slope)
        runs.append(np.array(seen))
    require_close(runs[0], runs[1], 1e-9)


@pytest.mark.parametrize("ensemble", ["dense", "conditioned"])
def test_simulated(xp: Any, ensemble: Any) -> None:
    size, atol = (16, 1e-9) if ensemble == "dense" else (10**6, AMPLIFIED)
    how: Any = {"size": size, "samples": 2, "seed": 0, "t_max": 0.2, "starts": 2, "ensemble": ensemble}
    found, expected = (simulate(PURE, device=where, **how) for where in ("gpu", "cpu"))  # type: ignore[arg-type]
    assert found.settings["device"] == "gpu"
    assert "device" not in expected.settings
    for name in ("m", "mu", "energy", "correlation"):
        np.testing.assert_allclose(found[name], expected[name], atol=atol)


@pytest.mark.parametrize(("degree", "size", "starts"), [(2, 300, 8), (3, 90, 4), (4, 32, 1), (6, 12, 2)])
def test_memory_is_counted(monkeypatch: pytest.MonkeyPatch, degree: int, size: int, starts: int) -> None:
    """What NumPy takes, which lets go at once of what it has done with as CuPy and JAX do."""
    monkeypatch.setattr(unfolded, "LARGEST", 1 << 16)
    tensor, x = packed_normal(size, degree, 1.0, np.random.default_rng(0), "float32"), np.ones((starts, size))
    tracemalloc.start()
    gradient(Unfolded.of(np, tensor, degree, size), x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    counted = device_memory(degree, size, starts, "float32")
    assert 0.2 * counted < peak < counted


def no_package() -> Backend | None:
    raise ImportError


def test_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    how: Any = {"t_max": 1.0, "device": "gpu"}
    monkeypatch.setattr(device, "FINDERS", {"CuPy": no_package, "JAX": lambda: None})
    with pytest.raises(
        ValueError, match=r"^device = gpu: CuPy is not installed, JAX finds no GPU; install CuPy .*cpu$"
    ):
        simulate(PURE, 32, 1, 0, **how)
    with pytest.raises(ValueError, match=r"^device = 'tpu': expected 'cpu' or 'gpu'$"):
        sample(PURE, 32, 0, device="tpu")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^device = 'tpu': expected 'cpu' or 'gpu'$"):
        simulate(PURE, 32, 1, 0, t_max=1.0, device="tpu")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^device = gpu has no diluted couplings; try device = cpu$"):
        simulate(PURE, 32, 1, 0, ensemble="diluted", connectivity=4, **how)
    with pytest.raises(ValueError, match=r"^workers = 2: one process has the GPU.* try starts$"):
        simulate(PURE, 32, 1, 0, workers=2, **how)
    monkeypatch.setattr(device, "FINDERS", {"CuPy": no_package, "JAX": lambda: Backend(np, lambda: 1e5)})
    with pytest.raises(ValueError, match=r"^size = 64 on the GPU needs .* GiB, of which 9.31e-05 are free"):
        simulate(PURE, 64, 1, 0, **how)


def test_on_a_gpu() -> None:
    """Where there is one."""
    try:
        device.backend_of("gpu")
    except ValueError as error:
        pytest.skip(str(error))
    one, other = both(MIXED, 40)
    x = on_sphere(np.random.default_rng(0).standard_normal((3, 40)))
    for found, expected in zip(other.gradient(x), one.gradient(x), strict=True):
        require_close(found, expected)
