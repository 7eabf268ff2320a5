"""Over what a complexity is averaged, and where the typical (quenched) one is known to lie below.

The Kac-Rice formula gives ``(1/N) ln E[number]``, annealed, which is never below ``(1/N) E ln number`` (Jensen). They
differ where critical points share a direction that the landscape does not average out: a random field, or an overlap m
(Ros, Ben Arous, Biroli, Cammarota 2019, arXiv 1804.02686), and where the rare event that an eigenvalue along the signal
is held back has causes in common. ``replicated`` derives the typical one.
"""

from sympy import Expr, simplify, sqrt

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


def held_back_in_common(landscape: GaussianLandscape) -> bool:
    """Whether minima at m = 0 need ``e.Hess.e`` to be atypical along the signal, with a part that all of them share.

    That part has variance ``2 f''(0)/N``: an average over landscapes moves it, a typical landscape does not.
    """
    excess = landscape.g(2, 0) - sqrt(landscape.f(2))
    return bool(excess.is_positive and landscape.f(2, 0) != 0)


def differs(landscape: GaussianLandscape, overlap: Expr | float, *, resolved: bool = False) -> bool:
    """Whether the quenched complexity of all critical points, ``resolved`` by their energy, may lie below.

    That of low energies of a mixture does where replicas break their symmetry.
    """
    fields = (random_field(landscape), landscape.g(1, 0), landscape.f(0, 0))
    return overlap != 0 or any(field != 0 for field in fields) or (resolved and not pure(landscape))


def quenched_remark(landscape: GaussianLandscape, overlap: Expr | float) -> str:
    """What is known of the quenched complexity at overlap m; one sentence."""
    above, at_zero = (
        "known to lie above the typical (quenched) complexity",
        "at m = 0 also the typical (quenched) complexity",
    )
    field, slope, constant = random_field(landscape), landscape.g(1, 0), landscape.f(0, 0)
    cases = (
        (field != 0, f"{above} in a random field, f'(0) = {field}"),
        (overlap != 0, f"{above} away from m = 0"),
        (
            slope != 0,
            f"may lie above the typical (quenched) complexity where the signal acts as a field, g'(0) = {slope}",
        ),
        (
            constant != 0,
            f"{at_zero} over all energies; known to lie above at one energy, since f(0) = {constant} moves all "
            "energies of a sample together",
        ),
        (
            held_back_in_common(landscape),
            f"{at_zero} of all critical points; known to lie above that of minima, which the signal makes unstable: "
            "g''(0) > sqrt(f''(1)), f''(0) > 0",
        ),
        (pure(landscape), "also the typical (quenched) complexity, for a pure model at m = 0"),
        (True, f"{at_zero}, but for the lowest energies of a mixture whose states break replica symmetry further"),
    )
    return f"annealed average: {next(words for holds, words in cases if holds)}"
