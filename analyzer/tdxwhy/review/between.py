"""Between two versions: what each patch became, which remarks it took up, what became of its tags, which notes its diff does not show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from tdxwhy.records import Evidence
from tdxwhy.review.changes import ChangeNote, content, identifiers, notes, proof
from tdxwhy.review.nouns import CarriedTag, Message, PatchChange, Question, Remark, Silent, Tag
from tdxwhy.review.posted import Posted
from tdxwhy.review.range_diff import changed_patch, changelog
from tdxwhy.review.tags import find_tags
from tdxwhy.review.threads import read_subject
from tdxwhy.review.versions import patch_text
from tdxwhy.review.view import View
from tdxwhy.source.diff import parse_diff

_WORD = re.compile(r"\w{3,60}")
_NO_CHANGE = re.compile(r"\W{0,8}(?:nothing|none|no (?:functional )?changes?|unchanged|same|rebased?|resen[dt])\b", re.IGNORECASE)
_TAKEN = ("changed", "gone", "noted")


class Between:
    """Compares the patches of a thread with what was posted after them."""

    def __init__(self, view: View, posted: Posted, after: View) -> None:
        """Take a thread, the patches of all versions, and the mails of later versions."""
        self._view, self._posted, self._after = view, posted, after

    def changes(self, remarks: Sequence[Remark], tags: Sequence[Tag]) -> tuple[PatchChange, ...]:
        """Return each patch of the thread beside its next version, then what is new or gone in a series that is here as a whole."""
        found: list[PatchChange] = []
        new: set[str] = set()
        patches = [one for one in self._view.messages if one.kind == "patch" and one.version]
        said = [(self._patch_of(one.evidence), one) for one in remarks if one.kind != "approval"]
        given = [(self._receiver(one), one) for one in tags if one.tag != "Signed-off-by"]
        for patch in patches:
            after = self._posted.next_of(patch)
            if after is not None:
                new.add(after.mail.message_id)
                found.append(self._followed(patch, after, said, given))
        paired = {one.old for one in found}
        found += [_alone(one, old=True) for one in patches if found and one.mail.message_id not in paired and self._replaced(one)]
        return (*found, *(_alone(one, old=False) for one in self._added(found, new)))

    def _followed(
        self, old: Message, new: Message, said: Sequence[tuple[str | None, Remark]], given: Sequence[tuple[Message | None, Tag]]
    ) -> PatchChange:
        """Compare a patch with its next version; `said` is with the patch that it stands below, `given` with what it was given to."""
        change = changed_patch(old, new)
        name = old.mail.message_id
        own = [one for patch, one in said if patch == name]
        return change._replace(
            tags=tuple(self._fates(change, new, [one for receiver, one in given if _reaches(receiver, old)])),
            taken=tuple(one for one in own if one.next.state in _TAKEN),
            left=tuple(one for one in own if one.next.state == "unchanged"),
            claims=tuple(self._claims(old, new, change)),
        )

    def _patch_of(self, evidence: Evidence) -> str | None:
        above = self._posted.patch_above(self._view.by_id[evidence.place.message_id or ""])
        return above.mail.message_id if above is not None else None

    def _receiver(self, tag: Tag) -> Message | None:
        """Return the patch or the cover letter that a tag was given to, in its own trailers or below it."""
        given: Message | None = self._view.by_id[tag.evidence.place.message_id or ""]
        while given is not None and given.kind not in ("patch", "cover"):
            given = self._view.by_id.get(given.parent or "")
        return given

    def _fates(self, change: PatchChange, new: Message, tags: Sequence[Tag]) -> Iterator[CarriedTag]:
        carried = [(one.tag, one.by) for one in find_tags(self._view if new.mail.message_id in self._view.by_id else self._after, new)]
        seen: set[tuple[str, str]] = set()
        for tag in tags:
            if (tag.tag, tag.by.lower()) in seen:
                continue
            seen.add((tag.tag, tag.by.lower()))
            kept = any(tag.tag == name and self._view.people.same(_name(tag.by), _name(by)) for name, by in carried)
            yield CarriedTag(tag, "lost" if not kept else "stale" if change.state == "changed" else "kept")

    def _claims(self, old: Message, new: Message, change: PatchChange) -> Iterator[Evidence]:
        """Yield the change notes that name code of which no hunk that changed, and no word of a new changelog, has anything."""
        shown = _named(old, {hunk.old_line for hunk in change.hunks if hunk.state != "same"})
        shown |= _named(new, {hunk.new_line for hunk in change.hunks if hunk.state != "same"})
        if change.reworded:
            shown |= {name for message in (old, new) for line in changelog(message) for name in _WORD.findall(line.text)}
        for note in notes(new, old.version):
            names = identifiers(note.text)
            nothing = change.state == "same" and not change.reworded and bool(content(note.text)) and not _NO_CHANGE.match(note.text)
            if nothing or (names and not names & shown and not _in_files(note, change)):
                yield proof(note.message, note.message.lines[note.number - 1])

    def _replaced(self, patch: Message) -> bool:
        """Tell whether a later version of a patch's series is here with all its parts."""
        later = self._posted.after(patch).series
        return any(_whole(later, one.version) for one in later)

    def _added(self, found: Sequence[PatchChange], taken: set[str]) -> list[Message]:
        """Return the patches of the next version that no patch of this one became; only where this one is here as a whole."""
        versions = {one.new_version for one in found}
        old = [one for one in self._view.messages if one.kind == "patch"]
        if not found or not all(_whole(old, one.old_version) for one in found):
            return []
        posted = [one for one in (*self._view.messages, *self._after.messages) if one.kind == "patch" and one.version in versions]
        return [one for one in posted if one.mail.message_id not in taken]

    def silent(self, questions: Iterable[Question]) -> tuple[Silent, ...]:
        """Return who was asked and wrote nothing since, here or under a later version; each once, with the first such question.

        The patch's author is none of them: what they owe is open.
        """
        found: dict[str, Silent] = {}
        for one in questions:
            message = self._view.by_id[one.evidence.place.message_id or ""]
            asked, patch = message.mail.date, self._posted.patch_above(message)
            number = self._view.people.number(one.addressee or "")
            if patch is not None and self._view.people.same(one.addressee or "", patch.mail.author):
                continue
            if one.status == "unanswered" and number is not None and asked is not None and self._last_words.get(number, asked) <= asked:
                name = self._view.people.names[number]
                found.setdefault(name, Silent(name, one.asked_by, one.evidence))
        return tuple(found.values())

    @cached_property
    def _last_words(self) -> dict[int | None, int]:
        """Return when each person of the thread last wrote."""
        dated = [(one.mail, one.mail.date) for one in (*self._view.messages, *self._after.messages) if one.mail.date is not None]
        found: dict[int | None, int] = {}
        for mail, date in dated:
            number = self._view.people.number(mail.author, mail.address)
            found[number] = max(found.get(number, date), date)
        return found


