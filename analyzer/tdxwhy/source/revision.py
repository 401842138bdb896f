"""Revisions of a git repository that is not trusted (see `read/repository.py`); its references are copied as names and ids only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tdxwhy.digits import is_whole
from tdxwhy.errors import TdxwhyError
from tdxwhy.files import reading
from tdxwhy.noun import NamedTuple
from tdxwhy.read.repository import Borrowed, said

_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"refs/[\w.+@-][\w./+@-]{0,200}")
_HEAD = re.compile(r"ref: refs/[\w./+@-]{1,200}|[0-9a-f]{40}(?:[0-9a-f]{24})?")
# Of a repository whose HEAD is none: the one that git makes would name a branch of its own liking.
_NOTHING = "ref: refs/heads/head-names-nothing"
_MOST_REFS = 20_000


class TreeEntry(NamedTuple):
    """A file of a revision: its path, its blob and its size."""

    path: str
    blob: str
    size: int


class Repository:
    """The objects of one repository, seen from an empty repository of our own. A context manager."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._common = _git_folder(Path(path))
        self._references = dict(_packed(self._common / "packed-refs")) | dict(_loose(self._common / "refs"))
        self._head = _small(_own_folder(Path(path)) / "HEAD")
        self._borrowed = Borrowed(self._common / "objects", next(iter(self._references.values()), self._head))

    def __enter__(self) -> Repository:
        self._git: Any = self._borrowed.__enter__().git
        self._copy_references(self._borrowed.path)
        return self

    def __exit__(self, *_: object) -> None:
        self._borrowed.__exit__()

    def files(self, revision: str, folders: tuple[str, ...]) -> Iterator[TreeEntry]:
        """Yield the files of a revision, below some folders or all of it."""
        from git.exc import GitCommandError

        try:
            listed = self._git.ls_tree("-r", "-l", "-z", "--full-tree", self._commit(revision), "--", *folders)
        except GitCommandError as error:
            raise TdxwhyError(f"{self._path}: {said(error)}") from None
        for row in listed.split("\0"):
            head, tab, path = row.partition("\t")
            words = head.split()
            if tab and len(words) == 4 and words[1] == "blob" and is_whole(words[3]):
                yield TreeEntry(path, words[2], int(words[3]))

    def text(self, entry: TreeEntry) -> str:
        """Return the text of a file."""
        data = self._borrowed.read(entry.blob, entry.size)
        if data is None:
            raise TdxwhyError(f"{self._path}: {entry.path}: missing or broken in this repository")
        return data.decode("utf-8", "replace")

    def commits(self, span: str, most: int) -> list[str]:
        """Return the commits of BASE..HEAD, oldest first and merges left out, at most `most` and one."""
        from git.exc import GitCommandError

        try:
            listed = self._git.rev_list("--reverse", "--no-merges", f"--max-count={most + 1}", "--end-of-options", span)
        except GitCommandError as error:
            raise TdxwhyError(f"{self._path}: no range {span}: {said(error)}") from None
        return [one for one in str(listed).split("\n") if _OID.fullmatch(one)]

    def patch(self, commit: str, most: int) -> bytes:
        """Return a commit's message and diff, at most `most` bytes of it."""
        from git.exc import GitCommandError

        shape = ("--format=%s%n%n%b%n---", "--patch", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")
        process = self._git.show(*shape, "--src-prefix=a/", "--dst-prefix=b/", "--end-of-options", commit, as_process=True)
        data: bytes = process.stdout.read(most)
        process.stdout.close()
        try:
            process.wait()
        except GitCommandError as error:
            if len(data) < most:  # else it ended because nobody read on
                raise TdxwhyError(f"{self._path}: commit {commit[:12]}: {said(error)}") from None
        return data

    def _commit(self, revision: str) -> str:
        from git.exc import GitCommandError

        try:
            found = str(self._git.rev_parse("--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"))
        except GitCommandError:
            found = ""
        if not _OID.fullmatch(found):
            raise TdxwhyError(f"{self._path}: no revision {revision!r}")
        return found

    def _copy_references(self, folder: Path) -> None:
        text = "".join(f"{oid} {name}\n" for name, oid in sorted(self._references.items()))
        (folder / "packed-refs").write_text(f"# pack-refs with: sorted \n{text}", encoding="ascii")
        head = self._head if _HEAD.fullmatch(self._head) else _NOTHING
        (folder / "HEAD").write_text(head + "\n", encoding="ascii")


def _own_folder(path: Path) -> Path:
    """Return the git directory of a checkout, a bare repository or a linked work tree."""
    if (path / ".git").is_file():
        target = _small(path / ".git").removeprefix("gitdir:").strip()
        return (path / target).resolve()
    return path / ".git" if (path / ".git").is_dir() else path


def _git_folder(path: Path) -> Path:
    """Return the directory that holds objects and references."""
    own = _own_folder(path)
    common = _small(own / "commondir")
    folder = (own / common).resolve() if common else own
    if not (folder / "objects").is_dir() or not (own / "HEAD").is_file():
        raise TdxwhyError(f"{path}: no git repository", "--range wants a repository")
    return folder


def _small(path: Path) -> str:
    try:
        with reading(path) as stream:
            return stream.read(4096).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _packed(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with path.open("r", encoding="ascii", errors="replace") as stream:
            for _, row in zip(range(_MOST_REFS), stream, strict=False):
                oid, _, name = row.strip().partition(" ")
                if _OID.fullmatch(oid) and _is_reference(name):
                    yield name, oid
    except OSError:
        return


def _loose(folder: Path) -> Iterator[tuple[str, str]]:
    for _, path in zip(range(_MOST_REFS), sorted(folder.rglob("*")), strict=False):
        name = f"refs/{path.relative_to(folder).as_posix()}"
        if path.is_file() and not path.is_symlink() and _is_reference(name):
            oid = _small(path)
            if _OID.fullmatch(oid):
                yield name, oid


def _is_reference(name: str) -> bool:
    return bool(_REF.fullmatch(name)) and ".." not in name and "//" not in name and not name.endswith((".lock", "/", "."))
