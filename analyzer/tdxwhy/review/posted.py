"""The patches and cover letters of all versions at hand: which patch of a later version is which of an earlier one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import islice
from typing import TypeAlias

from tdxwhy.noun import NamedTuple
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import Message
from tdxwhy.review.threads import Subject, read_subject, version_key

_SAME = 0.6
_FEW = 4
_COMMON = 50
# Later patches of one title; whoever posts a patch more often than this is not followed further.
_MOST = 200

_Series: TypeAlias = tuple[str | int | None, ...]


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
        self._titles = [read_subject(m.mail.subject).title for m in self._patches]
        self._of_word: dict[str, list[int]] = {}
        self._of_title: dict[str, list[int]] = {}
        self._of_author: dict[str, list[Message]] = {}
        self._series: dict[_Series, list[Message]] = {}
        for number, (patch, title) in enumerate(zip(self._patches, self._titles, strict=True)):
            self._series.setdefault(_series(patch), []).append(patch)
            if patch.total:
                self._of_author.setdefault(patch.mail.author, []).append(patch)
            self._of_title.setdefault(title.lower(), []).append(number)
            for word in _words(title):
                self._of_word.setdefault(word, []).append(number)
        self._found: dict[tuple[str, str | None, str | None], LaterVersions] = {}
        self._added: dict[str, set[str]] = {}
        self._alike: dict[str, list[Message]] = {}
        self._ordered: dict[str, list[Message]] = {}
        self._number = {patch.mail.message_id: number for number, patch in enumerate(self._patches)}
        self._together: dict[tuple[_Series, ...], tuple[Message, ...]] = {}
        self._author_after: dict[tuple[str, tuple[int, ...]], tuple[Message, ...]] = {}
        self._above: dict[str, Message | None] = {}

    def after(self, of: Message) -> LaterVersions:
        """Return what was posted after the version that a mail talks about; titles of a patch may change a little."""
        subject = read_subject(of.mail.subject)
        top = self.patch_above(of)
        key = (subject.title, subject.version, top.mail.message_id if top else None)
        if key not in self._found:
            self._found[key] = self._later(subject, top)
        return self._found[key]

    def _later(self, subject: Subject, top: Message | None) -> LaterVersions:
        version = version_key(subject.version)
        ordered = self._in_order(subject.title)
        begin = bisect_right(ordered, version, key=lambda m: version_key(m.version))
        named = sorted(ordered[begin : begin + _MOST], key=lambda m: self._number[m.mail.message_id])
        named = named or self._same_code(top, lambda m: version_key(m.version) > version)
        if named:
            return LaterVersions(tuple(named), self._mails_of(tuple(dict.fromkeys(_series(m) for m in named))))
        return LaterVersions((), self._by_author(top.mail.author, version) if top and subject.patch else ())

    def _mails_of(self, series: tuple[_Series, ...]) -> tuple[Message, ...]:
        if series not in self._together:
            self._together[series] = tuple(m for key in series for m in self._series[key])
        return self._together[series]

    def _by_author(self, author: str, after: tuple[int, ...]) -> tuple[Message, ...]:
        key = author, after
        if key not in self._author_after:
            self._author_after[key] = tuple(m for m in self._of_author.get(author, ()) if version_key(m.version) > after)
        return self._author_after[key]

    def patch_above(self, of: Message) -> Message | None:
        """Return the nearest patch above a mail, the mail itself if it is one."""
        path: list[str] = []
        top: Message | None = of
        while top is not None and top.kind != "patch" and top.mail.message_id not in self._above:
            path.append(top.mail.message_id)
            top = self._by_id.get(top.parent or "")
        if top is not None and top.kind != "patch":
            top = self._above[top.mail.message_id]
        self._above.update(dict.fromkeys(path, top))
        return top

    def next_of(self, patch: Message) -> Message | None:
        """Return a patch or a cover letter as the next version at hand has it; a patch sent again counts as one.

        A later patch that has the very title of another one of this series is that one's.
        """
        title = read_subject(patch.mail.subject).title
        beside = self._titles_of.get(_series(patch), frozenset())

        def follows(m: Message) -> bool:
            own = m.kind == patch.kind and m is not patch and _order(m) > _order(patch)
            other = read_subject(m.mail.subject).title.lower()
            return own and (other == title.lower() or (m.kind, other) not in beside)

        named = self._first_after(title, patch, follows)
        named += [m for m in self._same_code(patch, follows) if m not in named]
        if not named:
            return None
        first = min(_order(m) for m in named)
        return max(
            (m for m in named if _order(m)[0] == first[0]),
            key=lambda m: (_alike(title, read_subject(m.mail.subject).title), m.part == patch.part),
        )

    def _first_after(self, title: str, patch: Message, wanted: Callable[[Message], bool]) -> list[Message]:
        """Return the patches of about this title in the first later version that has any that is wanted."""
        ordered = self._in_order(title)
        found: list[Message] = []
        for m in islice(ordered, bisect_right(ordered, _order(patch), key=_order), None):
            if found and _order(m)[0] != _order(found[0])[0]:
                break
            if wanted(m):
                found.append(m)
        return found

    @cached_property
    def _titles_of(self) -> dict[_Series, frozenset[tuple[str, str]]]:
        """Return what the mails of each series are and how they are called."""
        return {key: frozenset((m.kind, read_subject(m.mail.subject).title.lower()) for m in of) for key, of in self._series.items()}

    def series_of(self, patch: Message) -> list[Message]:
        """Return the other mails of a patch's series in the same version."""
        return [m for m in self._series.get(_series(patch), ()) if m is not patch]

    def _named(self, title: str) -> list[Message]:
        """Return the patches whose titles share most of their words with one.

        Words that many titles have do not tell; the very title is found whatever its words.
        """
        if title not in self._alike:
            rare = [numbers for word in _words(title) if len(numbers := self._of_word.get(word, ())) <= _COMMON]
            near = sorted({number for numbers in (*rare, self._of_title.get(title.lower(), ())) for number in numbers})
            self._alike[title] = [self._patches[number] for number in near if _alike(title, self._titles[number]) >= _SAME]
        return self._alike[title]

    def _in_order(self, title: str) -> list[Message]:
        """Return the same by version and date."""
        if title not in self._ordered:
            self._ordered[title] = sorted(self._named(title), key=_order)
        return self._ordered[title]

    def _same_code(self, top: Message | None, wanted: Callable[[Message], bool]) -> list[Message]:
        """Find a patch again under another title: by the code that it adds. Lines that many patches add tell nothing."""
        added = self._adds(top) if top else set()
        if len(added) <= _FEW:
            return []
        near = {number for line in added for number in self._of_line.get(line, ()) if len(self._of_line[line]) <= _COMMON}
        shared = [(len(added & self._adds(self._patches[number])), self._patches[number]) for number in sorted(near)]
        shared = [(count, m) for count, m in shared if m.kind == "patch" and wanted(m)]
        most = max((count for count, _ in shared), default=0)
        return [m for count, m in shared if count >= 0.8 * most] if most >= 0.3 * len(added) and most > _FEW else []

    @cached_property
    def _of_line(self) -> dict[str, list[int]]:
        """Return which patches add a line."""
        found: dict[str, list[int]] = {}
        for number, patch in enumerate(self._patches):
            for line in self._adds(patch):
                found.setdefault(line, []).append(number)
        return found

    def _adds(self, message: Message) -> set[str]:
        name = message.mail.message_id
        if name not in self._added:
            lines = (squeeze(line.text) for line in message.lines if not line.level and line.text.startswith("+"))
            self._added[name] = {line for line in lines if len(line) >= 12}
        return self._added[name]


def _words(title: str) -> frozenset[str]:
    return frozenset(title.lower().split())


def _series(patch: Message) -> _Series:
    """Return what the mails of a series share: author, version, and the mail that began it; a patch without a number stands alone."""
    mail = patch.mail
    began = next(iter((*mail.references, *mail.in_reply_to)), mail.message_id if patch.part in (0, None) else "")
    return mail.author, patch.version, patch.total, began


def _order(message: Message) -> tuple[tuple[int, ...], int]:
    return version_key(message.version), message.mail.date or 0


def _alike(one: str, other: str) -> float:
    """Return how much of their words two titles share."""
    first, second = _words(one), _words(other)
    return len(first & second) / len(first | second) if first and second else 0.0
