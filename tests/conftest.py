"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long a machine takes that runs other things too says nothing of the code. A run of the tests draws the same examples each time,
# so that it says something of the change before it; `make explore` draws others.
settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("same")

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


def pytest_collection_finish() -> None:
    """Look for garbage more seldom, and not in all that was imported: a sixteenth of the tests' time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture
def golden(request: pytest.FixtureRequest):
    """Compare text with a file, or rewrite the file with --update-golden."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text, f"{path.relative_to(ROOT)} differs; pytest --update-golden rewrites it"

    return compare


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is read of C files in a cache of this run, which finds none and leaves none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _tables() -> None:
    """Make the tables of this checkout once, before tests copy it."""
    from tdxwhy.build import pieces
    from tdxwhy.compiled import made

    for piece in pieces():
        made(piece)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a cache that no other test fills."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def shared() -> Path:
    """The development sets beside the checkout, where there are any."""
    if not SHARED.is_dir():
        pytest.skip("no development sets beside this checkout")
    return SHARED


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of its own, with the tables of this one."""
    from tests.checkouts import copied_with_tables

    return copied_with_tables(tmp_path)
