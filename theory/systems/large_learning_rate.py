r"""Gradient descent on deep linear networks with large steps: beyond one of them it converges from almost no start.

Descent with step eta leaves every minimum where the Hessian has an eigenvalue above ``2/eta``. On ``1/2 |W_L ... W_1 -
S|^2`` layers share the singular values of S in many ways, and the sharpest direction of a minimum is least where the
layers are balanced: above ``2/eta`` even there, all minima repel. Below, it depends on the start where descent ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sympy import Abs, Eq, Expr, S, Symbol, solve

from ..domain import Exact, Several, Whole
from ..laws import Explicit
from ..networks.deep_linear import MULAYOFF, Flattest, sharpness
from ..parameter import Parameter
from ..prediction import Derived, Prediction, Threshold
from ..system import Blocks, System

ETA = Symbol("eta", positive=True)
NAR = "Nar, Sastry 2018, arXiv 1805.08890"


class LargeLearningRate(System):
    """``L`` layers; ``s_max`` stands for the largest singular value where none are given."""

    slug = "large-learning-rate"
    title = "gradient descent on a deep linear network with steps so large that no minimum is stable"
    statement = "W_l -> W_l - eta dE/dW_l,  E = 1/2 |W_L ... W_1 - S|^2"
    source = f"{NAR}; {MULAYOFF}"
    parameters = (
        Parameter("depth", "layers L", Whole(1, 50), "2"),
        Parameter("singular_values", "of the target S", Several(Exact()), "3,2,1"),
        Parameter("eta", "step of descent", Exact(), "0.32"),
    )
    control = "eta"
    size_to_try = 8
    depth: Any
    singular_values: Any
    eta: Expr

    def predictions(self) -> Iterable[Prediction]:
        """Where the flattest minimum turns unstable, and what descent does next to it."""
        flattest = self.flattest()
        (largest,) = solve(Eq(ETA * flattest, 2), ETA)
        return (
            Threshold(
                "divergence",
                "Above it no minimum is stable: descent converges from almost no start.",
                ETA,
                (Eq(ETA * flattest, 2),),
                NAR,
                closed_form=largest,
            ),
            Derived(
                "sharpness", "Largest eigenvalue of the Hessian at the flattest minimum.", MULAYOFF, Explicit(flattest)
            ),
            Derived(
                "multiplier",
                "Of a deviation along its sharpest direction in each step: it grows above 1.",
                NAR,
                Explicit(Abs(1 - self.eta * flattest)),
            ),
        )

    def flattest(self) -> Expr:
        """Its sharpness, that of the largest singular value."""
        given = self.singular_values
        return sharpness(S(self.depth), max(given) if isinstance(given, list) else Symbol("s_max", positive=True))

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        heading = (
            "The Hessian at a balanced minimum, for modes i and j; sharpness of minima of amplitudes a_l of each layer"
        )
        return {"flattest": lambda: [(heading, Flattest())], **super().derivation()}
