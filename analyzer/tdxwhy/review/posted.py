"""The patches and cover letters of all versions at hand: which patch of a later version is which of an earlier one."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import Message, version_key
from tdxwhy.review.threads import Subject, read_subject


class LaterVersions(NamedTuple):
    """The later versions of a message's series: its own patch of each, and every mail of those versions by the same author."""

    patches: tuple[Message, ...]
    series: tuple[Message, ...]


class Posted:
    """Finds a patch again in other versions."""

    def __init__(self, messages: Sequence[Message]) -> None:
        """Keep what carries a version."""
        self._by_id = {message.mail.message_id: message for message in messages}
        self._patches = [m for m in messages if m.kind in ("patch", "cover") and m.version]
        self._found: dict[tuple[str, str | None, str | None], LaterVersions] = {}
        self._added: dict[str, set[str]] = {}

    def after(self, of: Message) -> LaterVersions:
        """Return what was posted after the version that a mail talks about; titles of a patch may change a little."""
        subject = read_subject(of.mail.subject)
        top = self.patch_above(of)
        key = (subject.title, subject.version, top.mail.message_id if top else None)
        if key not in self._found:
            self._found[key] = self._later(subject, top)
        return self._found[key]

    def _later(self, subject: Subject, top: Message | None) -> LaterVersions:
        posted = [m for m in self._patches if version_key(m.version) > version_key(subject.version)]
        named = [m for m in posted if _alike(subject.title, read_subject(m.mail.subject).title) >= _SAME] or self._same_code(top, posted)
        return LaterVersions(tuple(named), tuple(posted) if named or subject.patch else ())

    def patch_above(self, of: Message) -> Message | None:
        """Return the nearest patch above a mail, the mail itself if it is one."""
        top: Message | None = of
        while top is not None and top.kind != "patch":
            top = self._by_id.get(top.parent or "")
        return top

    def next_of(self, patch: Message) -> Message | None:
        """Return a patch or a cover letter as the next version at hand has it; a patch sent again counts as one.

        A later patch that has the very title of another one of this series is that one's.
        """
        title = read_subject(patch.mail.subject).title
        later = [m for m in self._patches if m.kind == patch.kind and _order(m) > _order(patch) and m is not patch]
        beside = {read_subject(m.mail.subject).title.lower() for m in self.series_of(patch) if m.kind == patch.kind} - {title.lower()}
        later = [m for m in later if read_subject(m.mail.subject).title.lower() not in beside]
        named = [m for m in later if _alike(title, read_subject(m.mail.subject).title) >= _SAME]
        named += [m for m in self._same_code(patch, later) if m not in named]
        if not named:
            return None
        first = min(_order(m) for m in named)
        return max(
            (m for m in named if _order(m)[0] == first[0]),
            key=lambda m: (_alike(title, read_subject(m.mail.subject).title), m.part == patch.part),
        )

    def series_of(self, patch: Message) -> list[Message]:
        """Return the other mails of a patch's series in the same version."""
        return [m for m in self._patches if m.version == patch.version and m is not patch and m.mail.author == patch.mail.author]

    def _same_code(self, top: Message | None, posted: Sequence[Message]) -> list[Message]:
        """Find a patch again under another title: by the code that it adds."""
        added = self._adds(top) if top else set()
        shared = [(len(added & self._adds(m)), m) for m in posted if m.kind == "patch"] if len(added) > 4 else []
        most = max((count for count, _ in shared), default=0)
        return [m for count, m in shared if count >= 0.8 * most] if most >= 0.3 * len(added) and most > 4 else []

    def _adds(self, message: Message) -> set[str]:
        name = message.mail.message_id
        if name not in self._added:
            lines = (squeeze(line.text) for line in message.lines if not line.level and line.text.startswith("+"))
            self._added[name] = {line for line in lines if len(line) >= 12}
        return self._added[name]


_SAME = 0.6


def _order(message: Message) -> tuple[tuple[int, ...], int]:
    return version_key(message.version), message.mail.date or 0


def _alike(one: str, other: str) -> float:
    """Return how much of their words two titles share."""
    first, second = (set(title.lower().split()) for title in (one, other))
    return len(first & second) / len(first | second) if first and second else 0.0
