"""Every system by name: its parameters, what is known of it, and how to build it from what a user typed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sympy import oo

from theory.landscape import GaussianLandscape
from theory.parsing import parse_number, parse_polynomial, shortened
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import PureSpin, SpikedMatrixTensor, SpikedTensor
from theory.thresholds.catalogue import Family, planted, spiked_matrix_tensor, spiked_tensor

from .generalized_linear import LOSSES


@dataclass(frozen=True)
class System:
    """A named family of landscapes.

    ``parameters`` maps each parameter to its meaning and range; ``control`` is the one whose thresholds are sought.
    """

    name: str
    title: str
    covariance: str
    mean: str
    parameters: Mapping[str, str]
    known: tuple[str, ...]
    reference: str
    landscape: Callable[..., GaussianLandscape]
    required: tuple[str, ...]
    family: Callable[..., Family] | None = None
    control: str = ""

    def build(self, values: Mapping[str, str]) -> GaussianLandscape:
        """The landscape at the values given as text; parameters left out stay symbolic."""
        return self.landscape(**self.read(values))

    def read(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Values of this system's parameters, exact. Raises ValueError for one that it does not have."""
        foreign = [name for name in values if name not in self.parameters]
        if foreign:
            raise ValueError(f"--{option(foreign[0])} does not apply to {self.name}; it has {self.options()}")
        return {name: _read(name, text) for name, text in values.items()}

    def options(self) -> str:
        """The parameters as they are typed."""
        return " ".join(f"--{option(name)}" for name in self.parameters)

    def require(self, values: Mapping[str, str], names: Iterable[str]) -> None:
        """Raise ValueError if a needed parameter is missing."""
        for name in names:
            if name not in values:
                raise ValueError(f"--{option(name)} is missing for {self.name}; try --{option(name)} {EXAMPLES[name]}")


COMMANDS_OF_LOSSES = ("thresholds", "complexity", "dynamics", "simulate", "phase-diagram", "derive")
"""What generalised linear landscapes have on the command line."""


def require_signal(name: str, landscape: GaussianLandscape, overlap: float | None) -> None:
    """Raise ValueError for an overlap with a signal that is not there."""
    if landscape.mean == 0 and overlap:
        raise ValueError(f"--overlap {overlap:g} does not apply to {name}: nothing is planted; leave it out")


def option(name: str) -> str:
    """A parameter's name on the command line."""
    return name.replace("_", "-")


LARGEST_ORDER = 64
"""Larger orders take minutes to derive and behave like the limit p -> infinity."""
EXAMPLES = {"p": "3", "delta_2": "0.5", "delta_p": "1", "covariance": "'q**3/2 + q**4/4'", "mean": "'m**2/2'"}


def _read(name: str, text: str) -> Any:
    if name in ("covariance", "mean"):
        return parse_polynomial(text, OVERLAP if name == "covariance" else SIGNAL_OVERLAP)
    if name != "p" and text.strip().lower() in ("inf", "infinity"):
        return oo
    value = parse_number(option(name), text)
    if name == "p" and not (value.is_integer and value <= LARGEST_ORDER):
        nearest = round(float(min(max(3, value), LARGEST_ORDER)))
        raise ValueError(f"p = {shortened(text)} must be a whole number up to {LARGEST_ORDER}; try --p {nearest}")
    return int(value) if name == "p" else value


SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        System(
            "spiked-matrix-tensor",
            "one signal seen through a noisy matrix and a noisy tensor of order p",
            "q^2/(2 Delta_2) + q^p/(p Delta_p)",
            "g = f",
            {"p": "order, whole, >= 3", "delta_2": "noise of the matrix, > 0", "delta_p": "noise of the tensor, > 0"},
            ("complexity", "thresholds", "dynamics", "phase diagram", "figures of the 2019 papers"),
            "Sarao Mannelli et al. 2018-2019, arXiv 1812.09066, 1902.00139, 1907.08226",
            SpikedMatrixTensor,
            ("p", "delta_2", "delta_p"),
            spiked_matrix_tensor,
            "delta_2",
        ),
        System(
            "spiked-tensor",
            "one signal seen through a noisy tensor of order p",
            "q^p/(p Delta_p)",
            "g = f",
            {"p": "order, whole, >= 2", "delta_p": "noise, > 0"},
            ("complexity", "thresholds", "dynamics"),
            "Ben Arous, Mei, Montanari, Nica 2019, arXiv 1711.05424",
            SpikedTensor,
            ("p", "delta_p"),
            spiked_tensor,
            "delta_p",
        ),
        System(
            "pure-spin",
            "spherical p-spin glass, nothing planted",
            "q^p/(p Delta_p)",
            "g = 0",
            {"p": "order, whole, >= 2", "delta_p": "1/(p Delta_p) is the variance of H/sqrt(N); 1/p gives f = q^p"},
            ("complexity", "characteristic energies", "dynamics"),
            "Crisanti, Sommers 1992; Auffinger, Ben Arous, Cerny 2013, arXiv 1003.1129",
            PureSpin,
            ("p", "delta_p"),
        ),
        System(
            "landscape",
            "a covariance and a planted mean that you make up",
            "--covariance, a polynomial in q with coefficients >= 0",
            "--mean, a polynomial in m (default 0)",
            {"covariance": "f(q)", "mean": "g(m)"},
            ("complexity", "thresholds in the strength of the signal", "characteristic energies", "dynamics"),
            "Kac-Rice for isotropic Gaussian landscapes: Fyodorov 2004; Auffinger, Ben Arous 2013",
            GaussianLandscape,
            ("covariance",),
            planted,
        ),
    )
}


def system(name: str) -> System:
    """The system of that name. Raises ValueError with the nearest one for an unknown name."""
    if name in SYSTEMS:
        return SYSTEMS[name]
    if name in LOSSES:
        raise ValueError(f"{name} has no such command; it has: {', '.join(COMMANDS_OF_LOSSES)}")
    near = get_close_matches(name, [*SYSTEMS, *LOSSES], n=1, cutoff=0.3)
    hint = f"did you mean {near[0]}?" if near else f"choose among {', '.join([*SYSTEMS, *LOSSES])}"
    raise ValueError(f"unknown system {shortened(name)!r}; {hint}")
