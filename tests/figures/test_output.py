"""Tables on a narrow terminal, and digits whose error covers their rounding."""

import json
import re
import shlex
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from mpmath import mp, mpf

from figures.cli.systems import example
from figures.commands import progress
from figures.commands.output import print_table
from figures.commands.question import commands_of
from numerics.rounding import half_unit, rounded_up
from theory.systems import systems

NAME, NUMBER = "trivialization_any_overlap", "2.61347026758155538068294619015"
ROWS = [
    [NAME, NUMBER, "No exponentially numerous minima at any overlap: the last zero of max_m Sigma_min(m)."],
    ["bayes_amp_jump", "—", "message passing that leaves m = 0 reaches the best fixed point at once; see bayes_amp"],
]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 90, 91, 97, 100, 200])
def test_no_name_and_no_number_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_table("spiked-matrix-tensor: p = 3, delta_p = 1.0", ["threshold", "inverse_delta_2", "meaning"], ROWS)
    out = capsys.readouterr().out
    assert NAME in out and NUMBER in out and "Sigma_min(m)." in out and "spiked-matrix-tensor:" in out
    longest = max(map(len, out.splitlines()))
    assert longest <= max(width, len(NUMBER) + 4)
    assert ("┏" in out) == (width >= 91)
    borders = [line for line in out.splitlines() if line[0] in "┏┃┡│└"]
    assert all(line[-1] in "┓┃┩│┘" and len(line) == len(borders[0]) <= width for line in borders)


def said(out: str) -> "Counter[str]":
    """Names, numbers and other words, without borders and headings of columns."""
    lines = [line for line in out.splitlines() if "┃" not in line]
    return Counter(re.findall(r"[^\s│┡━╇┩└─┴┘┏┳┓]+", "\n".join(lines)))


def unbroken(run: Any, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """A terminal of any width shows the words that a pipe gets, none broken; a pipe gets each row as one line."""
    monkeypatch.delenv("COLUMNS", raising=False)
    status, piped, _ = run(*words)
    assert not re.findall("^│ +│", piped, re.MULTILINE), piped
    for width in (60, 80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        again, out, _ = run(*words)
        assert again == status and not said(piped) - said(out), (width, said(piped) - said(out))
        assert all(len(line) <= width or max(map(len, line.split())) > width - 40 for line in out.splitlines()), out


@pytest.mark.parametrize(
    "words",
    [
        "figure --list",
        "dynamics dropout-flow --singular-values 3,2,1 --width 4 --keep-probability 0.5 --t-max 2",
    ],
)
def test_no_command_breaks_a_name_or_a_number(run: Any, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    unbroken(run, monkeypatch, words.split())


@pytest.mark.slow
@pytest.mark.parametrize("words", ["systems", "check --list", "thresholds spiked-matrix-tensor --p 3 --delta-p 1"])
def test_no_list_breaks_a_name_or_a_number(run: Any, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    unbroken(run, monkeypatch, words.split())


@pytest.mark.slow
@pytest.mark.parametrize("slug", [*systems()])
def test_no_example_breaks_a_name_or_a_number(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, slug: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in {*commands_of(systems()[slug])} - {"derive", "phase_diagram"}:
        unbroken(run, monkeypatch, shlex.split(example(command, systems()[slug]))[1:])


def test_what_a_cell_says_is_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("[bold]x[/bold]", ["a", "b"], [["[red]1[/red]", ":smile:"]])
    out = capsys.readouterr().out
    assert "[bold]x[/bold]" in out and "[red]1[/red]" in out and ":smile:" in out


@pytest.mark.parametrize("digits", [1, 2, 6, 15, 30])
def test_the_error_is_that_of_the_number_that_is_printed(run: Any, digits: int) -> None:
    words = "thresholds spiked-matrix-tensor --p 3 --delta-p 1 --json --only trivialization,ml_amp,gradient_flow"
    exact = json.loads(run(*words.split(), "--digits", "60")[1])["thresholds"]
    printed = json.loads(run(*words.split(), "--digits", str(digits))[1])["thresholds"]
    with mp.workdps(70):
        for name, entry in printed.items():
            value, error = mpf(entry["inverse_delta_2"]), mpf(entry["error"])
            assert abs(value - mpf(exact[name]["inverse_delta_2"])) <= error
            assert error <= half_unit(value, digits) * mpf("1.2") + mpf("1e-12") * (digits < 13)


def test_errors_are_rounded_up() -> None:
    assert (
        rounded_up(3.9401e-13) == "3.95e-13" and rounded_up(9.999e-5, 2) == "1.0e-4" and rounded_up(5e-7) == "5.00e-7"
    )
    assert float(rounded_up(0)) == 0
    assert half_unit(2.46, 6) == mpf("5e-6") and half_unit(999, 2) == 5 and half_unit(0, 3) == mpf("5e-4")


def test_a_figure_shows_itself_in_a_notebook() -> None:
    from figures.style import new_figure
    from numerics.dynamics import solve_dynamics
    from theory import PureSpin

    for figure in (new_figure(), solve_dynamics(PureSpin(3, 1), 0.5).plot()):
        assert figure._repr_png_().startswith(b"\x89PNG")


def test_piped_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what is done and how long the rest takes, once that is known; a short computation says nothing."""
    with progress.fraction("everything"), progress.fraction():
        pass
    assert capsys.readouterr() == ("", "")
    for name, value in {"SOON": 0.02, "SURE": 1e6, "STEP": 0.01}.items():
        monkeypatch.setattr(progress, name, value)
    with progress.fraction("everything"), progress.fraction() as done:
        for part, what in ((0.01, "the first"), (0.25, "1 of 4 samples"), (0.5, "2 of 4 samples")):
            done(part, what)
            time.sleep(0.1)
    assert capsys.readouterr() == ("", "ruggedflow: 1 of 4 samples; about 1 seconds left\n")
    monkeypatch.setattr(progress, "LATE", 0.05)
    with progress.fraction("a long integral"):
        time.sleep(0.1)
    assert capsys.readouterr().err == "ruggedflow: a long integral; no telling how long\n"


def test_the_time_that_is_left() -> None:
    shown = progress.Shown("samples")
    shown.begun -= 300
    shown(0.25, "1 of 4 samples")
    assert shown.line(5) == "1 of 4 samples; about 15 minutes left"
    shown(0.05, "the next")  # starts again
    assert shown.line(5) == "" and "about 1 seconds left" in shown.line(20)
    texts = ["7.1 seconds", "119 seconds", "2.8 hours", "28 hours"]
    assert [progress.duration(x) for x in (7.123, 119, 1e4, 1e5)] == texts
