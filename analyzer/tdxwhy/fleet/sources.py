"""What the user names, files, folders and globs, as a sorted list of sources to read."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tdxwhy.errors import TdxwhyError

STDIN = "-"


class Source(NamedTuple):
    """One file to read: where it is, the name that the store and the summary use, and its size as it lies there."""

    path: str
    name: str
    size: int


class Unread(NamedTuple):
    """An input that was not read, and why."""

    name: str
    why: str


def expand(named: Sequence[str]) -> tuple[list[Source], list[Unread]]:
    """Find the files behind names, folders and globs, each once, in the order of their names."""
    found: dict[str, Source] = {}
    unread: list[Unread] = []
    for one in named:
        for item in _expanded(one):
            if isinstance(item, Unread):
                unread.append(item)
            else:
                found.setdefault(item.path, item)
    return sorted(found.values(), key=lambda source: (source.name, source.path)), sorted(unread)


def _expanded(named: str) -> Iterator[Source | Unread]:
    if named == STDIN:
        yield Source(named, "stdin", 0)
        return
    if "://" in named:
        yield from _objects(named)
        return
    paths = [named] if os.path.lexists(named) else sorted(glob.glob(named, recursive=True))  # noqa: PTH207 - as the user types it
    if not paths:
        yield Unread(named, "no such file, folder or match")
    for path in paths:
        if Path(path).is_dir():
            yield from _walked(path)
        else:
            yield _file(path, Path(path).name, follow=True)


def _objects(url: str) -> Iterator[Source | Unread]:
    from tdxwhy.fleet.objects import listed

    try:
        yield from (Source(one.url, shown(one.name), one.size) for one in listed(url))
    except TdxwhyError as error:
        if error.hint:
            raise
        yield Unread(url, error.message.removeprefix(f"{url}: "))


def _walked(top: str) -> Iterator[Source | Unread]:
    """Walk a folder without following links; names begin with the folder's own."""
    base = os.path.dirname(os.path.abspath(top))  # noqa: PTH100, PTH120 - os.walk speaks strings, and a fleet has many
    errors: list[OSError] = []
    for folder, folders, files in os.walk(top, onerror=errors.append):
        folders.sort()
        prefix = os.path.relpath(folder, base)
        yield from (_file(f"{folder}/{name}", f"{prefix}/{name}") for name in files)
        yield from (Unread(f"{prefix}/{name}", "symbolic link, not followed") for name in folders if Path(folder, name).is_symlink())
    for error in errors:
        yield Unread(os.path.relpath(error.filename, base), (error.strerror or "cannot be listed").lower())


def _file(path: str, name: str, follow: bool = False) -> Source | Unread:
    name = shown(name)
    try:
        found = os.stat(path, follow_symlinks=follow)  # noqa: PTH116 - a fleet has many
    except OSError as error:
        return Unread(name, (error.strerror or "cannot be read").lower())
    if stat.S_ISREG(found.st_mode):
        return Source(path, name, found.st_size)
    if follow and stat.S_ISFIFO(found.st_mode):
        return Source(path, name, 0)
    return Unread(name, "symbolic link, not followed" if stat.S_ISLNK(found.st_mode) else "not a regular file")


def shown(name: str) -> str:
    """Return a file name that UTF-8 can carry: the bytes of a name may be anything."""
    return os.fsencode(name).decode("utf-8", "replace")
