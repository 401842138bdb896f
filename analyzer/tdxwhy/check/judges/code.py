"""Judge a patch or a C file: its print calls and its failing paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from tdxwhy.check.engine import judge, unique
from tdxwhy.check.judged import Judged
from tdxwhy.check.rules import Rule
from tdxwhy.check.scope import scope
from tdxwhy.check.subjects.nouns import MessageSubject, PathSubject, RemarkSubject, Subject
from tdxwhy.check.subjects.patch import patch_subjects
from tdxwhy.check.suppress import sort_out, written
from tdxwhy.config import Settings
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Place

# How the pieces of a file hang together is looked for hunk by hunk; no patch that anybody reads has so many.
HUNKS = 2000
# Sixteen times the largest file of the kernel that has to do with TDX.
C_FILE = 4 << 20


class Mailed(NamedTuple):
    """The mail that carries a patch, and what is stated or asked in it."""

    message_id: str
    remarks: tuple[RemarkSubject, ...] = ()


def judge_code(text: str, name: str, rules: Sequence[Rule], settings: Settings, mailed: Mailed | None = None) -> Judged:
    """Judge the print calls and failing paths of one patch, or of one C file as a whole."""
    whole = name.endswith((".c", ".h"))
    if not whole and "@@ -" not in text:
        return Judged(name, "patch", (), judged=False, notes=("no hunk in it",))
    if not scope().concerns(text, name):
        return Judged(name, "c" if whole else "patch", (), judged=True)
    cut = whole and len(text) > C_FILE
    text = text[:C_FILE] if cut else text
    huge = not whole and text.count("\n@@ -") > HUNKS
    found = judge(rules, _subjects(text, name, settings.tree, mailed, huge))
    place = Place(name, None, mailed.message_id if mailed else None)
    standing, hidden, marks = sort_out(found, written(text, place), settings.suppress, settings.require_reason)
    findings = unique([*standing, *judge(rules, marks)])
    notes = _troubles(text, whole) + ((f"more than {HUNKS} hunks: failing paths were not looked for",) if huge else ())
    notes += ("larger than 4 MiB: the rest was not judged",) if cut else ()
    return Judged(name, "c" if whole else "patch", findings, True, notes, {name: text}, tuple(hidden))


def _subjects(text: str, name: str, tree: str, mailed: Mailed | None, huge: bool) -> Iterator[Subject]:
    from tdxwhy.source.failing import failing_paths
    from tdxwhy.source.prints import print_sites

    whole = name.endswith((".c", ".h"))
    paths = () if huge else failing_paths(text, name, _files(tree) if tree and not whole else {})
    for subject in patch_subjects(print_sites(text, name), paths, everything=whole):
        yield subject if mailed is None else _in_mail(subject, mailed.message_id)
    if mailed is not None:
        yield from mailed.remarks


@cache
def _files(tree: str) -> dict[str, str]:
    from tdxwhy.source.tree import tree_files

    return dict(tree_files(tree))


def _in_mail(subject: MessageSubject | PathSubject, message_id: str) -> Subject:
    first, *rest = subject.evidence
    return subject._replace(evidence=(first._replace(place=first.place._replace(message_id=message_id)), *rest))


def _troubles(text: str, whole: bool) -> tuple[str, ...]:
    """Say what git would call corrupt; such a patch is judged as far as it goes."""
    if whole:
        return ()
    from tdxwhy.source.diff import parse_diff

    return tuple(
        f"line {hunk.line}: the hunk {hunk.trouble}; judged as far as it goes"
        for patch in parse_diff(text)
        for hunk in patch.hunks
        if hunk.trouble
    )[:5]
