"""Ensembles: the same numbers however they are run, nothing lost, averages that agree with the two-time equations."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Rational, Symbol

from numerics.dynamics import solve_dynamics
from numerics.errors import ConvergenceError, Interrupted
from numerics.extrapolation import SizeLaw, extrapolate
from numerics.lowering import Array
from numerics.simulation import Ensemble, load, lowest, sample, simulate
from numerics.simulation.job import Job, Task
from numerics.simulation.observables import schedule
from numerics.statistics import bootstrap
from numerics.sweep import SweepError, sweep
from theory import OVERLAP, GaussianLandscape, SpikedMatrixTensor

CUBE = GaussianLandscape(OVERLAP**3 / 2)
SPIKED = SpikedMatrixTensor(3, Rational(3, 10), 1)
ROOT = Path(__file__).parents[3]
slow = pytest.mark.slow


def small(output: Path | None = None, **options: Any) -> Ensemble:
    settings: dict[str, Any] = {"t_max": 2.0, "starts": 2, "overlap": 0.2, "waiting_times": (0, 0.5)} | options
    samples = settings.pop("samples", 5)
    return simulate(SPIKED, 12, samples, 7, output=output, **settings)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def same(one: Ensemble, two: Ensemble) -> bool:
    return all(np.array_equal(values, two[name]) for name, values in one.arrays.items())


# What is measured.


def test_shapes_and_definitions() -> None:
    found = small(hessian_times=(0, 2), at=[0.77, 1.5])
    assert {0.0, 0.5, 0.77, 1.5, 2.0} <= set(found.t)
    shape = (5, 2, found.t.size)
    assert all(found[name].shape == shape for name in ("m", "mu", "energy", "gradient_norm"))
    assert found["correlation"].shape == (*shape, 2) and found["lambda_min"].shape == (5, 2, 2)
    drawn = sample(SPIKED, 12, np.random.SeedSequence(7).spawn(5)[3].spawn(1)[0])
    x = found["final"][3]
    energy, gradient = drawn.gradient(x)
    assert found["energy"][3, :, -1] == pytest.approx(energy, abs=1e-13)
    assert found["m"][3, :, -1] == pytest.approx(x @ drawn.signal / 12, abs=1e-13)
    assert found["mu"][3, :, -1] == pytest.approx(-(x * gradient).sum(axis=1) / 12, abs=1e-12)
    assert found["m"][:, :, 0] == pytest.approx(0.2, abs=1e-14)
    mode = lowest(drawn, x[1])
    assert found["lambda_min"][3, 1, 1] == pytest.approx(mode.values[0], abs=1e-12)
    assert found["lambda_min_overlap"][3, 1, 1] == pytest.approx(mode.overlaps[0], abs=1e-12)


def test_correlations_are_symmetric_and_one_at_equal_times() -> None:
    found = small(waiting_times=(0, 0.5, 2), at=[0.5])
    c, w = found["correlation"], np.searchsorted(found.t, [0, 0.5, 2])
    for i in range(3):
        assert np.max(np.abs(c[:, :, w[i], i] - 1)) < 1e-12
        for j in range(3):
            assert np.array_equal(c[:, :, w[i], j], c[:, :, w[j], i])
    # the norm of a difference, from the states at its two ends
    moved = small(waiting_times=(), t_max=0.5)["final"] - small(waiting_times=())["final"]
    assert 2 - 2 * c[:, :, w[1], 2] == pytest.approx((moved**2).sum(axis=2) / 12, abs=2e-3)


def test_going_on_from_a_saved_state_is_the_same_flow() -> None:
    first = small(t_max=1.0)
    second = small(t_max=1.0, start=first["final"])
    assert second["energy"][:, :, 0] == pytest.approx(first["energy"][:, :, -1], abs=1e-13)
    whole = small(t_max=2.0, rtol=1e-8)
    assert second["energy"][:, :, -1] == pytest.approx(whole["energy"][:, :, -1], abs=1e-3)
    brief: dict[str, Any] = {"t_max": 0.1, "temperature": 0.5, "waiting_times": ()}
    noisy = [small(start=start, **brief)["final"] for start in (first["final"], whole["final"])]
    assert not np.allclose(noisy[0] - first["final"], noisy[1] - whole["final"], atol=0.1)


def test_the_two_ensembles_and_random_starts() -> None:
    sparse = small(ensemble="diluted", connectivity=4, overlap=None, samples=3)
    assert sparse["participation"].shape == sparse["m"].shape and np.all(sparse["participation"] >= 1)
    assert np.std(sparse["m"][:, :, 0]) > 0.05
    assert np.all(np.diff(sparse["energy"], axis=2) <= 1e-12)
    assert "participation" not in small(samples=1).arrays


def test_starts_that_rest_before_the_end() -> None:
    found = small(t_max=500.0, gradient_tolerance=1e-6, samples=2, hessian_times="end")
    assert np.all(found["converged"]) and np.all(found["t_end"] < 500)
    assert np.all(found["gradient_norm"][:, :, -1] < 1e-6) and np.all(found["lambda_min"] > 0)


def test_average_over_starts_first() -> None:
    found = small()
    mean, expected = found.mean("energy"), bootstrap(found["energy"].mean(axis=1))
    assert np.array_equal(mean.value, expected.value) and np.array_equal(mean.low, expected.low)
    rows = found.at([0.5, 2])
    last = np.searchsorted(found.t, [0.5, 2])
    assert rows["t"].tolist() == [0.5, 2]
    assert rows["energy"] == pytest.approx(mean.value[last]) and rows["m_error"].shape == (2,)
    assert rows["correlation"] == pytest.approx(found.mean("correlation").value[last, 0])
    with pytest.raises(ValueError, match=r"t = 0\.6 was not recorded \(nearest: 0\.56"):
        found.at(0.6)
    with pytest.raises(ValueError, match="no observable 'mass'; there are: converged, correlation"):
        found["mass"]
    assert "correlation" not in small(waiting_times=(), samples=2).at(2)


def test_card() -> None:
    card = repr(small())
    assert "5 samples to t = 2; 0 starts at rest before" in card and "energy" in card and "(" in card.splitlines()[-2]


def test_dataset() -> None:
    xarray, found = pytest.importorskip("xarray"), small(hessian_times=[0, 1])
    data = found.to_xarray()
    assert data["lambda_min"].dims == ("sample", "start", "hessian_time")
    assert isinstance(data, xarray.Dataset) and data["correlation"].dims[-1] == "waiting_time"
    assert np.array_equal(data["energy"].values, found["energy"])


def test_grid_of_times() -> None:
    plan = schedule(100.0, [3.3], [0, 7], "end")
    assert plan.t[0] == 0 and plan.t[-1] == 100 and {3.3, 7, 10, 1, 0.1} <= set(plan.t)
    assert plan.t[plan.places(plan.waiting)].tolist() == [0, 7] and plan.hessian.tolist() == [100]
    steps = np.diff(np.log10(schedule(1000.0, None, (), ()).t[1:]))
    assert steps == pytest.approx(np.full(steps.size, 1 / 8))
    assert schedule(1e-3, None, (), ()).t.size > 5
    shared = set(schedule(1e3, None, (), ()).t) & set(schedule(10.0, None, (), ()).t)
    assert len(shared) == schedule(10.0, None, (), ()).t.size


# However it is run.


def test_any_number_of_workers_and_samples(tmp_path: Path) -> None:
    here, there = small(tmp_path / "1"), small(tmp_path / "2", workers=2)
    assert same(here, there) and contents(tmp_path / "1") == contents(tmp_path / "2")
    fewer = small(samples=3)
    assert all(np.array_equal(fewer[name], here[name][:3]) for name in here.arrays)
    with ThreadPoolExecutor(2) as executor:
        assert same(here, small(executor=executor))
    assert same(here, load(tmp_path / "1")) and load(tmp_path / "1").settings == here.settings
    assert not np.array_equal(here["energy"], simulate(SPIKED, 12, 5, 8, t_max=2, starts=2, overlap=0.2)["energy"])


def test_a_run_goes_on_and_may_grow(tmp_path: Path) -> None:
    small(tmp_path / "whole", temperature=0.3)
    small(tmp_path / "part", temperature=0.3, samples=2)
    before = (tmp_path / "part" / "sample-000000.npz").stat().st_mtime_ns
    seen: list[tuple[float, str]] = []
    grown = small(tmp_path / "part", temperature=0.3, resume=True, progress=lambda *k: seen.append(k))
    assert contents(tmp_path / "whole") == contents(tmp_path / "part")
    assert (tmp_path / "part" / "sample-000000.npz").stat().st_mtime_ns == before
    assert seen == [(k / 5, f"{k} of 5 samples") for k in range(6)] and len(grown.samples) == 5


def test_other_settings_are_refused(tmp_path: Path) -> None:
    small(tmp_path)
    kept = contents(tmp_path)
    with pytest.raises(ValueError, match="holds a run already; go on with it"):
        small(tmp_path)
    with pytest.raises(ValueError, match=r"holds another run: its rtol is 0\.0001, not 0\.001"):
        small(tmp_path, resume=True, rtol=1e-3)
    with pytest.raises(ValueError, match=r"holds another run: its samples is 5, not 4"):
        small(tmp_path, resume=True, samples=4)
    with pytest.raises(ValueError, match=r"holds another run: its overlap is 0\.2, not None"):
        small(tmp_path, resume=True, start=np.ones((2, 12)))
    assert contents(tmp_path) == kept


def test_damage_is_noticed(tmp_path: Path) -> None:
    small(tmp_path)
    one = tmp_path / "sample-000003.npz"
    one.write_bytes(one.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"sample-000003\.npz: damaged; delete it and resume"):
        small(tmp_path, resume=True)
    one.unlink()
    assert len(load(tmp_path).samples) == 4
    assert len(small(tmp_path, resume=True).samples) == 5
    header = tmp_path / "header.json"
    header.write_text(header.read_text().replace('"rtol": 0.0001', '"rtol": 0.1'))
    with pytest.raises(ValueError, match=r"header\.json: not written by simulate, damaged"):
        load(tmp_path)
    header.write_text("{")
    with pytest.raises(ValueError, match=r"header\.json: not written by simulate, damaged"):
        small(tmp_path, resume=True)
    header.unlink()
    with pytest.raises(ValueError, match=r"holds samples without a header\.json"):
        small(tmp_path)
    with pytest.raises(OSError, match="No such file"):
        load(tmp_path / "none")


SCRIPT = """
    from sympy import Rational
    from numerics.simulation import simulate
    from theory import SpikedMatrixTensor
    if __name__ == "__main__":
        simulate(SpikedMatrixTensor(3, Rational(3, 10), 1), 8, 200, 5, t_max=0.5, output={folder!r}, workers={workers})
