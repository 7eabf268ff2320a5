"""`ruggedflow dynamics` as a user types it; the method for long times is tested in tests/numerics."""

import errno
import io
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from figures.commands import two_time as cli
from figures.commands.progress import fraction
from numerics.dynamics import Equilibrium, Model, load, long_time, solve_dynamics
from numerics.dynamics import reference as reference_method
from numerics.dynamics.solution import COLUMNS
from numerics.errors import ConvergenceError
from numerics.quantity import with_error
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor
from theory.domain import Real

SPIKED = SpikedMatrixTensor(3, Rational(1, 2), 1)
SYSTEM = ["dynamics", "spiked-matrix-tensor", "--p", "3", "--delta-2", "0.5", "--delta-p", "1", "--rtol", "1e-4"]


def test_rows_are_those_of_the_library(run: Any) -> None:
    status, out, err = run(*SYSTEM, "--overlap", "1e-3", "--t-max", "3", "--at", "0.5,2,1/3", "--json")
    record = json.loads(out)
    solution = solve_dynamics(SPIKED, 3, overlap=1e-3, rtol=1e-4)
    assert (status, err) == (0, "")
    assert record["system"] == "spiked-matrix-tensor"
    assert record["parameters"] == {"p": 3, "delta_2": 0.5, "delta_p": 1}
    assert record["settings"] == solution.settings and record["message"] == solution.message
    assert record["statistics"] == solution.statistics
    for name, values in solution.at([0.5, 2, 1 / 3]).items():
        assert [row[name] for row in record["rows"]] == values.tolist(), name
    assert set(record["rows"][0]) == {"t", *COLUMNS, *(f"{name}_error" for name in COLUMNS)}


def test_default_times_are_decades_and_the_end(run: Any) -> None:
    record = json.loads(run(*SYSTEM, "--t-max", "12.5", "--rtol", "1e-2", "--json")[1])
    assert [row["t"] for row in record["rows"]] == [1, 10, 12.5]
    assert json.loads(run(*SYSTEM, "--t-max", "0.5", "--json")[1])["rows"][0]["t"] == 0.5


def test_times_are_those_of_the_landscape(run: Any) -> None:
    """``H -> 1e8 H``: decades, limits and the method follow."""
    words = ["dynamics", "landscape", "--covariance", "1e16*q**3/2", "--rtol", "1e-3"]
    record = json.loads(run(*words, "--t-max", "1e-7", "--json")[1])
    assert [row["t"] for row in record["rows"]] == [1e-8, 1e-7] and record["settings"]["method"] == "reference"
    assert "from 1e-158 to 10000" in run(*words, "--t-max", "1e5")[2]
    tiny = json.loads(run(*words[:2], "--covariance", "q**3/2", "--t-max", "1e-9", "--json")[1])
    assert tiny["rows"][-1]["t"] == 1e-9 and tiny["rows"][-1]["mu"] == pytest.approx(4.5e-9, rel=1e-8)


@pytest.mark.parametrize("stream", ["terminal", "pipe"])
def test_a_run_that_compiles_says_so_on_a_terminal(monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal() if stream == "terminal" else io.StringIO())
    monkeypatch.setattr(cli, "ready", lambda: False)
    cli._announce("reference")
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]
    cli._announce("long-time")
    assert ("compiling" in sys.stderr.getvalue()) == (stream == "terminal")  # type: ignore[attr-defined]


def test_the_last_time_is_reached_up_to_rounding(run: Any) -> None:
    record = json.loads(run(*SYSTEM, "--t-max", "1.51", "--rtol", "1e-3", "--verify", "--json")[1])
    assert record["rows"][-1]["t"] == 1.51
    assert record["message"].startswith("reached t = 1.51") and record["settings"]["verify"] is True


def test_other_starts_and_systems(run: Any) -> None:
    words = [
        "landscape",
        "--covariance",
        "q**3/2",
        "--mean",
        "m**3/5",
        "--temperature",
        "0.8",
        "--beta-initial",
        "1.25",
    ]
    record = json.loads(run("dynamics", *words, "--t-max", "2", "--json")[1])
    landscape = GaussianLandscape(OVERLAP**3 / 2, SIGNAL_OVERLAP**3 / 5)
    solution = solve_dynamics(landscape, 2, temperature=0.8, start=Equilibrium(1.25))
    assert record["rows"][-1]["correlation"] == solution.C(2, 0)
    assert record["settings"]["start"] == "equilibrium at beta = 1.25"


