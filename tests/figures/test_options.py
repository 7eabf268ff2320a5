"""Which option applies to which system: every other one is refused by every command."""

from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from figures.cli.main import app
from figures.cli.phase_diagram import FILES, folder_of
from numerics.phase_diagram import round_numbers, to_latex

VALUES = {
    "p": "3", "delta-2": "0.5", "delta-p": "1", "covariance": "q**3/2", "mean": "m**2/2", "a": "1", "alpha": "3",
    "loss": "(u - y)**2/2", "teacher": "y", "overlap": "0.5", "energy": "-1", "channel-energy": "3=-1", "index": "0.1",
    "labels": "annealed", "size": "16", "temperature": "1", "beta-initial": "0.1", "rtol": "1e-3",
    "method": "reference", "eta": "0.1", "batch": "0.5", "persistence": "1", "constraint": "none", "walkers": "64",
    "samples": "2", "seed": "1",
    "starts": "2",
    "tolerance": "1", "workers": "1", "start": "spectral", "connectivity": "8", "delta-p-range": "0.5:2", "points": "3",
    "a-range": "0.5:2", "only": "gradient_flow", "simulate-at": "1", "resume": "nothing.npz",
}  # fmt: skip
FLAGS = {"with-simulation", "verify"}
"""Options without a value, of some systems only."""
EVERYWHERE = {"json", "help", "output", "plot", "digits", "latex", "at", "hessian", "t-max"}
SYSTEMS = {
    "spiked-matrix-tensor": {"p", "delta-2", "delta-p"},
    "spiked-tensor": {"p", "delta-p"},
    "pure-spin": {"p", "delta-p"},
    "landscape": {"covariance", "mean"},
    "phase-retrieval": {"a"},
    "linear-regression": set(),
    "generalized-linear": {"loss", "teacher", "a"},
}
LOSSES = {"phase-retrieval", "linear-regression", "generalized-linear"}
NEEDED = {
    "spiked-matrix-tensor": "--p 3 --delta-2 0.5 --delta-p 1",
    "spiked-tensor": "--p 3 --delta-p 1",
    "pure-spin": "--p 3 --delta-p 1",
    "landscape": "--covariance q**3/2",
    "phase-retrieval": "--a 1",
    "linear-regression": "",
    "generalized-linear": "--loss (u-y)**2/2",
}
BY_COMMAND = {
    "derive": ({}, {}),
    "thresholds": ({"only"}, {"only"}),
    "complexity": ({"overlap", "energy", "channel-energy", "index", "size"},
                   {"alpha", "overlap", "energy", "index", "labels", "size"}),
    "dynamics": ({"temperature", "overlap", "start", "beta-initial", "rtol", "method", "verify", "resume"},
                 {"alpha", "overlap", "eta", "batch", "persistence", "constraint", "walkers", "samples", "seed",
                  "tolerance", "workers"}),
    "statics": ({"temperature", "overlap"}, None),
    "simulate": ({"size", "samples", "seed", "starts", "overlap", "temperature", "connectivity", "rtol", "resume",
                  "workers"},
                 {"alpha", "size", "samples", "seed", "starts", "overlap", "start", "temperature", "rtol", "resume",
                  "workers"}),
}  # fmt: skip
"""Besides the parameters of the system: of Gaussian landscapes, of losses (None: they have no such command)."""
WORDS = {"derive": "bbp", "dynamics": "--t-max 1", "simulate": "--t-max 1 -N 8"}


def options_of(command: str) -> set[str]:
    """All that the parser knows."""
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]
    return {name.removeprefix("--") for p in parameters for name in p.opts if name.startswith("--")} - EVERYWHERE


def foreign_options() -> list[tuple[str, str, str]]:
    """Command, system, option."""
    cases = []
    for command, by_family in BY_COMMAND.items():
        for system, own in SYSTEMS.items():
            applying = by_family[system in LOSSES]
            foreign = set() if applying is None else options_of(command) - own - set(applying)
            cases += [(command, system, option) for option in sorted(foreign)]
    simulation = {"simulate-at", "size", "samples", "seed"}
    retrieval = {"a", "a-range", "only"}
    cases += [("phase-diagram", "spiked-matrix-tensor", o) for o in sorted(retrieval | simulation | {"workers"})]
    gaussian = {"p", "delta-p-range", "with-simulation"}
    return cases + [("phase-diagram", "phase-retrieval", o) for o in sorted(gaussian | simulation)]