"""


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    simulate(SPIKED, 8, 200, 5, t_max=0.5, output=folder)
    return folder


@pytest.mark.parametrize(("kill", "workers"), [(0, 1), *(pytest.param(k, 1 + k % 2, marks=slow) for k in range(1, 12))])
def test_killed_and_resumed(tmp_path: Path, uninterrupted: Path, kill: int, workers: int) -> None:
    """SIGKILL after a random number of samples and a random moment; the folder ends as if nothing had happened."""
    rng = np.random.default_rng(kill)
    cut, script = tmp_path / "cut", tmp_path / "run.py"
    script.write_text(textwrap.dedent(SCRIPT.format(folder=str(cut), workers=workers)))
    process = subprocess.Popen([sys.executable, str(script)], env=os.environ | {"PYTHONPATH": str(ROOT)})
    target, deadline = int(rng.integers(0, 120)), time.monotonic() + 60
    while len(list(cut.glob("sample-*"))) < target and process.poll() is None and time.monotonic() < deadline:
        time.sleep(1e-3)
    time.sleep(float(rng.uniform(0, 0.01)))
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert target <= len(list(cut.glob("sample-*"))) < 200
    (cut if cut.exists() else tmp_path).joinpath(".sample-000150.npz.half").write_bytes(b"half")
    resumed = simulate(SPIKED, 8, 200, 5, t_max=0.5, output=cut, resume=True)
    assert contents(cut) == contents(uninterrupted)
    assert len(contents(cut)) == 201 and same(resumed, load(uninterrupted))


def refuse_writing(monkeypatch: pytest.MonkeyPatch, code: int, after: int) -> None:
    """The disk fails when the next file is flushed, after so many."""
    flush, calls = os.fsync, iter(range(10**6))

    def fsync(handle: int) -> None:
        if next(calls) >= after:
            raise OSError(code, os.strerror(code))
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    with monkeypatch.context() as patched:
        refuse_writing(patched, errno.ENOSPC, after=3)  # a header and two samples
        with pytest.raises(OSError, match="No space left on device; the finished samples are kept") as stop:
            small(tmp_path / "cut", workers=workers)
    assert stop.value.filename == str(tmp_path / "cut") and "\n" not in str(stop.value)
    assert len(contents(tmp_path / "cut")) == 3
    small(tmp_path / "cut", resume=True)
    small(tmp_path / "whole")
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """A real limit: the header fits, no sample does."""
    code = f"""
    import resource
    from numerics.simulation import simulate
    from theory import OVERLAP, GaussianLandscape
    simulate(GaussianLandscape(OVERLAP**2), 64, 1, 0, t_max=1)  # the cache of compiled code is written first
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
    try:
        simulate(GaussianLandscape(OVERLAP**2), 64, 2, 0, t_max=1, output={str(tmp_path / "cut")!r})
    except OSError as error:
        print(error)
    """
    pytest.importorskip("resource")
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == "" and "File too large; the finished samples are kept" in run.stdout
    assert str(tmp_path / "cut") in run.stdout and list(contents(tmp_path / "cut")) == ["header.json"]


def test_a_folder_that_is_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):  # the administrator may write everywhere

        def locked(*_args: Any, **_words: Any) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder / "tmp"))

        monkeypatch.setattr(tempfile, "TemporaryFile", locked)
        monkeypatch.setattr(tempfile, "mkstemp", locked)
    with pytest.raises(PermissionError, match="Permission denied") as stop:
        small(folder)
    assert stop.value.filename == str(folder)
    assert contents(folder) == {}
    folder.chmod(0o755)


def test_interrupted(tmp_path: Path) -> None:
    def stop(fraction: float, _: str) -> None:
        if fraction == 3 / 5:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="interrupted after 3 of 5 samples; go on with resume") as caught:
        small(tmp_path, progress=stop)
    assert caught.value.partial.samples.tolist() == [0, 1, 2]
    assert len(contents(tmp_path)) == 4
    with pytest.raises(Interrupted, match=r"interrupted after 3 of 5 samples$"):
        small(progress=stop, workers=2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"t_max": -1.0}, "t_max = -1.0: expected a finite time > 0"),
        ({"samples": 0}, "samples = 0: expected a whole number >= 1"),
        ({"starts": 1.5}, "starts = 1.5"),
        ({"overlap": 2.0}, "overlap = 2.0: expected a number from -1 to 1"),
        ({"temperature": -1}, "temperature = -1.0"),
        ({"rtol": 3.0}, "rtol = 3.0"),
        ({"gradient_tolerance": -1.0}, "gradient_tolerance = -1.0"),
        ({"at": [5.0]}, r"at holds 5: expected times within \[0, t_max = 2\]"),
        ({"waiting_times": [-1.0]}, "waiting_times holds -1"),
        ({"hessian_times": "start"}, "hessian_times = 'start': expected times or 'end'"),
        ({"dtype": "float16"}, "dtype = 'float16'"),
        ({"ensemble": "sparse"}, "ensemble = 'sparse': expected 'dense', 'conditioned' or 'diluted'"),
        ({"ensemble": "diluted", "connectivity": 0}, "connectivity = 0"),
        ({"workers": 0}, "workers = 0"),
        ({"start": np.ones(3)}, r"start has shape \(3,\): expected \(5, 2, 12\)"),
        ({"start": np.zeros((2, 12))}, "zero or not finite"),
    ],
)
def test_bad_arguments(words: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message) as stop:
        small(tmp_path / "never", **words)
    assert "\n" not in str(stop.value)
    if "workers" not in words:
        assert not (tmp_path / "never").exists()


def test_landscapes_that_cannot_be_sampled() -> None:
    with pytest.raises(ValueError, match="landscape has parameters without a value: a"):
        simulate(GaussianLandscape(Symbol("a", positive=True) * OVERLAP**2), 8, 1, 0, t_max=1)
    with pytest.raises(ValueError, match=r"size = 100000 needs .* GiB"):
        simulate(CUBE, 100000, 1, 0, t_max=1, ensemble="dense")
    with pytest.raises(ValueError, match="seed = -1"):
        simulate(CUBE, 8, 1, -1, t_max=1)


# Sweeps.


def square(x: int) -> int:
    if x == 13:
        raise ZeroDivisionError("unlucky")
    if x == 14:
        raise ValueError("unlikely")
    if x == 15:
        raise ConvergenceError("far")
    if x == 16:
        os._exit(1)
    return x * x


class OneByOne(Executor):
    """An executor of someone else's: it has ``submit`` and runs at once."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("words", [{}, {"executor": OneByOne()}])