def test_a_tiny_overlap_is_not_lost(run: Any) -> None:
    record = json.loads(run(*SYSTEM, "--overlap", "1e-300", "--t-max", "1", "--json")[1])
    assert record["settings"]["overlap"] == 1e-300
    assert 2e-300 < record["rows"][-1]["m"] < 3e-300
    assert Real(-1, 1).read("overlap", "-2e-300/4") == -5e-301


def test_the_table_is_aligned_and_names_its_files(run: Any, tmp_path: Path) -> None:
    words = ["--t-max", "1", "--output", str(tmp_path / "new" / "run.npz"), "--verify"]
    status, out, err = run(*SYSTEM, "--overlap", "0.1", *words)
    assert (status, err) == (0, "")
    table = [line for line in out.splitlines() if line[:1] in "┏┃┡│└"]
    assert len(table) == 5 and len({len(line) for line in table}) == 1
    assert re.search(r"│ 1 +│ 0\.\d+\(\d\) +│ 3\.\d+\(\d\) +│ -1\.\d+\(\d\) +│ 0\.\d+\(\d\) +│", out)
    assert "reached t = 1" in out and "written to" in out
    assert load(tmp_path / "new" / "run.npz").settings["verify"] is True


def test_plot(run: Any, tmp_path: Path) -> None:
    for suffix in ("png", "pdf", "svg"):
        path = tmp_path / f"run.{suffix}"
        assert run(*SYSTEM, "--overlap", "1e-3", "--t-max", "2", "--plot", str(path))[0] == 0
        assert path.stat().st_size > 5000


def test_pictures_look_as_asked_for(run: Any, tmp_path: Path) -> None:
    sheet, words = tmp_path / "mine.mplstyle", (*SYSTEM, "--overlap", "1e-3", "--t-max", "2", "--plot")
    sheet.write_text("font.size: 5\n")
    drawn = {}
    for name, look in {
        "plain": (),
        "wide": ("--figsize", "8,2"),
        "two": ("--lines", "m,energy"),
        "named": ("--x-label", "$t/t_0$"),
        "styled": ("--style", str(sheet)),
    }.items():
        file = tmp_path / f"{name}.svg"
        assert run(*words, str(file), *look)[0] == 0
        drawn[name] = file.read_text()
    assert len(set(drawn.values())) == 5 and 'width="576pt" height="144pt"' in drawn["wide"]
    for look, said in {
        ("--figsize", "8"): "--figsize 8 must be two numbers; try --figsize 3.4,2.5",
        ("--lines", "mass"): "--lines mass: no such curve; choose among m, energy, mu, correlation",
        ("--style", "/no/such.mplstyle"): "--style /no/such.mplstyle cannot be used",
    }.items():
        status, _, err = run(*words, str(tmp_path / "none.svg"), *look)
        assert status == 2 and said in err and err.count("\n") == 1, err
    status, _, err = run(*words[:-1], "--figsize", "8,2")
    assert (status, err) == (2, "ruggedflow: --figsize is of the picture: give --plot as well\n")


def test_what_is_drawn() -> None:
    planted = solve_dynamics(SPIKED, 3, overlap=1e-3, rtol=1e-3).plot().axes
    assert [axes.get_ylabel() for axes in planted] == ["$m(t)$", "$e(t)$", r"$\mu(t)$", "$C(t, 0)$"]
    assert planted[-1].get_xlabel() == "time" and planted[-1].get_xscale() == "log"
    assert planted[1].lines[1].get_ydata()[0] == pytest.approx(-31 / 18)
    spin = PureSpin(3, Rational(2, 3))
    for temperature, lines in ((0.0, 2), (0.5, 1)):
        axes = solve_dynamics(spin, 1, temperature=temperature, rtol=1e-3).plot().axes
        assert len(axes) == 3 and len(axes[0].lines) == lines


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-1.154005674321, 1.2e-8, "-1.15400567(2)"),
        (-1.154005674321, 9.7e-8, "-1.1540057(1)"),
        (2.5158448e-300, 3e-304, "2.5158(3)e-300"),
        (1e-9, 0.02, "0.00(2)"),
        (0.5, 1e-17, "0.5000000000(1)"),
        (123.4, 40.0, "123(40)"),
        (0.0, 0.0, "0"),
        (0.25, 0.0, "0.25"),
        (3.2448e41, 2.1e36, "3.24480(3)e41"),
        (-1e50, 1e42, "-1.00000000(1)e50"),
        (0.0, 3e41, "0(3)e41"),
    ],
)
def test_digits_in_brackets(value: float, error: float, text: str) -> None:
    assert with_error(value, error) == text


