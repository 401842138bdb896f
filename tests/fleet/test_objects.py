from __future__ import annotations

import multiprocessing

import pytest

from tdxwhy.fleet import objects
from tdxwhy.fleet.query import open_fleet
from tests.fleet.fleets import boot_log, content, ingested, make_fleet

pytest.importorskip("obstore")


def test_an_object_store_is_read_in_place(tmp_path):
    fleet = make_fleet(tmp_path / "logs", 3)
    summary = ingested(tmp_path / "store", f"file://{fleet}", pattern="{host}/{date}.log")
    assert summary.outcomes == {"failed": 2, "initialized": 4}
    assert open_fleet(tmp_path / "store").ask("SELECT count(DISTINCT host) FROM boots").rows == [(3,)]
    assert ingested(tmp_path / "store", f"file://{fleet}").known == 6


def test_a_large_object_is_streamed(tmp_path):
    (tmp_path / "console.log").write_text("".join(boot_log("node1", at) for at in range(4000)))
    assert (tmp_path / "console.log").stat().st_size > 1 << 20
    summary = ingested(tmp_path / "store", f"file://{tmp_path}/console.log")
    assert summary.outcomes == {"initialized": 4000}
    before = content(tmp_path / "store")
    assert ingested(tmp_path / "store", f"file://{tmp_path}/console.log").known == 1
    assert content(tmp_path / "store") == before


@pytest.mark.parametrize("boots", [2, 4000], ids=["small", "large"])
def test_an_object_is_fetched_again_only_when_it_has_changed(tmp_path, monkeypatch, boots):
    fetched = []
    for way in ("Remote", "_fetched"):
        whole = getattr(objects, way)
        monkeypatch.setattr(objects, way, lambda url, whole=whole: fetched.append(url) or whole(url))
    path = tmp_path / "console.log"
    path.write_text("".join(boot_log("node1", at) for at in range(boots)))
    url = f"file://{path}"
    told = [ingested(tmp_path / "store", url) for _ in range(2)]
    assert [(one.sources, one.known, len(fetched)) for one in told] == [(1, 0, 1), (0, 1, 1)]
    path.write_text("".join(boot_log("node1", at) for at in range(1, boots + 1)))
    changed = ingested(tmp_path / "store", url)
    assert (changed.sources, changed.known, fetched) == (1, 0, [url] * 2)


def test_what_is_not_there_is_named(tmp_path):
    summary = ingested(tmp_path / "store", f"file://{tmp_path}/nothing")
    assert len(summary.unread) == 1
    assert "\n" not in summary.unread[0].why


def test_many_objects_are_shared_among_processes(tmp_path, monkeypatch):
    monkeypatch.setattr("tdxwhy.fleet.ingest.MANY", 2)
    monkeypatch.setattr("tdxwhy.fleet.batch._MOST", 1 << 20)
    fleet = make_fleet(tmp_path / "logs", 12)
    asked = []
    monkeypatch.setattr("multiprocessing.get_context", lambda way, whole=multiprocessing.get_context: asked.append(way) or whole(way))
    summary = ingested(tmp_path / "store", f"file://{fleet}", workers=2)
    assert (summary.sources, summary.boots, summary.parts > 1) == (24, 24, True)
    # The library that lists objects has threads of its own, with which a fork would hang.
    assert asked == ["forkserver"]
