"""The batches on a dask cluster: the same function on the same batches, so the store comes out the same, byte for byte.

Workers need this package and the paths of sources and store, as on a shared file system. A batch whose worker dies is
done again by another; a part that is there already is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from importlib import import_module
from time import monotonic, sleep
from typing import Any

from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.batch import BatchResult, IngestSettings
from tdxwhy.fleet.engine import Batch
from tdxwhy.fleet.sources import STDIN
from tdxwhy.fleet.work import run

_RETRIES = 3
_TIMEOUT = "15s"
# Seconds without any worker, and between two looks at what is done.
_PATIENCE, _PAUSE = 30.0, 0.05
_AGAIN = "what was written is whole; run ingest again"


class Cluster:
    """The workers of a scheduler at an address such as tcp://head:8786."""

    def __init__(self, scheduler: str) -> None:
        self._scheduler = scheduler

    def prepare(self) -> None:
        """Do nothing: the workers run already."""

    def __call__(self, batches: Iterable[Batch], settings: IngestSettings) -> Iterator[BatchResult]:
        """Do the batches, once all are known; outcomes come as they are done."""
        batches = list(batches)
        try:
            dask: Any = import_module("distributed")
        except ImportError as error:
            raise TdxwhyError("--engine dask needs dask", "python3 -m pip install 'dask[distributed]'") from error
        if any(source.path == STDIN for batch in batches for source in batch):
            raise TdxwhyError("standard input cannot be read by a cluster")
        try:
            client = dask.Client(self._scheduler, timeout=_TIMEOUT, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise TdxwhyError(f"{self._scheduler}: no scheduler answers") from error
        with client, client.as_current():
            waiting = [client.submit(run, batch, settings, pure=False, retries=_RETRIES) for batch in batches]
            try:
                yield from self._outcomes(client, dask.as_completed(waiting))
            except dask.KilledWorker as error:
                raise TdxwhyError("workers died again and again on one batch", _AGAIN) from error
            except (OSError, CancelledError) as error:
                raise TdxwhyError(f"{self._scheduler}: the scheduler answers no longer", _AGAIN) from error

    def _outcomes(self, client: Any, done: Any) -> Iterator[BatchResult]:  # noqa: ANN401 - of dask
        """Yield what batches come to; where there is no worker for long, nobody will ever do them."""
        seen = monotonic()
        while not done.is_empty():
            if done.has_ready():
                yield next(done).result()
            elif client.scheduler_info()["workers"]:
                seen = monotonic()
                sleep(_PAUSE)
            elif monotonic() - seen > _PATIENCE:
                raise TdxwhyError(f"{self._scheduler}: no worker is left, or none came", _AGAIN)
            else:
                sleep(_PAUSE)
