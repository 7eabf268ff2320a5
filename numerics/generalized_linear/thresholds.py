"""Every critical alpha of a generalised linear landscape: the solver of each law of ``theory``, in double precision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import theory.generalized_linear.thresholds as laws
from theory.generalized_linear import GeneralizedLinearLandscape, critical_alphas
from theory.naming import called

from ..progress import Progress, silent
from ..solve import Found, Point, solve, solve_thresholds
from ..threshold_values import Thresholds, ThresholdValue
from .bayes import algorithmic, information_theoretic, spectral_optimal, weak_recovery
from .field_law import require_slope
from .full_rsb import ground_state_bbp
from .ground_state import ground_state
from .kac_rice import dominant_bbp, zero_complexity_bbp
from .one_step import marginal_bbp
from .refinement import critical_alpha
from .spectrum import initial_bbp

DIGITS = 15


def least_energy(landscape: GeneralizedLinearLandscape, energy: float, steps: int | None) -> ThresholdValue:
    """The first alpha whose ground state has this energy; see ``ground_state``."""
    found = ground_state(landscape, energy=energy, steps=steps)
    return critical_alpha(found.alpha, found.error, state={"chi": found.chi, "q_0": float(found.q[0])})


SOLVERS: Mapping[type[laws.DataLaw], Callable[[Any], ThresholdValue]] = {
    laws.RandomPoint: lambda law: initial_bbp(law.landscape),
    laws.MarginalStates: lambda law: marginal_bbp(law.landscape),
    laws.GroundStates: lambda law: ground_state_bbp(law.landscape),
    laws.CountedMinima: lambda law: (zero_complexity_bbp if law.lowest else dominant_bbp)(law.landscape, law.labels),
    laws.LeastEnergy: lambda law: least_energy(law.landscape, float(law.energy), law.steps),
    laws.Uninformed: lambda law: weak_recovery(law.landscape),
    laws.Informed: lambda law: algorithmic(law.landscape),
    laws.FullyInformed: lambda law: information_theoretic(law.landscape),
    laws.BestSpectralMethod: lambda law: spectral_optimal(law.landscape),
}


@solve.register
def _(law: laws.DataLaw, at: Point, digits: int) -> Found:
    del at
    if digits > DIGITS:
        raise ValueError(f"{called('digits', digits)}: averages over data have at most {DIGITS}")
    found = SOLVERS[type(law)](law)
    return Found(found.value, found.error, found.note, found.state)


def evaluate_critical(
    landscape: GeneralizedLinearLandscape,
    only: Iterable[str] = (),
    *,
    progress: Progress = silent,
) -> Thresholds:
    """All thresholds of a loss with numbers for its parameters, or those named in ``only``.

    See ``solve_thresholds``. Raises ValueError for an unknown name, for a loss with free parameters, or where loss and
    teacher admit none of those asked for.
    """
    require_slope(landscape)
    known = {threshold.name: threshold for threshold in critical_alphas(landscape)}
    names = list(only) or list(known)
    for name in names:
        if name not in known:
            raise ValueError(f"threshold = {name!r} is unknown; choose among {', '.join(known)}")
    found = solve_thresholds([known[name] for name in names], {}, progress=progress)
    return replace(found, settings={"landscape": repr(landscape)})
