"""Judge subjects by rules. A rule speaks when all of its [when] holds and something of its [require] does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tdxwhy.check.predicates import PREDICATES
from tdxwhy.check.rules import Rule
from tdxwhy.check.subjects.nouns import Subject
from tdxwhy.records import Finding


def judge(rules: Sequence[Rule], subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Yield the findings of every rule on every subject, in the order of the subjects."""
    for subject in subjects:
        for rule in rules:
            if rule.subject == subject.kind and (missing := unmet(rule, subject)):
                yield finding(rule, subject, missing)


def unmet(rule: Rule, subject: Subject) -> tuple[str, ...]:
    """Return what the rule demands of the subject in vain; nothing where the rule does not concern it."""
    if not all(PREDICATES[name].test(subject, argument) for name, argument in rule.when.items()):
        return ()
    return tuple(name for name, argument in rule.require.items() if not PREDICATES[name].test(subject, argument))


def finding(rule: Rule, subject: Subject, missing: Sequence[str]) -> Finding:
    """Build the finding: the rule's message with the subject's own words."""
    lacks = [PREDICATES[name].missing for name in missing if PREDICATES[name].missing]
    words = subject.words() | {"missing": " or ".join(lacks)}
    return Finding(rule.id, rule.severity, rule.message.format(**words), subject.evidence, subject.package, subject.cpu)


def unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Drop repeated findings (the same rule on the same lines) and keep the first of each, in order of rule and place."""
    seen: dict[tuple[str, tuple[object, ...], str], Finding] = {}
    for found in findings:
        seen.setdefault((found.rule, found.evidence[0].place, found.evidence[0].quote), found)
    return tuple(sorted(seen.values(), key=_order))


def _order(found: Finding) -> tuple[str, int, str, str]:
    place = found.evidence[0].place
    return place.source, place.line or 0, place.message_id or "", found.rule