def _reaches(receiver: Message | None, patch: Message) -> bool:
    """Tell whether what was given to a mail was given to a patch: to the patch itself, or to the series by its cover letter."""
    return receiver is patch or (receiver is not None and receiver.kind == "cover" and patch.parent == receiver.mail.message_id)


def _named(message: Message, hunks: set[int | None]) -> set[str]:
    """Return the words of some hunks of a patch, by the line at which each begins, and in what git names behind the @@."""
    found = [hunk for patch in parse_diff(patch_text(message)) for hunk in patch.hunks if hunk.line in hunks]
    return {name for hunk in found for text in (hunk.section, *(line.text for line in hunk.lines)) for name in _WORD.findall(text)}


def _in_files(note: ChangeNote, change: PatchChange) -> bool:
    """Tell whether a note names a file that changed."""
    return any(hunk.state != "same" and hunk.file and hunk.file.rsplit("/", 1)[-1] in note.text for hunk in change.hunks)


def _whole(messages: Iterable[Message], version: str | None) -> bool:
    own = [one for one in messages if one.version == version and one.kind == "patch"]
    total = next((one.total for one in own if one.total), None)
    return total is not None and {one.part for one in own} >= set(range(1, total + 1))


def _alone(patch: Message, *, old: bool) -> PatchChange:
    name, version = patch.mail.message_id, patch.version
    title = read_subject(patch.mail.subject).title
    if old:
        return PatchChange(title, name, None, version, None, "gone", reworded=False, hunks=())
    return PatchChange(title, None, name, None, version, "new", reworded=False, hunks=())


def _name(by: str) -> str:
    return by.split("<", maxsplit=1)[0].strip() or by
