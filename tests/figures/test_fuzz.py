"""Twenty thousand inputs, most of them wrong: one line for a mistake, no traceback, no number that is none, no silence.

Seeded; a batch is run again with ``-k "[commands-7]"``. What fails is printed as it would be typed.
"""

import json
import random
import re
import shlex
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from figures.cli.main import main
from figures.commands.progress import Shown
from figures.commands.signal import Starting
from theory import OVERLAP, GaussianLandscape, parse_number, parse_polynomial
from theory.domain import Between, Interval, Real, Whole
from theory.expressions import parse_expression
from theory.generalized_linear import FIELD, SIGNAL_FIELD

PARSED, COMMANDS, BATCHES = 14_000, 6_000, 20
LIMIT = 20.0
"""Seconds of computing without a word."""

EXTREMES = [
    "0", "-0", "1", "-1", "2", "1/3", "-2/3", "1e-300", "1e300", "1e-9", "1e9", "1e-10", "1e10", "1e-320", "1e400",
    "1e-999", "1e999", "inf", "-inf", "nan", "1/0", "", " ", "٣", "−1", "1_0", "0x10", "1j", "True", "None", "1e", ".",
    "--1", "1,2", "1:2", "9" * 5000, "0." + "0" * 400 + "1", "64", "65", "1e-30", "1e30", "0.999999999999", "½",
    "1.0000000001", "\udcff",
]  # fmt: skip
LETTERS = [
    *"0123456789..eE+-*/^()[]{},:;=<>!@#$%&|~'\"\\ \t\n_j", "q", "m", "u", "y", "x", "**", "exp(", "log(", "sqrt(",
    "pi", "é", "𝑞", "²", "−", "\u2028", "\ud800", "lambda", "if", "import", "1e",
]  # fmt: skip


def some_number(dice: random.Random) -> str:
    """From any range, in any form; sometimes none at all."""
    power = dice.choice([0, dice.randint(-2, 2), dice.randint(-12, 12), dice.randint(-340, 340)])
    text = dice.choice(
        [f"{dice.random():.3g}e{power}", f"{dice.random()}", f"{dice.randint(0, 99)}", f"{dice.randint(1, 9)}/7"]
    )
    return dice.choice(EXTREMES) if dice.random() < 0.2 else dice.choice(["", "", "", "-", "+"]) + text


def some_polynomial(dice: random.Random, letter: str = "q") -> str:
    """A sum of powers, usually."""
    terms = [
        f"{some_number(dice)}*{letter}**{dice.choice([1, 2, 2, 3, 3, 4, 5, 16, 64, some_number(dice)])}"
        for _ in range(dice.randint(1, 3))
    ]
    return dice.choice([" + ", "+", " - ", "*", "\n+ "]).join(terms)


def some_mixture(dice: random.Random, letter: str = "q") -> str:
    """One that exists, of coefficients far apart."""
    size = lambda: dice.choice(["1", "0.5", "1e-9", "1e9", "1e-100", "1e100", f"1e{dice.randint(-14, 14)}"])  # noqa: E731
    return " + ".join(f"{size()}*{letter}**{dice.choice([1, 2, 2, 3, 3, 4, 8, 16])}" for _ in range(dice.randint(1, 3)))


def some_expression(dice: random.Random, depth: int = 3) -> str:
    """A function of u and y, usually smooth."""
    if depth == 0 or dice.random() < 0.2:
        return dice.choice(["u", "y", "u", "y", "1", "2", "0.5", "pi", some_number(dice)])
    part = lambda: some_expression(dice, depth - 1)  # noqa: E731
    name = dice.choice(["exp", "log", "sqrt", "tanh", "cos", "erf", "atan", "cosh", "abs", "gamma"])
    power = dice.choice(["2", "2", "4", "1/2", "-1", some_number(dice)])
    forms = [f"({part()} {dice.choice('+-*/')} {part()})", f"{name}({part()})", f"({part()})**{power}"]
    return dice.choice([*forms, f"(u - y)**2*{part()}"])


