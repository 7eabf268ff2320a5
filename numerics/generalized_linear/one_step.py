"""One-step replica-symmetry-broken states at overlap 0: the marginal ones, and their BBP transition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from theory.generalized_linear import GeneralizedLinearLandscape, OneStepRSB
from theory.generalized_linear.smooth import vanishes
from theory.generalized_linear.symbols import ALPHA, RESPONSE, TILT

from ..errors import ConvergenceError
from ..lowering import Array, lower
from ..threshold_values import ThresholdValue
from .curvature import curvature_floor, curvature_unit
from .field_law import FieldLaw, law_of, require_slope, tabulate, tilt_values
from .jumps import tabulate_jump
from .newton import newton
from .refinement import absent, critical_alpha, refined
from .spectrum import LabelSpectrum

THEORY = OneStepRSB()
SCAN = 0.25
"""Spacing of the nodes where roots are looked for."""
ORDERS = {SCAN: 4, 0.1: 6, 0.05: 8, 0.025: 10, 0.0125: 12}
"""Nodes to a panel where the proximal map jumps, in place of the spacing."""
RESPONSES = np.geomspace(0.01, 3.0, 20)
TILTS = np.geomspace(0.02, 50.0, 16)
"""Where states are looked for, chi and s in units of a loss whose curvature goes down to -2."""


@dataclass(frozen=True)
class OneStepState:
    """A 1RSB state: ``alpha``, ``chi``, ``s`` and what follows; ``identity`` is the residual of an exact one
    (but for maps that jump).

    ``replicon > 1``: the states break into clusters. ``sigma < 0``: there are no such states. ``jumps``: the proximal
    map does.
    """

    alpha: float
    chi: float
    s: float
    energy: float
    sigma: float
    replicon: float
    attraction: float
    identity: float
    jumps: bool

    @property
    def note(self) -> str:
        """Why the state is not to be trusted as one of the landscape's; empty if nothing speaks against it."""
        doubts = [
            (self.sigma < 0, f"Sigma = {self.sigma:.3g} < 0 (there are no such states)"),
            (self.replicon > 1, f"replicon = {self.replicon:.3g} > 1 (they break into clusters)"),
            (self.jumps, "the proximal map jumps (marginality leaves the jumps out)"),
        ]
        return "; ".join(text for holds, text in doubts if holds)


def one_step_law(landscape: GeneralizedLinearLandscape, chi: float, s: float, step: float) -> FieldLaw:
    """``P(u | y) ~ (1 + chi D) exp(-(u + chi l')^2/2 - s (l + chi l'^2/2))`` where the proximal map reaches."""
    jumps = 1 + chi * curvature_floor(landscape) <= 0
    data = tabulate_jump(landscape, chi, ORDERS.get(step, 8)) if jumps else tabulate(landscape, step)
    return law_of(data, tilt_values(data, THEORY.functional.tilt, {RESPONSE: chi, TILT: s}))


def marginal_bbp(landscape: GeneralizedLinearLandscape) -> ThresholdValue:
    """Smallest alpha at which marginal 1RSB states (``q_0 = 0``) have ``b = 1``: PHYSICS name "1RSB marginal".

    Unknowns chi and s; alpha follows from marginality. Error by refinement of the grid. Raises ConvergenceError if the
    root seen on a coarse grid is lost on a finer one.
    """
    trouble = not_applicable(landscape)
    if trouble:
        return absent(trouble)
    start = transition_start(landscape)
    if not len(start):
        ends = [float(x) for axis in _axes(landscape) for x in (axis[0], axis[-1])]
        return absent(
            "no marginal 1RSB state with b = 1 for chi in [{:.3g}, {:.3g}], s in [{:.3g}, {:.3g}]".format(*ends)
        )

    def compute(step: float) -> ThresholdValue:
        root = np.exp(newton(lambda x: _conditions(landscape, x, step), start))
        state = describe(landscape, float(root[0]), float(root[1]), step)
        return critical_alpha(state.alpha, note=state.note, state=vars(state))

    return refined(compute)


def marginal_state(landscape: GeneralizedLinearLandscape, alpha: float, *, step: float = 0.05) -> OneStepState:
    """The marginal 1RSB state at this alpha. Raises ConvergenceError if there is none in the range searched."""
    trouble = not_applicable(landscape)
    if trouble:
        raise ValueError(f"{landscape!r}: {trouble}")
    if not (np.isfinite(alpha) and alpha > 0):
        raise ValueError(f"alpha = {alpha} must be a positive number; try alpha = 4")

    def conditions(x: Array, step: float) -> Array:
        marginal, _, found = _sums(landscape, float(np.exp(x[0])), float(np.exp(x[1])), step)
        return np.array([marginal, np.log(found / alpha)])

    points = _grid(landscape)
    good = [p for p in points if np.isfinite(p[2]).all()]
    order = sorted(good, key=lambda p: abs(p[2][0]) + abs(np.log(p[2][2] / alpha)))
    for chi, s, _ in order[:4]:
        try:
            rough = newton(lambda x: conditions(x, SCAN), np.log([chi, s]))
            root = np.exp(newton(lambda x: conditions(x, step), rough))
        except ConvergenceError:
            continue
        return describe(landscape, float(root[0]), float(root[1]), step)
    raise ConvergenceError(f"no marginal 1RSB state found at alpha = {alpha:.6g}")


