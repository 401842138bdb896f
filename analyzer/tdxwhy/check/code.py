"""Judge a patch or a C file: its print calls and its failing paths."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.check.engine import judge, unique
from tdxwhy.check.judged import Judged
from tdxwhy.check.patch import patch_subjects
from tdxwhy.check.rules import Rule
from tdxwhy.check.scope import scope
from tdxwhy.check.suppress import sort_out, written
from tdxwhy.config import Settings
from tdxwhy.records import Place

# How the pieces of a file hang together is looked for hunk by hunk; no patch that anybody reads has so many.
HUNKS = 2000


def judge_code(text: str, name: str, rules: Sequence[Rule], settings: Settings, message_id: str | None = None) -> Judged:
    """Judge the print calls and failing paths of one patch, or of one C file as a whole."""
    from tdxwhy.source.failing import failing_paths
    from tdxwhy.source.prints import print_sites

    whole = name.endswith((".c", ".h"))
    if not whole and "@@ -" not in text:
        return Judged(name, "patch", (), judged=False, notes=("no hunk in it",))
    place = Place(name, None, message_id)
    if not scope().concerns(text, name):
        return Judged(name, "c" if whole else "patch", (), judged=True)
    huge = not whole and text.count("\n@@ -") > HUNKS
    subjects = list(patch_subjects(print_sites(text, name), () if huge else failing_paths(text, name), everything=whole))
    if message_id is not None:
        subjects = [
            one._replace(
                evidence=(one.evidence[0]._replace(place=one.evidence[0].place._replace(message_id=message_id)), *one.evidence[1:])
            )
            for one in subjects
        ]
    found = judge(rules, subjects)
    standing, hidden, marks = sort_out(found, written(text, place), settings.suppress, settings.require_reason)
    findings = unique([*standing, *judge(rules, marks)])
    notes = _troubles(text, whole) + ((f"more than {HUNKS} hunks: failing paths were not looked for",) if huge else ())
    return Judged(name, "c" if whole else "patch", findings, True, notes, {name: text}, tuple(hidden))


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
