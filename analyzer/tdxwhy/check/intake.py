"""What a path holds: kernel logs, patches, mails, C files; folders and trees of them. Told by content first, then by name."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.files import reading, shown
from tdxwhy.hints import BinaryIO, Literal
from tdxwhy.noun import NamedTuple

Sort = Literal["log", "patch", "mails", "c"]
HEAD = 1 << 16
WHOLE = 64 << 20
_C = (".c", ".h")
_PATCH = (".patch", ".diff")
_MAILS = (".mbox", ".mbx", ".eml", ".mbox.gz")
_LOG = (".log", ".dmesg", ".kmsg", ".journal.json")
_LOG_NAME = re.compile(r"^(?:dmesg|kern\.log|messages|syslog|console)\b.*(?<!\.md)$")
_PACKED = (".gz", ".xz", ".zst", ".bz2")
_DIFF = re.compile(rb"^(?:diff --git \S|--- \S[^\n]*\n\+\+\+ \S|@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@)", re.MULTILINE)
_MBOX = re.compile(rb"\AFrom \S+ .*\r?\n[!-9;-~]{2,60}:")
_FIELDS = re.compile(rb"^(?:from|date|subject|message-id|in-reply-to|references|mime-version|received):[ \t]", re.IGNORECASE | re.MULTILINE)
_PAGE = re.compile(rb"^Re: \[PATCH|\[PATCH[^\]\n]{0,200}\]", re.MULTILINE)
_STAMP = re.compile(rb"^(?:<\d{1,3}>)?\[ {0,6}\d{1,7}\.\d{6}\]", re.MULTILINE)


class Input(NamedTuple):
    """One thing to judge: its name as the user gave it, its path (None: what `data` holds), and what it is."""

    name: str
    path: Path | None
    sort: Sort
    data: bytes | None = None


def inputs(paths: Sequence[str], exclude: Sequence[str] = ()) -> Iterator[Input | TdxwhyError]:
    """Yield what the paths hold, in the order given and each folder sorted by name; for one that cannot be read, the reason."""
    for name in paths:
        path = Path(name)
        try:
            if not path.exists():
                yield TdxwhyError(f"{shown(name)}: no such file or folder")
            elif path.is_dir():
                yield from (one for one in _folder(path) if not any(fnmatchcase(one.name, glob) for glob in exclude))
            else:
                yield _file(path)
        except TdxwhyError as error:
            yield error
        except (OSError, ValueError) as error:
            yield TdxwhyError(f"{shown(name)}: {reason(error)}")


def of_stream(stream: BinaryIO, name: str) -> Input:
    """Return an open stream as an input, at most 64 MiB of it."""
    data = stream.read(WHOLE)
    return Input(name, None, sort_of(data[:HEAD], name), data)


def of_commits(repository: Path, span: str) -> Iterator[Input]:
    """Yield each commit of a git range as a patch named after it."""
    from tdxwhy.check.history import commits

    for commit in commits(repository, span):
        yield Input(f"commit {commit.object_id[:12]}", None, "patch", commit.text.encode("utf-8"))


def sort_of(head: bytes, name: str) -> Sort:
    """Tell what an input is by its first bytes and its name."""
    if name.endswith(_C):
        return "c"
    if name.endswith(_MAILS) or _MBOX.match(head):
        return "mails"
    fields = len({found[0].lower() for found in _FIELDS.finditer(head[: HEAD // 4])})
    diff, stamped = _DIFF.search(head), len(_STAMP.findall(head[: HEAD // 4]))
    if _starts_as_mail(head) and fields >= 2:
        return "mails"
    if diff and (name.endswith(_PATCH) or stamped < 3):
        return "patch"
    if stamped < 3 and fields >= 2 and _PAGE.search(head):
        return "mails"
    return "log"


def _starts_as_mail(head: bytes) -> bool:
    return re.match(rb"\s*[!-9;-~]{2,60}: ?\S", head) is not None and b"message-id:" in head.lower()


def _file(path: Path) -> Input:
    name = shown(path.as_posix())
    if path.name.endswith(_C):
        return Input(name, path, "c")
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            with reading(path) as stream:
                data = stream.read(WHOLE)
            return Input(name, None, sort_of(data[:HEAD], name), data)
        with reading(path) as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise TdxwhyError(f"{name}: {reason(error)}") from error
    return Input(name, path, sort_of(head, name))


def _folder(top: Path) -> Iterator[Input]:
    """Yield a maildir or a folder of mails as one input, of a tree each file whose name says that it can be judged."""
    for folder, below, files in os.walk(top):
        below[:] = sorted(one for one in below if not one.startswith("."))
        here = Path(folder)
        if {"cur", "new"} <= set(below):
            yield Input(shown(here.as_posix()), here, "mails")
            below.clear()
            continue
        mails = [one for one in files if one.endswith(".eml")]
        if len(mails) > 1:
            yield Input(shown(here.as_posix()), here, "mails")
        for name in sorted(files):
            path = here / name
            if _wanted(name) and not (len(mails) > 1 and name in mails) and path.is_file() and not path.is_symlink():
                yield _file(path)


def _wanted(name: str) -> bool:
    bare = name
    for ending in _PACKED:
        bare = bare.removesuffix(ending)
    return not name.startswith(".") and (bare.endswith((*_C, *_PATCH, *_MAILS, *_LOG)) or _LOG_NAME.match(bare) is not None)