def test_sweep(words: dict[str, Any]) -> None:
    seen: dict[int, int] = {}
    assert sweep(square, [3, 1, 2], done=seen.__setitem__, **words) == [9, 1, 4]
    assert seen == {0: 9, 1: 1, 2: 4}
    assert sweep(square, [], **words) == []
    with pytest.raises(SweepError, match="point 13: ZeroDivisionError: unlucky") as stop:
        sweep(square, [1, 13], **words)
    assert stop.value.index == 1 and isinstance(stop.value.__cause__, ZeroDivisionError)
    with pytest.raises(ValueError, match="x = 14: unlikely"):
        sweep(square, [14], name="x = {}".format, **words)
    with pytest.raises(ConvergenceError, match="point 15: far"):
        sweep(square, [15, 15], **words)


def test_sweep_in_processes() -> None:
    assert sweep(square, list(range(12)), workers=2) == [x * x for x in range(12)]
    with pytest.raises(SweepError, match="point 13: ZeroDivisionError: unlucky"):
        sweep(square, [1, 13], workers=2)


def test_a_worker_that_dies_is_told() -> None:
    with pytest.raises(SweepError, match=r"a worker died before point 1[68] was done"):
        sweep(square, [16, 18], workers=2)


def test_interrupted_sweep_keeps_its_results() -> None:
    def stop(index: int, _result: int) -> None:
        if index == 1:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="interrupted after 2 of 3") as caught:
        sweep(square, [3, 4, 5], done=stop)
    assert caught.value.partial == {0: 9, 1: 16}


