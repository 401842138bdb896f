"""A whole kernel as far as TDX is concerned: what brings it up, KVM that asks for it, kexec, and the names of the modules.

Accepted form: a folder, or REPOSITORY@REVISION, which is read without a checkout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.noun import NamedTuple
from tdxwhy.source.calls import calls
from tdxwhy.source.run.program import Program, ProgramFile
from tdxwhy.source.tree import Headers, read_file, read_tree, unit_of_text, wanted_file

_LARGEST = 4 << 20
_MOST_FILES = 100
_HEADERS = ("arch/x86/include", "include/linux", "include/uapi", "include/asm-generic", "include/kvm")
_OBJECTS = re.compile(r"^(?P<module>[\w-]+)-(?:y|objs|\$\([A-Z0-9_]+\))[ \t]*[:+]?=[ \t]*(?P<objects>(?:[^\n\\]|\\\n)*)", re.MULTILINE)
_ALONE = re.compile(r"^obj-\$?\(?\w+\)?[ \t]*[:+]?=[ \t]*(?P<objects>(?:[^\n\\]|\\\n)*)", re.MULTILINE)


class Tree(NamedTuple):
    """The texts of a kernel by path, the Makefiles that name its modules, and how constants of other headers are found."""

    texts: dict[str, str]
    makefiles: dict[str, str]
    headers: Headers


def read_kernel(given: str) -> Program:
    """Read a kernel for the extraction of its model."""
    tree = read(given)
    _whole(tree)
    return program_of_kernel(tree)


def _whole(tree: Tree) -> None:
    """Refuse a tree in which a merge stands half-way: both of its sides would be read as code."""
    for path, text in tree.texts.items():
        begin = f"\n{text}".find("\n<<<<<<< ")
        if begin >= 0 and text.find("\n=======\n", begin) >= 0:
            line = text.count("\n", 0, begin) + 1
            raise TdxwhyError(f"{path}:{line}: a merge that is not finished", "resolve it, or read a commit: REPO@REVISION")


def read(given: str, more: tuple[str, ...] = ()) -> Tree:
    """Read the files of a kernel, and those that match `more`."""
    path, at, revision = given.rpartition("@")
    if at and not Path(given).exists():
        return _of_revision(path, revision, more)
    texts = read_tree(given)
    root = Path(given)
    wanted = [*calls().callers, *(name for pattern in more for name in _below(root, pattern))]
    for name in wanted:
        text = read_file(root, name)
        if text is not None:
            texts.setdefault(name, text)
    found = (each for pattern in calls().makefiles for each in sorted(root.glob(pattern)))
    makefiles = {each.relative_to(root).as_posix(): read_file(root, each.relative_to(root).as_posix()) or "" for each in found}
    return Tree(texts, makefiles, Headers(partial(read_file, root), texts))


def _below(root: Path, pattern: str) -> Iterator[str]:
    for found in sorted(root.glob(pattern)):
        files = sorted(found.rglob("*.c")) if found.is_dir() else [found]
        yield from (file.relative_to(root).as_posix() for file in files[:_MOST_FILES] if file.suffix == ".c")


def _of_revision(path: str, revision: str, more: tuple[str, ...]) -> Tree:
    from tdxwhy.source.revision import Repository

    table = calls()
    with Repository(path) as repository:
        patterns = (*table.roots, *table.makefiles, *more)
        folders = {*(pattern.partition("*")[0].rstrip("/") for pattern in patterns), *table.callers, *_HEADERS}
        entries = {each.path: each for each in repository.files(revision, tuple(sorted(folders))) if each.size <= _LARGEST}
        names = [name for name in entries if wanted_file(name) or name in table.callers or _matches(name, more)]
        if not any(name not in table.callers for name in names):
            raise NothingToJudge(f"{path}@{revision}: nothing about TDX in this tree")
        texts = {name: repository.text(entries[name]) for name in sorted(names)}
        makefiles = {name: repository.text(entries[name]) for name in entries if any(fnmatch(name, each) for each in table.makefiles)}
        headers = Headers(lambda name: repository.text(entries[name]) if name in entries else None, texts)
        headers.load()
        return Tree(texts, makefiles, headers)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return name.endswith(".c") and any(fnmatch(name, each) or fnmatch(name, f"{each}/*") for each in patterns)


def program_of_kernel(tree: Tree) -> Program:
    """Make a program of a kernel's files."""
    program = Program([ProgramFile(path, unit_of_text(text)) for path, text in sorted(tree.texts.items())], tree.headers)
    program.modules.update(modules(tree.makefiles))
    return program


def modules(makefiles: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each C file that a Makefile makes part of a module, with the name that the module has while it runs."""
    for path, text in sorted(makefiles.items()):
        folder = path.rpartition("/")[0]
        alone = {each for found in _ALONE.finditer(text) for each in _names(found["objects"])}
        for each in sorted(alone):
            yield f"{folder}/{each}.c", each.replace("-", "_")
        for found in _OBJECTS.finditer(text):
            if found["module"] in alone:
                for each in _names(found["objects"]):
                    yield f"{folder}/{each}.c", found["module"].replace("-", "_")


def _names(objects: str) -> list[str]:
    return [each.removesuffix(".o") for each in objects.replace("\\\n", " ").split() if each.endswith(".o")]


def name_of(given: str) -> str:
    """Return what a kernel is called that is read from a tree: its folder, or its revision."""
    path, at, revision = given.rpartition("@")
    return revision if at and path and not Path(given).exists() else Path(given).resolve().name or "tree"
