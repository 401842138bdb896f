"""Public-inbox repositories, v1 and v2, read through GitPython without trusting them.

A repository may carry hooks, filters, an evil configuration or a lazy remote. None of it is looked at: git runs in an empty repository of
our own that borrows nothing but the other's object store, and the branch is resolved by reading HEAD ourselves.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.read.mail.decode import MAIL_BYTES, decode_mail
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.read.mail.pick import below

WHOLE = 3000
_HEAD_BYTES = 1 << 16
_REF = re.compile(r"^refs/[\w./-]{1,200}$")
_OID = re.compile(r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")
_FIELD = re.compile(rb"^(message-id|in-reply-to|references|subject):[ \t]*(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
_ID = re.compile(rb"<\s*([^<>\s]{1,500})\s*>")


class _Entry(NamedTuple):
    """What pass one keeps of a mail: where it lies, its id and the ids that it links to."""

    object_id: str
    message_id: bytes
    links: tuple[bytes, ...]
    wanted: bool


def epochs(path: Path) -> list[Path]:
    """Return the git directories of a public-inbox at `path`, oldest epoch first; [] where there is none."""
    for candidate in (path, path / ".git"):
        if (candidate / "HEAD").is_file() and (candidate / "objects").is_dir():
            return [candidate]
    numbered = [p for p in (path / "git").glob("*.git") if p.stem.isdigit()] if (path / "git").is_dir() else []
    return sorted((p for p in numbered if (p / "objects").is_dir()), key=lambda p: int(p.stem))


def inbox_mails(repositories: list[Path], about: str | None) -> Iterator[Mail]:
    """Yield the mails of all epochs: those of the threads that `about` names, else all of a small inbox."""
    needle = about.strip().strip("<>").encode().lower() if about else None
    held: list[tuple[Path, list[_Entry]]] = []
    for path in repositories:
        with _Store(path) as store:
            held.append((path, [entry for oid in store.mails() if (entry := store.entry(oid, needle))]))
    total = sum(len(entries) for _, entries in held)
    if needle is None and total > WHOLE:
        raise TdxwhyError(f"{total} mails in this inbox", "name the series: --about SUBJECT or --about MESSAGE-ID")
    chosen = below((one.message_id, one.links, one.wanted) for _, entries in held for one in entries) if needle else None
    if chosen is not None and not chosen:
        raise NothingToJudge(f"no mail of this inbox is about {about!r}")
    for path, entries in held:
        picked = [entry for entry in entries if chosen is None or entry.message_id in chosen]
        if not picked:
            continue
        with _Store(path) as store:
            for entry in picked:
                yield decode_mail(store.read(entry.object_id, MAIL_BYTES + 1), f"{path.name}:{entry.object_id[:12]}")


class _Store:
    """The object store of one repository, seen from an empty repository of our own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> _Store:
        try:
            import git
        except ImportError as error:
            raise TdxwhyError("git is needed to read a public-inbox repository and was not found") from error

        self._head = _head(self._path)
        self._folder = tempfile.TemporaryDirectory(prefix="tdxwhy-")
        options = ["--object-format=sha256"] if len(self._head) == 64 else []
        runner = git.Git(self._folder.name)
        runner.update_environment(**_ENVIRONMENT)
        runner.init("--bare", "--quiet", "--template=", *options, ".")
        self._git: Any = runner
        runner.update_environment(GIT_DIR=self._folder.name, GIT_OBJECT_DIRECTORY=str((self._path / "objects").resolve()))
        return self

    def __exit__(self, *_: object) -> None:
        self._git.clear_cache()
        self._folder.cleanup()

    def mails(self) -> Iterator[str]:
        """Yield the object of each mail, oldest first: `m` of each commit (v2), or the files of the tree (v1)."""
        top = [line.split("\t", 1) for line in self._git.ls_tree(self._head).split("\n") if "\t" in line]
        if [name for _, name in top if name not in ("m", "d")]:
            process = self._git.ls_tree("-r", self._head, as_process=True)
            for line in process.stdout:
                if line[7:11] == b"blob":
                    yield line[12:].split(b"\t", 1)[0].decode("ascii")
            return
        process = self._git.rev_list("--reverse", self._head, as_process=True)
        for line in process.stdout:
            yield line.decode("ascii").strip() + ":m"

    def read(self, name: str, limit: int) -> bytes:
        """Return the first `limit` bytes of an object, b"" where it is missing."""
        try:
            stream = self._git.stream_object_data(name)[3]
        except ValueError:
            return b""
        data: bytes = stream.read(limit)
        return data

    def entry(self, name: str, needle: bytes | None) -> _Entry | None:
        """Return what links a mail to others, None for an object that is no mail."""
        raw = self.read(name, _HEAD_BYTES)
        head = raw.partition(b"\n\n")[0].replace(b"\r", b"")
        fields = {key.lower(): value for key, value in _FIELD.findall(head)}
        found = _ID.search(fields.get(b"message-id", b""))
        if not found:
            return None
        links = tuple(dict.fromkeys(_ID.findall(fields.get(b"in-reply-to", b"")) + _ID.findall(fields.get(b"references", b""))[-3:]))
        subject = b" ".join(fields.get(b"subject", b"").split()).lower()
        wanted = needle is not None and (needle in subject or found.group(1).lower() == needle)
        return _Entry(name, found.group(1), links, wanted)


_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}


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
    with path.open("rb") as stream:
        return stream.read(limit).decode("utf-8", "replace").strip()