# Against the theory at infinite size.


def deviations(
    landscape: GaussianLandscape, temperature: float, overlap: float, samples: int, error: float = 0.0
) -> Array:
    """z-scores of m, mu, e and C(t, 0), extrapolated in 1/N, against the two-time equations.

    ``error`` is a mistake in the overlap of the starts.
    """
    sizes, times = (24, 32, 48, 64, 96), [0.5, 2, 6]
    settings: dict[str, Any] = {"t_max": 6, "starts": 4, "temperature": temperature, "at": times}
    rows = [simulate(landscape, size, samples, 3, overlap=overlap + error, **settings).at(times) for size in sizes]
    expected = solve_dynamics(landscape, 6, temperature=temperature, overlap=overlap).at(times)
    z = []
    for name in ("mu", "energy", "correlation") if landscape.mean == 0 else ("m", "mu", "energy", "correlation"):
        for k in range(len(times)):
            values, errors = ([row[f"{name}{part}"][k] for row in rows] for part in ("", "_error"))
            fit = extrapolate(sizes, values, errors, SizeLaw((1.0, 2.0)))
            z.append((fit.value - expected[name][k]) / fit.error)
    return np.array(z)


@slow
@pytest.mark.parametrize(("temperature", "overlap"), [(0.0, 0.3), (0.6, 0.3)])
@pytest.mark.parametrize("landscape", [CUBE, SPIKED], ids=["pure", "planted"])
def test_averages_against_the_two_time_equations(
    landscape: GaussianLandscape, temperature: float, overlap: float
) -> None:
    z = deviations(landscape, temperature, overlap if landscape is SPIKED else 0.0, 250)
    assert np.all(np.abs(z) < 4) and np.sqrt(np.mean(z**2)) < 2


@slow
def test_a_wrong_theory_is_noticed() -> None:
    """Starts with another overlap than the equations: the same comparison fails."""
    z = deviations(SPIKED, 0.0, 0.3, 100, error=0.1)
    assert np.max(np.abs(z)) > 6


def test_job_is_the_same_at_any_place() -> None:
    plan = schedule(1.0, None, (0,), ())
    job = Job.of(
        landscape=SPIKED, size=8, seed=3, starts=1, overlap=None, temperature=0.0, plan=plan, rtol=1e-4,
        gradient_tolerance=1e-8, dtype="float64", ensemble="dense", connectivity=1,
    )  # fmt: skip
    one, two = job(Task(4)), job(Task(4))
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert not np.array_equal(one["final"], job(Task(5))["final"])