def mutated(dice: random.Random, text: str) -> str:
    """A few letters dropped, doubled, exchanged or put in."""
    for _ in range(dice.choice([0, 1, 1, 2, 5])):
        i = dice.randint(0, len(text))
        text = dice.choice(
            [text[:i] + text[i + 1 :], text[:i] + text[i:] * 2, text[:i] + dice.choice(LETTERS) + text[i:]]
        )
    return text


SYMBOLS = {"u": FIELD, "y": SIGNAL_FIELD}
READERS: list[tuple[Callable[[random.Random], str], Callable[[str], Any]]] = [
    (some_number, lambda text: parse_number("x", text)),
    (some_number, lambda text: Real(-1e9, 1e9).read("x", text)),
    (some_number, lambda text: Whole(0, 2**63).read("x", text)),
    (some_number, lambda text: Starting().read("x", text)),
    (some_number, lambda text: Between(-1, 1, "0").read("x", text)),
    (lambda dice: f"{some_number(dice)}:{some_number(dice)}", lambda t: Interval(1e-9, 1e9, "1:2").read("x", t)),
    (some_polynomial, lambda text: parse_polynomial(text, OVERLAP)),
    (some_polynomial, lambda text: GaussianLandscape(parse_polynomial(text, OVERLAP))),
    (some_expression, lambda text: parse_expression(text, SYMBOLS)),
]

GIVEN = {
    "spiked-matrix-tensor": ["p", "delta-2", "delta-p"],
    "spiked-tensor": ["p", "delta-p"],
    "pure-spin": ["p", "delta-p"],
    "landscape": ["covariance", "mean"],
    "phase-retrieval": ["a", "alpha"],
    "linear-regression": ["alpha"],
    "generalized-linear": ["loss", "teacher", "alpha"],
}
USUAL: dict[str, list[str]] = {
    "p": ["3", "3", "4", "5"], "delta-2": ["0.5", "1"], "delta-p": ["1", "0.3", "inf"], "a": ["1", "0.01"],
    "covariance": ["q**3/2", "q**2/2 + q**4/4", "q**3/6 + q/10"], "mean": ["m**2/2", "m**3", "0"], "alpha": ["3", "4"],
    "loss": ["(u - y)**2/2", "(u**2 - y**2)**2/4", "log(cosh(u - y))"], "teacher": ["y", "tanh(y)", "y**2"],
    "overlap": ["0", "0.1", "1e-10", "-0.3", "random"], "t-max": ["0.1", "1", "3"], "rtol": ["1e-3", "1e-4"],
    "at": ["0.1", "0,0.05"], "temperature": ["0", "0.5", "1"], "beta-initial": ["0", "0.5"],
    "method": ["auto", "reference", "long-time"], "energy": ["-1", "-1.5", "0"], "index": ["1", "0", "0.1"],
    "channel-energy": ["3=-1", "2=-0.5"], "labels": ["annealed"], "size": ["4", "8"], "samples": ["1", "2"],
    "seed": ["0", "7"], "starts": ["1", "2"], "connectivity": ["4", "8"], "start": ["random", "spectral"],
    "digits": ["5", "15", "30"], "only": ["gradient_flow", "bbp_initial", "ml_amp,langevin"], "eta": ["0.1"],
    "batch": ["0.5"], "persistence": ["1"], "constraint": ["none", "sphere"], "walkers": ["64"], "tolerance": ["1"],
    "points": ["2", "3"], "delta-p-range": ["0.5:2"], "a-range": ["0.5:1"],
}  # fmt: skip
LANDSCAPES, LOSSES = list(GIVEN)[:4], list(GIVEN)[4:]
OPTIONS: dict[str, tuple[list[str], list[str]]] = {
    "thresholds": (["digits", "only"], ["digits", "only"]),
    "complexity": (["overlap", "energy", "index", "channel-energy"], ["overlap", "energy", "labels", "index"]),
    "dynamics": (["overlap", "temperature", "beta-initial", "rtol", "method", "at"],
                 ["overlap", "eta", "batch", "persistence", "constraint", "samples", "seed", "tolerance", "at"]),
    "simulate": (["overlap", "temperature", "seed", "starts", "at", "rtol", "connectivity"],
                 ["overlap", "seed", "starts", "start", "at", "rtol"]),
    "statics": (["temperature", "overlap"], []),
    "derive": ([], []),
    "systems": ([], []),
    "check": ([], []),
    "figure": ([], []),
    "phase-diagram": (["delta-p-range"], ["a-range"]),
}  # fmt: skip
TOPICS = ["complexity", "bbp", "dynamics", "inference", "thresholds", "replicas", "", "bpp"]


