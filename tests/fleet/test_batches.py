"""Sources are found in the order of their names, and cut into batches while they come."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.fleet.batch import batches
from tdxwhy.fleet.sources import Listing, Source

MB = 1 << 20
SIZES = st.lists(st.one_of(st.integers(0, MB), st.integers(0, 700 * MB)), max_size=60)


def sources(sizes: list[int]) -> list[Source]:
    return [Source(f"/logs/{number:06}", f"logs/{number:06}", size) for number, size in enumerate(sizes)]


@settings(max_examples=300, deadline=None)
@given(SIZES, st.integers(1, 5000))
def test_batches_hold_every_source_once_and_no_more_than_there_is_room_for(sizes: list[int], many: int) -> None:
    every = sources(sizes + [9000] * many)
    made = list(batches(iter(every)))
    assert [source for batch in made for source in batch] == every
    assert all(len(batch) == 1 or (len(batch) <= 1024 and sum(source.size for source in batch) <= 256 * MB) for batch in made)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 3000))
def test_what_is_cut_does_not_depend_on_what_comes_much_later(seed: int, more: int) -> None:
    rnd = random.Random(seed)
    every = sources([rnd.randrange(2 * MB) for _ in range(3000)])
    first = next(batches(iter(every)))
    assert next(batches(iter(every + sources([5] * more)))) == first


@pytest.mark.parametrize(
    ("many", "size", "held"), [(1024, 1, [1024]), (2, 128 * MB, [2]), (1, 10**10, [1]), (1025, 1, [513, 256, 128, 128])]
)
def test_a_small_ingest_is_one_batch_and_the_last_ones_of_others_are_small(many: int, size: int, held: list[int]) -> None:
    assert [len(batch) for batch in batches(sources([size] * many))] == held


def test_batches_grow_so_that_a_million_sources_are_a_few_hundred_parts() -> None:
    made = [len(batch) for batch in batches(sources([1000] * 1_000_000))]
    assert 100 < len(made) < 400 and max(made) < 20_000


def test_batches_come_before_all_sources_are_found() -> None:
    taken = []

    def found():
        for source in sources([1000] * 10_000):
            taken.append(source)
            yield source

    next(batches(found()))
    assert len(taken) == 2048


NAMES = st.text(st.sampled_from("ab-./_ ~\u00e9"), min_size=1, max_size=4).filter(lambda name: "/" not in name and name not in (".", ".."))


@settings(max_examples=100, deadline=None)
@given(st.sets(st.lists(NAMES, min_size=1, max_size=3).map("/".join), min_size=1, max_size=12))
def test_a_folder_is_walked_in_the_order_of_its_names(tmp_path_factory: pytest.TempPathFactory, paths: set[str]) -> None:
    top = tmp_path_factory.mktemp("walk") / "top"
    for path in sorted(paths):
        file = top / path
        if not any(one.is_file() for one in file.parents) and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(path)
    listing = Listing([str(top)])
    names = [source.name for source in listing]
    assert names == sorted(f"top/{file.relative_to(top)}" for file in top.rglob("*") if file.is_file())
    assert (listing.count, listing.size, listing.whole) == (len(names), sum(len(name.encode()) - 4 for name in names), True)


def test_a_listing_is_not_whole_before_its_end(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / str(number)).write_text("x")
    listing = Listing([str(tmp_path)])
    found = iter(listing)
    next(found)
    assert (listing.count, listing.whole) == (1, False)
    assert len(list(found)) == 2 and listing.whole


@pytest.mark.parametrize("name", ["a" * 5000, "nothing", "a\0b"], ids=["too long", "not there", "no name"])
def test_what_cannot_be_a_file_is_named_and_nothing_more(name: str) -> None:
    listing = Listing([name])
    assert (list(listing), listing.whole) == ([], True)
    assert [(one.name, one.why) for one in listing.unread] == [(name, "no such file, folder or match")]


def test_nothing_named_is_nothing_found() -> None:
    assert list(Listing([])) == []


def test_what_is_named_twice_is_found_once(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x")
    assert [source.name for source in Listing([str(tmp_path), f"{tmp_path}/*.log", f"{tmp_path}/a.log"])] == [f"{tmp_path.name}/a.log"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list everything")
def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "open.log").write_text("x")
    listing = Listing([str(tmp_path)])
    assert [source.name for source in listing] == [f"{tmp_path.name}/open.log"]
    assert [(one.name, one.why) for one in listing.unread] == [(f"{tmp_path.name}/closed", "permission denied")]
