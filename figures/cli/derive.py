"""`ruggedflow derive SYSTEM TOPIC`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from textwrap import indent

from sympy import pretty, sqrt, sympify

from theory.dynamics import AveragedAction, DynamicalEquations, Start, asymptotics, kernels
from theory.end_states import friction, single_minimum
from theory.energies import energies
from theory.inference import BayesOptimal, MaximumLikelihood
from theory.kac_rice import KacRice, hessian_law, local_law
from theory.kac_rice.hessian import hessian_of
from theory.landscape import GaussianLandscape
from theory.printing import Line, Printable, as_latex
from theory.statics import Ansatz, ParisiFunctional
from theory.statics.algorithms import algorithmic_energy
from theory.statics.transitions import continuous_transition, dynamic_transition, static_transition, unplanted
from theory.symbols import OVERLAP, SIGNAL_OVERLAP, value_at_zero

from .generalized_linear import LOSSES, derivation
from .output import print_json
from .registry import System, option, system


def run(name: str, topic: str, given: Mapping[str, str], *, latex: bool, as_json: bool) -> None:
    """Derive and print: LaTeX with ``latex``, otherwise plain text."""
    blocks = derivation(name, topic, given) if name in LOSSES else _blocks(name, topic, given)
    if as_json:
        lines = [line for _, block in blocks for line in block.equations()]
        equations = [{"left": as_latex(left), "right": as_latex(right)} for left, right in lines]
        print_json({"system": name, "topic": topic, "latex": _latex(blocks), "equations": equations})
    elif latex:
        print(_latex(blocks))
    else:
        for title, block in blocks:
            print(title, *(_plain(line) for line in block.equations()), sep="\n\n", end="\n\n")


Blocks = list[tuple[str, Printable]]


def _blocks(name: str, topic: str, given: Mapping[str, str]) -> Blocks:
    """The equations of a Gaussian landscape."""
    chosen = system(name)
    if topic not in TOPICS:
        raise ValueError(f"unknown topic {topic!r}; choose among {', '.join(TOPICS)}")
    chosen.require(given, [name for name in chosen.required if name == "covariance"])
    return TOPICS[topic](chosen, given)


def _latex(blocks: Blocks) -> str:
    return "\n".join(f"% {title}\n{block.latex()}" for title, block in blocks)


def _plain(line: Line) -> str:
    """One equation as a terminal shows it."""
    left, right = (_readable(side) if isinstance(side, str) else pretty(sympify(side)) for side in line)
    lines = f"{indent(left, '  ')} =\n{indent(right, '      ')}".splitlines()
    return "\n".join(line.rstrip() for line in lines)


TERMINAL = {
    r"\mathrm": "", r"\mathbb": "", r"\text": "", r"\rm ": "", r"\left": "", r"\right": "", r"\tfrac12": "1/2 ",
    r"\frac{(t - \bar t)^2}{2 v}": "(t - t\u0304)\u00b2/(2v)", r"\bar t": "t\u0304", r"\sup_t": "sup over t ",
    r"\sup_{t \geq 2}": "sup over t \u2265 2 ", r"\sqrt": "\u221a", r"\Sigma": "\u03a3", r"\Phi": "\u03a6",
    r"\theta": "\u03b8", r"\sigma": "\u03c3", r"\lambda": "\u03bb", r"\langle": "\u27e8", r"\rangle": "\u27e9",
    r"\epsilon": "\u03b5", r"\tilde": "~", r"\cdot": "\u00b7", r"\nabla": "\u2207", r"\mu": "\u03bc", r"\eta": "\u03b7",
    r"\zeta": "\u03b6", r"\xi": "\u03be", r"\sim": "~", r"\qquad": "  ",
    r"\tau": "\u03c4", r"\infty": "\u221e", r"\lim": "lim", r"\to": "\u2192",
    r"\ln": "ln", r"\beta": "\u03b2", r"\chi": "\u03c7", r"\int": "\u222b",
    r"\partial": "\u2202", r"\quad": " ", r"\min": "min", r"\,": " ", "^2": "\u00b2",
    "{": "", "}": "",
}  # fmt: skip


def _readable(latex: str) -> str:
    """The few LaTeX strings that are not SymPy objects, in letters that a terminal has."""
    for command, letters in TERMINAL.items():
        latex = latex.replace(command, letters)
    return latex


def _complexity(chosen: System, given: Mapping[str, str]) -> Blocks:
    landscape = chosen.build(given)
    law = "Gaussian law of H/N, w, the gradient along and across the signal, and the second derivatives"
    return [
        (law, local_law()),
        ("Riemannian Hessian, conditioned on a critical point", hessian_law()),
        ("Annealed complexity per N at overlap m, energy integrated out", KacRice(landscape)),
        ("Resolved by energy", KacRice(landscape).at_energy()),
        *_channels(landscape),
    ]


def _channels(landscape: GaussianLandscape) -> Blocks:
    if sum(channel.covariance != 0 for channel in landscape.channels) < 2:
        return []
    return [("Resolved by the energy of each channel", KacRice(landscape).at_channel_energies())]


def _bbp(chosen: System, given: Mapping[str, str]) -> Blocks:
    general, special = hessian_law(), hessian_of(KacRice(chosen.build(given)).jet)
    uninformed = replace(special, spike=value_at_zero(special.spike, SIGNAL_OVERLAP))
    return [
        ("Riemannian Hessian, conditioned on a critical point", general),
        (f"The same for {chosen.name} at overlap m", special),
        (f"At m = 0; {_end_of_flow(chosen.build(given))}", uninformed),
    ]


def _end_of_flow(landscape: GaussianLandscape) -> str:
    if single_minimum(landscape):
        return f"gradient flow ends in a single minimum at t = {friction(landscape) / sqrt(landscape.f(2))}"
    return "gradient flow ages at t = 2, where the outlier is the first negative direction"


def _inference(chosen: System, given: Mapping[str, str]) -> Blocks:
    landscape = chosen.build(given)
    blocks: Blocks = [("Maximum likelihood: AMP and the informative minimum", MaximumLikelihood(landscape))]
    if landscape.mean == 0:
        raise ValueError(f"{chosen.name} has no planted signal; inference needs one")
    if landscape.mean.subs(SIGNAL_OVERLAP, OVERLAP) == landscape.covariance:
        blocks.append(("Bayes-optimal: replica-symmetric free entropy and AMP", BayesOptimal(landscape)))
    return blocks


def _dynamics(chosen: System, given: Mapping[str, str]) -> Blocks:
    landscape = chosen.build(given)
    start: Start = "random" if landscape.mean == 0 else "planted"
    opening = "a random start" if start == "random" else "a start of overlap m_0"
    equilibrium = DynamicalEquations(landscape, "equilibrium")
    condition = "".join(f" ({c.otherwise})" for c in equilibrium.conditions)
    return [
        ("Dynamical action averaged over the landscape", AveragedAction()),
        ("Effective process of one spin, by variation of the action", kernels("equilibrium")),
        (f"Closed equations for {chosen.name} from {opening}", DynamicalEquations(landscape, start)),
        (f"The same from equilibrium at inverse temperature beta, above T_s; planted at any{condition}", equilibrium),
        *asymptotics(landscape),
    ]


def _statics(chosen: System, given: Mapping[str, str]) -> Blocks:
    landscape = unplanted(chosen.build(given))
    numbered = (static_transition, continuous_transition, dynamic_transition, algorithmic_energy)
    return [
        (
            f"Parisi's functional of {chosen.name} at T = 0 (at T > 0 chi = (1 - q)/T ends it)",
            ParisiFunctional(landscape),
        ),
        ("Replica symmetric below q_1, one step above", Ansatz(landscape, ("atom",), at_zero=landscape.f(1, 0) == 0)),
        *((f"{t.name}: {t.meaning}", t) for t in (make(landscape) for make in numbered)),
    ]


def _thresholds(chosen: System, given: Mapping[str, str]) -> Blocks:
    """Of a planted system those of one order p, in a noise that stays a symbol; of others the energies."""
    values = chosen.read(given)
    landscape = chosen.landscape(**values)
    if chosen.family is None or landscape.mean == 0:
        thresholds = energies(landscape)
    else:
        if "p" in chosen.parameters and "p" not in given:
            raise ValueError(f"--p is missing: which thresholds {chosen.name} has depends on the order; try --p 3")
        for name in given:
            if name not in ("p", "covariance", "mean"):
                raise ValueError(f"--{option(name)} stays a symbol in the equations of the thresholds; leave it out")
        family = chosen.family(values.get("p", landscape))
        thresholds = tuple(family.thresholds.values()) + (() if "p" in values else energies(landscape))
    return [(f"{t.name}: {t.meaning}{f' Absent: {t.excluded}' if t.excluded else ''}", t) for t in thresholds]


TOPICS: dict[str, Callable[[System, Mapping[str, str]], Blocks]] = {
    "complexity": _complexity,
    "bbp": _bbp,
    "dynamics": _dynamics,
    "inference": _inference,
    "statics": _statics,
    "thresholds": _thresholds,
}
