"""Generalised linear landscapes on the command line: their parameters, thresholds and equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Symbol

from theory.expressions import parse_expression
from theory.generalized_linear import (
    FIELD,
    SIGNAL_FIELD,
    BayesChannel,
    CriticalPointAction,
    EffectiveProcess,
    FlowProcess,
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

from .arguments import whole
from .output import echo_parameters, print_json, print_table

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
    optional: tuple[str, ...] = ()

    def read(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Values of this system's parameters, exact. Raises ValueError for one that it does not have."""
        for name in values:
            if name not in self.parameters:
                own = " ".join(f"--{key}" for key in self.parameters) or "no parameters"
                raise ValueError(f"--{name.replace('_', '-')} does not apply to {self.name}; it has {own}")
        return {name: _read(name, text) for name, text in values.items()}

    def require(self, values: Mapping[str, str]) -> None:
        """Raise ValueError if a parameter is missing."""
        for name, (_, example) in self.parameters.items():
            if name not in values and name not in self.optional:
                raise ValueError(f"--{name} is missing for {self.name}; try --{name} {example}")

    def declared(self, given: Mapping[str, str]) -> tuple[GeneralizedLinearLandscape, dict[str, Any]]:
        """The landscape with numbers for all its parameters, and the values that were given."""
        values = self.read(given)
        self.require(given)
        landscape = self.landscape(**values)
        if landscape.parameters:
            name = landscape.parameters[0]
            raise ValueError(f"--{name} is missing: it is a parameter of the loss; try --{name} 1")
        landscape.require_smooth()
        return landscape, values


def _read(name: str, text: str) -> Any:
    """A number, or a function of the fields."""
    if name in EXPRESSIONS:
        return parse_expression(text, EXPRESSIONS[name])
    return parse_number(name, text)


SOFTENING = Symbol("a", positive=True)
EXPRESSIONS = {
    "loss": {"u": FIELD, "y": SIGNAL_FIELD, "a": SOFTENING},
    "teacher": {"y": SIGNAL_FIELD},
}
"""Parameters that are functions, and the variables that they may contain."""


def _declared(loss: Expr | None = None, teacher: Expr | None = None, a: Any = None) -> GeneralizedLinearLandscape:
    """The landscape of a loss that a user typed. Raises ValueError where loss and parameter do not fit."""
    if loss is None:
        raise ValueError("--loss is missing for generalized-linear; try --loss '(u**2 - y**2)**2/4'")
    landscape = GeneralizedLinearLandscape(loss, teacher)
    if a is None:
        return landscape
    if not a > 0:
        raise ValueError(f"a = {float(a):g} must be a positive number; try --a 1")
    return landscape.subs({"a": a})


LOSSES: dict[str, LossSystem] = {
    system.name: system
    for system in (
        LossSystem(
            "phase-retrieval",
            "a signal seen through the sizes of its projections on random directions",
            "(u^2 - y^2)^2/(2(a + y^2))",
            {"a": ("softening of the loss, > 0", "0.01")},
            ("thresholds", "complexity", "dynamics", "simulation", "phase diagram", "equations"),
            "Sarao Mannelli et al. 2020, arXiv 2006.06997; Maillard, Ben Arous, Biroli 2020, arXiv 1912.02143",
            PhaseRetrieval,
        ),
        LossSystem(
            "linear-regression",
            "least squares, for comparison",
            "(u - y)^2/2",
            {},
            ("thresholds", "complexity", "dynamics", "simulation", "equations"),
            "Marchenko, Pastur 1967",
            LinearRegression,
        ),
        LossSystem(
            "generalized-linear",
            "a loss that you make up",
            "--loss, a smooth function of u and y (and of a, which --a sets)",
            {
                "loss": ("l(u, y), where y is the label that the teacher shows", "'(u**2 - y**2)**2/4'"),
                "teacher": ("the label as a function of y = x.w*/sqrt N; default y", "'y**2'"),
                "a": ("a positive parameter of the loss, if it has one", "1"),
            },
            ("thresholds", "complexity", "dynamics", "simulation", "equations"),
            "Maillard, Ben Arous, Biroli 2020, arXiv 1912.02143",
            _declared,
            ("teacher", "a"),
        ),
    )
}


def run_thresholds(name: str, given: Mapping[str, str], *, digits: str, only: str, as_json: bool) -> None:
    """Compute and print every critical alpha of a loss, or those named in ``only``."""
    from numerics.generalized_linear import THRESHOLDS, evaluate_critical
    from numerics.rounding import half_unit, rounded_up

    from .progress import announced

    chosen = LOSSES[name]
    landscape, values = chosen.declared(given)
    shown = min(whole("digits", digits, 1, DIGITS), DIGITS)
    keys = [key.strip() for key in only.split(",") if key.strip()]
    unknown = [key for key in keys if key not in THRESHOLDS]
    if unknown:
        raise ValueError(f"--only {unknown[0]}: no such threshold; choose among {', '.join(THRESHOLDS)}")
    with announced() as doing:
        results = evaluate_critical(landscape, keys, progress=doing)
    if as_json:
        record = {
            key: {
                "alpha": r.value,
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
            f"{r.value:.{shown}g}" if r.exists else "\u2014",
            rounded_up(r.error + half_unit(r.value, shown), 2) if r.exists else "",
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
    return [
        _declaration(landscape),
        ("Kac-Rice action of minima at overlap q", KacRiceAction()),
        ("The same of all critical points, lambda = 0, and of a given index k", CriticalPointAction()),
    ]


def _inference(landscape: GeneralizedLinearLandscape) -> Blocks:
    channel = BayesChannel(landscape)
    blocks: Blocks = [("Bayes-optimal state evolution", channel)]
    if channel.moments[0] == 0 and not channel.optimal_preprocessing.is_number:
        blocks.append(("Best spectral method", SpectralMethod(channel.optimal_preprocessing)))
    return blocks


def _dynamics(landscape: GeneralizedLinearLandscape) -> Blocks:
    return [
        _declaration(landscape),
        ("Effective process of gradient descent with steps eta(t); l(t) = l(u(t), y) and so on", EffectiveProcess()),
        ("Its limit of short steps, gradient flow", FlowProcess()),
    ]


TOPICS: dict[str, Callable[[GeneralizedLinearLandscape], Blocks]] = {
    "bbp": _bbp,
    "replicas": _replicas,
    "complexity": _complexity,
    "dynamics": _dynamics,
    "inference": _inference,
}


def derivation(name: str, topic: str, given: Mapping[str, str]) -> Blocks:
    """The equations of one topic; parameters left out stay symbolic."""
    if topic not in TOPICS:
        raise ValueError(f"unknown topic {topic!r} for {name}; choose among {', '.join(TOPICS)}")
    chosen = LOSSES[name]
    return TOPICS[topic](chosen.landscape(**chosen.read(given)))