@pytest.mark.parametrize(
    ("command", "system", "option"),
    [pytest.param(*case, marks=() if i % 8 == 0 else pytest.mark.slow) for i, case in enumerate(foreign_options())],
)
def test_an_option_that_does_not_apply_is_refused(
    run: Any, tmp_path: Any, command: str, system: str, option: str
) -> None:
    needed = "" if command == "phase-diagram" else NEEDED[system]
    if system in LOSSES and command in ("complexity", "dynamics", "simulate"):
        needed += " --alpha 3"
    typed = [f"--{option}"] if option in FLAGS else [f"--{option}", VALUES[option]]
    folder = ["--output", str(tmp_path / "out")] if command == "phase-diagram" else []
    status, out, err = run(command, system, *WORDS.get(command, "").split(), *needed.split(), *typed, *folder)
    assert status == 2 and out == "" and err.count("\n") == 1
    err = err.replace(",", " ")
    assert f"--{option} " in err and "not apply" in err
    assert not list(tmp_path.iterdir())


def test_the_table_above_knows_every_option() -> None:
    for command in (*BY_COMMAND, "phase-diagram"):
        known = {*VALUES, *FLAGS}
        assert options_of(command) <= known


@pytest.mark.parametrize("system", ["pure-spin", "landscape"])
@pytest.mark.parametrize("command", ["complexity", "dynamics", "simulate"])
def test_no_overlap_with_a_signal_that_is_not_there(run: Any, command: str, system: str) -> None:
    words = [command, system, *WORDS.get(command, "").split(), *NEEDED[system].split()]
    status, _, err = run(*words, "--overlap", "0.5")
    assert (
        status == 2
        and err == f"ruggedflow: --overlap 0.5 does not apply to {system}: nothing is planted; leave it out\n"
    )


def test_a_folder_keeps_the_diagram_of_its_system(run: Any, tmp_path: Path) -> None:
    record = tmp_path / "phase_diagram.json"
    record.write_text('{"system": "spiked-matrix-tensor"}')
    status, _, err = run("phase-diagram", "phase-retrieval", "--output", str(tmp_path))
    assert status == 2 and "holds the phase diagram of spiked-matrix-tensor; choose another folder" in err
    assert folder_of("spiked-matrix-tensor", str(tmp_path), FILES.values()) == tmp_path  # its own is drawn again
    for damaged in ("{", "[]", "{}", "\udcff".encode(errors="surrogateescape").decode("latin-1")):
        record.write_text(damaged)
        status, _, err = run("phase-diagram", "--output", str(tmp_path))
        assert status == 2 and "holds a file phase_diagram.json of unknown origin; choose another folder" in err
    assert [path.name for path in tmp_path.iterdir()] == ["phase_diagram.json"]


def test_the_table_of_thresholds_follows_the_range() -> None:
    assert round_numbers(0.3, 3) == ("0.3", "0.5", "1", "2", "3")
    assert round_numbers(1e-9, 1e9) == tuple(f"{10.0**k:.12g}" for k in range(-9, 10))
    rows = to_latex([3], (1, 2)).split(r"\midrule")[1].splitlines()
    assert [row.split(" & ")[1] for row in rows if "&" in row] == ["1", "2"]


def test_nothing_typed_shows_the_help(run: Any) -> None:
    status, out, err = run()
    assert status == 0 and err == "" and "Usage" in out and "phase-diagram" in out


def test_the_version(run: Any) -> None:
    declared = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    status, out, _ = run("--version")
    assert status == 0 and f'version = "{out.split()[1]}"' in declared


@pytest.mark.parametrize("system", ["spiked-matrix-tensor", "spiked-tensor"])
def test_the_equations_of_thresholds_say_why_they_want_an_order(run: Any, system: str) -> None:
    status, _, err = run("derive", system, "thresholds")
    assert status == 2 and "--p is missing" in err and "depends on the order" in err


def test_energies_of_a_pure_model_of_any_order(run: Any) -> None:
    status, out, _ = run("derive", "pure-spin", "thresholds", "--latex")
    assert status == 0 and r"\sqrt{p - 1}" in out
    status, out, _ = run("derive", "landscape", "thresholds", "--covariance", "q**3")
    assert status == 0 and "marginal_energy" in out and "gradient_flow" not in out
