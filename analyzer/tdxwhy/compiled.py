"""Tables made of the files under rules/ ahead of time, so that start-up needs no parser.

A wheel brings them: `packaging/build_hook.py` runs `python -m tdxwhy.build`. A checkout keeps them in build/tables, which git ignores; a
piece whose sources, data or code, are not those it was made of is made anew, when it is first asked for. Where nothing can be kept, as in a
read-only checkout, it is made in memory. Accepted form of a kept piece: a line with the check sum of its sources and the length of the
rest, then a line a table: its name, a blank, JSON.
"""

from __future__ import annotations

import json
import os
from _thread import get_ident
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

from tdxwhy import shipped

_PACKAGE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would cost a tenth of the start-up budget
_MARK = "tdxwhy-tables"


class Piece(NamedTuple):
    """Tables that are made, kept and found stale together: `sources` yields all that they depend on, `make` returns them by name."""

    name: str
    sources: Callable[[], Iterable[bytes]]
    make: Callable[[], dict[str, Any]]


def files(folders: Iterable[str], takes: Callable[[str], bool], code: Iterable[str]) -> Iterator[bytes]:
    """Yield the TOML files of some folders under rules/, as far as `takes` wants their names without .toml, and modules of this package."""
    for folder in folders:
        where = os.path.join(shipped.root(), "rules", folder)  # noqa: PTH118 - see above
        names = sorted(name for name in os.listdir(where) if name.endswith(".toml") and takes(name[:-5]))  # noqa: PTH208
        yield from (part for name in names for part in (name.encode(), _read(os.path.join(where, name))))  # noqa: PTH118
    yield from (_read(os.path.join(_PACKAGE, name)) for name in code)  # noqa: PTH118


def document(folder: str, stem: str, code: str, load: Callable[[], dict[str, Any]]) -> Piece:
    """Return the piece of one TOML file that `load` reads and proves; `code` is the module that holds `load`."""
    return Piece(stem, lambda: files((folder,), stem.__eq__, ("toml.py", code)), lambda: {stem: load()})


def table(piece: Piece, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return one table of a piece."""
    return json.loads(text(piece, name))


def names(piece: Piece) -> tuple[str, ...]:
    """Return the names of a piece's tables, in their order."""
    return tuple(_texts(piece))


def text(piece: Piece, name: str) -> str:
    """Return one table of a piece as JSON."""
    return _texts(piece)[name]


@cache
def _texts(piece: Piece) -> dict[str, str]:
    """Return the tables of a piece as they are kept, or make them."""
    if not shipped.in_checkout():
        return _parsed(shipped.data(f"tables/{piece.name}")) or _made(piece)
    digest = _digest(piece)
    path = os.path.join(cache_folder(), piece.name)  # noqa: PTH118 - see above
    found = _parsed(_kept(path), digest)
    if found is None:
        found = _made(piece)
        _keep(path, rendered(digest, found))
    return found


def made(piece: Piece) -> bytes:
    """Return a piece as it is kept, made anew where it is not what its sources say."""
    return rendered(_digest(piece), _texts(piece))


def cache_folder() -> str:
    """Return where a checkout keeps its tables."""
    return os.path.join(shipped.root(), "build", "tables")  # noqa: PTH118 - see above


def rendered(digest: str, texts: dict[str, str]) -> bytes:
    """Return tables in the form in which they are kept."""
    rest = "".join(f"{name} {text}\n" for name, text in texts.items()).encode()
    return f"{_MARK} {digest} {len(rest)}\n".encode() + rest


def _digest(piece: Piece) -> str:
    total = length = 0
    for part in (_read(__file__), *piece.sources()):
        total, length = crc32(part, total), length + len(part)
    return f"{total:08x}.{length}"


def _made(piece: Piece) -> dict[str, str]:
    return {name: json.dumps(value, separators=(",", ":")) for name, value in piece.make().items()}


def _parsed(content: bytes, digest: str = "") -> dict[str, str] | None:
    """Return the tables in what was kept; None if it is cut short, of other sources than `digest` says, or something else."""
    head, _, rest = content.partition(b"\n")
    mark, _, about = head.decode("ascii", "replace").partition(" ")
    of, _, length = about.partition(" ")
    if mark != _MARK or length != str(len(rest)) or digest not in ("", of):
        return None
    rows = (line.partition(" ") for line in rest.decode().splitlines())
    return {name: value for name, _, value in rows}


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
