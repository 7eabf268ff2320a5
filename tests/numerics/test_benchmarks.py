import subprocess
import sys

import pytest

from numerics.benchmarks import risk, simulation
from numerics.benchmarks.dynamics import FORMATS, line
from numerics.benchmarks.measure import in_child


def test_a_row_is_measured_in_a_process_of_its_own() -> None:
    record = in_child("numerics.benchmarks.dynamics", "long-time", "1")
    assert record["error of e"] <= record["estimate"] + 1e-12 < 2e-5
    assert 0 < record["CPU s"] < 10 and 20 < record["peak MB"] < 2000
    assert len(line(record).split()) == 1 + len(FORMATS)


@pytest.mark.slow
def test_a_row_of_the_simulation() -> None:
    for kind, entries in (("packed", 24 * 25 * 26 // 6), ("diluted", 128 * 24)):
        record = in_child("numerics.benchmarks.simulation", kind, "3", "24")
        assert record["entries"] == entries and record["grad"] > 0 and record["Hessian"] > 0
        assert len(simulation.line(record).split()) == 1 + len(simulation.FORMATS)


@pytest.mark.slow
def test_a_row_of_empirical_risks() -> None:
    record = in_child("numerics.benchmarks.risk", "64", "3", "0.01", "20")
    assert record["ratio"] == record["NumPy s"] / record["CPU s"] > 0
    assert record["error"] < 10 * record["NumPy error"] + 1e-3 and record["gradients"] < record["NumPy grads"]
    assert len(risk.line(record).split()) == len(risk.FORMATS)


def test_an_unknown_benchmark_gets_one_line() -> None:
    command = [sys.executable, "-m", "numerics.benchmarks", "nonsense"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == "error: nonsense: expected one of dynamics, risk, simulation\n"
