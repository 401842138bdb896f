"""Parsed files kept between runs, by the git blob id of their content. Typed MessagePack: nothing in it can run."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from tdxwhy.source.ctree import parse_unit
from tdxwhy.source.syntax import Unit
from tdxwhy.version import VERSION

# A change of Unit or of how it is made needs a new number.
_FORMAT = 3


def unit_of_text(text: str) -> Unit:
    """Return the parsed unit of a C text, from the cache where it is there."""
    import msgspec

    path = _folder() / f"{blob_id(text)}.msgpack"
    with suppress(OSError, msgspec.DecodeError, msgspec.ValidationError):
        unit: Unit = msgspec.msgpack.decode(path.read_bytes(), type=Unit)
        return unit
    made = parse_unit(text)
    with suppress(OSError, RecursionError, ValueError):
        _keep(path, msgspec.msgpack.encode(made))
    return made


def blob_id(text: str) -> str:
    """Return the id that git gives a file of this content."""
    content = text.encode("utf-8", "surrogateescape")
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "tdxwhy" / f"units-{VERSION}-{_FORMAT}"


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as made:
        made.write(data)
    Path(made.name).replace(path)
