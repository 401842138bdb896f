"""Whether messages that a thread asks for are printed anywhere: by later patches, or in a tree."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tdxwhy.know.names import named
from tdxwhy.know.printf import CONVERSION
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Evidence, Place
from tdxwhy.review.nouns import Commitment, MailedMessage, Message
from tdxwhy.review.phrases import word_class
from tdxwhy.review.versions import patch_code
from tdxwhy.source.prints import print_sites

_WORD = re.compile(r"[a-z]{3,}")
_SOURCE = re.compile(r"(?:tdx|seam)[^/]{0,200}\.[ch]$|/(?:tdx|vmx)/[^/]{1,200}\.c$")
_FILES = 2000
_BYTES = 2 << 20


class CodeMessage(NamedTuple):
    """One message that code prints, and where."""

    place: Place
    format: str


def patch_prints(messages: Iterable[Message]) -> Iterator[CodeMessage]:
    """Yield the messages that patches add."""
    for message in messages:
        if message.kind == "patch":
            for site in patch_code(message)[0]:
                yield CodeMessage(Place(message.mail.place.source, site.place.line, message.mail.message_id), site.format)


def tree_prints(root: Path) -> Iterator[CodeMessage]:
    """Yield the messages that a tree's TDX sources print; links are not followed, huge files not read."""
    found = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            shown = path.relative_to(root).as_posix()
            if not _SOURCE.search(f"/{shown}") or path.is_symlink() or path.stat().st_size > _BYTES:
                continue
            found += 1
            if found > _FILES:
                return
            for site in print_sites(path.read_text(encoding="utf-8", errors="replace"), shown):
                yield CodeMessage(Place(shown, site.place.line), site.format)


def like(message: str, printed: Sequence[CodeMessage]) -> Evidence | None:
    """Return the printed message that shares most words with another, None if none shares half of them."""
    wanted = _words(message)
    best: tuple[float, CodeMessage] | None = None
    for one in printed:
        shared = wanted & _words(one.format)
        share = len(shared) / max(1, len(wanted))
        if len(shared) >= 3 and share >= 0.4 and (best is None or share > best[0]):
            best = share, one
    return Evidence(best[1].place, best[1].format) if best else None


def _words(text: str) -> set[str]:
    bare = CONVERSION.sub(" ", text).lower()
    return {word.removesuffix("s") for word in _WORD.findall(bare)} - word_class("common")


def with_message(commitment: Commitment, wanted: MailedMessage, *, searched: bool) -> Commitment:
    """Return a promise about a message with that message for its object, and kept as far as something like it is printed.

    A message that leaves out the package where one was asked for keeps the promise in part. `searched`: all code that the promise is about
    was at hand.
    """
    about = commitment._replace(object=f"a message like: {wanted.evidence.quote}")
    if wanted.printed is None:
        return about._replace(kept="no" if searched else "unknown", kept_by=None)
    full = named(wanted.printed.quote).package or not wanted.names.package
    return about._replace(kept="yes" if full else "partly", kept_by=wanted.printed)
