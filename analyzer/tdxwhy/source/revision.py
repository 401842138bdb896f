"""Revisions of a git repository that is not trusted.

A repository may carry hooks, filters, textconv, an evil configuration or a lazy remote. None of it is looked at: git runs in an empty
repository of our own that borrows the other's object store, and the other's references are copied as names and ids only.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tdxwhy.errors import TdxwhyError

_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"refs/[\w.+@-][\w./+@-]{0,200}")
_HEAD = re.compile(r"ref: refs/[\w./+@-]{1,200}|[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_REFS = 20_000
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_COUNT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}


class Entry(NamedTuple):
    """A file of a revision: its path, its blob and its size."""

    path: str
    blob: str
    size: int


class Repository:
    """The objects of one repository, seen from an empty repository of our own. A context manager."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._common = _git_folder(Path(path))
        self._folder = tempfile.TemporaryDirectory(prefix="tdxwhy-")

    def __enter__(self) -> Repository:
        try:
            import git
        except ImportError as error:
            raise TdxwhyError("git is needed to read revisions and was not found") from error
        runner = git.Git(self._folder.name)
        runner.update_environment(**_ENVIRONMENT)
        runner.init("--bare", "--quiet", "--template=", ".")
        self._git: Any = runner
        self._copy_references(Path(self._folder.name))
        runner.update_environment(GIT_DIR=self._folder.name, GIT_OBJECT_DIRECTORY=str((self._common / "objects").resolve()))
        return self

    def __exit__(self, *_: object) -> None:
        self._git.clear_cache()
        self._folder.cleanup()

    def files(self, revision: str, folders: tuple[str, ...]) -> Iterator[Entry]:
        """Yield the files of a revision, below some folders or all of it."""
        listed = self._git.ls_tree("-r", "-l", "-z", "--full-tree", self._commit(revision), "--", *folders)
        for row in listed.split("\0"):
            head, tab, path = row.partition("\t")
            words = head.split()
            if tab and len(words) == 4 and words[1] == "blob" and words[3].isdigit():
                yield Entry(path, words[2], int(words[3]))

    def text(self, entry: Entry) -> str:
        """Return the text of a file."""
        data: bytes = self._git.stream_object_data(entry.blob)[3].read()
        return data.decode("utf-8", "replace")

    def commits(self, span: str, most: int) -> list[str]:
        """Return the commits of BASE..HEAD, oldest first and merges left out, at most `most` and one."""
        from git.exc import GitCommandError

        try:
            listed = self._git.rev_list("--reverse", "--no-merges", f"--max-count={most + 1}", "--end-of-options", span)
        except GitCommandError as error:
            said = [line.strip() for line in str(error.stderr or "").replace("stderr:", "").splitlines() if line.strip(" '")]
            reason = said[0].strip("'").removeprefix("fatal: ")[:200] if said else "git could not tell"
            raise TdxwhyError(f"{self._path}: no range {span}: {reason}") from None
        return [one for one in str(listed).split("\n") if _OID.fullmatch(one)]

    def patch(self, commit: str, most: int) -> bytes:
        """Return a commit's message and diff, at most `most` bytes of it."""
        shape = ("--format=%s%n%n%b%n---", "--patch", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")
        process = self._git.show(*shape, "--src-prefix=a/", "--dst-prefix=b/", "--end-of-options", commit, as_process=True)
        data: bytes = process.stdout.read(most)
        process.stdout.close()
        process.wait()
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
        rows = dict(_packed(self._common / "packed-refs"))
        rows.update(_loose(self._common / "refs"))
        text = "".join(f"{oid} {name}\n" for name, oid in sorted(rows.items()))
        (folder / "packed-refs").write_text(f"# pack-refs with: sorted \n{text}", encoding="ascii")
        head = _small(_own_folder(Path(self._path)) / "HEAD")
        if _HEAD.fullmatch(head):
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
        with path.open("rb") as stream:
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
