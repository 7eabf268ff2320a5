"""Deep linear networks, every weight a variable: gradients, curvature, gradient flow and descent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.random import Generator
from scipy.integrate import solve_ivp

from theory.naming import called

from ..errors import ConvergenceError
from ..lowering import Array

Layers = list[Any]
"""Weights (..., rows, columns), the layer that acts first first; real, or complex for derivatives."""
Event = Callable[[float, Array], Any]
RTOL, ATOL, TINY = 1e-10, 1e-13, 1e-20


def gradients(layers: Layers, target: Array) -> Layers:
    """``(W_L .. W_(l+1))^T (W - S) (W_(l-1) .. W_1)^T`` for each layer."""
    below = list(accumulate(layers, lambda product, layer: layer @ product))
    residual, found = below.pop() - target, []
    for layer, under in zip(layers[:0:-1], reversed(below), strict=True):
        found.append(residual @ np.swapaxes(under, -1, -2))
        residual = np.swapaxes(layer, -1, -2) @ residual
    return [residual, *reversed(found)]


@dataclass(frozen=True, eq=False)
class Target:
    """``S`` by its singular vectors (K, K) and values (K,)."""

    outputs: Array
    values: Array
    inputs: Array

    @cached_property
    def matrix(self) -> Array:
        """``S`` itself (K, K)."""
        return (self.outputs * self.values) @ self.inputs.T

    def strengths(self, product: Array) -> Array:
        """Of the modes (K,): ``u^T W v``."""
        return np.asarray(np.sum(self.outputs * (product @ self.inputs), axis=0))


@dataclass(frozen=True, eq=False)
class Network:
    """Its layers, and what it is to learn."""

    layers: Layers
    target: Target

    @property
    def weights(self) -> Any:
        """All of them (P,)."""
        return np.concatenate([layer.ravel() for layer in self.layers])

    def at(self, weights: Any) -> Network:
        """The same network with other weights (P,)."""
        layers, first = [], 0
        for layer in self.layers:
            layers.append(weights[first : first + layer.size].reshape(layer.shape))
            first += layer.size
        return Network(layers, self.target)

    @property
    def gradient(self) -> Any:
        """Of the loss ``1/2 |W_L ... W_1 - S|^2`` (P,)."""
        return np.concatenate([part.ravel() for part in gradients(self.layers, self.target.matrix)])

    def curvature(self, direction: Array) -> Array:
        """The Hessian times a direction (P,), from a tiny step along i: exact but for rounding."""
        return np.asarray(self.at(self.weights + 1j * TINY * direction).gradient.imag / TINY)

    @property
    def hessian(self) -> Array:
        """All of it (P, P)."""
        return np.array([self.curvature(direction) for direction in np.eye(self.weights.size)])

    @property
    def product(self) -> Array:
        """``W_L ... W_1``."""
        return reduce(lambda below, layer: layer @ below, self.layers)

    @property
    def strengths(self) -> Array:
        """Of the modes (K,)."""
        return self.target.strengths(self.product)

    def flow(self, t_max: float, times: Array | None = None, events: Sequence[Event] | None = None) -> Any:
        """Gradient flow, as SciPy's solution; events are functions of time and weights."""
        return _solved(lambda _, weights: -self.at(weights).gradient, t_max, self.weights, times, events)

    def half_times(self, t_max: float) -> Array:
        """When each mode first has half of its singular value (K,).

        ``ConvergenceError`` where one has not by ``t_max``.
        """

        def above(modes: Any, _: float, weights: Array) -> float:
            return float(np.min((self.at(weights).strengths / self.target.values)[modes])) - 0.5

        rises = [_rising(partial(above, k)) for k in range(self.target.values.size)]
        all_risen = _rising(partial(above, slice(None)), terminal=True)
        found = self.flow(t_max, events=[*rises, all_risen]).t_events[:-1]
        if not all(times.size for times in found):
            raise ConvergenceError(f"a mode has not half of its singular value by t = {t_max:.3g}; try a larger start")
        return np.array([times[0] for times in found])

    def descend(self, eta: float, steps: int) -> Iterator[Network]:
        """Itself, and what each step of descent makes of it."""
        here = self
        yield here
        for _ in range(steps):
            here = here.at(here.weights - eta * here.gradient)
            yield here

    def descent(self, eta: float, t_max: float) -> tuple[Array, Array, Array]:
        """Times (n,) of steps of descent, strengths (n, K), and distances from the flow, over the step (n,)."""
        times = eta * np.arange(np.ceil(t_max / eta) + 1)
        pairs = zip(self.descend(eta, times.size - 1), self.flow(times[-1], times).y.T, strict=True)
        found = [(here.strengths, np.linalg.norm(here.weights - flow) / eta) for here, flow in pairs]
        strengths, distances = zip(*found, strict=True)
        return times, np.array(strengths), np.array(distances)

    def deviation(self, t_max: float) -> tuple[Array, Array]:
        """Weights of the flow, and e, where descent is at ``flow + eta e``: ``de/dt = -H e - 1/2 H grad E``."""
        size = self.weights.size

        def rate(_: float, state: Array) -> Array:
            here, e = self.at(state[:size]), state[size:]
            return np.concatenate([-here.gradient, -here.curvature(e + here.gradient / 2)])

        flow, e = np.split(_solved(rate, t_max, np.append(self.weights, np.zeros(size))).y[:, -1], 2)
        return flow, e


def _solved(rate: Event, t_max: float, start: Array, times: Array | None = None, events: Any = None) -> Any:
    return solve_ivp(rate, (0, t_max), start, "DOP853", times, False, events, rtol=RTOL, atol=ATOL)


def _rising(function: Event, terminal: bool = False) -> Event:
    """An event of SciPy: zeros that are passed upwards."""
    vars(function).update(direction=1, terminal=terminal)
    return function


def require_width(modes: int, size: int) -> None:
    """ValueError for too few hidden units."""
    if size < modes:
        raise ValueError(f"{called('size', size)}: fewer hidden units than modes; try {called('size', modes)}")


def frame(rows: int, columns: int, random: Generator) -> Array:
    """Orthonormal columns (rows, columns) that have no preferred direction."""
    return np.asarray(np.linalg.qr(random.standard_normal((rows, columns)))[0])


def in_random_bases(amplitudes: Array, values: Array, size: int, random: Generator) -> Network:
    """Layers of these amplitudes (L, K), hidden units ``size``; the target has the bases at both ends."""
    depth, modes = amplitudes.shape
    bases = [frame(modes if layer in (0, depth) else size, modes, random) for layer in range(depth + 1)]
    layers = [above * a @ below.T for a, above, below in zip(amplitudes, bases[1:], bases[:-1], strict=True)]
    return Network(layers, Target(bases[-1], values, bases[0]))


def at_random(network: Network, strength: float, size: int, random: Generator) -> Network:
    """The same with Gaussian weights of variance ``strength^(2/L)/N``."""
    scale = strength ** (1 / len(network.layers)) / np.sqrt(size)
    return network.at(scale * random.standard_normal(network.weights.size))
