"""The same function at many points, on any executor."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from threading import Thread
from typing import Any, Generic, TypeVar

from threadpoolctl import threadpool_limits

from .arrays import require_whole
from .carried import carried
from .errors import ConvergenceError, Interrupted
from .memory import available_memory
from .running import RUNNING

DECIDED_HERE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that workers leave to the process that started them."""
PROCESS = 0.4e9
"""Bytes of a worker that has imported what it needs."""
P = TypeVar("P")
R = TypeVar("R")


def processors() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def most_workers(each: float = 0.0) -> int:
    """One for each processor, as far as memory goes where each needs so many bytes; at least one."""
    return max(1, min(processors(), int(min(available_memory() / (PROCESS + each), 1e6))))


def chosen_workers(workers: int | None, each: float = 0.0) -> int:
    """As many as are asked for; None: the most on the command line, and one in Python, whose scripts may not be made
    to be imported by workers."""
    if workers is not None:
        return workers
    return 1 if RUNNING.get() is None else most_workers(each)


class SweepError(RuntimeError):
    """One point failed; the message says which, ``index`` is its place in the list, the cause is attached."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index


def sweep(
    function: Callable[[P], R],
    points: Sequence[P],
    *,
    executor: Executor | None = None,
    workers: int | None = 1,
    done: Callable[[int, R], None] | None = None,
    name: Callable[[P], str] = "point {}".format,
    apart: bool = False,
) -> list[R]:
    """``[function(point) for point in points]``, each with one BLAS thread.

    Parameters
    ----------
    function, points
        Anything that pickles, unless it all runs in this process; functions of a notebook where there is cloudpickle.
    executor
        Any ``concurrent.futures.Executor`` (a Dask client's, executorlib's, mpi4py's): only ``submit`` is asked of
        it. It is left open.
    workers
        Without an executor: processes to start, >= 1; 1 runs everything here. None: see ``chosen_workers``.
    done
        Called here with ``(index, result)`` as each point finishes, in any order.
    name
        What to call a point in messages.
    apart
        Never here without an executor: a worker may die of it.

    Raises ``SweepError`` where the function fails (``ValueError``, ``ConvergenceError`` and ``MemoryError`` stay what
    they are, with the point in front) and ``Interrupted`` on Ctrl-C, with the finished results by index in ``partial``.
    What has not begun is cancelled in both.
    """
    workers = chosen_workers(workers)
    require_whole("workers", workers, 1)
    results: dict[int, R] = {}
    try:
        with (
            _backend(executor, min(workers, len(points)), function, apart) as submit,
            closing(_finished(submit, _OneThread(function), points, name)) as finished,
        ):
            for index, result in finished:
                results[index] = result
                if done is not None:
                    done(index, result)
    except KeyboardInterrupt as error:
        raise Interrupted(f"interrupted after {len(results)} of {len(points)}", results) from error
    return [results[index] for index in range(len(points))]


@dataclass(frozen=True)
class _OneThread(Generic[P, R]):
    """More BLAS threads than idle cores wait for one another."""

    function: Callable[[P], R]

    def __call__(self, point: P) -> R:
        with threadpool_limits(1, "blas"):
            return self.function(point)


Submit = Callable[..., "Future[Any]"]


@contextmanager
def _backend(executor: Executor | None, workers: int, function: object, apart: bool) -> Iterator[Submit | None]:
    """How to submit work; None runs it here. In the end what has not begun is cancelled."""
    if executor is not None:
        with _cancelling(executor.submit) as submit:
            yield submit
    elif workers <= 1 and not apart:
        yield None
    else:
        context = multiprocessing.get_context("forkserver")
        # imported once, in the process that the workers are forked from
        context.set_forkserver_preload(["__main__", str(getattr(function, "__module__", __name__))])
        resource_tracker.ensure_running()  # on its own: as part of the other it would end the deafness
        with _deaf():
            forkserver.ensure_running()
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare_worker)
        try:
            yield _deaf()(pool.submit)  # a worker is known before it can be left behind
        except BaseException:
            _terminate(pool)
            raise
        pool.shutdown()


@contextmanager
def _cancelling(submit: Submit) -> Iterator[Submit]:
    """Of an executor that lives on. (A cluster computes again what it has lost and someone holds: nobody does.)"""
    futures: set[Future[Any]] = set()

    def noted(*work: Any) -> Future[Any]:
        future = submit(*work)
        futures.add(future)
        future.add_done_callback(futures.discard)
        return future

    try:
        yield noted
    finally:
        for future in [*futures]:
            future.cancel()


@contextmanager
def _deaf() -> Iterator[None]:
    """What begins here is never interrupted, nor are its children: Ctrl-C reaches every process of a terminal, the
    SIGTERM of a batch system every process of a job, and one alone is to decide."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, DECIDED_HERE)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare_worker() -> None:
    """When the process that decides is gone, so are we."""
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed parent leaves no idle workers behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _terminate(pool: ProcessPoolExecutor) -> None:
    """End what runs: nobody wants its result any more. (What waits must not be cancelled: the pool, which finds its
    workers dead, fails all that it has.)"""
    for process in list((getattr(pool, "_processes", None) or {}).values()):
        process.kill()
    with suppress(Exception):  # or the pool waits for the rest of a result that was on its way
        pool._result_queue._writer.close()  # type: ignore[attr-defined]
    pool.shutdown()


def _finished(
    submit: Submit | None, function: Callable[[P], R], points: Sequence[P], name: Callable[[P], str]
) -> Generator[tuple[int, R], None, None]:
    """Results as they come."""
    if submit is None:
        for index, point in enumerate(points):
            with _naming(index, name(point)):
                result = function(point)
            yield index, result
        return
    carry = carried(function)
    futures = {submit(carry, point): index for index, point in enumerate(points)}
    for future in as_completed(futures):
        index = futures.pop(future)
        with _naming(index, name(points[index])):
            result = future.result()
        yield index, result


@contextmanager
def _naming(index: int, point: str) -> Iterator[None]:
    """Errors say at which point they happened."""
    try:
        yield
    except BrokenProcessPool as error:
        advice = "too little memory, or a script without `if __name__ == '__main__':`?"
        raise SweepError(f"a worker died before {point} was done ({advice})", index) from error
    except (ValueError, ConvergenceError, MemoryError) as error:
        kind = type(error)
        if kind not in (ValueError, ConvergenceError, MemoryError):
            raise SweepError(f"{point}: {kind.__name__}: {error}", index) from error
        raise kind(f"{point}: {error}") from error
    except Exception as error:
        raise SweepError(f"{point}: {type(error).__name__}: {error}", index) from error
