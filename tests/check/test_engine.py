"""The engine: when a rule speaks, what it says, and what stays the same when lines move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.check.catalogue import find, rules_of
from tdxwhy.check.engine import judge, unique, unmet
from tdxwhy.check.subjects.log import check_log
from tdxwhy.check.subjects.nouns import MessageSubject
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.know.names import named
from tdxwhy.records import Event, Evidence, Finding, LogRecord, MessageForm, Naming, Place

FORM = MessageForm(
    id="f",
    format="virt/tdx: SEAMCALL (0x%016llx) failed: 0x%016llx",
    level="err",
    generations=("6.8",),
    kind="host",
    step=None,
    outcome="failure",
    function="seamcall_err",
    file="tdx.c",
    once=False,
    ratelimited=False,
    names_package=False,
    names_cpu=False,
    names_cpu_state=False,
    args=("leaf", "status"),
    meaning="",
    example="",
    source="",
)
RULE = find("TDX101")
BARE = "virt/tdx: SEAMCALL (0x0000000000000024) failed: 0xc000050500000000"
NAMED = "virt/tdx: module initialization failed: no online CPUs in package 12: CPUs 24-25 offline"


def event(text: str, line: int = 1, form: MessageForm | None = None, **values: object) -> Event:
    record = LogRecord(Place("host.log", line), text, text, time_ns=line * 1000)
    return Event(form, values, record, "exact" if form else "partial")


def boot(*events: Event, outcome: str = "failed", role: str = "host") -> Diagnosis:
    return Diagnosis("host.log", role, outcome, "", steps=("TDH.SYS.TDMR.INIT",), events=events)  # type: ignore[arg-type]


def message(text: str, line: int | None = 1, **facts: object) -> MessageSubject:
    fields: dict[str, object] = {"kind": "failure", "outcome": "failed", "names": named(text), **facts}
    return MessageSubject(text=text, evidence=(Evidence(Place("a.log", line), text),), **fields)  # type: ignore[arg-type]


def ids(diagnosis: Diagnosis) -> set[str]:
    return {found.rule for found in check_log(diagnosis, rules_of(only=("log",)))}


def test_a_rule_speaks_when_its_demand_is_not_met() -> None:
    rule = RULE
    assert unmet(rule, message(BARE)) == ("names_package", "names_cpu_state")
    assert unmet(rule, message(NAMED)) == ()
    assert unmet(rule, message(BARE, outcome="initialized")) == ()
    (found,) = judge([rule], [message(BARE)])
    assert found.severity == "error"
    assert "does not say which package or the state of its CPUs" in found.message
    assert BARE in found.message


def test_a_failure_that_is_named_by_one_of_its_lines_is_named() -> None:
    bare = event(BARE, 1, FORM, leaf=36, status=0xC000050500000000)
    assert "TDX101" in ids(boot(bare))
    assert "TDX101" not in ids(boot(bare, event(NAMED, 2)))
    assert "TDX101" in ids(boot(bare, event(NAMED.replace("package 12", "packages"), 2)))
    assert "TDX101" in ids(boot(bare, event(NAMED.replace("no online", "too few").replace("offline", "idle"), 2)))


@pytest.mark.parametrize(
    ("outcome", "role"), [("initialized", "host"), ("not-attempted", "guest"), ("unknown", "host"), ("failed", "guest")]
)
def test_only_a_failed_host_is_judged(outcome: str, role: str) -> None:
    assert check_log(boot(event(BARE, 1, FORM, leaf=34, status=1), outcome=outcome, role=role), rules_of()) == ()


def test_equal_lines_count_by_their_time() -> None:
    lines = [event(BARE.replace("24)", "23)"), line, FORM._replace(step="TDH.SYS.LP.INIT"), leaf=35, status=1) for line in (1, 2)]
    assert "TDX108" in ids(boot(*lines))
    assert "TDX108" not in ids(boot(lines[0], lines[0]))


def test_a_boot_without_evidence_gives_no_finding() -> None:
    assert check_log(boot(), rules_of()) == ()
    silent = boot()._replace(evidence=(Evidence(Place("host.log", 3), "virt/tdx: BIOS enabled"),))
    assert {found.rule for found in check_log(silent, rules_of())} == {"TDX104"}


def test_fingerprints_leave_out_time_and_place() -> None:
    def fingerprint(rule: str, line: int, quote: str, package: int | None = None) -> str:
        return Finding(rule, "error", "", (Evidence(Place("a", line), quote),), package).fingerprint

    quotes = ["[    1.500031] " + BARE, "<3>[   99.000001][  T12] " + BARE, BARE]
    assert len({fingerprint("TDX101", line, quote) for line, quote in enumerate(quotes)}) == 1
    assert fingerprint("TDX101", 1, BARE) != fingerprint("TDX102", 1, BARE)
    assert fingerprint("TDX101", 1, BARE) != fingerprint("TDX101", 1, BARE, package=0)


def test_unique_keeps_one_of_each_in_order() -> None:
    rule = RULE
    twice = list(judge([rule], [message(BARE, 9), message(BARE, 9), message(BARE, 2)]))
    assert [found.evidence[0].place.line for found in unique(twice)] == [2, 9]


@given(text=st.text(max_size=200), line=st.integers(1, 10**6), package=st.booleans(), state=st.booleans())
def test_any_text_gives_a_finding_or_none(text: str, line: int, package: bool, state: bool) -> None:
    subject = message(text, line, names=Naming(package, False, state))
    found = list(judge([RULE], [subject]))
    assert len(found) == (0 if package and state else 1)
