"""The symbols of generalised linear landscapes. Every equation is stated with these, for any loss."""

from sympy import Symbol

from ..symbols import OVERLAP

FIELD = Symbol("u", real=True)
"""``u = x.w/sqrt(N)``, what the landscape's argument w makes of one datum x."""

SIGNAL_FIELD = Symbol("y", real=True)
"""``y = x.w*/sqrt(N)``, what the planted signal makes of it."""

LOSS = Symbol("l", real=True)
"""``l(u, y)``."""

FORCE = Symbol("l'", real=True)
"""``l' = dl/du``."""

CURVATURE = Symbol("D", real=True)
"""``D = d^2l/du^2``."""

RANDOM = (FIELD, SIGNAL_FIELD, LOSS, FORCE, CURVATURE)
"""What varies from datum to datum."""

ALPHA = Symbol("alpha", positive=True)
"""``alpha = M/N``, data per dimension."""

MULTIPLIER = Symbol("mu", real=True)
"""``mu = -alpha E[u l']``, Lagrange multiplier of the sphere."""

RESOLVENT = Symbol("g", positive=True)
"""``g = (1/N) Tr (Hess - z)^-1`` below the bulk of the Hessian."""

POSITION = Symbol("z", real=True)
"""A place on the axis of the Hessian's eigenvalues."""

RESPONSE = Symbol("chi", positive=True)
"""``chi = beta (1 - q_1)`` at temperature 0: linear response inside a state."""

TILT = Symbol("s", real=True)
"""Conjugate to the energy: ``beta`` times Parisi's parameter, or the slope of the complexity."""

FORCE_DUAL = Symbol("c", positive=True)
"""Conjugate to ``E[l'^2]``."""

EDGE_DUAL = Symbol("xi", nonnegative=True)
"""Multiplier of the constraint that the bulk of the Hessian reaches zero."""

SIGNAL_DUAL = Symbol("theta", real=True)
"""Multiplier of the constraint that the gradient vanishes along the signal."""

RESOLVENT_REAL = Symbol("g_r", real=True)
"""Real part of the resolvent at zero, where zero lies inside the bulk."""

RESOLVENT_IMAGINARY = Symbol("g_i", positive=True)
"""Its imaginary part, pi times the density of the Hessian's eigenvalues at zero."""

INDEX_DUAL = Symbol("lambda", real=True)
"""Conjugate to the index: minus the slope of Sigma in the fraction k of negative directions."""

PLANTED_OVERLAP = OVERLAP
"""``q = w.w*/N``."""
