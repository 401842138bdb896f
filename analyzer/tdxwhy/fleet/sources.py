"""What the user names, files, folders and globs, as a sorted list of sources to read."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tdxwhy.errors import TdxwhyError

STDIN = "-"
# More sources than this are work for more than one process.
MANY = 512


class Source(NamedTuple):
    """One file to read: where it is, the name that the store and the summary use, its size as it lies there, and an object's tag."""

    path: str
    name: str
    size: int
    tag: str = ""


class Unread(NamedTuple):
    """An input that was not read, and why."""

    name: str
    why: str


def expand(named: Sequence[str], many: Callable[[], None] | None = None) -> tuple[list[Source], list[Unread]]:
    """Find the files behind names, folders and globs, each once, in the order of their names.

    `many` is called at the moment at which there are many of them.
    """
    found: dict[str, Source] = {}
    unread: list[Unread] = []
    for one in named:
        for item in _expanded(one):
            if isinstance(item, Unread):
                unread.append(item)
            else:
                found.setdefault(item.path, item)
                if many is not None and len(found) > MANY:
                    many()
                    many = None
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
            yield _found(path, Path(path).name, partial(os.stat, path), follow=True)


def _objects(url: str) -> Iterator[Source | Unread]:
    from tdxwhy.fleet.objects import listed

    try:
        yield from (Source(one.url, shown(one.name), one.size, one.tag) for one in listed(url))
    except TdxwhyError as error:
        if error.hint:
            raise
        yield Unread(url, error.message.removeprefix(f"{url}: "))


def _walked(top: str) -> Iterator[Source | Unread]:
    """Walk a folder without following links; names begin with the folder's own."""
    base = os.path.dirname(os.path.abspath(top))  # noqa: PTH100, PTH120 - os.scandir speaks strings, and a fleet has many
    waiting = [(top, os.path.relpath(top, base))]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except OSError as error:
            yield Unread(shown(prefix), (error.strerror or "cannot be listed").lower())
            continue
        for entry in found:
            name = f"{prefix}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, name))
            else:
                yield _found(entry.path, name, partial(entry.stat, follow_symlinks=False))


def _found(path: str, name: str, status: Callable[[], os.stat_result], follow: bool = False) -> Source | Unread:
    name = shown(name)
    try:
        found = status()
    except OSError as error:
        return Unread(name, (error.strerror or "cannot be read").lower())
    if stat.S_ISREG(found.st_mode):
        return Source(path, name, found.st_size)
    if follow and stat.S_ISFIFO(found.st_mode):
        return Source(path, name, 0)
    return Unread(name, "symbolic link, not followed" if stat.S_ISLNK(found.st_mode) else "not a regular file")


def shown(name: str) -> str:
    """Return a file name that UTF-8 can carry: the bytes of a name may be anything."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "replace")