def some_words(dice: random.Random, folder: Path) -> list[str]:
    """A command line: mostly right, with an extreme number or a mistake or two."""
    command = dice.choice(list(OPTIONS))
    if command in ("systems", "check", "figure"):
        words = [command, *dice.choice([["--list"], ["--list", "--json"], ["nothing"], [dice.choice(EXTREMES)]])]
        return words[:1] if command == "systems" and dice.random() < 0.5 else words
    system = dice.choice([*LANDSCAPES, *LANDSCAPES, *LOSSES])
    words = [command, system, *([dice.choice(TOPICS)] if command == "derive" else [])]
    options = [name for name in GIVEN[system] if name != "alpha" or command not in ("thresholds", "derive")]
    if command == "thresholds" and system in LANDSCAPES:
        options = [name for name in options if name != ("delta-2" if "delta-2" in options else "delta-p")] + [
            "delta-p"
        ] * (system == "pure-spin")
    optional = OPTIONS[command][system in LOSSES]
    options += dice.sample(optional, dice.randint(0, min(2, len(optional))))
    words += _cheap(command, system, dice, folder)
    typed = {name: dice.choice(USUAL[name]) for name in options}
    if typed and dice.random() < 0.5:  # all of it right but one extreme value
        name = dice.choice(list(typed))
        words += [f"--{key}={_odd(name, dice) if key == name else value}" for key, value in typed.items()]
        return [*words, "--json"]
    words += [f"--{name}={value if dice.random() < 0.8 else _odd(name, dice)}" for name, value in typed.items()]
    for _ in range(dice.choice([0, 0, 1, 2])):
        words = _spoiled(words, dice)
    return [*words, "--json"] if dice.random() < 0.8 else words


def _cheap(command: str, system: str, dice: random.Random, folder: Path) -> list[str]:
    """Options that keep a run short."""
    times = [f"--t-max={dice.choice(USUAL['t-max'])}"]
    few = ["--walkers=64", "--samples=2"] if system in LOSSES else []
    sizes = [f"--size={dice.choice(USUAL['size'])}", f"--samples={dice.choice(USUAL['samples'])}"]
    only = ["--only=bbp_initial"] if system in LOSSES else []
    return {
        "dynamics": [*times, *few],
        "simulate": [*times, *sizes],
        "thresholds": only,
        "phase-diagram": ["--points=2", *only, f"--output={folder}/{dice.randint(0, 9)}"],
    }.get(command, [])


def _odd(name: str, dice: random.Random) -> str:
    if name in ("covariance", "mean"):
        return dice.choice([some_mixture, some_mixture, some_polynomial])(dice, name[0].replace("c", "q"))
    if name in ("loss", "teacher"):
        return some_expression(dice)
    return some_number(dice)


def _spoiled(words: list[str], dice: random.Random) -> list[str]:
    """One word dropped, doubled, misspelt or replaced, or a foreign option."""
    i, foreign = dice.randrange(len(words)), dice.choice(list(USUAL))
    return dice.choice([
        words[:i] + words[i + 1 :],
        [*words, words[i]],
        [*words[:i], mutated(dice, words[i]), *words[i + 1 :]],
        [*words, f"--{foreign}={dice.choice(USUAL[foreign])}"],
        [*words, f"--{foreign}", some_number(dice)],
        [*words[:i], dice.choice(EXTREMES), *words[i + 1 :]],
    ])  # fmt: skip


class Silent(BaseException):
    """Beyond the limit without progress."""


class Reporting(BaseException):
    """Beyond the limit, with progress."""


