"""Tables made of the files under rules/ ahead of time, so that start-up needs no parser.

A wheel brings them: `packaging/build_hook.py` runs `python -m tdxwhy.build`. A checkout keeps them in build/tables, which git ignores; a
piece whose sources, data or code, are not those it was made of is made anew, when it is first asked for. Where nothing can be kept, as in a
read-only checkout, it is made in memory. Accepted form of a kept piece: a line with the check sum of its sources and the length of the
rest, one with the tables' names and lengths by commas, each as `name length`, then a line of JSON a table. In a checkout's cache a line
stands before it that tells whether a source was written since, so that no run has to read them all.
"""

from __future__ import annotations

import json
import os
from _thread import get_ident
from collections.abc import Callable, Iterable
from functools import cache
from zlib import crc32

from tdxwhy import shipped
from tdxwhy.hints import Any
from tdxwhy.noun import NamedTuple

_PACKAGE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would cost a tenth of the start-up budget
_MARK = "tdxwhy-tables-2"


# What tables depend on: a file's path, or what another piece holds.
Source = str | bytes
Places = dict[str, slice]


class Piece(NamedTuple):
    """Tables that are made, kept and found stale together: `sources` yields all that they depend on, `make` returns them by name."""

    name: str
    sources: Callable[[], Iterable[Source]]
    make: Callable[[], dict[str, Any]]


def files(folders: Iterable[str], takes: Callable[[str], bool], code: Iterable[str]) -> list[Source]:
    """Return the TOML files of some folders under rules/, as `takes` wants their names without .toml, and modules of this package."""
    found: list[Source] = []
    for folder in folders:
        where = f"{shipped.root()}/rules/{folder}"
        names = sorted([name for name in os.listdir(where) if name.endswith(".toml") and takes(name[:-5])])  # noqa: PTH208
        found += [f"{where}/{name}" for name in names]
    return found + [f"{_PACKAGE}/{name}" for name in code]


def document(folder: str, stem: str, code: str, load: Callable[[], dict[str, Any]]) -> Piece:
    """Return the piece of one TOML file that `load` reads and proves; `code` is the module that holds `load`."""
    return Piece(stem, lambda: files((folder,), stem.__eq__, ("toml.py", code)), lambda: {stem: load()})


def table(piece: Piece, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return one table of a piece."""
    return json.loads(text(piece, name))


def rows(piece: Piece, name: str, noun: Any, **parts: Any) -> tuple[Any, ...]:  # noqa: ANN401 - NamedTuples' classes
    """Return one table of a piece as rows of a noun, lists as tuples; `parts` are the nouns of fields that hold rows."""
    found = table(piece, name)
    for field, inner in parts.items():
        place = noun._fields.index(field)
        for row in found:
            row[place] = _nouns(inner, row[place])
    return tuple(_nouns(noun, found))


def _nouns(noun: Any, found: list[list[Any]]) -> list[Any]:  # noqa: ANN401 - see above
    made = []
    for row in found:  # no comprehension a row: each would be a call at start-up
        for place, value in enumerate(row):
            if type(value) is list:
                row[place] = tuple(value)
        made.append(noun(*row))
    return made


def names(piece: Piece) -> tuple[str, ...]:
    """Return the names of a piece's tables, in their order."""
    return tuple(_tables(piece)[0])


def text(piece: Piece, name: str) -> str:
    """Return one table of a piece as JSON."""
    places, content = _tables(piece)
    return content[places[name]].decode()


@cache
def _tables(piece: Piece) -> tuple[Places, bytes]:
    """Return where each table of a piece stands, and these as they are kept, or make them."""
    if not shipped.in_checkout():
        return _parsed(shipped.data(f"tables/{piece.name}")) or _made(piece, "")
    sources = [os.path.abspath(__file__), *piece.sources()]  # noqa: PTH100 - see above
    path = f"{cache_folder()}/{piece.name}"
    written, _, content = _kept(path).partition(b"\n")
    found = _parsed(content)
    if found is not None and written == _written(sources, content):
        return found
    digest = _digest(sources)
    found = _parsed(content, digest) or _made(piece, digest)
    _keep(path, _written(sources, found[1]) + b"\n" + found[1])
    return found


def made(piece: Piece) -> bytes:
    """Return a piece as it is kept, made anew where it is not what its sources say."""
    return _tables(piece)[1]


def cache_folder() -> str:
    """Return where a checkout keeps its tables."""
    return f"{shipped.root()}/build/tables"


def _written(sources: Iterable[Source], content: bytes) -> bytes:
    """Return what changes when a source of these tables is written to or replaced, or other tables stand here."""
    total = crc32(content[: content.find(b"\n")])
    for one in sources:
        part = one
        if isinstance(part, str):
            of = os.stat(part)  # noqa: PTH116 - see above
            part = f"{part} {of.st_ino} {of.st_size} {of.st_mtime_ns} {of.st_ctime_ns}".encode()
        total = crc32(part, total)
    return b"%08x" % total


def _digest(sources: Iterable[Source]) -> str:
    total = length = 0
    for one in sources:
        name, part = (os.path.basename(one).encode(), _read(one)) if isinstance(one, str) else (b"", one)  # noqa: PTH119 - see above
        total, length = crc32(part, crc32(name, total)), length + len(part)
    return f"{total:08x}.{length}"


def _made(piece: Piece, digest: str) -> tuple[Places, bytes]:
    """Make the tables of a piece, in the form in which they are kept."""
    tables = {name: json.dumps(value, separators=(",", ":")) for name, value in piece.make().items()}
    lengths = ",".join(f"{name} {len(text)}" for name, text in tables.items())
    rest = "\n".join([lengths, *tables.values(), ""]).encode()
    head = f"{_MARK} {digest} {len(rest)}\n".encode()
    return _places(lengths, len(head)), head + rest


def _parsed(content: bytes, digest: str = "") -> tuple[Places, bytes] | None:
    """Return what was kept with the places of its tables; None if it is cut short, or of other sources than `digest` says."""
    head, _, rest = content.partition(b"\n")
    mark, _, about = head.decode("ascii", "replace").partition(" ")
    of, _, length = about.partition(" ")
    if mark != _MARK or length != str(len(rest)) or digest not in ("", of):
        return None
    return _places(rest[: rest.index(b"\n")].decode(), len(head) + 1), content


def _places(lengths: str, begin: int) -> Places:
    """Return where each table stands behind the line that tells their lengths, which begins there."""
    places: Places = {}
    begin += len(lengths) + 1
    for one in lengths.split(","):
        name, _, length = one.partition(" ")
        places[name] = slice(begin, begin + int(length))
        begin += int(length) + 1
    return places


def _kept(path: str) -> bytes:
    try:
        return _read(path)
    except OSError:
        return b""


def _keep(path: str, content: bytes) -> None:
    """Write a file whole or not at all, whoever else writes it; without leave to write, nothing is kept."""
    own = f"{path}.{os.getpid()}.{get_ident()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - see above
        with open(own, "wb") as file:  # noqa: PTH123
            file.write(content)
        os.replace(own, path)  # noqa: PTH105
    except OSError:
        return


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 - see above
        return file.read()
