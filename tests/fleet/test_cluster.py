from __future__ import annotations

import os
import signal

import pytest

from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.ingest import IngestRequest, Progress, ingest
from tdxwhy.fleet.inspect import inspect
from tdxwhy.fleet.store import open_store
from tests.fleet.fleets import content, ingested, make_fleet

distributed = pytest.importorskip("distributed")


@pytest.fixture
def workers():
    """Start a scheduler and two real worker processes."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50, host="127.0.0.1"
    ) as cluster:
        yield cluster


@pytest.mark.filterwarnings("ignore")
def test_a_worker_dies_and_nothing_is_lost_and_nothing_twice(tmp_path, workers):
    fleet = make_fleet(tmp_path / "logs", 500, 4)
    victims = [worker.pid for worker in workers.workers.values()]
    killed_at = []

    def kill_one(progress: Progress) -> None:
        """Once the first batch of eight is in, the next ones are at work: kill a worker in the middle of them."""
        if progress.sources and victims:
            os.kill(victims[0], signal.SIGKILL)
            victims.clear()
            killed_at.append(progress.sources)

    request = IngestRequest((str(fleet),), tmp_path / "cluster", scheduler=workers.scheduler_address)
    summary = ingest(request, kill_one)
    assert killed_at and killed_at[0] < 2000
    ingested(tmp_path / "local", fleet, workers=2)
    assert content(tmp_path / "cluster") == content(tmp_path / "local")
    found = inspect(open_store(tmp_path / "cluster"))
    assert (found.rows["boots"], found.troubles) == (2000, ())
    assert summary.boots + summary.known == 2000


@pytest.mark.filterwarnings("ignore")
def test_no_scheduler_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("tdxwhy.fleet.cluster._TIMEOUT", "1s")
    with pytest.raises(TdxwhyError, match="no scheduler answers"):
        ingested(tmp_path / "store", make_fleet(tmp_path / "logs", 1), scheduler="tcp://127.0.0.1:9")


@pytest.mark.filterwarnings("ignore")
def test_no_worker_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("tdxwhy.fleet.cluster._PATIENCE", 0.5)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50, host="127.0.0.1") as cluster,
        pytest.raises(TdxwhyError, match="no worker is left, or none came"),
    ):
        ingested(tmp_path / "store", make_fleet(tmp_path / "logs", 1), scheduler=cluster.scheduler_address)


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_ends_is_one_line(tmp_path):
    """It ends when a first batch is done, and others wait."""
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50, host="127.0.0.1") as cluster:

        def end(progress: Progress) -> None:
            if progress.sources:
                cluster.scale(0)
                cluster.close()

        request = IngestRequest((str(make_fleet(tmp_path / "logs", 500, 4)),), tmp_path / "store", scheduler=cluster.scheduler_address)
        with pytest.raises(TdxwhyError, match=r"no worker is left|answers no longer"):
            ingest(request, end)
