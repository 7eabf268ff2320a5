import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Rational, Symbol, exp, log

from numerics.dynamics import DynamicsSolution, Equilibrium, load, model, solve_dynamics
from numerics.errors import ConvergenceError
from numerics.power_series import coefficients, evaluate
from theory import OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor

SPIKED = SpikedMatrixTensor(3, Rational(1, 2), 1)


@pytest.fixture(scope="module")
def solution() -> DynamicsSolution:
    return solve_dynamics(SPIKED, 3, overlap=0.1, temperature=0.2, method="reference")


@pytest.mark.parametrize("verify", [False, True])
def test_save_and_load(tmp_path: Path, verify: bool) -> None:
    solution = solve_dynamics(SPIKED, 3, overlap=0.1, temperature=0.2, rtol=1e-4, method="reference", verify=verify)
    again = load(solution.save(tmp_path / "run.npz"))
    t = np.linspace(0, 3, 7)
    for name, values in solution.at(t).items():
        assert np.array_equal(values, again.at(t)[name]), name
    assert np.array_equal(solution.R(t, t / 3), again.R(t, t / 3))
    assert again.settings == solution.settings and again.message == solution.message
    assert repr(again) == repr(solution)


def test_the_error_of_the_start_is_no_larger_and_earlier_files_lack_it(solution: DynamicsSolution) -> None:
    two_time, t = solution.two_time, np.linspace(0, 3, 9)
    assert np.all(two_time.start_error(t) <= two_time.error(t).correlation)
    arrays = two_time.arrays()
    again = type(two_time).from_arrays(solution.model, arrays)
    assert np.array_equal(again.start_error(t), two_time.start_error(t))
    del arrays["start_estimates"]
    earlier = type(two_time).from_arrays(solution.model, arrays)
    assert np.array_equal(earlier.start_error(t), two_time.error(t).correlation)


def test_other_damaged_and_newer_files_are_refused(tmp_path: Path, solution: DynamicsSolution) -> None:
    path = solution.save(tmp_path / "run.npz")
    content = path.read_bytes()
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    header = json.loads(str(arrays["header"]))
    bad: dict[str, dict[str, Any]] = {
        "newer": {"header": np.array(json.dumps(header | {"version": 99}))},
        "foreign": {"header": np.array(json.dumps({"format": "other"}))},
        "list": {"header": np.array("[]")},
        "kind": {"header": np.array(json.dumps(header | {"kind": "other"}))},
        "short": {"two_time.c": arrays["two_time.c"][:-1]},
        "nan": {"two_time.c": arrays["two_time.c"] * np.nan},
    }
    for name, change in bad.items():
        np.savez(tmp_path / f"{name}.npz", **(arrays | change))
    (tmp_path / "cut.npz").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.npz").write_text("t,m,mu")
    (tmp_path / "empty.npz").write_bytes(b"")
    with (tmp_path / "array.npz").open("wb") as stream:
        np.save(stream, np.ones(3))
    for name in (*bad, "cut", "text", "empty", "array"):
        with pytest.raises(ValueError, match=re.escape(f"{name}.npz: ")) as caught:
            load(tmp_path / f"{name}.npz")
        assert "\n" not in str(caught.value)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npz")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"t_max": 0}, "t_max = 0: expected a finite time > 0"),
        ({"t_max": np.nan}, "t_max = nan"),
        ({"t_max": np.inf}, "t_max = inf"),
        ({"overlap": 1.5}, "overlap = 1.5: expected a number within [-1, 1]"),
        ({"overlap": np.nan}, "overlap = nan"),
        ({"temperature": -0.1}, "temperature = -0.1"),
        ({"temperature": np.inf}, "temperature = inf"),
        ({"rtol": 1e-14}, "rtol = 1e-14: expected a tolerance within [1e-13, 1)"),
        ({"rtol": 1.0}, "rtol = 1.0"),
        ({"method": "euler"}, "method = 'euler': expected one of auto, reference, long-time"),
        ({"start": "cold"}, "start = 'cold': expected 'random' or Equilibrium(beta)"),
        ({"start": Equilibrium(1), "overlap": 0.1}, "overlap = 0.1 with an equilibrium start"),
    ],
)
def test_bad_input_is_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(message)) as caught:
        solve_dynamics(SPIKED, **({"t_max": 1.0} | options))
    assert "\n" not in str(caught.value)


