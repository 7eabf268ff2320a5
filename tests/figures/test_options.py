"""Which option applies to which system: every other one is refused by every command."""

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from figures.cli.asking import for_system
from figures.cli.main import main
from figures.cli.systems import example
from figures.commands.phase_diagram import FILES, folder_of
from figures.commands.question import commands_of
from numerics.phase_diagram import round_numbers, to_latex
from theory.systems import systems


def words_of(command: str, system: str) -> list[str]:
    """Of the example, quotes off."""
    return shlex.split(example(command.replace("-", "_"), systems()[system]))[1:]


def options_of(command: str, system: str) -> set[str]:
    """All that the parser knows."""
    made = for_system(command.replace("-", "_"), system, "")
    return {name for p in made.params for name in p.opts if name.startswith("--")} - {"--json"}


def everything() -> list[tuple[str, str]]:
    """Every command of every system."""
    return [(c.replace("_", "-"), slug) for slug, kind in systems().items() for c in commands_of(kind)]


def foreign_options() -> list[tuple[str, str, str]]:
    """Command, system, option: of each command those that it has for another system, and of all a few."""
    cases = []
    for command, system in everything():
        others = set().union(*(options_of(command, other) for c, other in everything() if c == command))
        cases += [(command, system, option) for option in sorted(others - options_of(command, system))]
    return cases


@pytest.mark.parametrize(("command", "system", "option"), foreign_options())
def test_an_option_that_does_not_apply_is_refused(
    run: Any, tmp_path: Path, monkeypatch: Any, command: str, system: str, option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = run(*words_of(command, system), option, "1")
    assert status == 2 and out == "" and err.count("\n") == 1
    assert f"{option} " in err and ("not apply" in err or "whose thresholds are computed" in err)
    assert not list(tmp_path.iterdir())


def test_a_stranger_s_system_has_the_options_that_it_declares(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "alone.py"
    file.write_text(STRANGER)
    status, out, _ = run("thresholds", str(file), "--help")
    assert status == 0 and "--depth" in out and "--temperature" not in out
    status, out, err = run("thresholds", str(file), "--depth", "3", "--json")
    assert status == 0, err
    assert json.loads(out)["thresholds"]["melting"]["temperature"].startswith("1.4426950408889")
    for words, said in {
        (str(file),): "--depth is missing for alone; try --depth 2",
        (str(file), "--depth", "-1"): "--depth -1 must be a number from 0 to 10",
        (f"{file}:nobody", "--depth", "1"): "declares no 'nobody'; choose among alone",
        (str(tmp_path / "gone.py"),): "no such file",
    }.items():
        status, _, err = run("thresholds", *words)
        assert status == 2 and err.count("\n") == 1 and said in err, err
    broken = tmp_path / "broken.py"
    broken.write_text("import theory\n\nnothing()\n")
    status, _, err = run("thresholds", str(broken))
    assert status == 2 and "broken.py, line 3: NameError" in err


STRANGER = """
from sympy import Eq, Symbol, log

from theory.domain import Real
from theory.parameter import Parameter
from theory.prediction import Threshold
from theory.system import System


class Alone(System):
    slug, title, statement, source = "alone", "a trap", "p ~ exp(-depth/T)", "nobody 2026"
    parameters = (
        Parameter("depth", "of the trap", Real(0, 10), "2"),
        Parameter("temperature", "of the bath", Real(0, 10), "1"),
    )
    control = "temperature"

    def predictions(self):
        t = Symbol("temperature", positive=True)
        yield Threshold("melting", "Half is out.", t, (Eq(log(2) * t, self.depth / 3),), "nobody 2026", within=(0.1, 5))
"""


def test_every_option_says_what_it_is(run: Any) -> None:
    for command, system in everything():
        status, out, err = run(command, system, "--help")
        assert status == 0 and err == "" and system in out
        assert all(option in out for option in options_of(command, system))


@pytest.mark.parametrize("system", ["pure-spin", "landscape"])
@pytest.mark.parametrize("command", ["complexity", "dynamics", "simulate"])
def test_no_overlap_with_a_signal_that_is_not_there(run: Any, command: str, system: str) -> None:
    status, _, err = run(*words_of(command, system), "--overlap", "0.5")
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


def examples() -> list[str]:
    """A line to try of every command of every system."""
    return [example(command, kind) for kind in systems().values() for command in commands_of(kind)]


LONG = re.compile("phase-diagram|thresholds|simulate|dynamics (phase-retrieval|generalized-linear)")


@pytest.mark.parametrize(
    "line", [pytest.param(x, marks=pytest.mark.slow if LONG.search(x) else ()) for x in examples()]
)
def test_every_example_runs_as_it_is_printed(run: Any, tmp_path: Path, monkeypatch: Any, line: str) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = run(*shlex.split(line)[1:])
    assert status == 0 and out


def test_systems_tell_what_they_declare(run: Any) -> None:
    record = json.loads(run("systems", "--json")[1])["systems"]
    for slug, kind in systems().items():
        assert [p["name"] for p in record[slug]["parameters"]] == [p.name for p in kind.parameters]
        assert all(p["meaning"] and p["domain"] and p["example"] for p in record[slug]["parameters"])
        assert len(record[slug]["example"]) == len(record[slug]["commands"]) > 0


def test_shells_complete_systems_options_and_choices(monkeypatch: Any, capsys: Any) -> None:
    for words, place, said in (
        ("ruggedflow thresholds spiked", 2, "plain,spiked-tensor"),
        ("ruggedflow dynamics pure-spin --temp", 3, "plain,--temperature"),
        ("ruggedflow dynamics pure-spin --method re", 4, "plain,reference"),
        ("ruggedflow thresholds ./my_sys", 2, "file,./my_sys"),
        ("ruggedflow figure cug", 2, "plain,cugliandolo_kurchan_1993"),
    ):
        monkeypatch.setenv("_RUGGEDFLOW_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(place))
        monkeypatch.setattr(sys, "argv", ["ruggedflow"])
        with pytest.raises(SystemExit):
            main()
        assert said in capsys.readouterr().out.splitlines()
