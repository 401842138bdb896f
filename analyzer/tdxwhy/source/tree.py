"""A kernel tree: the files that bring TDX up, from a folder or from a revision of a git repository.

A repository is read as `revision` says: nothing in it can run anything.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.source.calls import calls
from tdxwhy.source.ctree import parse_unit
from tdxwhy.source.run.program import Program, ProgramFile
from tdxwhy.source.syntax import Define, Unit
from tdxwhy.strict import settled
from tdxwhy.version import VERSION

_LARGEST = 4 << 20
_MOST_FILES = 400
_MOST_CHARACTERS = 32 << 20
_TDX = re.compile(r"\bseamcall|\btdx_|TDH_SYS|TDX")
_VMXON = re.compile(r"\basm\b[^;]{0,40}\bvmxon\b")
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<(?P<path>[\w/.-]+)>", re.MULTILINE)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(?P<name>[A-Z]\w*)[ \t]+(?P<body>[^\n/\\]+)", re.MULTILINE)
_SKIPPED = frozenset({".git", "node_modules", "tools", "Documentation"})


def read_tree(path: str, extra: tuple[str, ...] = ()) -> dict[str, str]:
    """Read the files of a folder that bring TDX up, and those that a patch touches (`extra`); in a small tree every C file."""
    root = Path(path)
    if not root.is_dir():
        raise TdxwhyError(f"{path}: no such folder", "give the top of a kernel tree, or a folder of C files")
    wanted = [*_matching(root), *(each for each in extra if each.endswith((".c", ".h")))]
    names = sorted(set(wanted)) if _is_kernel(root) else _all_c(root)
    texts: dict[str, str] = {}
    left = _MOST_CHARACTERS
    for name in names:
        text = read_file(root, name)
        if text is not None and len(text) <= left:
            texts[name] = text
            left -= len(text)
    return _checked(texts, path)


def tree_files(path: str) -> tuple[tuple[str, str], ...]:
    """Return the same files as pairs, none where the tree has nothing about TDX."""
    try:
        return tuple(read_tree(path).items())
    except NothingToJudge:
        return ()


def _is_kernel(root: Path) -> bool:
    return (root / "arch" / "x86").is_dir()


def _checked(texts: dict[str, str], path: str) -> dict[str, str]:
    if not any(_TDX.search(text) for text in texts.values()):
        raise NothingToJudge(
            f"{path}: nothing about TDX in this tree", "preview wants a kernel with arch/x86/virt/vmx/tdx, or C files that make SEAMCALLs"
        )
    return {path: text for path, text in texts.items() if path.endswith(".h") or _TDX.search(text) or _VMXON.search(text)}


def _patterns() -> tuple[str, ...]:
    table = calls()
    return (*table.roots, *table.headers)


def wanted_file(name: str) -> bool:
    """Tell whether a path belongs to what brings TDX up."""
    return name.endswith((".c", ".h")) and any(
        fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, f"{pattern}/*") for pattern in _patterns()
    )


def _matching(root: Path) -> Iterator[str]:
    for pattern in _patterns():
        for found in sorted(root.glob(pattern)):
            files = sorted(found.rglob("*.[ch]")) if found.is_dir() else [found]
            yield from (file.relative_to(root).as_posix() for file in files[:_MOST_FILES] if file.suffix in (".c", ".h"))


def _all_c(root: Path) -> list[str]:
    """List the C files of a small tree; links out of it are not followed."""
    found: list[str] = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(each for each in folders if each not in _SKIPPED)
        found.extend((Path(folder) / file).relative_to(root).as_posix() for file in sorted(files) if file.endswith((".c", ".h")))
        if len(found) > _MOST_FILES:
            return found[:_MOST_FILES]
    return found


def read_file(root: Path, name: str) -> str | None:
    """Read one file of a tree; None where it is none, too large, or a link out of the tree."""
    path = root / name
    try:
        if not path.resolve().is_relative_to(root.resolve()) or not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def read_revision(path: str, revision: str, extra: tuple[str, ...] = ()) -> dict[str, str]:
    """Read the same files as they stand in a revision of a repository."""
    from tdxwhy.source.revision import Repository

    with Repository(path) as repository:
        entries = {entry.path: entry for entry in repository.files(revision, _folders(extra)) if entry.size <= _LARGEST}
        chosen = [name for name in entries if wanted_file(name) or name in extra]
        if not chosen:
            whole = repository.files(revision, ())
            entries = {entry.path: entry for _, entry in zip(range(_MOST_FILES), whole, strict=False) if entry.size <= _LARGEST}
            chosen = [name for name in entries if name.endswith((".c", ".h"))]
        texts = {name: repository.text(entries[name]) for name in sorted(chosen)}
    return _checked(texts, f"{path} at {revision}")


def _folders(extra: tuple[str, ...]) -> tuple[str, ...]:
    """Return the folders below which the wanted files lie."""
    folders = {pattern.partition("*")[0].rpartition("/")[0] if "*" in pattern else pattern for pattern in _patterns()}
    return (*sorted(folders), *extra)


def program_of_tree(texts: Mapping[str, str], root: str | None = None) -> Program:
    """Make a program of the files of a tree; constants from other headers are looked up in the folder where there is one."""
    sources = [ProgramFile(path, unit_of_text(text)) for path, text in sorted(texts.items())]
    return Program(sources, Headers(partial(read_file, Path(root)), texts) if root is not None else None)


class Headers:
    """Looks constants up in the headers that the files include; `read` gives the text of a file of the tree."""

    def __init__(self, read: Callable[[str], str | None], texts: Mapping[str, str]) -> None:
        included = {found["path"] for text in texts.values() for found in _INCLUDE.finditer(text)}
        self.names = [
            f"{base}/{name}"
            for name in sorted(included)
            for base in ("arch/x86/include", "include", "arch/x86/include/uapi", "include/uapi")
        ]
        self.read = read
        self.found: dict[str, str] | None = None

    def __call__(self, name: str) -> Define | None:
        """Return the #define of a name, None where no header has one."""
        self.load()
        body = (self.found or {}).get(name)
        return Define(name, None, body, 0) if body else None

    def load(self) -> None:
        """Read the headers, once."""
        if self.found is None:
            texts = (text for each in self.names if (text := self.read(each)) is not None)
            self.found = {found["name"]: found["body"].strip() for text in texts for found in _DEFINE.finditer(text)}


# A change of Unit or of how it is made needs a new number.
_FORMAT = 8


def unit_of_text(text: str) -> Unit:
    """Return the parsed unit of a C text, from the cache where it is there."""
    import msgspec

    path = _folder() / f"{blob_id(text)}.msgpack"
    with suppress(OSError, msgspec.DecodeError, msgspec.ValidationError):
        unit: Unit = msgspec.msgpack.decode(path.read_bytes(), type=settled(Unit))
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
