"""What the user names, files, folders and globs, as sources to read in the order of their names."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from tdxwhy.errors import TdxwhyError
from tdxwhy.files import shown
from tdxwhy.noun import NamedTuple
from tdxwhy.read.host.sosreport import is_report, log_in

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


class Listing:
    """The sources behind names, folders and globs, each once and in the order of their names, found while somebody iterates.

    What is below the folder `but` is none: it is the store's own, and grows meanwhile.
    `count` and `size` are those of the sources found so far, `whole` tells that these are all; `unread` is what was met on the way.
    """

    def __init__(self, named: Sequence[str], but: Path | None = None) -> None:
        self.count = self.size = 0
        self.whole = False
        self.unread: list[Unread] = []
        self._named, self._but = named, None if but is None else but.resolve()

    def __iter__(self) -> Iterator[Source]:
        """Find the sources. Those of one folder come as it is walked; of several names all are found before the first comes."""
        alone = self._named[0] if len(self._named) == 1 else ""
        for source in self._of(alone) if os.path.isdir(alone) else self._sorted():  # noqa: PTH112 - it takes any name
            self.count += 1
            self.size += source.size
            yield source
        self.whole = True

    def _sorted(self) -> list[Source]:
        found: dict[str, Source] = {}
        for one in self._named:
            for source in self._of(one):
                found.setdefault(source.path, source)
        return sorted(found.values(), key=lambda source: (source.name, source.path))

    def _of(self, named: str) -> Iterator[Source]:
        for item in _expanded(named, self._but):
            if isinstance(item, Unread):
                self.unread.append(item)
            else:
                yield item


def _expanded(named: str, but: Path | None) -> Iterator[Source | Unread]:
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
            yield from _walked(path, but)
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


def _walked(top: str, but: Path | None) -> Iterator[Source | Unread]:
    """Walk a folder without following links, in the order of the names, which begin with the folder's own; but not one within it."""
    base = os.path.dirname(os.path.abspath(top))  # noqa: PTH100, PTH120 - os.scandir speaks strings, and a fleet has many
    name = os.path.relpath(top, base)
    if is_report(top):
        yield from _of_report(top, name)
        return
    levels = [(name, _entries(top, name))]
    while levels:
        folder, entries = levels[-1]
        for entry in entries:
            if isinstance(entry, Unread):
                yield entry
                continue
            name = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if but is not None and entry.name == but.name and Path(entry.path).resolve() == but:
                    continue
                if is_report(entry.path):
                    yield from _of_report(entry.path, name)
                    continue
                levels.append((name, _entries(entry.path, name)))
                break
            yield _found(entry.path, name, partial(entry.stat, follow_symlinks=False))
        else:
            levels.pop()


def _of_report(folder: str, name: str) -> Iterator[Source | Unread]:
    """Yield the one log of an unpacked sosreport that is read: its others are of the same boot, and the rest are no logs."""
    log = log_in(folder)
    if log is None:
        yield Unread(shown(name), "a sosreport without a kernel log")
    else:
        path = f"{folder}/{log}"
        yield _found(path, f"{name}/{log}", partial(os.stat, path))


def _entries(folder: str, name: str) -> Iterator[os.DirEntry[str] | Unread]:
    """Return the entries of a folder such that the paths of all that is below them are in order."""
    try:
        with os.scandir(folder) as entries:
            return iter(sorted(entries, key=lambda entry: f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name))
    except OSError as error:
        return iter([Unread(shown(name), (error.strerror or "cannot be listed").lower())])


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
