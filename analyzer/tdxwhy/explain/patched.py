"""Trees before and after a patch: from a diff, a series of mails, or a range of commits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tdxwhy.errors import NothingToJudge, TdxwhyError, reason
from tdxwhy.files import reading
from tdxwhy.noun import NamedTuple
from tdxwhy.source.apply import apply_patches
from tdxwhy.source.diff import FilePatch, parse_diff
from tdxwhy.source.tree import read_revision, read_tree

if TYPE_CHECKING:
    from tdxwhy.read.mail.nouns import Mail

_PART = re.compile(r"\[[^\[\]]{0,99}?(?P<part>\d{1,4})\s{0,4}/\s{0,4}\d{1,4}[^\[\]]{0,99}\]")
_LARGEST = 64 << 20


class Patched(NamedTuple):
    """The files of a tree before and after, what the patch is called, and what did not apply."""

    before: dict[str, str]
    after: dict[str, str] | None
    name: str
    troubles: tuple[str, ...]


def unpatched(tree: str) -> Patched:
    """Read a tree that stays as it is."""
    return Patched(read_tree(tree), None, "", ())


def with_patch(tree: str, path: str) -> Patched:
    """Read a tree and apply a diff, which may stand in a mail."""
    patches = parse_diff(_text(path))
    if not patches:
        raise NothingToJudge(f"{path}: no hunk of a diff in it")
    return applied(tree, [patches], Path(path).name)


def with_series(tree: str, path: str) -> Patched:
    """Read a tree and apply the patches of a series of mails, in the order of their numbers."""
    from tdxwhy.read.mail.source import read_mails

    series = in_order(read_mails(Path(path)))
    if not series:
        raise NothingToJudge(f"{path}: no mail with a patch")
    return applied(tree, series, Path(path).name)


def in_order(mails: Iterable[Mail]) -> list[tuple[FilePatch, ...]]:
    """Return the patches of a series in the order of their numbers; replies that quote them are left out."""
    numbered = []
    for order, mail in enumerate(mails):
        patches = tuple(patch for patch in parse_diff(mail.body) if patch.path)
        reply = mail.subject.lower().startswith(("re:", "aw:", "fwd:"))
        if patches and not reply:
            part = _PART.search(mail.subject)
            numbered.append((int(part["part"]) if part else 0, order, patches))
    return [patches for _, _, patches in sorted(numbered, key=lambda each: each[:2])]


def with_range(tree: str, span: str) -> Patched:
    """Read two revisions of a repository. Accepted form: A..B."""
    old, dots, new = span.partition("..")
    if not dots or not old or not new or new.startswith("."):
        raise TdxwhyError(f"{span!r} is no range", "give two revisions: A..B")
    return Patched(read_revision(tree, old), read_revision(tree, new), span, ())


def applied(tree: str, series: list[tuple[FilePatch, ...]], name: str) -> Patched:
    """Read a tree and apply patches one after the other."""
    touched = tuple(patch.path for patches in series for patch in patches)
    before = read_tree(tree, touched)
    after: Mapping[str, str] = before
    troubles: list[str] = []
    for patches in series:
        result = apply_patches(after, [patch for patch in patches if patch.path.endswith((".c", ".h"))])
        after = result.texts
        troubles.extend(result.troubles)
    return Patched(before, dict(after), name, tuple(troubles))


def _text(path: str) -> str:
    """Read a diff; a mail is decoded first."""
    from tdxwhy.read.mail.source import read_mails

    try:
        with reading(path) as stream:
            data = stream.read(_LARGEST)
    except OSError as error:
        raise TdxwhyError(f"{path}: {reason(error)}") from None
    text = data.decode("utf-8", "replace")
    if re.search(r"^Content-Transfer-Encoding:\s*(?:base64|quoted-printable)", text, re.MULTILINE | re.IGNORECASE):
        return "\n".join(mail.body for mail in read_mails(Path(path)))
    return text
