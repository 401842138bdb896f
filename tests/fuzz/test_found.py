"""What fuzzing found once is answered now: in time, without a traceback, and with nothing in it that drives a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.readers import READERS, SAMPLES, seeds, tried

FOUND = sorted((SAMPLES / "hostile" / "found").iterdir())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_was_found(path: Path) -> None:
    tried(path.name.partition("-")[0], path.read_bytes())


@pytest.mark.parametrize("name", READERS)
def test_every_reader_has_seeds_that_it_answers(name: str) -> None:
    given = list(seeds(name))
    READERS[name].feed(given[0])
    for data in given[:8]:
        tried(name, data)
