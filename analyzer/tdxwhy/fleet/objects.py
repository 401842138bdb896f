"""Logs in an object store (s3://, gs://, az://, file:// and what else obstore knows): listed and read in place.

Credentials are found as that library finds them, in the environment or from the machine's role.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from tdxwhy.errors import TdxwhyError
from tdxwhy.noun import NamedTuple

# Requests under way at a time.
_AT_ONCE = 16


class RemoteObject(NamedTuple):
    """An object: its address, a name without the scheme, its size, and by what the store tells its content from another."""

    url: str
    name: str
    size: int
    tag: str


def listed(url: str) -> Iterator[RemoteObject]:
    """Yield the objects below an address, or the one that it names."""
    root, key = _split(url)
    try:
        found = [one for block in _library().list(_store(root), key or None) for one in block] or [_library().head(_store(root), key)]
    except Exception as error:
        raise _trouble(url, error) from error
    for one in found:
        place = one["path"]
        yield RemoteObject(f"{root}/{place}", f"{urlsplit(root).netloc}/{place}".lstrip("/"), one["size"], one["e_tag"] or "")


def ahead(urls: Iterable[str]) -> None:
    """Begin to fetch small objects: a request takes its time, and many can be under way. They are kept until somebody forgets them."""
    for url in urls:
        if url not in _coming:
            _coming[url] = _threads().submit(_fetched, url)


def fetched(url: str) -> bytes:
    """Return a small object."""
    return _coming[url].result() if url in _coming else _fetched(url)


def forget(urls: Iterable[str]) -> None:
    """Let go of objects."""
    for url in urls:
        _coming.pop(url, None)


_coming: dict[str, Future[bytes]] = {}


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE)


def _fetched(url: str) -> bytes:
    root, key = _split(url)
    try:
        return bytes(_library().get(_store(root), key).bytes())
    except Exception as error:
        raise _trouble(url, error) from error


class Remote(io.RawIOBase):
    """A large object as a stream."""

    def __init__(self, url: str) -> None:
        root, key = _split(url)
        try:
            self._reader = _library().open_reader(_store(root), key)
        except Exception as error:
            raise _trouble(url, error) from error

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as io declares it
        """Fill a buffer."""
        view = memoryview(buffer).cast("B")
        data = memoryview(self._reader.read(len(view)))
        view[: len(data)] = data
        return len(data)


def _split(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", parts.path.strip("/")


@cache
def _store(root: str) -> Any:  # noqa: ANN401 - the library's own type
    return import_module("obstore.store").from_url(root if "://" in root and not root.endswith("://") else f"{root}/")


def _library() -> Any:  # noqa: ANN401
    try:
        return import_module("obstore")
    except ImportError as error:
        raise TdxwhyError("object stores need obstore", "python3 -m pip install obstore") from error


def _trouble(url: str, error: Exception) -> TdxwhyError:
    if isinstance(error, TdxwhyError):
        return error
    return TdxwhyError(f"{url}: {(str(error).strip().splitlines() or [type(error).__name__])[0]}")
