"""Over what a complexity is averaged, and where the typical (quenched) one is known to lie below.

The Kac-Rice formula gives ``(1/N) ln E[number]``, annealed, which is never below ``(1/N) E ln number`` (Jensen). They
differ where critical points share a direction that the landscape does not average out: a random field, a signal at
overlap m, a signal that acts as a field (Ros, Ben Arous, Biroli, Cammarota 2019, arXiv 1804.02686).
"""

from sympy import Expr, simplify

from ..end_states import random_field
from ..landscape import GaussianLandscape
from ..symbols import OVERLAP

AVERAGE = "annealed"
DEFINITION = r"\lim_{N \to \infty} \ln \mathbb{E}[\text{number}]/N \quad \text{(annealed)}"
"""Of Sigma, as a line of LaTeX."""


def pure(landscape: GaussianLandscape) -> bool:
    """One degree only: ``q f'/f`` is constant."""
    made = landscape.covariance - landscape.f(0, 0)
    return OVERLAP not in simplify(OVERLAP * landscape.f(1, OVERLAP) / made).free_symbols


def quenched_remark(landscape: GaussianLandscape, overlap: Expr | float) -> str:
    """What is known of the quenched complexity at overlap m; one sentence."""
    above = "annealed average: known to lie above the typical (quenched) complexity"
    if random_field(landscape) != 0:
        return f"{above} in a random field, f'(0) = {random_field(landscape)}"
    if overlap != 0:
        return f"{above} away from m = 0"
    if landscape.g(1, 0) != 0:
        return f"{above} where the signal acts as a field, g'(0) = {landscape.g(1, 0)}"
    if pure(landscape):
        return "annealed average: also the typical (quenched) complexity, for a pure model at m = 0"
    return (
        "annealed average: at m = 0 also the typical (quenched) complexity, but for the lowest energies of a mixture "
        "whose states break replica symmetry further"
    )
