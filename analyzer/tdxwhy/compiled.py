"""Tables made of the files under rules/ ahead of time, so that start-up needs no parser.

A wheel brings them: `packaging/build_hook.py` runs `python -m tdxwhy.build`. A checkout keeps them in build/tables, which git ignores; a
piece whose sources, data or code, are not those it was made of is made anew, when it is first asked for. Where nothing can be kept, as in a
read-only checkout, it is made in memory. Accepted form of a kept piece: a line with the check sum of its sources and the length of the
rest, one with the names of its tables by commas, then a line a table: its name, a blank, JSON.
"""

from __future__ import annotations

import json
import os
from _thread import get_ident
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from zlib import crc32

from tdxwhy import shipped
from tdxwhy.noun import NamedTuple

_PACKAGE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would cost a tenth of the start-up budget
_MARK = "tdxwhy-tables"


class Piece(NamedTuple):
    """Tables that are made, kept and found stale together: `sources` yields all that they depend on, `make` returns them by name."""

    name: str
    sources: Callable[[], Iterable[bytes]]
    make: Callable[[], dict[str, Any]]


def files(folders: Iterable[str], takes: Callable[[str], bool], code: Iterable[str]) -> list[bytes]:
    """Return the TOML files of some folders under rules/, as `takes` wants their names without .toml, and modules of this package."""
    found = []
    for folder in folders:
        where = f"{shipped.root()}/rules/{folder}"
        for name in sorted([name for name in os.listdir(where) if name.endswith(".toml") and takes(name[:-5])]):  # noqa: PTH208
            found += [name.encode(), _read(f"{where}/{name}")]
    return found + [_read(f"{_PACKAGE}/{name}") for name in code]


def document(folder: str, stem: str, code: str, load: Callable[[], dict[str, Any]]) -> Piece:
    """Return the piece of one TOML file that `load` reads and proves; `code` is the module that holds `load`."""
    return Piece(stem, lambda: files((folder,), stem.__eq__, ("toml.py", code)), lambda: {stem: load()})


def table(piece: Piece, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return one table of a piece."""
    return json.loads(text(piece, name))


def rows(piece: Piece, name: str, noun: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a NamedTuple's class
    """Return one table of a piece as rows of a noun, lists as tuples."""
    return tuple(noun(*(tuple(value) if isinstance(value, list) else value for value in row)) for row in table(piece, name))


def names(piece: Piece) -> tuple[str, ...]:
    """Return the names of a piece's tables, in their order."""
    return tuple(_tables(piece)[0])


def text(piece: Piece, name: str) -> str:
    """Return one table of a piece as JSON."""
    content = _tables(piece)[1]
    begin = content.index(f"\n{name} ".encode()) + len(name) + 2
    return content[begin : content.index(b"\n", begin)].decode()


@cache
def _tables(piece: Piece) -> tuple[list[str], bytes]:
    """Return the names of a piece's tables, and these as they are kept, or make them."""
    if not shipped.in_checkout():
        content = shipped.data(f"tables/{piece.name}")
        return _parsed(content) or _made(piece, "")
    digest = _digest(piece)
    path = f"{cache_folder()}/{piece.name}"
    found = _parsed(_kept(path), digest)
    if found is None:
        found = _made(piece, digest)
        _keep(path, found[1])
    return found


def made(piece: Piece) -> bytes:
    """Return a piece as it is kept, made anew where it is not what its sources say."""
    return _tables(piece)[1]


def cache_folder() -> str:
    """Return where a checkout keeps its tables."""
    return f"{shipped.root()}/build/tables"


def _digest(piece: Piece) -> str:
    total = length = 0
    for part in (_read(__file__), *piece.sources()):
        total, length = crc32(part, total), length + len(part)
    return f"{total:08x}.{length}"


def _made(piece: Piece, digest: str) -> tuple[list[str], bytes]:
    """Make the tables of a piece, and the form in which they are kept."""
    tables = piece.make()
    rows = [f"{name} {json.dumps(value, separators=(',', ':'))}\n" for name, value in tables.items()]
    rest = "".join([",".join(tables), "\n", *rows]).encode()
    return list(tables), f"{_MARK} {digest} {len(rest)}\n".encode() + rest


def _parsed(content: bytes, digest: str = "") -> tuple[list[str], bytes] | None:
    """Return what was kept with the names of its tables; None if it is cut short, or of other sources than `digest` says."""
    head, _, rest = content.partition(b"\n")
    mark, _, about = head.decode("ascii", "replace").partition(" ")
    of, _, length = about.partition(" ")
    if mark != _MARK or length != str(len(rest)) or digest not in ("", of):
        return None
    return rest[: rest.index(b"\n")].decode().split(","), content


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