def not_applicable(landscape: GeneralizedLinearLandscape, *, bounded: bool = True) -> str:
    """Why states at overlap 0 are none of this loss; empty if they may be. ``bounded``: they need a curvature that is
    bounded below."""
    require_slope(landscape)
    if not landscape.is_even:
        return "the loss is not even in u: overlap 0 is not stationary, and random starts have no q_0 = 0 states"
    if vanishes(landscape.force):
        return "the loss does not depend on u"
    if bounded and not np.isfinite(curvature_floor(landscape)):
        return "the curvature of the loss is unbounded below, and so is the bulk of the Hessian"
    return ""


def describe(landscape: GeneralizedLinearLandscape, chi: float, s: float, step: float) -> OneStepState:
    """Everything about the state at (chi, s), alpha from marginality."""
    law = one_step_law(landscape, chi, s, step)
    spread, pull = _spectrum(landscape, law).sums(chi)
    alpha = 1 / spread
    scalars = {RESPONSE: chi, TILT: s, ALPHA: alpha}
    energy, replicon, identity = law.evaluate((THEORY.energy, THEORY.replicon, THEORY.identity), scalars)
    explicit = float(lower((RESPONSE, TILT), [THEORY.functional.explicit])(chi, s)[0])
    sigma = s * energy + explicit + alpha * law.log_mass
    jumps = 1 + chi * curvature_floor(landscape) <= 0
    return OneStepState(alpha, chi, s, energy, sigma, replicon, alpha * pull, identity, jumps)


def _spectrum(landscape: GeneralizedLinearLandscape, law: FieldLaw) -> LabelSpectrum:
    return LabelSpectrum(law, curvature_floor(landscape), unit=curvature_unit(landscape))


def _sums(landscape: GeneralizedLinearLandscape, chi: float, s: float, step: float) -> tuple[float, float, float]:
    """``alpha chi (chi + s) E[l'^2] - 1``, ``b - 1`` and alpha, on the marginal line ``alpha E[t^2] = 1``."""
    law = one_step_law(landscape, chi, s, step)
    spread, pull = _spectrum(landscape, law).sums(chi)
    alpha = 1 / spread
    residual = law.evaluate((THEORY.stationarity,), {RESPONSE: chi, TILT: s, ALPHA: alpha})[0]
    return chi * (chi + s) * residual, alpha * pull - 1, alpha


def _conditions(landscape: GeneralizedLinearLandscape, x: Array, step: float) -> Array:
    """Both conditions at ``x = (ln chi, ln s)``."""
    return np.array(_sums(landscape, float(np.exp(x[0])), float(np.exp(x[1])), step)[:2])


def _axes(landscape: GeneralizedLinearLandscape) -> tuple[Array, Array]:
    """Values of chi and s to look at: a loss twice as large has half of both."""
    unit = curvature_unit(landscape)
    return RESPONSES / unit, TILTS / unit


@lru_cache(maxsize=8)
def _grid(landscape: GeneralizedLinearLandscape) -> list[tuple[float, float, Array]]:
    """The conditions on a coarse net of (chi, s)."""
    responses, tilts = _axes(landscape)
    with np.errstate(all="ignore"):
        return [(float(c), float(s), _scanned(landscape, float(c), float(s))) for c in responses for s in tilts]


def _scanned(landscape: GeneralizedLinearLandscape, chi: float, s: float) -> Array:
    """nan where the proximal map jumps in a way that is not solved."""
    try:
        return np.array(_sums(landscape, chi, s, SCAN))
    except ConvergenceError:
        return np.full(3, np.nan)


def transition_start(landscape: GeneralizedLinearLandscape) -> Array:
    """``ln chi, ln s`` of the root with the smallest alpha, from cells of the net where both conditions change sign."""
    responses, tilts = _axes(landscape)
    values = np.array([p[2] for p in _grid(landscape)]).reshape(len(RESPONSES), len(TILTS), 3)
    signs = np.sign(values[..., :2])
    corners = np.stack([signs[i : len(RESPONSES) - 1 + i, j : len(TILTS) - 1 + j] for i in (0, 1) for j in (0, 1)])
    with np.errstate(invalid="ignore"):
        cells = np.argwhere((np.ptp(corners, axis=0) > 0).all(axis=-1))
    found = []
    for i, j in cells:
        middle = np.log([np.sqrt(responses[i] * responses[i + 1]), np.sqrt(tilts[j] * tilts[j + 1])])
        try:
            root = newton(lambda x: _conditions(landscape, x, SCAN), middle, tolerance=1e-9)
        except ConvergenceError:
            continue
        found.append((_sums(landscape, float(np.exp(root[0])), float(np.exp(root[1])), SCAN)[2], root))
    return np.array(min(found, key=lambda pair: pair[0])[1]) if found else np.array([])
