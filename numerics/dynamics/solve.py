"""The front door: one call for every landscape, start and temperature."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import log1p
from typing import Any, Literal, cast, get_args

import numpy as np
from threadpoolctl import threadpool_limits

from theory.course import Course
from theory.landscape import GaussianLandscape

from ..course import UNIT
from ..errors import ConvergenceError, Interrupted
from ..periodically import Periodically
from ..progress import Progress, silent
from .model import Model, Start, described, model
from .solution import DynamicsSolution
from .two_time import Reached, TwoTime
from .units import quickest
from .verified import Verified

Method = Literal["auto", "reference", "long-time"]
REFERENCE_REACH = 40.0
"""Longest run that "auto" gives to the reference method, in units of the landscape's own time, ``1/fastest``."""
SMALLEST_RTOL = 1e-13


def solve_dynamics(
    landscape: GaussianLandscape,
    t_max: float,
    *,
    temperature: float = 0.0,
    overlap: float = 0.0,
    start: Start = "random",
    schedule: Course | None = None,
    mass: float = 0.0,
    friction: Course = UNIT,
    rtol: float = 1e-6,
    method: Method = "auto",
    verify: bool = False,
    progress: Progress = silent,
    resume: DynamicsSolution | None = None,
    keep: Callable[[DynamicsSolution], object] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> DynamicsSolution:
    r"""``d_t C = -mu C + int_0^t f''(C) R C ds + int_0^t' f'(C) R ds + g'(m) m``, and those for R, m, mu, e.

    Parameters
    ----------
    landscape
        ``f`` and ``g``; polynomials or power series that converge at 1.
    t_max
        Last time, positive, in units of ``dx/dt = -grad H - mu x``. Ageing at T = 0 without a signal can be followed
        to 1e8 or so of the landscape's own times: rounding grows with t.
    temperature
        Of the bath, ``T >= 0``; 0 is gradient flow.
    overlap
        ``m(0)`` within [-1, 1].
    start
        ``"random"``, ``Equilibrium(beta)`` above the static transition, or ``Planted(beta)`` at any beta.
    schedule
        ``T(t)`` in place of a temperature: ``theory.course.Course("0:1, 10:0.2")``, a quench at t = 10.
    mass, friction
        Of ``M x'' + gamma x' = -grad H - mu x + noise`` of variance ``2 gamma T``; the friction, any function of t >= 0
        (0: isolated; ``Course("3/t")``: Nesterov), goes with a mass. Starts are at rest, those at ``beta`` thermal,
        and those that meet an infinite friction at the temperature of the bath.
    rtol
        Error aimed at, within [1e-13, 1): of C and R absolute, of the others relative to their largest value.
    method
        ``"reference"`` (cost ~ t^3, ten digits to t = 50), ``"long-time"`` (no friction like 3/t), or ``"auto"``: the
        former up to ``REFERENCE_REACH`` of the landscape's own times.
    verify
        Solve again with a tenth of the tolerance; the difference joins the error estimate.
    progress
        Called with ``t/t_max`` at the time reached, after every iteration; a run that starts again, with more nodes or
        to verify, says so beside it.
    resume
        A solution of the same problem, to the same ``rtol`` or a smaller one, to go on from (long-time method only).
        One that reaches beyond ``t_max`` is the answer.
    keep
        Called with the solution so far (``lambda found: found.save(path)``, say), by the long-time method every two
        minutes or more often, and with ``verify`` before it is solved again.
    parameters
        Values of the landscape's symbols, by name.

    Returns a ``DynamicsSolution``. Raises ``ValueError`` for a bad argument, ``ConvergenceError`` when the tolerance
    is out of reach, saying how far the run got, and ``Interrupted`` on Ctrl-C; where the method keeps what it has, the
    ``partial`` of these two is a solution up to there, that can be saved and resumed.

    Source: Cugliandolo, Kurchan (Phys. Rev. Lett. 71, 173, 1993); with a signal, Sarao Mannelli, Biroli, Cammarota,
    Krzakala, Zdeborova (NeurIPS 2019).
    """
    _require(t_max, rtol, method)
    problem: dict[str, Any] = {"temperature": temperature, "overlap": overlap, "start": start}
    problem |= {"schedule": schedule, "mass": mass, "friction": friction}
    equations = model(landscape, **problem, t_max=float(t_max), parameters=parameters)
    fast = quickest(equations)
    chosen = chosen_method(method, float(t_max) * fast, resume, equations)
    before = _earlier(equations, chosen, resume, float(rtol))
    if verify and before is not None and _reached_beyond(before, t_max):
        raise ValueError(
            f"resume reaches t = {before.t[-1]:g} already, which verify to t_max = {t_max:g} would drop; "
            f"use t_max = {before.t[-1]:g}, or leave verify out"
        )
    settings = {
        "landscape": repr(landscape.subs(parameters or {})),
        "t_max": float(t_max),
        "temperature": equations.temperature if schedule is None else str(schedule),
        **({"mass": equations.mass, "friction": str(friction)} if equations.mass > 0 else {}),
        "overlap": equations.overlap,
        **({"replica": equations.replica} if equations.replica > 0 else {}),
        "start": described(start),
        "rtol": float(rtol),
        "method": chosen,
        "verify": False,
    }

    why = [""]

    def reached(t: float) -> None:
        progress(_share(t, t_max, chosen, fast), f"t = {t:.3g} of {t_max:g}{why[-1]}")

    def again(reason: str) -> None:
        why.append(f", {reason}")

    often: Periodically[TwoTime] | None = None
    if keep is not None:
        often = Periodically(lambda two_time: keep(_solution(equations, two_time, settings)))
    with _keeping_partial(equations, settings):
        two_time = _integrate(equations, float(t_max), chosen, float(rtol), reached, again, before, often)
    solution = _solution(equations, two_time, settings)
    if not (verify and _reaches(two_time, t_max)):
        return solution
    if keep is not None:
        keep(solution)
    again("again from t = 0, to verify")
    with _keeping_partial(equations, settings, solution):
        tolerance = max(float(rtol) / 10, SMALLEST_RTOL)
        finer = _integrate(equations, float(t_max), chosen, tolerance, reached, again, None)
    return _solution(equations, Verified.of(finer, two_time), settings | {"verify": True})


def _solution(equations: Model, two_time: TwoTime, settings: Mapping[str, Any]) -> DynamicsSolution:
    return DynamicsSolution(equations, two_time, settings, dict(two_time.statistics), _message(two_time, settings))


@contextmanager
def _keeping_partial(
    equations: Model, settings: Mapping[str, Any], unverified: DynamicsSolution | None = None
) -> Iterator[None]:
    """What stops a run carries the solution so far: the ``two_time`` that a method left on the exception."""
    try:
        yield
    except (KeyboardInterrupt, ConvergenceError) as error:
        reached: TwoTime | None = getattr(error, "two_time", None)
        partial = _solution(equations, reached, settings) if reached is not None and unverified is None else unverified
        if isinstance(error, ConvergenceError):
            error.partial = partial
        elif partial is not None:
            place = f"at t = {partial.t_reached:g} of {settings['t_max']:g}"
            if unverified is not None:
                place = f"while verifying what had reached t = {partial.t_reached:g}"
            raise Interrupted(f"interrupted {place}", partial) from error
        raise


def _require(t_max: float, rtol: float, method: str) -> None:
    if not (np.isfinite(t_max) and t_max > 0):
        raise ValueError(f"t_max = {t_max}: expected a finite time > 0; try 100")
    if not SMALLEST_RTOL <= rtol < 1:
        raise ValueError(f"rtol = {rtol}: expected a tolerance within [{SMALLEST_RTOL:g}, 1); try 1e-6")
    if method not in get_args(Method):
        raise ValueError(f"method = {method!r}: expected one of {', '.join(get_args(Method))}")


def chosen_method(method: Method, own_time: float, resume: DynamicsSolution | None, equations: Model) -> str:
    """What "auto" stands for in a run to ``own_time``, in units of ``1/quickest``."""
    if equations.mass > 0 and equations.frozen:
        if method == "long-time":
            raise ValueError("method = 'long-time' has no friction that is infinite at t = 0; use method = 'reference'")
        return "reference"
    if method != "auto":
        return method
    return "long-time" if own_time > REFERENCE_REACH or resume is not None else "reference"


def _earlier(equations: Model, method: str, resume: DynamicsSolution | None, rtol: float) -> TwoTime | None:
    """What there is to go on from."""
    if resume is None:
        return None
    before = resume.two_time.finer if isinstance(resume.two_time, Verified) else resume.two_time
    if method != "long-time" or before.kind != "long-time":
        raise ValueError("resume goes on from a long-time run; use method = 'long-time'")
    mine, theirs = equations.arrays(), resume.model.arrays()
    none = np.empty(0)
    different = [name for name in mine | theirs if not np.array_equal(mine.get(name, none), theirs.get(name, none))]
    if different:
        raise ValueError(f"resume holds another problem: its {different[0]} is different")
    if rtol < resume.settings.get("rtol", rtol):
        raise ValueError(f"rtol = {rtol:g}: resume was solved to {resume.settings['rtol']:g}; use that or start again")
    return before


def _integrate(
    equations: Model,
    t_max: float,
    method: str,
    rtol: float,
    reached: Reached,
    again: Callable[[str], object],
    before: TwoTime | None,
    often: Periodically[TwoTime] | None = None,
) -> TwoTime:
    if before is not None and _reaches(before, t_max):
        return before
    # imported first: the limit is that of the libraries already loaded
    from . import long_time, reference

    # more BLAS threads than idle cores wait for one another, and runs are spread over cores point by point
    with threadpool_limits(1, "blas"):
        if method == "reference":
            return reference.solve(equations, t_max, rtol=rtol, reached=reached)
        options: Any = {"reached": reached, "resume": before, "keep": often, "again": again}
        return cast(TwoTime, long_time.solve(equations, t_max, rtol=rtol, **options))


def _share(t: float, t_max: float, method: str, fast: float) -> float:
    """Of the work: equal for equal steps each with all its past, and for equal decades."""
    return (t / t_max) ** 2 if method == "reference" else log1p(fast * t) / log1p(fast * t_max)


def _reaches(two_time: TwoTime, t_max: float) -> bool:
    """Up to rounding."""
    return bool(two_time.t[-1] >= t_max * (1 - 1e-12))


def _reached_beyond(two_time: TwoTime, t_max: float) -> bool:
    """Up to rounding."""
    return bool(two_time.t[-1] > t_max * (1 + 1e-12))


def _message(two_time: TwoTime, settings: Mapping[str, Any]) -> str:
    reached, t_max = float(two_time.t[-1]), settings["t_max"]
    asked = two_time.t[two_time.t <= t_max * (1 + 1e-12)]
    error = two_time.error(asked)
    largest = f"largest estimated error {np.max(error.energy):.1g} in the energy, {np.max(error.correlation):.1g} in C"
    if not _reaches(two_time, t_max):
        return f"stopped at t = {reached:g} of {t_max:g}; {largest}"
    if _reached_beyond(two_time, t_max):
        return f"nothing to solve: what was resumed reaches t = {reached:g}; up to t = {t_max:g} {largest}"
    restarts = int(two_time.statistics.get("restarts", 0))
    times = f", started again {'once' if restarts == 1 else f'{restarts} times'} with more nodes" if restarts else ""
    return f"reached t = {reached:g} by the {settings['method']} method{times}; {largest}"
