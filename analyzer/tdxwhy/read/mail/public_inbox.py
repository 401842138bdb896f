"""Public-inbox repositories, v1 and v2, which are not trusted (see `read/repository.py`); the branch is resolved by reading HEAD here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tdxwhy.digits import is_whole
from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.read.mail.decode import MAIL_BYTES, decode_mail
from tdxwhy.read.mail.heads import HEAD_BYTES, Linked, linked
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.read.mail.pick import Links, needle_of
from tdxwhy.read.repository import Borrowed, said

WHOLE = 3000
_REF = re.compile(r"^refs/[\w./-]{1,200}$")
_OID = re.compile(r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")


def epochs(path: Path) -> list[Path]:
    """Return the git directories of a public-inbox at `path`, oldest epoch first; [] where there is none."""
    for candidate in (path, path / ".git"):
        if (candidate / "HEAD").is_file() and (candidate / "objects").is_dir():
            return [candidate]
    numbered = [p for p in (path / "git").glob("*.git") if is_whole(p.stem)] if (path / "git").is_dir() else []
    return sorted((p for p in numbered if (p / "objects").is_dir()), key=lambda p: int(p.stem))


def inbox_mails(repositories: list[Path], about: str | None) -> Iterator[Mail]:
    """Yield the mails of all epochs: those of the threads that `about` names, else all of a small inbox."""
    needle = needle_of(about) if about else None
    links = Links()
    held: list[tuple[Path, list[str]]] = []
    for path in repositories:
        objects: list[str] = []
        with _Store(path) as store:
            for name in store.mails():
                if (found := store.linked(name, needle)) is not None:
                    links.add(*found)
                    objects.append(name)
        held.append((path, objects))
    if needle is None and len(links) > WHOLE:
        raise TdxwhyError(f"{len(links)} mails in this inbox", "name the series: --about SUBJECT or --about MESSAGE-ID")
    chosen = links.below() if needle else None
    if chosen is not None and not chosen:
        raise NothingToJudge(f"no mail of this inbox is about {about!r}")
    number = 0
    for path, objects in held:
        picked = [name for at, name in enumerate(objects, number) if chosen is None or at in chosen]
        number += len(objects)
        if not picked:
            continue
        with _Store(path) as store:
            for name in picked:
                yield decode_mail(store.read(name, MAIL_BYTES + 1), f"{path.name}:{name[:12]}")


class _Store:
    """The object store of one repository, seen from an empty repository of our own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._head = _head(path)
        self._borrowed = Borrowed(path / "objects", self._head)

    def __enter__(self) -> _Store:
        self._git: Any = self._borrowed.__enter__().git
        return self

    def __exit__(self, *_: object) -> None:
        self._borrowed.__exit__()

    def mails(self) -> Iterator[str]:
        """Yield the object of each mail, oldest first; say in one line what git finds broken."""
        from git.exc import GitCommandError

        try:
            yield from self._mails()
        except GitCommandError as error:
            raise TdxwhyError(f"{self._path.name}: {said(error)}") from None

    def _mails(self) -> Iterator[str]:
        """Yield `m` of each commit (v2), or the files of the tree (v1)."""
        top = [line.split("\t", 1) for line in self._git.ls_tree(self._head).split("\n") if "\t" in line]
        if [name for _, name in top if name not in ("m", "d")]:
            process = self._git.ls_tree("-r", self._head, as_process=True)
            for line in process.stdout:
                if line[7:11] == b"blob":
                    yield line[12:].split(b"\t", 1)[0].decode("ascii")
            process.wait()
            return
        process = self._git.rev_list("--reverse", self._head, as_process=True)
        for line in process.stdout:
            yield line.decode("ascii").strip() + ":m"
        process.wait()

    def read(self, name: str, limit: int) -> bytes:
        """Return the first `limit` bytes of an object, b"" where it is missing."""
        return self._borrowed.read(name, limit) or b""

    def linked(self, name: str, needle: str | None) -> Linked | None:
        """Return what links a mail to others, None for an object that is no mail."""
        return linked(self.read(name, HEAD_BYTES), needle)


def _head(path: Path) -> str:
    """Resolve HEAD by reading it, without git and without following anything out of the repository."""
    text = _small(path / "HEAD")
    if text.startswith("ref:"):
        ref = text[4:].strip()
        if not _REF.match(ref) or ".." in ref:
            raise TdxwhyError(f"{path.name}: HEAD names no branch")
        text = _small(path / ref) if (path / ref).is_file() else _packed(path, ref)
    if not _OID.match(text):
        raise NothingToJudge(f"{path.name}: no mails in this repository")
    return text


def _packed(path: Path, ref: str) -> str:
    if not (path / "packed-refs").is_file():
        return ""
    lines = (line.split(" ", 1) for line in _small(path / "packed-refs", 1 << 22).split("\n") if " " in line)
    return next((oid for oid, name in lines if name.strip() == ref), "")


def _small(path: Path, limit: int = 4096) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(limit).decode("utf-8", "replace").strip()
    except OSError:
        return ""