def test_bad_landscapes_and_starts_are_one_line(solution: DynamicsSolution) -> None:
    with pytest.raises(ValueError, match="beta = -1"):
        Equilibrium(-1)
    with pytest.raises(ValueError, match="parameters without a value: delta_p"):
        solve_dynamics(PureSpin(3, Symbol("delta_p", positive=True)), 1)
    with pytest.raises(ValueError, match="one state of unbroken replica symmetry"):
        solve_dynamics(GaussianLandscape(OVERLAP / 9 + OVERLAP**3), 1, start=Equilibrium(3))
    with pytest.raises(ValueError, match="power series"):
        solve_dynamics(GaussianLandscape(-log(1 - OVERLAP / Rational(101, 100))), 1)
    with pytest.raises(ValueError, match="use method = 'long-time'"):
        solve_dynamics(SPIKED, 3, resume=solution)


def test_reference_refuses_what_is_out_of_reach() -> None:
    with pytest.raises(ConvergenceError, match="use method = 'long-time'") as caught:
        solve_dynamics(SPIKED, 1e300, method="reference")
    assert "\n" not in str(caught.value)


def test_interrupts_and_progress_pass_through() -> None:
    seen: list[float] = []

    def progress(fraction: float, _: str) -> None:
        seen.append(10 * fraction)
        if seen[-1] > 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve_dynamics(SPIKED, 10, method="reference", progress=progress)
    assert seen == sorted(seen) and 1 < seen[-1] < 2


def test_times_outside_are_refused(solution: DynamicsSolution) -> None:
    for call in (lambda: solution.C(3.1, 0), lambda: solution.R(1, -1e-9), lambda: solution.at([1, np.nan])):
        with pytest.raises(ValueError, match=re.escape("this solution covers [0, 3]")):
            call()


def test_shapes_card_and_plot(solution: DynamicsSolution) -> None:
    assert solution.C(1, 0.5).shape == () and solution.R(np.ones((2, 1)), np.zeros(3)).shape == (2, 3)
    assert solution.at([]).keys() == solution.at(1).keys()
    assert solution.t[0] == 0 and solution.t_reached == 3 and solution.m[0] == 0.1
    assert solution.t.shape == solution.mu.shape == solution.errors.energy.shape
    assert "reached t = 3" in repr(solution)
    assert len(solution.plot().axes) == 4


def test_dataset(solution: DynamicsSolution) -> None:
    pytest.importorskip("xarray")
    data = solution.to_xarray(11)
    assert data["C"].shape == (11, 11) and float(data["R"][2, 5]) == 0
    assert float(data["energy"][-1]) == solution.energy[-1]


@pytest.mark.parametrize(
    "expression",
    [exp(OVERLAP) - 1, 1 / (2 - OVERLAP), OVERLAP**64 / 7, OVERLAP * exp(OVERLAP**2), -log(1 - OVERLAP / 3)],
)
def test_power_series(expression: Any) -> None:
    series, x = coefficients(expression, OVERLAP), np.linspace(-1, 1, 21)
    expected = [float(expression.subs(OVERLAP, value)) for value in x]
    assert evaluate(series, x) == pytest.approx(expected, rel=1e-14, abs=1e-15 * np.sum(np.abs(series)))


def test_kernels_are_derivatives_of_one_another() -> None:
    numbers = model(GaussianLandscape(exp(OVERLAP) - 1, OVERLAP**3))
    polynomial = np.polynomial.polynomial
    for lower, higher in (
        ("covariance", "noise"),
        ("noise", "memory"),
        ("memory", "memory_slope"),
        ("planted", "drift"),
    ):
        slope, expected = polynomial.polyder(getattr(numbers, lower)), getattr(numbers, higher)
        assert slope == pytest.approx(expected[: slope.size], rel=1e-13)
    assert model(PureSpin(3, Symbol("delta_p", positive=True)), parameters={"delta_p": 1}).memory[1] == 2
