"""Energies of a spherical spin glass: where its dynamics ages, where its minima are, where they end.

Assumed: no overlap with a signal. The ageing energy is right for every covariance and field as far as the flow forgets
its start (``dynamics.slow_sectors``); those of minima are annealed (``kac_rice.average``): typical values only where
states do not break replica symmetry further, and without field.
"""

from dataclasses import replace
from functools import cache

from sympy import Eq, Expr, Integral, diff, factor_terms, simplify
from sympy.logic.boolalg import false

from .dynamics.slow_sectors import Sector, SlowSectors
from .end_states import single_minimum
from .kac_rice.average import pure
from .kac_rice.complexity import KacRice
from .landscape import GaussianLandscape
from .prediction import Condition, Threshold
from .random_matrices.index_cost import regions
from .random_matrices.semicircle import Y
from .statics.ansatz import Ansatz, Part
from .statics.functional import ParisiFunctional
from .statics.transitions import single_state, unplanted
from .symbols import ENERGY, SHIFT, SIGNAL_OVERLAP
from .thresholds.family import Family

AUFFINGER = (
    "Auffinger, Ben Arous, Cerny 2013, arXiv 1003.1129 (pure); Auffinger, Ben Arous 2013, arXiv 1110.5872 (mixed)"
)
PARISI = "Chen, Sen 2017, arXiv 1512.08492; Jagannath, Tobasco 2017, arXiv 1602.00657"


@cache
def threshold_energy(landscape: GaussianLandscape, sectors: tuple[Sector, ...] | None = None) -> Threshold:
    """``e = -f'(q_0) chi(q_0) - int_{q_0}^1 f'' chi dq`` with the slow sectors given, from C = 1 down.

    One step is ``-[f'(1) + f(1) (f''(1) - f'(1))/f'(1)]/sqrt(f''(1))``, the limit T -> 0 of ``Ageing``, exact for pure
    models; by default it is that, which a landscape without numbers cannot be asked to pass a test. Which sectors a
    landscape has is the content of ``dynamics.slow_sectors``, where its assumptions are as well.
    """
    made = unplanted(landscape)
    chosen = default_sectors(made) if sectors is None else sectors
    ageing = SlowSectors(made, chosen)
    energy = ageing.energy
    if not ageing.unknowns and not energy.has(Integral):  # integrals of sqrt(f'') are best left to quadrature
        energy = simplify(energy)
    return Threshold(
        "threshold_energy",
        _meaning(made, chosen),
        ENERGY,
        (Eq(ENERGY, energy, evaluate=False), *ageing.conditions),
        "Cugliandolo, Kurchan 1993, Phys. Rev. Lett. 71, 173" + ("" if pure(made) else MIXTURES),
        ageing.unknowns,
        None if ageing.unknowns or energy.has(Integral) else energy,
    )


MIXTURES = "; 1994, J. Phys. A 27, 5749 (several time sectors); Folena, Franz, Ricci-Tersenghi 2020, arXiv 1903.01421"


def default_sectors(landscape: GaussianLandscape) -> tuple[Sector, ...]:
    """One step, or none for a landscape with a single minimum."""
    return () if single_state(landscape) else ("step",)


def _meaning(landscape: GaussianLandscape, sectors: tuple[Sector, ...]) -> str:
    """What ages there, and how far it is known that gradient flow does."""
    if not sectors:
        return (
            "Energy of the single minimum, -sqrt(f'(1)), in which gradient flow ends: f''(1) <= f'(1), a strong field."
        )
    if pure(landscape):
        return "Energy at which gradient flow from a random start ages in the unplanted pure p-spin model (T -> 0)."
    parts = " and ".join(dict.fromkeys({"step": "one-step", "continuum": "continuous"}[sector] for sector in sectors))
    return (
        f"Energy of the {parts} marginal ageing that forgets its start, unplanted (T -> 0); the gradient flow of a "
        "mixture may end elsewhere (Folena, Franz, Ricci-Tersenghi 2020)."
    )


@cache
def marginal_energy(landscape: GaussianLandscape) -> Threshold:
    """``-2 f'(1) sqrt(f''(1))/(f'(1) + f''(1))``: the energy at ``t = 2`` with the energy integrated out.

    The most numerous ones on (annealed) average. With ``f''(1) < f'(1)`` there is a single minimum, with ``t > 2``.
    """
    energy = KacRice(unplanted(landscape)).complexity().energy
    return _closed(
        "marginal_energy",
        "Energy of the most numerous marginal critical points of the unplanted landscape (annealed; bulk edge at 0).",
        factor_terms(simplify(energy.subs({SHIFT: 2, SIGNAL_OVERLAP: 0}))),
        AUFFINGER,
        _some_minima(landscape),
    )