MISTAKES = {
    "--t-max 0": ["--t-max 0", "from 1e-150 to 1e+12"],
    "--t-max -1": ["--t-max -1"],
    "--t-max nan": ["--t-max 'nan' is not a number"],
    "--t-max inf": ["--t-max 'inf' is not a number"],
    "--t-max 1e13": ["--t-max 1e+13"],
    "--t-max 1 --overlap 1.5": ["--overlap 1.5", "from -1 to 1"],
    "--t-max 1 --overlap 1e-400": ["--overlap 1e-400 is too small"],
    "--t-max 1 --overlap 1/0": ["--overlap '1/0' is not a number"],
    "--t-max 1 --temperature -0.1": ["--temperature -0.1", "from 0"],
    "--t-max 1 --beta-initial -1": ["--beta-initial -1", "from 0"],
    "--t-max 1 --beta-initial 1 --overlap 0.1": ["overlap = 0.1", "equilibrium"],
    "--t-max 1 --rtol 1e-14": ["rtol = 1e-14", "1e-13"],
    "--t-max 1 --rtol 1": ["rtol = 1", "1e-6"],
    "--t-max 1 --method euler": ["'euler'", "auto, reference, long-time"],
    "--t-max 1 --at 0.5,2": ["--at 2", "--t-max 1"],
    "--t-max 1 --at 0.5,": ["--at '' is not a number"],
    "--t-max 1 --at -1": ["--at -1"],
    "--t-max 1 --output /dev/null": ["--output /dev/null"],
    "--t-max 1 --output /dev/null/run.npz": ["/dev/null", "--output"],
    "--t-max 1 --output /proc/run.npz": ["/proc", "--output"],
    "--t-max 1 --plot run.doc": ["run.doc", ".png"],
    "--t-max 1 --resume nowhere.npz": ["--resume nowhere.npz", "No such file", "--output"],
    "--t-max 1 --resume pyproject.toml": ["pyproject.toml", "not a file of solve_dynamics"],
    "--t-max 1 --mean m": ["--mean does not apply", "--delta-2"],
    "--overlap 1e-3": ["--t-max"],
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_gets_one_line_and_status_two(run: Any, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setattr(reference_method, "solve", lambda *_, **__: pytest.fail("computed before checking"))
    status, out, err = run(*SYSTEM, *words.split())
    assert (status, out) == (2, "")
    assert err.count("\n") == 1 and err.startswith("ruggedflow: ")
    for word in MISTAKES[words]:
        assert word in err


def test_every_parameter_is_needed(run: Any) -> None:
    status, _, err = run(*["dynamics", "spiked-matrix-tensor", "--p", "3", "--delta-p", "1", "--t-max", "1"])
    assert status == 2 and "--delta-2 is missing" in err


def stopped_by(error: BaseException) -> Any:
    """The long-time method, stopped half-way by that error."""

    def solve(model: Model, t_max: float, *, rtol: float, reached: Any, resume: Any, keep: Any, again: Any) -> Any:
        assert resume is None
        error.two_time = reference_method.solve(model, t_max / 2, rtol=rtol, reached=reached)  # type: ignore[attr-defined]
        raise error

    return solve


STOPS = {
    130: (KeyboardInterrupt(), "interrupted at t = 2 of 4"),
    1: (ConvergenceError("stopped at t = 2: rtol out of reach"), "stopped at t = 2: rtol out of reach"),
}


@pytest.mark.parametrize("status", STOPS)
def test_what_stops_early_is_kept(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int) -> None:
    error, message = STOPS[status]
    monkeypatch.setattr(long_time, "solve", stopped_by(error), raising=False)
    path = tmp_path / "run.npz"
    words = [*SYSTEM, "--t-max", "4", "--method", "long-time"]
    found, out, err = run(*words, "--output", str(path))
    assert (found, err) == (status, f"ruggedflow: {message}; continue with --resume {path}\n")
    assert (out == "") == (status == 130)
    partial = load(path)
    assert partial.t_reached == 2 and partial.message.startswith("stopped at t = 2 of 4")
    assert np.array_equal(partial.energy, solve_dynamics(SPIKED, 2, rtol=1e-4, method="reference").energy)
    found, out, err = run(*words, "--json")
    assert (found, err) == (status, f"ruggedflow: {message}; give --output FILE to keep what there is\n")
    if status == 1:
        record = json.loads(out)
        assert [row["t"] for row in record["rows"]] == [1, 2] and record["message"] == partial.message
        assert record["rows"][-1]["energy"] == partial.energy[-1] and "output" not in record
    else:
        assert out == ""


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("loss", [False, True])
def test_a_full_disk_costs_the_files_alone(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, loss: bool
) -> None:
    path, picture = tmp_path / "run.npz", tmp_path / "run.png"
    descent = ["dynamics", "phase-retrieval", "--a", "1", "--alpha", "3", "--walkers", "64", "--samples", "2"]
    words = [*descent, "--eta", "0.1", "--t-max", "0.2"] if loss else [*SYSTEM, "--t-max", "1"]
    alone = json.loads(run(*words, "--json")[1])
    monkeypatch.setattr(os, "fsync", full)
    words += ["--output", str(path), "--plot", str(picture)]
    line = f"ruggedflow: cannot write {path}: No space left on device; choose another place with --output or --plot\n"
    status, out, err = run(*words)
    assert (status, err) == (2, line) and "C(t, 0)" in out and "written" not in out
    status, out, err = run(*words, "--json")
    assert (status, err) == (2, line) and json.loads(out) == alone
    assert list(tmp_path.iterdir()) == []


TOLD = "figures.commands.progress.Shown.__call__"
"""Where progress arrives that is piped."""


def reached(doing: str) -> float:
    """t of ``t = 0.5 of 3``."""
    return float(doing.split()[2])


def test_a_run_keeps_what_it_has(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RUGGEDFLOW_SAVE_EVERY", "0")
    path, seen = tmp_path / "run.npz", []

    def look(_: Any, __: float, doing: str) -> None:
        if path.exists():
            seen.append((load(path).t_reached, reached(doing)))

    monkeypatch.setattr(TOLD, look)
    words = [*SYSTEM, "--method", "long-time", "--t-max", "3", "--output", str(path)]
    assert run(*words)[0] == 0
    assert seen and all(kept <= 1.01 * time for kept, time in seen) and load(path).t_reached == pytest.approx(3)


def test_a_run_goes_on_where_nothing_can_be_kept(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RUGGEDFLOW_SAVE_EVERY", "0")
    monkeypatch.setattr(os, "fsync", full)
    path = tmp_path / "run.npz"
    status, out, err = run(*SYSTEM, "--method", "long-time", "--t-max", "3", "--output", str(path))
    assert status == 2 and "reached t = 3" in out
    assert err.splitlines()[0] == f"ruggedflow: cannot write {path}: No space left on device; the run goes on"
    assert err.count("\n") == 2 and "choose another place" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_alike(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: signal.Signals) -> None:
    """Whoever sends it: what there is is kept, one line, 128 plus its number; one more changes nothing."""

    def told(_: Any, __: float, doing: str) -> None:
        if reached(doing) > 0.5:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(TOLD, told)
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    path = tmp_path / "run.npz"
    try:
        # what runs in the background may ignore them, and a command leaves it so
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        status, out, err = run(*SYSTEM, "--method", "long-time", "--t-max", "3", "--output", str(path))
    finally:
        for n, handler in before.items():
            signal.signal(n, handler)
    assert (status, out) == (128 + number, "") and err.count("\n") == 1
    assert err.startswith("ruggedflow: interrupted at t = ") and err.endswith(f"continue with --resume {path}\n")
    assert 0.5 < load(path).t_reached < 3


def test_a_bad_interval_is_one_line(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for text in ("soon", "-1", "nan", ""):
        monkeypatch.setenv("RUGGEDFLOW_SAVE_EVERY", text)
        status, out, err = run(*SYSTEM, "--t-max", "1", "--output", str(tmp_path / "run.npz"))
        assert (status, out) == (2, "") and err.count("\n") == 1 and "RUGGEDFLOW_SAVE_EVERY" in err


def test_an_interrupted_check_keeps_what_was_to_be_checked(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    solve = reference_method.solve

    def interrupted(model: Model, t_max: float, *, rtol: float, reached: Any) -> Any:
        if rtol < 1e-4:
            raise KeyboardInterrupt
        return solve(model, t_max, rtol=rtol, reached=reached)

    monkeypatch.setattr(reference_method, "solve", interrupted)
    words = ["--t-max", "2", "--verify", "--output", str(tmp_path / "run.npz")]
    status, out, err = run(*SYSTEM, *words)
    assert (status, out) == (130, "")
    assert err.startswith("ruggedflow: interrupted while verifying what had reached t = 2; continue with --resume ")
    assert load(tmp_path / "run.npz").settings["verify"] is False


def test_an_interrupted_reference_run_keeps_nothing(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(TOLD, interrupt)
    status, out, err = run(*SYSTEM, "--t-max", "2", "--output", str(tmp_path / "run.npz"))
    assert (status, out, err) == (130, "", "ruggedflow: interrupted, nothing was kept\n")
    assert list(tmp_path.iterdir()) == []


def test_resume_goes_on_from_the_same_problem_only(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = str(tmp_path / "run.npz")
    monkeypatch.setattr(reference_method.UniformTwoTime, "kind", "long-time")
    monkeypatch.setattr("numerics.dynamics.solution.backend", lambda _: reference_method.UniformTwoTime)
    seen = []

    def solve(model: Model, t_max: float, *, rtol: float, reached: Any, resume: Any, keep: Any, again: Any) -> Any:
        seen.append(resume.t[-1])
        return reference_method.solve(model, t_max, rtol=rtol, reached=reached)

    monkeypatch.setattr(long_time, "solve", solve, raising=False)
    run(*SYSTEM, "--t-max", "2", "--output", path)
    status, out, _ = run(*SYSTEM, "--t-max", "4", "--resume", path, "--output", path, "--json")
    assert status == 0 and seen == [2] and json.loads(out)["rows"][-1]["t"] == 4
    again = json.loads(run(*SYSTEM, "--t-max", "3", "--resume", path, "--json")[1])
    assert again["message"].startswith("nothing to solve: what was resumed reaches t = 4; up to t = 3 largest")
    status, out, err = run(*SYSTEM, "--t-max", "3", "--resume", path, "--output", path, "--verify")
    assert (status, out) == (2, "") and "resume reaches t = 4 already" in err and load(path).t_reached == 4
    assert seen == [2] and again["rows"][-1]["energy"] == load(path).at(3)["energy"][0]
    wrong = {"overlap is different": ["--overlap", "0.1"], "solved to 0.0001": ["--rtol", "1e-5"]}
    for reason, words in wrong.items():
        status, out, err = run(*SYSTEM, "--t-max", "4", "--resume", path, *words)
        assert (status, out) == (2, "") and err.count("\n") == 1 and reason in err


@pytest.mark.slow
def test_interrupted_and_resumed_is_the_same_as_in_one_go(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = [*SYSTEM, "--overlap", "1e-3", "--t-max", "50", "--json"]
    whole, path = json.loads(run(*words)[1]), str(tmp_path / "run.npz")

    def interrupt(_: Any, __: float, doing: str) -> None:
        if reached(doing) > 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(TOLD, interrupt)
        status, out, err = run(*words, "--output", path)
    assert (status, out) == (130, "") and err.startswith("ruggedflow: interrupted at t = ")
    assert 5 < load(path).t_reached < 50
    for row, expected in zip(json.loads(run(*words, "--resume", path)[1])["rows"], whole["rows"], strict=True):
        for name in COLUMNS:
            assert row[name] == pytest.approx(expected[name], abs=expected[f"{name}_error"]), name


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_the_bar_shows_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO]) -> None:
    monkeypatch.setattr(sys, "stderr", stream())
    monkeypatch.setenv("TERM", "xterm")
    with fraction() as progress:
        progress(0.5, "t = 1e+03 of 1e+06")
    shown = sys.stderr.getvalue()  # type: ignore[attr-defined]
    if stream is Terminal:
        assert "t = 1e+03" in shown and shown.endswith("\x1b[2K")
    else:
        assert shown == ""


def test_an_informed_start_has_its_overlaps(run: Any) -> None:
    words = ["dynamics", "spiked-tensor", "--p", "3", "--delta-p", "0.1", "--temperature", "0.3", "--t-max", "1"]
    words += ["--start", "informed", "--beta-initial"]
    status, out, _ = run(*words, "1.5", "--at", "0,1", "--json")
    first, last = json.loads(out)["rows"]
    assert status == 0 and first["m"] > 0.9 and first["replica"] > 0.9
    assert abs(last["replica"] - last["correlation"]) < 1e-3  # both come to rest where the state is
    status, out, _ = run(*words, "1.5")
    assert status == 0 and "informed at beta = 1.5" in out and "q " in out
    status, _, err = run(*words, "0.1")
    assert status == 2 and err.startswith("ruggedflow: beta = 0.1: no state overlaps with the signal")


def test_starts_by_name(run: Any) -> None:
    """Equilibrium below T_K is refused with both temperatures, and planted is offered."""
    words = ["dynamics", "landscape", "--covariance", "q**3/2", "--t-max", "1", "--beta-initial", "2"]
    status, _, err = run(*words)
    assert status == 2 and len(err.splitlines()) == 1
    assert all(part in err for part in ("T = 0.5", "T_K = 0.586054", "--start planted"))
    status, out, _ = run(*words, "--start", "planted", "--json")
    record = json.loads(out)
    assert status == 0 and record["settings"]["start"] == "planted at beta = 2"
    for options, part in (
        (["--start", "random"], "leave --beta-initial out"),
        (["--start", "hot"], "random, equilibrium, informed, planted"),
    ):
        status, _, err = run(*words, *options)
        assert status == 2 and part in err
    status, _, err = run(*words[:-2], "--start", "planted")
    assert status == 2 and "give --beta-initial BETA" in err


PURE = ("dynamics", "landscape", "--covariance", "q**3/2", "--t-max", "6", "--at", "6")


def test_response_beside_its_prediction(run: Any, tmp_path: Path) -> None:
    words = (*PURE, "--temperature", "0.4", "--fluctuation-dissipation", "5")
    picture = tmp_path / "chi.png"
    found = json.loads(run(*words, "--json", "--plot", str(picture))[1])["fluctuation_dissipation"]
    fast, slow = found["prediction"]["sectors"]
    assert (found["t"], fast["kind"], slow["kind"]) == (5, "equilibrium", "step") and picture.stat().st_size > 0
    assert fast["effective_temperature"] == [0.4, 0.4] and slow["to"] == 0
    plateau = found["prediction"]["plateau"]
    assert slow["effective_temperature"][0] == pytest.approx(0.4 * plateau / (1 - plateau), rel=1e-12)
    assert found["prediction"]["exponent_b"] == pytest.approx(1, abs=1e-12)
    first, last = found["rows"][0], found["rows"][-1]
    assert (first["s"], first["correlation"], first["chi"], last["s"]) == (5, 1, 0, 0)
    assert abs(first["effective_temperature"] - 0.4) < 1e-6
    status, out, err = run(*words)
    assert (status, err) == (0, "")
    assert all(part in " ".join(out.split()) for part in ("T_eff = 1.0794979", "lambda = 0.1852713201", "b = 1"))


def test_response_where_nothing_is_predicted(run: Any) -> None:
    out = run(*PURE, "--schedule", "0:1, 3:0.2", "--fluctuation-dissipation", "6")[1]
    assert "t -> oo: the temperature of the bath changes" in out
    found = json.loads(run(*PURE, "--fluctuation-dissipation", "6", "--json")[1])["fluctuation_dissipation"]
    assert found["rows"][0]["effective_temperature"] is None and found["prediction"]["plateau"] == 1
    assert "fluctuation_dissipation" not in json.loads(run(*PURE, "--json")[1])


@pytest.mark.parametrize(("t", "reason"), [("7", "lies beyond --t-max 6"), ("0", "needs a time above 0")])
def test_response_needs_a_past(run: Any, t: str, reason: str) -> None:
    status, out, err = run(*PURE, "--fluctuation-dissipation", t)
    assert (status, out) == (2, "") and err.count("\n") == 1 and reason in err
