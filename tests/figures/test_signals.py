"""A command with workers that is told to end, at any moment, from a terminal, a batch system or a colleague."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numerics.sweep import sweep

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "figure": ["figure", "sarao_mannelli_2020_complex_dynamics"],
    "simulate": ["simulate", "pure-spin", "--p", "3", "--delta-p", "1", "-N", "60", "--t-max", "1e4", "--workers", "2"],
    "check": ["check", "dynamics", "--workers", "2"],
    "phase-diagram": ["phase-diagram", "phase-retrieval", "--workers", "2"],
    "loss": ["dynamics", "phase-retrieval", "--a", "1", "--alpha", "3", "--t-max", "5", "--workers", "2"],
}


def ended(words: list[str], number: int, after: float, everyone: bool, folder: Path) -> tuple[int, str, str]:
    """Status and output of a command whose process, or every process of which, gets that signal after a time."""
    command = [sys.executable, "-m", "figures.cli.main", *words, "--output", str(folder / "out")]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes)
    time.sleep(after)
    (os.killpg if everyone else os.kill)(process.pid, number)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def living(session: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, own = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(own) == session and state != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("everyone", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_line_at_any_moment(tmp_path: Path, name: str, everyone: bool, number: int) -> None:
    for after in (6.0, 9.0, 12.0, 16.0, 25.0):
        status, out, err = ended(COMMANDS[name], number, after, everyone, tmp_path / f"{after}")
        if status == 0:  # it was faster
            return
        assert (status, out) == (128 + number, ""), err
        said = [line for line in err.splitlines() if not line.endswith(" s)")]  # besides how far it is
        assert len(said) == 1 and said[0].startswith("ruggedflow: interrupted"), err


def hears(_: int) -> list[int]:
    return sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def test_workers_leave_signals_to_the_process_that_decides() -> None:
    blocked = sweep(hears, [0, 1], workers=2)
    assert all({signal.SIGINT, signal.SIGTERM, signal.SIGHUP} <= {*signals} for signals in blocked)
    assert not hears(0)


def sleeps(_: int) -> int:
    time.sleep(60)
    return 0


def answers(_: int) -> np.ndarray[Any, Any]:
    return np.ones(3_000_000)


SCRIPT = """
import signal, sys
from figures.cli.signals import ending_alike, stop
from numerics.sweep import sweep
from tests.figures.test_signals import answers, sleeps
if __name__ == "__main__":
    with ending_alike():
        try:
            sweep(globals()[sys.argv[1]], range(int(sys.argv[2])), workers=2)
        except KeyboardInterrupt as error:
            stop(str(error))
"""


def started(tmp_path: Path, function: str, points: int) -> "subprocess.Popen[str]":
    """A sweep in a session of its own."""
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, str(script), function, str(points)]
    return subprocess.Popen(command, start_new_session=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, **pipes)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert true()


@pytest.mark.parametrize("everyone", [False, True])
def test_children_end_too(tmp_path: Path, everyone: bool) -> None:
    process = started(tmp_path, "sleeps", 3)
    wait_until(lambda: len(living(process.pid)) == 5)  # itself, tracker, forkserver, two workers
    (os.killpg if everyone else os.kill)(process.pid, signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (143, "ruggedflow: interrupted after 0 of 3\n")
    wait_until(lambda: not living(process.pid))


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(40))
def test_large_results_on_their_way(tmp_path: Path, attempt: int) -> None:
    process = started(tmp_path, "answers", 2000)
    time.sleep(1 + attempt / 20)
    (os.killpg if attempt % 2 else os.kill)(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 or attempt < 20  # the first may come before there is anyone to catch them
    if process.returncode == 130:
        assert err.count("\n") == 1 and err.startswith("ruggedflow: interrupted after ")
    wait_until(lambda: not living(process.pid))
