"""Numbers on the command line, whichever command reads them."""

from collections.abc import Iterator
from typing import Any

import pytest

from figures.commands.output import select
from theory.domain import Between, Interval, Real, Several, Text, Whole
from theory.naming import TYPED


@pytest.fixture(autouse=True)
def _typed() -> Iterator[None]:
    """Messages name options as on the command line."""
    token = TYPED.set(True)
    yield
    TYPED.reset(token)


def whole(name: str, text: str, least: int, most: int) -> int:
    return Whole(least, most).read(name, text)


def real(name: str, text: str, least: float, most: float) -> float:
    return Real(least, most).read(name, text)


def test_python_names_an_argument_as_it_is_called_there() -> None:
    TYPED.set(False)
    with pytest.raises(ValueError, match=r"^t_max = -1 must be a number from 0 to 1$"):
        Real(0, 1).accept("t_max", -1)
    assert Several(Real(0, 10)).accept("at", [1, 2.5]) == Several(Real(0, 10)).accept("at", "1,2.5") == [1, 2.5]
    assert Interval(0, 10, "1:2").accept("a_range", (1, 2)) == (1, 2)


NO_NUMBERS = ["", "x", "nan", "inf", "1_0", "0x10", "٣", "1j", "True", "--1", "1/0", "1,2", "9" * 5000]


@pytest.mark.parametrize("text", [*NO_NUMBERS, "1.5", "1/3", "0", "-1", "101", "1e999", "1e-999"])
def test_whole_numbers_have_a_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"--size .* must be a whole number from 1 to 100$") as refusal:
        whole("size", text, 1, 100)
    assert len(str(refusal.value)) < 150


def test_whole_numbers_may_be_typed_in_any_way() -> None:
    assert [whole("size", text, 0, 2**63) for text in ("12", "+12", "1e3", "12.0", "24/2", " 12")] == [
        12, 12, 1000, 12, 12, 12,
    ]  # fmt: skip
    assert whole("seed", str(2**63), 0, 2**63) == 2**63
    assert type(whole("size", "12", 0, 20)) is int


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_no_real_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"--rtol .* is not a number; try --rtol 1$") as refusal:
        real("rtol", text, 0, 1)
    assert len(str(refusal.value)) < 150


def test_real_numbers_have_a_range_with_its_ends() -> None:
    assert [real("x", text, 1e-9, 1e9) for text in ("1e-9", "1e9", "2/3")] == [1e-9, 1e9, 2 / 3]
    for text in ("0.99e-9", "1.01e9", "1e999", "-1e999", "1e-999"):
        with pytest.raises(ValueError, match="must be a number from 1e-09 to 1e"):
            real("x", text, 1e-9, 1e9)
    for text in ("1e-308", "-1e-320", "1e-999"):
        with pytest.raises(ValueError, match="too small for double precision"):
            real("x", text, -1, 1)


def test_intervals() -> None:
    assert Interval(1e-6, 1e6, "0.1:10").read("a_range", "1/4:2") == (0.25, 2)
    for text in ("3:1", "1:1", "1", "1:2:3", ":", "0:1", "1:1e7", "a:b"):
        with pytest.raises(ValueError, match=r"--a-range .*(LO:HI|number)"):
            Interval(1e-6, 1e6, "0.1:10").read("a_range", text)


def test_names_in_a_list() -> None:
    read = Several(Text()).read
    assert select("only", read("only", " b,, a"), ["a", "b"]) == ["b", "a"]
    assert select("only", read("only", ","), ["a", "b"]) == select("only", None, ["a", "b"]) == ["a", "b"]
    with pytest.raises(ValueError, match="--only c: no such line; choose among a, b"):
        select("only", ["a", "c"], ["a", "b"], "line")


def test_an_open_overlap() -> None:
    open_overlap = Between(-1, 1, "0")
    assert open_overlap.read("overlap", "-0.999") == -0.999
    for text in ("1", "-1", "1e9"):
        with pytest.raises(ValueError, match=r"--overlap .* strictly between -1 and 1; try --overlap 0"):
            open_overlap.read("overlap", text)


HUGE = "9" * 5000
ANYWHERE = {
    "thresholds pure-spin --p 3 --delta-p 1": ["digits"],
    "complexity pure-spin --p 3 --delta-p 1": ["overlap", "energy", "index", "size"],
    "complexity linear-regression --alpha 3": ["overlap", "energy", "index", "size"],
    "dynamics pure-spin --p 3 --delta-p 1 --t-max 1": ["temperature", "overlap", "beta-initial", "rtol", "at"],
    "dynamics linear-regression --alpha 3 --t-max 1": ["eta", "batch", "persistence", "walkers", "samples", "seed",
                                                       "tolerance", "workers", "overlap", "at"],
    "simulate pure-spin --p 3 --delta-p 1 --t-max 1 -N 8": ["samples", "seed", "starts", "temperature", "at", "rtol",
                                                            "connectivity", "workers", "overlap"],
    "check dynamics": ["seed", "workers"],
    "phase-diagram": ["p", "points", "delta-p-range"],
    "phase-diagram phase-retrieval": ["a", "points", "a-range", "workers"],
    "phase-diagram --with-simulation": ["measure-at", "size", "samples", "seed", "workers"],
}  # fmt: skip


@pytest.mark.parametrize("command", ANYWHERE)
def test_every_number_of_every_command_goes_through_one_reader(run: Any, tmp_path: Any, command: str) -> None:
    output = ["--output", str(tmp_path / "out")] if command.startswith("phase") else []
    for option in ANYWHERE[command]:
        for text in (HUGE, "٣", ""):
            status, out, err = run(*command.split(), *output, f"--{option}={text}")
            assert status == 2 and out == "" and err.count("\n") == 1 and len(err) < 250, (option, text, err)
            assert option.replace("-", "_") in err.replace("-", "_")
    assert not list(tmp_path.iterdir())
