"""Who does the batches: this process, processes of this machine, or a cluster. The results are the same, byte for byte."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import active_count
from typing import TYPE_CHECKING, Protocol

from tdxwhy import collector
from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.fleet import counters
from tdxwhy.fleet.batch import BatchResult, IngestSettings
from tdxwhy.fleet.sources import STDIN, Source

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

# glibc's mallopt(3): keep freed memory instead of giving each file's buffer back and faulting it in again.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_PR_SET_PDEATHSIG = 1
_TRIM, _MMAP = 512 << 20, 256 << 20

Batch = Sequence[Source]


class Engine(Protocol):
    """Who does the work."""

    def prepare(self) -> None:
        """Get ready for many batches."""

    def __call__(self, batches: Iterable[Batch], settings: IngestSettings) -> Iterator[BatchResult]:
        """Do the batches, which come while their sources are found; outcomes come as they are done."""


class Local:
    """Processes of this machine: this one, or so many workers."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def prepare(self) -> None:
        """Start the workers; they import what they need while this process goes on."""
        if self._workers < 2 or self._pool is not None:
            return
        import signal
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        # A fork shares what is already imported; where there are threads, a caller's or the object store's, it is not safe.
        way = "fork" if _threads() == 1 else "forkserver"
        # A signal that comes meanwhile waits: a worker is not ready for it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            self._pool = ProcessPoolExecutor(self._workers, mp_context=get_context(way), initializer=_become_worker)
            for _ in range(self._workers):
                self._pool.submit(workers_here)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def __call__(self, batches: Iterable[Batch], settings: IngestSettings) -> Iterator[BatchResult]:
        """Do the batches; standard input is read by this process."""
        numbered, own = enumerate(batches), []
        if self._pool is None:
            own = list(numbered)
        else:
            yield from _shared(self._pool, _apart(numbered, own), settings)
        if own:
            _begin()
        for number, batch in own:
            outcome = _counted(number, batch, settings)
            counters.done(number)
            yield outcome


def _apart(batches: Iterable[tuple[int, Batch]], own: list[tuple[int, Batch]]) -> Iterator[tuple[int, Batch]]:
    """Yield batches but for those that hold standard input, which are put aside."""
    for number, batch in batches:
        if any(source.path == STDIN for source in batch):
            own.append((number, batch))
        else:
            yield number, batch


def _shared(pool: ProcessPoolExecutor, batches: Iterable[tuple[int, Batch]], settings: IngestSettings) -> Iterator[BatchResult]:
    from concurrent.futures import as_completed
    from concurrent.futures.process import BrokenProcessPool

    with pool:
        try:
            waiting = {pool.submit(_handed, number, _laid_down(number, batch, settings), settings): number for number, batch in batches}
            for done in as_completed(waiting):
                counters.done(waiting[done])
                yield done.result()
        except BrokenProcessPool as error:
            raise TdxwhyError("a worker process was killed", "what was written is whole; run ingest again") from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _laid_down(number: int, batch: Batch, settings: IngestSettings) -> Path:
    """Leave a batch in a file. Through the pool's pipe a large one would hang when all workers are dead (CPython issue 94777)."""
    path = Path(settings.place) / f"batch-{number}"
    try:
        path.write_text(json.dumps(batch))
    except OSError as error:
        raise TdxwhyError(f"store: {reason(error)}", "what was written is whole; run ingest again") from error
    return path


def _handed(number: int, path: Path, settings: IngestSettings) -> BatchResult:
    batch = [Source(*one) for one in json.loads(path.read_text())]
    path.unlink()
    return _counted(number, batch, settings)


def _counted(number: int, batch: Batch, settings: IngestSettings) -> BatchResult:
    from tdxwhy.fleet.work import run  # a process that only hands out batches is spared it

    counters.begin(number)
    return run(batch, settings)


def _become_worker() -> None:
    """End at once and in silence when the user gives up: the process that shows progress hears of it too."""
    import signal

    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    _begin()


def _end_with_parent() -> None:
    """Have the kernel kill this worker when the process ends that made it, however it ends (prctl(2))."""
    import ctypes
    import signal

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:  # it has ended already
        os._exit(1)


def _begin() -> None:
    """Tell the allocator to keep memory, where it is glibc's, look for no cycles, as records hold none, and import what a batch needs."""
    collector.pause()
    import ctypes

    from tdxwhy.fleet.work import ready

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        pass
    else:
        mallopt(_M_TRIM_THRESHOLD, _TRIM)
        mallopt(_M_MMAP_THRESHOLD, _MMAP)
    ready()


def _threads() -> int:
    """Return how many threads this process has, where that is told: libraries have some that Python does not know."""
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - the number is all
    except OSError:
        return active_count()


def workers_here() -> int:
    """Return how many processes this machine can run at once."""
    return len(os.sched_getaffinity(0))
