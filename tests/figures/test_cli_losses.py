"""Losses of one's own on the command line: what is answered, and what is refused in one line."""

import json
import math
import random
import time
from typing import Any

import pytest

LOSS = ("generalized-linear", "--loss")


def test_the_error_function_is_a_loss(run: Any) -> None:
    words = ("thresholds", *LOSS, "(erf(u)-erf(y))**2", "--only", "bbp_initial,weak_recovery", "--json")
    status, out, _ = run(*words)
    found = json.loads(out)["thresholds"]
    assert status == 0 and found["weak_recovery"]["alpha"] == 0 and found["bbp_initial"]["note"]


@pytest.mark.slow
def test_overflow_is_no_pole(run: Any) -> None:
    """The same loss in two ways; one overflows beyond ``u^2 - y^2 = 710``."""
    ways = ("log(cosh(10*(u**2-y**2)))", "log(1+exp(20*(u**2-y**2)))-10*(u**2-y**2)")
    found = [run("thresholds", *LOSS, loss, "--only", "bbp_initial", "--json") for loss in ways]
    first, second = (json.loads(out)["thresholds"]["bbp_initial"] for _, out, _ in found)
    assert abs(first["alpha"] - second["alpha"]) < first["error"] + second["error"] < 1e-8


@pytest.mark.slow
def test_complexity_of_a_loss_that_overflows(run: Any) -> None:
    record = json.loads(run("complexity", *LOSS, "log(cosh(u**2-y**2))", "--alpha", "2", "--json")[1])
    assert record["edge_total"] == pytest.approx(-3.859426, abs=1e-6)


def test_a_failing_row_does_not_end_a_table(run: Any) -> None:
    words = (*LOSS, "(u-y)**2", "--teacher", "cos(20*y)", "--only", "bbp_initial,weak_recovery,bbp_threshold_1rsb")
    status, out, _ = run("thresholds", *words, "--json")
    found = json.loads(out)["thresholds"]
    assert status == 0 and len(found) == 3
    assert found["weak_recovery"]["alpha"] is None and "turns" in found["weak_recovery"]["note"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("(sqrt(u**2)-sqrt(y**2))**2/2",), "has a slope that jumps where u = 0"),
        (("(-8)**(1/3)*(u-y)**2",), "(-8) ** (1 / 3) is not a finite real number"),
        (("sqrt(u**2*(1+u**2))",), "has a slope that jumps where u = 0: its curvature there is a delta"),
        (("abs(u-y)",), "has a slope that jumps where u - y = 0"),
        (("floor(u-y)",), "are read, got 'floor(u - y)'"),
        (("(u-y)**2", "--teacher", "1/y"), "has a pole where y vanishes"),
        (("log(u-y)",), "so that l is not finite"),
    ],
)
def test_what_is_not_smooth_is_refused_by_name(run: Any, words: tuple[str, ...], message: str) -> None:
    start = time.process_time()
    status, out, err = run("thresholds", *LOSS, *words)
    assert status == 2 and out == "" and message in err and err.count("\n") == 1
    assert time.process_time() - start < 2


@pytest.mark.slow
def test_the_overlap_asked_for_is_named(run: Any) -> None:
    status, _, err = run("complexity", "linear-regression", "--alpha", "0.3", "--overlap", "0.9")
    assert status == 1 and "overlap = 0.9" in err and "overlap = 0," not in err


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300))
def test_random_losses_and_teachers(run: Any, seed: int) -> None:
    """No traceback, nothing that is not a number, and no long silence."""
    words = random_words(random.Random(seed))
    start = time.process_time()
    status, out, err = run(*words, "--json")
    lines = [line for line in err.splitlines() if not line.endswith(" s)")]
    assert status in (0, 1, 2) and (len(lines) == 1) == (status > 0)
    assert time.process_time() - start < 20 or " s)" in err
    if status == 0:
        assert all(math.isfinite(number) for number in numbers(json.loads(out)))


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [x for item in value.values() for x in numbers(item)]
    if isinstance(value, list):
        return [x for item in value for x in numbers(item)]
    return [float(value)] if isinstance(value, float) else []


def random_words(rng: random.Random) -> tuple[str, ...]:
    """A command on a random loss, of u and y at once or of the difference of one function of each."""
    if rng.random() < 0.5:
        loss = expression(rng, ["u", "y"], rng.choice([2, 3, 4]))
    else:
        seed, depth = rng.random(), rng.choice([1, 2, 3])
        loss = f"({expression(random.Random(seed), ['u'], depth)}-{expression(random.Random(seed), ['y'], depth)})**2"
    teacher = ("--teacher", expression(rng, ["y"], rng.choice([1, 2, 3]))) if rng.random() < 0.4 else ()
    if rng.random() < 0.3:
        return ("complexity", *LOSS, loss, *teacher, "--alpha", rng.choice(["0.5", "1", "2", "4", "20"]))
    return ("thresholds", *LOSS, loss, *teacher)


def expression(rng: random.Random, names: list[str], depth: int) -> str:
    """Built from the fields with arithmetic, powers and the functions that are read."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(names) if rng.random() < 0.8 else rng.choice(["1", "2", "0.5", "3", "10", "0.01"])
    first, second = expression(rng, names, depth - 1), expression(rng, names, depth - 1)
    forms = (
        f"({first}+{second})", f"({first}-{second})", f"({first}*{second})", f"({first}/(1+({second})**2))",
        f"({first}/({second}))", f"({first})**{rng.choice(['2', '3', '4', '-1', '(1/2)', '-2'])}",
        f"({first}-{second})**2",
        f"log(1+({first})**2)", f"log(1+exp({first}))", f"sqrt(1+({first})**2)", f"exp({first})", f"exp(-({first})**2)",
        f"tanh({first})", f"cos({first})", f"erf({first})", f"atan({first})", f"cosh({first})", f"log({first})",
    )  # fmt: skip
    return rng.choice(forms)
