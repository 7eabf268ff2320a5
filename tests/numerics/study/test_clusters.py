"""Studies on executors: pools whose workers die, a cluster of Dask, functions that nobody can import."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from numerics.carried import Carried, carried
from numerics.study import Study, open_study, points_of, run
from numerics.sweep import SweepError

ROOT = Path(__file__).parents[3]


class Logged:
    """Takes a while, and leaves a line for each time that it is finished."""

    def __init__(self, log: Path, seconds: float = 0.05) -> None:
        self.log, self.seconds = str(log), seconds

    def __call__(self, point: Mapping[str, Any]) -> float:
        time.sleep(self.seconds)
        with Path(self.log).open("a") as stream:
            stream.write(f"{point['x']}\n")
        return float(point["x"]) ** 0.5


class Fatal(Logged):
    """Takes its worker along, the first time or always."""

    def __init__(self, log: Path, *, always: bool) -> None:
        super().__init__(log, 0.01)
        self.always = always

    def __call__(self, point: Mapping[str, Any]) -> float:
        mark = Path(f"{self.log}.{point['x']}")
        if point["x"] == 5 and (self.always or not mark.exists()):
            mark.touch()
            time.sleep(1.0)  # the others get on meanwhile
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(point)


def studied(function: Any, folder: Path, number: int, **where: Any) -> Study:
    return run(function, points_of({"x": list(range(number))}), about={"of": "roots"}, folder=folder, **where)


def serial(tmp_path: Path, number: int) -> bytes:
    studied(Logged(tmp_path / "serial.log", 0), tmp_path / "serial", number)
    return (tmp_path / "serial" / "table.csv").read_bytes()


def test_any_executor(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as executor:
        studied(Logged(tmp_path / "log"), tmp_path / "pool", 12, executor=executor)
    assert (tmp_path / "pool" / "table.csv").read_bytes() == serial(tmp_path, 12)
    assert sorted((tmp_path / "log").read_text().split()) == sorted(map(str, range(12)))


def test_a_worker_that_is_killed_costs_its_point_alone(tmp_path: Path) -> None:
    studied(Fatal(tmp_path / "log", always=False), tmp_path / "pool", 12, workers=2)
    assert (tmp_path / "pool" / "table.csv").read_bytes() == serial(tmp_path, 12)


def test_workers_that_keep_dying_end_it_and_the_rest_is_kept(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="a worker died before x = "):
        studied(Fatal(tmp_path / "log", always=True), tmp_path / "pool", 12, workers=2)
    assert open_study(tmp_path / "pool").left == 1


NOTEBOOK = """
from pathlib import Path
from numerics.study import points_of, run
shift = 2
def shifted(point):
    return point["x"] + shift
print(run(shifted, points_of({"x": [1, 2]}), about={}, workers=2).fields()["value"])
"""


@pytest.mark.parametrize("there", [True, False])
def test_functions_of_a_notebook(there: bool) -> None:
    """As in a notebook, ``__main__`` is no file."""
    if there:
        pytest.importorskip("cloudpickle")
    hidden = "" if there else "import sys; sys.modules['cloudpickle'] = None\n"
    words = [sys.executable, "-c", hidden + NOTEBOOK]
    done = subprocess.run(
        words, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    if there:
        assert done.stdout == "[3.0, 4.0]\n", done.stderr
    else:
        assert "it is defined in __main__, which is no file; pip install cloudpickle" in done.stderr.splitlines()[-1]


def test_functions_that_pickle_does_not_know() -> None:
    pytest.importorskip("cloudpickle")
    shift = 2
    shifted = carried(lambda x: x + shift)
    assert isinstance(shifted, Carried) and shifted(1) == 3 and carried(len) is len
    lock = Lock()
    with pytest.raises(ValueError, match="the function cannot reach other processes"):
        carried(lambda x: (lock, x))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """A scheduler and two workers, each a process of its own."""
    pytest.importorskip("distributed")
    where = {"cwd": tmp_path, "env": os.environ | {"PYTHONPATH": str(ROOT)}, "stderr": subprocess.DEVNULL}
    own: Any = {**where, "stdout": subprocess.DEVNULL}
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard", "--port", "0"]
    processes = [subprocess.Popen([*dask, "--host", "127.0.0.1", "--scheduler-file", str(file)], **own)]
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny", "--no-dashboard", "--nthreads", "1"]
    processes += [subprocess.Popen([*worker, "--scheduler-file", str(file)], **own) for _ in range(2)]
    yield str(file), processes
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_of_a_cluster_is_killed(tmp_path: Path, cluster: tuple[str, list["subprocess.Popen[bytes]"]]) -> None:
    """Nothing is lost, nothing that was finished is done twice, and the table is that of a serial run."""
    from distributed import Client

    file, (_, victim, _) = cluster
    finished: list[list[str]] = []

    def progress(_: float, what: str) -> None:
        if what.startswith("20 of"):
            finished.append([path.name for path in (tmp_path / "dask" / "points").iterdir()])
            victim.kill()

    with Client(scheduler_file=file) as client:
        client.wait_for_workers(2, timeout=60)
        executor = client.get_executor()
        studied(Logged(tmp_path / "log", 0.1), tmp_path / "dask", 60, executor=executor, progress=progress)
    assert victim.wait(10) == -signal.SIGKILL and len(finished[0]) == 20
    done = [int(x) for x in (tmp_path / "log").read_text().split()]
    twice = {x for x in done if done.count(x) > 1}
    assert set(done) == set(range(60)) and len(twice) <= 2, twice  # what was on its way from the worker that died
    assert (tmp_path / "dask" / "table.csv").read_bytes() == serial(tmp_path, 60)
    kept = [path.stat().st_mtime_ns for path in (tmp_path / "dask" / "points").iterdir()]
    assert len(kept) == 60


@pytest.mark.slow
def test_the_machinery_takes_less_than_a_twentieth(tmp_path: Path) -> None:
    number, each = 40, 0.25
    studied(Logged(tmp_path / "warm", 0), tmp_path / "warm_up", 4)
    begun = time.perf_counter()
    studied(Logged(tmp_path / "log", each), tmp_path / "own", number)
    assert time.perf_counter() - begun < 1.05 * number * each


SCALE = """
import resource, sys, time
from numerics.study import points_of, run
from numerics.study.folder import Folder
begun = time.perf_counter()
study = run(lambda p: p["x"] * p["y"], points_of({"x": range(1000), "y": range(100)}), about={}, folder=sys.argv[1])
assert not study.left and not study.failed
ran, begun = time.perf_counter() - begun, time.process_time()
assert len(Folder(sys.argv[1])) == 10**5
print(ran, time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


@pytest.mark.slow
def test_a_hundred_thousand_points() -> None:
    """In memory, where no disk has to be waited for: 4 ms for each point where flushing takes that long."""
    from tempfile import TemporaryDirectory

    if not Path("/dev/shm").is_dir():
        pytest.skip("no folder in memory")
    with TemporaryDirectory(dir="/dev/shm") as folder:
        words = [sys.executable, "-c", textwrap.dedent(SCALE), folder]
        done = subprocess.run(
            words, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
        )
    ran, opened, gigabytes = map(float, done.stdout.split())
    assert ran < 600 and opened < 1 and gigabytes < 1
