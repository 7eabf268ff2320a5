"""Compiled passes over packed tensors; every jitted function that they call lives in this module.

A packed tensor of degree p >= 2 holds the coefficients of ``sum_{i1 >= ... >= ip} A x_i1 ... x_ip``, last index
fastest. A prefix ``i1 >= ... >= i_{p-2}`` leaves a contiguous packed quadratic form Q in ``x_0 ... x_{n-1}``,
``n = i_{p-2} + 1``: with ``w = x_i1 ... x_i_{p-2}``, ``H = sum_prefix w Q``. So one loop over prefixes around one
quadratic kernel serves every degree. Differentiating slot by slot is right for repeated indices too.
"""
# ruff: noqa: N803, N806

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from ..machine_code import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Packed = NDArray[Any]
PANEL = 64
"""Rows of Q that all starts use while they are in the cache."""
LINE, AHEAD = 64, 2048
"""Bytes of a cache line; entries asked of memory before they are due. Short rows are too much for the hardware's own
prefetching: without, a pass takes 1.5 times the time to read the entries, with it about once that time."""


@intrinsic  # type: ignore[untyped-decorator]
def prefetch(_: Any, A: Any, i: Any) -> Any:
    """Asks for the cache line of ``A[i]``, which may lie beyond the end."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        integer = ir.IntType(32)
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [place.type, integer, integer, integer])
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")  # type: ignore[no-untyped-call]
        builder.call(call, [place, integer(0), integer(3), integer(1)])  # to read, into every cache, data
        return context.get_dummy_value()

    return types.void(A, types.intp), generate


@compiled
def advance(prefix: Ints, size: int) -> bool:
    """The next prefix in the order of storage; False after the last."""
    for a in range(prefix.size - 1, -1, -1):
        if prefix[a] < (prefix[a - 1] if a > 0 else size - 1):
            prefix[a] += 1
            prefix[a + 1 :] = 0
            return True
    return False


@compiled
def product_without(prefix: Ints, x: Floats, skip: int, also: int) -> float:
    """Product of ``x`` over the slots of the prefix but two (-1: none)."""
    value = 1.0
    for a in range(prefix.size):
        if a != skip and a != also:  # noqa: PLR1714
            value *= x[prefix[a]]
    return value


@compiled
def four_rows(A: Packed, j: int, start: int, x: Floats, w: float, g: Floats) -> float:
    """Rows j ... j+3 of a quadratic form: adds ``w grad Q`` to g, returns their part of Q.

    Four at once, so that g is read and written once for four entries.
    """
    n = j + 1
    a0, a1 = A[start : start + n], A[start + n : start + 2 * n]
    a2, a3 = A[start + 2 * n + 1 : start + 3 * n + 1], A[start + 3 * n + 3 : start + 4 * n + 3]
    x0, x1, x2, x3 = x[j], x[j + 1], x[j + 2], x[j + 3]
    c0, c1, c2, c3 = w * x0, w * x1, w * x2, w * x3
    s0 = s1 = s2 = s3 = 0.0
    for k in range(n):
        xk = x[k]
        b0, b1, b2, b3 = float(a0[k]), float(a1[k]), float(a2[k]), float(a3[k])
        s0 += b0 * xk
        s1 += b1 * xk
        s2 += b2 * xk
        s3 += b3 * xk
        g[k] += (c0 * b0 + c1 * b1) + (c2 * b2 + c3 * b3)
    # the corner beyond column j
    d1, d2, e2 = float(A[start + 2 * n]), float(A[start + 3 * n + 1]), float(A[start + 3 * n + 2])
    f1, f2, f3 = float(A[start + 4 * n + 3]), float(A[start + 4 * n + 4]), float(A[start + 4 * n + 5])
    s1 += d1 * x1
    s2 += d2 * x1 + e2 * x2
    s3 += f1 * x1 + f2 * x2 + f3 * x3
    g[j] += w * s0
    g[j + 1] += w * s1 + c1 * d1 + c2 * d2 + c3 * f1
    g[j + 2] += w * s2 + c2 * e2 + c3 * f2
    g[j + 3] += w * s3 + c3 * f3
    return float((x0 * s0 + x1 * s1) + (x2 * s2 + x3 * s3))


@compiled
def one_row(A: Packed, j: int, start: int, x: Floats, w: float, g: Floats) -> float:
    """Row j of a quadratic form: adds ``w grad Q`` to g, returns its part of Q."""
    c = w * x[j]
    s = 0.0
    a = A[start : start + j + 1]
    for k in range(j + 1):
        b = float(a[k])
        s += b * x[k]
        g[k] += c * b
    g[j] += w * s
    return float(x[j] * s)


@compiled
def rows(A: Packed, start: int, first: int, end: int, x: Floats, w: float, g: Floats, fetch: bool) -> float:
    """Rows first ... end-1 of ``Q = sum_{j >= k} A_jk x_j x_k``: their part of Q, and ``w grad Q`` added to g."""
    Q = 0.0
    j = first
    while j + 4 <= end:
        if fetch:
            for k in range(start + AHEAD, start + AHEAD + 4 * j + 10, LINE // A.itemsize):
                prefetch(A, k)  # type: ignore[call-arg]
        Q += four_rows(A, j, start, x, w, g)
        start += 4 * j + 10
        j += 4
    while j < end:
        Q += one_row(A, j, start, x, w, g)
        start += j + 1
        j += 1
    return Q


@compiled
def quadratic(A: Packed, start: int, n: int, x: Floats, w: Floats, g: Floats, Q: Floats) -> None:
    """``Q`` of each start and ``w grad Q``; a panel of rows stays in the cache while all starts use it."""
    Q[:] = 0.0
    for first in range(0, n, PANEL):
        end = min(first + PANEL, n)
        row = start + first * (first + 1) // 2
        for s in range(x.shape[0]):
            Q[s] += rows(A, row, first, end, x[s], w[s], g[s], s == 0)


@compiled
def add_gradient(A: Packed, degree: int, x: Floats, H: Floats, g: Floats) -> None:
    """Adds the polynomial to H (starts,) and its gradient to g (starts, N), ``degree >= 2``; x is (starts, N)."""
    starts, size = x.shape
    prefix = np.zeros(degree - 2, dtype=np.int64)
    w, Q = np.empty(starts), np.empty(starts)
    start = 0
    while True:
        n = prefix[-1] + 1 if degree > 2 else size
        for s in range(starts):
            w[s] = product_without(prefix, x[s], -1, -1)
        quadratic(A, start, n, x, w, g, Q)
        for s in range(starts):
            H[s] += w[s] * Q[s]
            for a in range(degree - 2):
                g[s, prefix[a]] += product_without(prefix, x[s], a, -1) * Q[s]
        start += n * (n + 1) // 2
        if not advance(prefix, size):
            break


@compiled
def add_hessian_vector(A: Packed, degree: int, x: Floats, v: Floats, out: Floats) -> None:
    """Adds ``H''(x) v`` to out, for each row of v (k, N): the derivative of ``add_gradient`` along v."""
    count, size = v.shape
    prefix = np.zeros(degree - 2, dtype=np.int64)
    dw, dQ = np.empty(count), np.empty(count)
    start = 0
    while True:
        n = prefix[-1] + 1 if degree > 2 else size
        w = product_without(prefix, x, -1, -1)
        dw[:] = 0.0
        for s in range(count):
            for a in range(degree - 2):
                dw[s] += v[s, prefix[a]] * product_without(prefix, x, a, -1)
        Q = quadratic_along(A, start, n, x, v, w, dw, out, dQ)
        for s in range(count):
            for a in range(degree - 2):
                slope = product_without(prefix, x, a, -1)
                change = 0.0
                for b in range(degree - 2):
                    if b != a:
                        change += v[s, prefix[b]] * product_without(prefix, x, a, b)
                out[s, prefix[a]] += change * Q + slope * dQ[s]
        start += n * (n + 1) // 2
        if not advance(prefix, size):
            break


@compiled
def quadratic_along(
    A: Packed, start: int, n: int, x: Floats, v: Floats, w: float, dw: Floats, out: Floats, dQ: Floats
) -> float:
    """``Q``, its derivative along each v, and the derivative of ``w grad Q`` added to out."""
    Q = 0.0
    dQ[:] = 0.0
    row = start
    for j in range(n):
        a = A[row : row + j + 1]
        along_x = 0.0
        for k in range(j + 1):
            along_x += float(a[k]) * x[k]
        Q += x[j] * along_x
        for s in range(v.shape[0]):
            vs, os = v[s], out[s]
            c = dw[s] * x[j] + w * vs[j]
            along_v = 0.0
            for k in range(j + 1):
                b = float(a[k])
                along_v += b * vs[k]
                os[k] += c * b
            os[j] += dw[s] * along_x + w * along_v
            dQ[s] += vs[j] * along_x + x[j] * along_v
        row += j + 1
    return Q


@compiled
def add_half_hessian(A: Packed, degree: int, x: Floats, L: Floats) -> None:
    """Adds to L (N, N) a matrix with ``L + L^T = H''(x)``, in one pass over the entries."""
    size = x.size
    prefix = np.zeros(degree - 2, dtype=np.int64)
    g = np.empty(size)
    start = 0
    while True:
        n = prefix[-1] + 1 if degree > 2 else size
        w = product_without(prefix, x, -1, -1)
        Q = quadratic_matrix(A, start, n, x, w, g, L)
        for a in range(degree - 2):
            slope = product_without(prefix, x, a, -1)
            for k in range(n):
                L[prefix[a], k] += slope * g[k]
            for b in range(a):
                L[prefix[a], prefix[b]] += product_without(prefix, x, a, b) * Q
        start += n * (n + 1) // 2
        if not advance(prefix, size):
            break


@compiled
def quadratic_matrix(A: Packed, start: int, n: int, x: Floats, w: float, g: Floats, L: Floats) -> float:
    """``Q``, its gradient in g[:n], and its lower triangle, times w, added to L."""
    Q = 0.0
    g[:n] = 0.0
    row = start
    for j in range(n):
        a, out = A[row : row + j + 1], L[j]
        s, xj = 0.0, x[j]
        for k in range(j + 1):
            b = float(a[k])
            s += b * x[k]
            g[k] += b * xj
            out[k] += b * w
        g[j] += s
        Q += xj * s
        row += j + 1
    return Q


@compiled
def weigh(A: Packed, degree: int, size: int, scale: float) -> None:
    """Multiplies each entry by ``scale sqrt(p!/prod(n_i!))``, n_i the times that index i occurs."""
    prefix = np.zeros(degree - 2, dtype=np.int64)
    start = 0
    while True:
        n = prefix[-1] + 1 if degree > 2 else size
        orders, run = 1.0, 0
        for a in range(degree - 2):
            run = run + 1 if a > 0 and prefix[a] == prefix[a - 1] else 1
            orders *= (a + 1) / run
        for j in range(n):
            again = run + 1 if degree > 2 and j == prefix[-1] else 1
            factor = scale * np.sqrt(orders * (degree - 1) * degree / again)
            for k in range(j):
                A[start + k] *= factor
            A[start + j] *= factor / np.sqrt(again + 1.0)
            start += j + 1
        if not advance(prefix, size):
            break


@compiled
def add_monomials(A: Packed, degree: int, x: Floats, weights: Floats) -> None:
    """Adds ``sum_s w_s x_si1 ... x_sip`` to each entry, ``degree >= 2``; x is (points, N)."""
    points, size = x.shape
    prefix = np.zeros(degree - 2, dtype=np.int64)
    start = 0
    while True:
        n = prefix[-1] + 1 if degree > 2 else size
        for s in range(points):
            w, row = weights[s] * product_without(prefix, x[s], -1, -1), start
            for j in range(n):
                c = w * x[s, j]
                for k in range(j + 1):
                    A[row + k] += c * x[s, k]
                row += j + 1
        start += n * (n + 1) // 2
        if not advance(prefix, size):
            break


@compiled
def read(A: Packed) -> float:
    """Sum of all entries in float64: the time it takes just to read them."""
    total = 0.0
    for i in range(A.size):
        total += A[i]
    return total