@contextmanager
def limited(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ends what computes for longer than the limit."""
    heard = [-LIMIT]
    tell = Shown.__call__

    def listening(self: Shown, done: float, what: str) -> None:
        heard.append(process_time())
        tell(self, done, what)

    def stop(*_: object) -> None:
        raise Reporting if process_time() - heard[-1] < LIMIT else Silent

    monkeypatch.setattr(Shown, "__call__", listening)
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def fault_of_reading(read: Callable[[str], Any], text: str) -> str:
    """What is wrong with how this text is read; empty if nothing is."""
    try:
        read(text)
    except ValueError as refusal:
        message = str(refusal)
        own = {"theory", "figures"} & set(Path(_last_file(refusal)).parts[-4:])
        return "" if own and message and "\n" not in message and len(message) < 2500 else f"ValueError: {message[:200]}"
    except Silent:
        return "silent for too long"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return ""


def _last_file(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename if trace else ""


def fault_of_running(words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What is wrong with how this command line ends; empty if nothing is."""
    monkeypatch.setattr(sys, "argv", ["ruggedflow", *words])
    status: Any = None
    try:
        with limited(monkeypatch), warnings.catch_warnings():
            warnings.simplefilter("always")
            main()
    except SystemExit as stop:
        status = stop.code or 0
    except Reporting:
        status = -1
    except Silent:
        return "" if PROGRESS.search(capsys.readouterr().err) else "silent for too long"
    except BaseException as error:
        capsys.readouterr()
        return f"{type(error).__name__}: {str(error)[:200]} ({_last_file(error)})"
    out, err = capsys.readouterr()
    return "" if status == -1 else fault_of_output(status, out, err, "--json" in words)


PROGRESS = re.compile(r"^ruggedflow: [^\n]*\(\d+ s\)\n", re.MULTILINE)


def fault_of_output(status: Any, out: str, err: str, as_json: bool) -> str:
    """Of an ended command; lines that say how long something has taken so far are progress."""
    err = PROGRESS.sub("", err)
    if (
        status not in (0, 1, 2, 3)
        or err.count("\n") > 1
        or (status == 2) != err.startswith("ruggedflow: ") * (status != 1)
    ):
        return f"status {status}, stderr {err[:300]!r}"
    if status == 2 and (out or len(err) > 2500):
        return f"status 2, {len(err)} letters on stderr, {len(out)} on stdout"
    if status == 0 and as_json and out.startswith("{"):
        try:
            return _without_reason(json.loads(out, parse_constant=lambda name: (_ for _ in ()).throw(ValueError(name))))
        except ValueError as error:
            return f"no JSON: {error}"
    words = out.replace("│", " ").replace("(", " ").split()
    return (
        next((f"prints {word}" for word in words if word in ("nan", "inf", "-inf", "+inf")), "") if status == 0 else ""
    )


def _without_reason(record: Any) -> str:
    """The first null beside which nothing says why."""
    if isinstance(record, list):
        return next((fault for fault in map(_without_reason, record) if fault), "")
    if not isinstance(record, dict):
        return ""
    explained = any(value for key, value in record.items() if key.startswith(("reason", "note", "message")))
    nulls = [key for key, value in record.items() if value is None and not MAY_BE_NULL.fullmatch(key)]
    if nulls and not explained:
        return f"null without a reason: {nulls[0]}"
    return next((fault for fault in map(_without_reason, record.values()) if fault), "")


MAY_BE_NULL = re.compile(
    "closed_form|z|p_value|connectivity|rtol|eta|overlap|start|seed|gradient_tolerance"  # left to the program
    "|outlier_.*"  # none beyond the bulk
    "|.*_(error|low|high)"  # of a single sample
)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES), ids=lambda i: f"parsers-{i}")
def test_parsers(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(f"parsers {batch}")
    faults = []
    for _ in range(PARSED // BATCHES):
        make, read = dice.choice(READERS)
        text = mutated(dice, make(dice))
        with limited(monkeypatch):
            if fault := fault_of_reading(read, text):
                faults.append(f"{text[:200]!r}: {fault}")
    assert not faults, "\n".join(faults)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES), ids=lambda i: f"commands-{i}")
def test_commands(
    batch: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dice = random.Random(f"commands {batch}")
    faults = []
    for _ in range(COMMANDS // BATCHES):
        words = some_words(dice, tmp_path)
        if fault := fault_of_running(words, capsys, monkeypatch):
            faults.append(f"{shlex.join(words)[:400]}: {fault}")
    assert not faults, "\n".join(faults)
