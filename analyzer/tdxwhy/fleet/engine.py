"""Who does the batches: this process, processes of this machine, or a cluster. The results are the same, byte for byte."""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator, Sequence
from threading import active_count

from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.batch import Outcome, Settings, run
from tdxwhy.fleet.sources import STDIN, Source

# glibc's mallopt(3): keep freed memory instead of giving each file's buffer back and faulting it in again.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_TRIM, _MMAP = 512 << 20, 256 << 20

Batch = Sequence[Source]


def here(batches: Sequence[Batch], settings: Settings) -> Iterator[Outcome]:
    """Do the batches one after the other in this process."""
    keep_memory()
    for batch in batches:
        yield run(batch, settings)


def processes(batches: Sequence[Batch], settings: Settings, workers: int) -> Iterator[Outcome]:
    """Do the batches in processes of this machine; outcomes come as they are done."""
    own = [batch for batch in batches if any(source.path == STDIN for source in batch)]
    others = [batch for batch in batches if batch not in own]
    if workers < 2 or len(others) < 2:
        yield from here(batches, settings)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # A fork shares what is already imported; where there are threads, as in a program that calls this, it is not safe.
    way = "fork" if active_count() == 1 else "forkserver"
    with ProcessPoolExecutor(min(workers, len(others)), mp_context=get_context(way), initializer=keep_memory) as pool:
        _prepare()
        waiting = [pool.submit(run, batch, settings) for batch in others]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except BrokenProcessPool as error:
            raise TdxwhyError("a worker process was killed", "what was written is whole; run ingest again") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    yield from here(own, settings)


def keep_memory() -> None:
    """Tell the allocator to keep memory, where it is glibc's, and look for no cycles: records hold none."""
    gc.disable()
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_TRIM_THRESHOLD, _TRIM)
    mallopt(_M_MMAP_THRESHOLD, _MMAP)


def _prepare() -> None:
    """Import once, before the first fork, what every worker needs."""
    import pyarrow.parquet  # noqa: F401


def workers_here() -> int:
    """Return how many processes this machine can run at once."""
    return len(os.sched_getaffinity(0))
