"""Generalised linear landscapes on the command line: their parameters, thresholds and equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from theory.generalized_linear import (
    BayesChannel,
    FullRSB,
    GeneralizedLinearLandscape,
    HessianSpectrum,
    KacRiceAction,
    OneStepRSB,
    SpectralMethod,
)
from theory.parsing import parse_number
from theory.printing import Printable
from theory.systems.phase_retrieval import LinearRegression, PhaseRetrieval

from .output import echo_parameters, print_json, print_table, whole

DIGITS = 15


@dataclass(frozen=True)
class LossSystem:
    """A named loss with its parameters, each with its meaning and an example."""

    name: str
    title: str
    loss: str
    parameters: Mapping[str, tuple[str, str]]
    known: tuple[str, ...]
    reference: str
    landscape: Callable[..., GeneralizedLinearLandscape]

    def read(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Values of this system's parameters, exact. Raises ValueError for one that it does not have."""
        for name in values:
            if name not in self.parameters:
                own = " ".join(f"--{key}" for key in self.parameters) or "no parameters"
                raise ValueError(f"--{name.replace('_', '-')} does not apply to {self.name}; it has {own}")
        return {name: parse_number(name, text) for name, text in values.items()}

    def require(self, values: Mapping[str, str]) -> None:
        """Raise ValueError if a parameter is missing."""
        for name, (_, example) in self.parameters.items():
            if name not in values:
                raise ValueError(f"--{name} is missing for {self.name}; try --{name} {example}")


LOSSES: dict[str, LossSystem] = {
    system.name: system
    for system in (
        LossSystem(
            "phase-retrieval",
            "a signal seen through the sizes of its projections on random directions",
            "(u^2 - y^2)^2/(2(a + y^2))",
            {"a": ("softening of the loss, > 0", "0.01")},
            ("thresholds", "equations"),
            "Sarao Mannelli et al. 2020, arXiv 2006.06997; Maillard, Ben Arous, Biroli 2020, arXiv 1912.02143",
            PhaseRetrieval,
        ),
        LossSystem(
            "linear-regression",
            "least squares, for comparison",
            "(u - y)^2/2",
            {},
            ("thresholds", "equations"),
            "Marchenko, Pastur 1967",
            LinearRegression,
        ),
    )
}


def run_thresholds(name: str, given: Mapping[str, str], *, digits: str, only: str, as_json: bool) -> None:
    """Compute and print every critical alpha of a loss, or those named in ``only``."""
    from numerics.generalized_linear import THRESHOLDS, evaluate_critical

    chosen = LOSSES[name]
    values = chosen.read(given)
    chosen.require(given)
    shown = min(whole("digits", digits, 1, DIGITS), DIGITS)
    keys = [key.strip() for key in only.split(",") if key.strip()]
    unknown = [key for key in keys if key not in THRESHOLDS]
    if unknown:
        raise ValueError(f"--only {unknown[0]}: no such threshold; choose among {', '.join(THRESHOLDS)}")
    results = evaluate_critical(chosen.landscape(**values), keys)
    if as_json:
        record = {
            key: {
                "alpha": r.alpha,
                "error": r.error,
                "exists": r.exists,
                "note": r.note,
                "meaning": THRESHOLDS[key].meaning,
                "reference": THRESHOLDS[key].reference,
                "state": {part: float(number) for part, number in r.state.items()},
            }
            for key, r in results.items()
        }
        print_json({"system": name, "parameters": echo_parameters(values), "thresholds": record})
        return
    rows = [
        [
            key,
            f"{r.alpha:.{shown}g}" if r.exists else "\u2014",
            f"{r.error:.1e}" if r.exists else "",
            "; ".join(text for text in (THRESHOLDS[key].meaning, r.note) if text),
        ]
        for key, r in results.items()
    ]
    title = ", ".join(f"{key} = {value}" for key, value in echo_parameters(values).items())
    print_table(f"{name}: {title}", ["threshold", "alpha = M/N", "error", "meaning; remarks"], rows)


Blocks = list[tuple[str, Printable]]


def _declaration(landscape: GeneralizedLinearLandscape) -> tuple[str, Printable]:
    return ("Loss and its derivatives", landscape)


def _bbp(landscape: GeneralizedLinearLandscape) -> Blocks:
    return [_declaration(landscape), ("Hessian for any law of the labels: bulk, edge, outlier", HessianSpectrum())]


def _replicas(landscape: GeneralizedLinearLandscape) -> Blocks:
    return [
        _declaration(landscape),
        ("One step of replica symmetry breaking, temperature 0", OneStepRSB()),
        ("Many steps, and the full one as their limit", FullRSB()),
    ]


def _complexity(landscape: GeneralizedLinearLandscape) -> Blocks:
    return [_declaration(landscape), ("Kac-Rice action of minima at overlap q", KacRiceAction())]


def _inference(landscape: GeneralizedLinearLandscape) -> Blocks:
    channel = BayesChannel(landscape)
    blocks: Blocks = [("Bayes-optimal state evolution", channel)]
    if channel.moments[0] == 0 and not channel.optimal_preprocessing.is_number:
        blocks.append(("Best spectral method", SpectralMethod(channel.optimal_preprocessing)))
    return blocks


TOPICS: dict[str, Callable[[GeneralizedLinearLandscape], Blocks]] = {
    "bbp": _bbp,
    "replicas": _replicas,
    "complexity": _complexity,
    "inference": _inference,
}


def derivation(name: str, topic: str, given: Mapping[str, str]) -> Blocks:
    """The equations of one topic; parameters left out stay symbolic."""
    if topic not in TOPICS:
        raise ValueError(f"unknown topic {topic!r} for {name}; choose among {', '.join(TOPICS)}")
    chosen = LOSSES[name]
    return TOPICS[topic](chosen.landscape(**chosen.read(given)))
