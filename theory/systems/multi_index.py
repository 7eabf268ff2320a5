r"""Labels that a few projections of the data decide: ``Y(z_1 .. z_K)``, ``z_k = x.w_k*/sqrt N``, ``w_k*`` orthonormal.

Below ``alpha_c`` of weak recovery no polynomial-time method is known that correlates with any of the directions, once
labels have no mean ``E[z | label]``; above, message passing from any start does, and so does the top eigenvector of

``(1/N) sum_mu T(Y_mu) (x) x_mu x_mu^T``, ``T = 1 - E[z z^T | label]^-1``,

which is linear message passing made symmetric. A mean is learned for any ``alpha > 0``; what more there is to learn
once some directions are known is not told here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sympy import S, Symbol

from ..domain import Exact, Function
from ..generalized_linear import ALPHA as DATA
from ..generalized_linear.multi_index import INDICES, IndexStability, IndexTeacher, LinearisedPassing
from ..parameter import Parameter
from ..prediction import Threshold
from ..system import Blocks, System
from .generalized_linear import ALPHA

TROIANI = "Troiani, Dandi, Defilippis, Zdeborova, Loureiro, Krzakala 2024, arXiv 2405.15480"
SPECTRAL = "Defilippis, Dandi, Mergny, Krzakala, Loureiro 2025, arXiv 2502.02545"


class MultiIndex(System):
    r"""``teacher`` in z1, z2, z3 (z is z1); ``noise``, left out, is none."""

    slug = "multi-index"
    title = "labels that depend on a few directions of the data"
    statement = "label = Y(z_1 .. z_K) + sqrt(noise) xi,  z_k = x.w_k*/sqrt N,  x Gaussian"
    source = f"{TROIANI}; {SPECTRAL}"
    parameters = (
        Parameter(
            "teacher",
            "Y, of one to three indices",
            Function({"z": INDICES[0]} | {z.name: z for z in INDICES}),
            "'z1*z2'",
        ),
        Parameter("noise", "variance of Gaussian noise on the label", Exact(zero=True), "0.1", required=False),
        ALPHA,
    )
    control = "alpha"
    size_to_try = 128
    alpha: Any

    seen: IndexTeacher
    teacher: Any
    noise: Any

    def __init__(self, teacher: Any = None, noise: Any = None, alpha: Any = None) -> None:
        super().__init__(teacher=teacher, noise=S.Zero if noise is None else noise, alpha=alpha)
        if teacher is not None:
            self.seen = IndexTeacher(self.teacher, self.noise)

    def predictions(self) -> Iterable[Threshold]:
        """Weak recovery, of a teacher that is given."""
        if isinstance(self.teacher, Symbol) and self.teacher.name == "teacher":
            return ()
        law = IndexStability(self.seen)
        meaning = "Message passing and the best spectral method correlate with a direction."
        return (Threshold("weak_recovery", meaning, DATA, (law.side,), TROIANI, by=law),)

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "inference": lambda: [("Message passing close to no overlap, for two indices", LinearisedPassing())],
            "thresholds": super().derivation()["predictions"],
        }
