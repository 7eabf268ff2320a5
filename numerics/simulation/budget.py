"""What a run takes in memory, counted before anything is drawn."""

from __future__ import annotations

from ..memory import available_memory, require_memory
from ..sweep import chosen_workers
from .hessian import LARGEST_DENSE
from .job import SampleJob
from .observables import OVER_TIME

VECTORS = 32
"""Of length N that a start takes on its way."""


def require_run_memory(
    job: SampleJob, samples: int, workers: int | None, couplings: int, advice: str, *, data: int = 0
) -> int:
    """``ValueError`` where the couplings, the starts or their results do not fit; ``data`` are kept for each start.

    Returns the number of workers: as many as fit, where none is given.
    """
    each_worker = couplings
    if job.plan.hessian.size:
        each_worker += 5 * 8 * min(job.size, LARGEST_DENSE) ** 2
    workers = chosen_workers(workers, each_worker)
    fixed = workers * each_worker
    require_memory(fixed, f"size = {job.size}", advice)
    times, waits = job.plan.t.size, job.plan.waiting.size
    kept = int(job.plan.places(job.plan.waiting)[-1]) + 1 if waits else 0
    rows = times * (len(OVER_TIME) + 1 + waits)
    each = 8 * (workers * (job.length * (VECTORS + kept) + rows) + 2 * samples * (job.length + data + rows))
    fitting = max(0, int((available_memory() - fixed) / each))
    what = f"starts = {job.starts} on {samples} samples of size {job.size} at {times} times"
    require_memory(fixed + job.starts * each, what, f"about {fitting} starts fit; or try fewer samples or times")
    return workers