def _some_minima(landscape: GaussianLandscape) -> tuple[Condition, ...]:
    """``f''(1) >= f'(1)``, or no critical point but two, whose energies are ``+-sqrt(f'(1))``."""
    if single_minimum(landscape):
        excess = simplify(landscape.f(2) - landscape.f(1))
        reason = (
            f"f''(1) - f'(1) = {excess}: no marginal states; gradient flow ends in a single minimum, at -sqrt(f'(1))"
        )
        return (Condition(false, reason),)
    return ()


@cache
def ground_state_energy(landscape: GaussianLandscape) -> Threshold:
    """``-min_chi`` of Parisi's functional at T = 0 (``theory.statics``): of any landscape, with or without a field."""
    return Threshold(
        "ground_state_energy",
        "Energy of the ground state of the unplanted landscape (Parisi's formula).",
        ENERGY,
        (Eq(ENERGY, -ParisiFunctional(unplanted(landscape)).functional, evaluate=False),),
        PARISI,
    )


def ground_state_of(landscape: GaussianLandscape, parts: tuple[Part, ...], at_zero: bool, at_one: bool) -> Threshold:
    """The same with an order parameter of known parts: equations for their places."""
    general, ansatz = ground_state_energy(landscape), Ansatz(unplanted(landscape), parts, at_zero, at_one)
    energy = Eq(ENERGY, ansatz.free_energy, evaluate=False)
    closed = None if ansatz.unknowns else ansatz.free_energy
    return replace(general, defining=(energy, *ansatz.conditions), unknowns=ansatz.unknowns, closed_form=closed)


@cache
def annealed_energy(landscape: GaussianLandscape, index: int = 0) -> Threshold:
    """``Sigma_k(E) = 0``: below it there are no critical points with k negative directions.

    The complexity is annealed: an average of numbers that rare landscapes may rule, so that the zero is a bound from
    below. For minima it is the ground state where that breaks replica symmetry in one step without field, and lies
    below it otherwise.
    """
    action = KacRice(unplanted(landscape)).at_energy()
    sigma = action.outside(regions(index)[-1 if index == 0 else 1].cost)
    # a pure landscape ties t to the energy; otherwise the best t is taken
    shift = Eq(Y + 1 / Y, action.shift_mean) if action.shift_variance == 0 else Eq(diff(sigma, Y), 0)
    name = "annealed_ground_state_energy" if index == 0 else f"index_{index}_energy"
    kind = "minima" if index == 0 else f"saddles with {index} negative direction{'s' if index > 1 else ''}"
    return Threshold(
        name,
        f"Bound from below on the energy of {kind} of the unplanted landscape: zero of their annealed complexity.",
        ENERGY,
        (Eq(sigma.subs(SIGNAL_OVERLAP, 0), 0), shift),
        AUFFINGER,
        (Y,),
        conditions=_numerous_minima(landscape),
    )


def _numerous_minima(landscape: GaussianLandscape) -> tuple[Condition, ...]:
    """``f''(1) > f'(1)``, or critical points are not exponentially numerous."""
    excess = simplify(landscape.f(2) - landscape.f(1))
    if excess.is_nonpositive:
        return (Condition(false, f"f''(1) - f'(1) = {excess}: critical points are not exponentially numerous"),)
    return ()


def energies(landscape: GaussianLandscape) -> tuple[Threshold, ...]:
    """All of them, down to saddles of index 2."""
    made = (threshold_energy(landscape), marginal_energy(landscape), ground_state_energy(landscape))
    return (*made, *(annealed_energy(landscape, index) for index in range(3)))


def _closed(name: str, meaning: str, value: Expr, reference: str, conditions: tuple[Condition, ...] = ()) -> Threshold:
    closed = None if conditions else value
    return Threshold(name, meaning, ENERGY, (Eq(ENERGY, value),), reference, closed_form=closed, conditions=conditions)


def energy_family(landscape: GaussianLandscape) -> Family:
    """The unplanted landscape with its energy as control."""
    if landscape.free_symbols:
        raise ValueError(f"{landscape.free_symbols[0]} has no value; energies are those of one landscape")
    return Family.of(unplanted(landscape), ENERGY, *energies(landscape))
