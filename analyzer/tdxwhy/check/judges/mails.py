"""Judge mails: each patch by its prints and failing paths, and a thread by what was asked, needed and promised in it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from tdxwhy.check.engine import judge, unique
from tdxwhy.check.intake import WHOLE, Input
from tdxwhy.check.judged import Judged
from tdxwhy.check.judges.code import Mailed, judge_code
from tdxwhy.check.rules import Rule
from tdxwhy.check.scope import scope
from tdxwhy.check.subjects.nouns import RemarkSubject
from tdxwhy.check.suppress import Suppressed
from tdxwhy.config import Settings
from tdxwhy.files import reading
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.records import Evidence, Finding

_NOTES = 20
# Longer than any thread; a mailbox of patches is not reviewed as one.
THREAD = 400
_BEGINS = 24
_PATCH = re.compile(r"\[[^\[\]]*\bPATCH\b", re.IGNORECASE)
_ANSWER = re.compile(r"\s{0,40}(?:re|fwd?|aw|sv)\s{0,40}:", re.IGNORECASE)


def judge_mails(given: Input, rules: Sequence[Rule], settings: Settings) -> Judged:
    """Judge an mbox, a maildir, a folder of mails, or one mail."""
    reading = _read(given)
    mails = list(islice(reading, THREAD + 1))
    files = _Files(given)
    remarks = _remarks(mails, rules, files)
    findings: list[Finding] = []
    hidden: list[Suppressed] = []
    notes = [f"more than {THREAD} mails: what was asked, needed and promised in them is not judged"] if len(mails) > THREAD else []
    for mail in chain(mails, reading):
        notes.extend(mail.notes if len(notes) < _NOTES else ())
        said = tuple(remarks.get(mail.message_id, ()))
        if is_patch(mail):
            one = judge_code(mail.body, files.name(mail), rules, settings, Mailed(mail.message_id, said))
        else:
            one = Judged(files.name(mail), "mails", tuple(judge(rules, said)), judged=True)
        if one.findings or one.suppressed:
            move = _Shift(files.lines(mail), mail)
            findings.extend(move(found) for found in one.findings)
            hidden.extend(each._replace(finding=move(each.finding)) for each in one.suppressed)
        notes.extend(f"{mail.subject[:60]}: {note}" for note in one.notes if len(notes) < _NOTES)
    sources = {one.evidence[0].place.source for one in (*findings, *(each.finding for each in hidden))}
    judged = Judged(given.name, "mails", unique(findings), bool(mails), tuple(notes), files.texts(sources), tuple(hidden))
    return _with_users(judged, mails, settings.tree) if settings.tree and len(mails) <= THREAD else judged


def _with_users(judged: Judged, mails: Sequence[Mail], tree: str) -> Judged:
    """Add what users see otherwise after the patches of one series, applied in the order of their numbers."""
    from tdxwhy.check.judges.users import seen_by_users
    from tdxwhy.explain.patched import in_order

    seen, troubles = seen_by_users(in_order(mail for mail in mails if is_patch(mail)), tree)
    return judged._replace(seen=seen, notes=(*judged.notes, *troubles[:5]))


def _remarks(mails: Sequence[Mail], rules: Sequence[Rule], files: _Files) -> dict[str, list[RemarkSubject]]:
    """Return what was said, by mail. Of patches alone it is what they need from elsewhere; nobody has answered yet."""
    if len(mails) > THREAD or not any(rule.subject == "remark" for rule in rules):
        return {}
    about = [mail for mail in mails if scope().concerns(mail.body, mail.subject)]
    if not about:
        return {}
    from tdxwhy.check.subjects.thread import patch_needs, thread_remarks

    talked = any(not is_patch(mail) for mail in mails)
    names = {mail.message_id: files.name(mail) for mail in mails}
    found: dict[str, list[RemarkSubject]] = {}
    for remark in thread_remarks(mails) if talked else patch_needs(about):
        place = remark.evidence[0].place
        name = names.get(place.message_id or "")
        if name is not None:
            evidence = tuple(one._replace(place=one.place._replace(source=name)) for one in remark.evidence)
            found.setdefault(place.message_id or "", []).append(remark._replace(evidence=evidence))
    return found


def is_patch(mail: Mail) -> bool:
    """Tell whether a mail is a patch of its own, not a reply that quotes one."""
    if "@@ -" not in mail.body:
        return False
    return (_PATCH.search(mail.subject) is not None and _ANSWER.match(mail.subject) is None) or (
        not mail.in_reply_to and re.search(r"^diff --git ", mail.body, re.MULTILINE) is not None
    )


def _read(given: Input) -> Iterator[Mail]:
    from tdxwhy.read.mail.source import read_mails, read_stream

    if given.path is not None:
        return read_mails(given.path)
    return read_stream(io.BytesIO(given.data or b""), given.name)


class _Files:
    """The files in which the mails of an input stand: the input itself, or those of a folder."""

    def __init__(self, given: Input) -> None:
        self._given = given
        self._paths: dict[str, Path] = {}
        if given.path is not None and given.path.is_dir():
            self._paths = {path.name: path for path in sorted(given.path.rglob("*")) if path.is_file()}
        self._lines: dict[str, list[str]] = {}

    def name(self, mail: Mail) -> str:
        """Return the name of the file that holds a mail."""
        path = self._paths.get(mail.place.source)
        return path.as_posix() if path is not None else self._given.name

    def lines(self, mail: Mail) -> list[str]:
        """Return the lines of that file as they stand; none where it is packed."""
        name = self.name(mail)
        if name not in self._lines:
            data = self._given.data
            path = self._paths.get(mail.place.source, self._given.path)
            if data is None and path is not None and path.is_file():
                with reading(path) as stream:
                    data = stream.read(WHOLE)
            self._lines[name] = data.decode("utf-8", "replace").split("\n") if data and data[:2] != b"\x1f\x8b" else []
        return self._lines[name]

    def texts(self, sources: Iterable[str]) -> dict[str, str]:
        """Return the texts of these files as far as they were read."""
        return {name: "\n".join(self._lines[name]) for name in sorted(sources) if self._lines.get(name)}


class _Shift:
    """Moves places from a mail's body to the file in which the mail stands; where the body was encoded, to the mail's first line."""

    def __init__(self, raw: Sequence[str], mail: Mail) -> None:
        self._raw, self._start = raw, mail.place.line or 1
        self._body = mail.body.split("\n")
        self._source = mail.place.source
        self._blank = next((n for n in range(self._start, min(len(raw), self._start + 500)) if not raw[n].strip()), None)

    def __call__(self, found: Finding) -> Finding:
        """Return the finding with the places of its evidence moved."""
        return found._replace(evidence=(self._moved(found.evidence[0]), *found.evidence[1:]))

    def _moved(self, evidence: Evidence) -> Evidence:
        line = evidence.place.line
        if line is None or not self._raw:
            return evidence
        if self._blank is not None and line <= len(self._body):
            for number in range(self._blank + line, min(self._blank + line + 4, len(self._raw))):
                if self._raw[number].rstrip("\r") == self._body[line - 1]:
                    return evidence._replace(place=evidence.place._replace(line=number + 1))
        return evidence._replace(place=evidence.place._replace(line=self._encoded(line)))

    def _encoded(self, line: int) -> int:
        """Return the line that begins like a line of the body, where that was encoded; else the mail's first."""
        words = self._body[line - 1].strip()[:_BEGINS] if line <= len(self._body) else ""
        if len(words) >= _BEGINS // 2:
            for number in range(self._start - 1, min(self._start + len(self._body) + 500, len(self._raw))):
                if words in self._raw[number]:
                    return number + 1
        return self._start
