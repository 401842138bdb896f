"""Suppressions: marks, trailers, settings; and what happens to those that suppress nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.check.catalogue import rules_of
from tdxwhy.check.judged import Judged
from tdxwhy.check.judges.code import judge_code
from tdxwhy.check.suppress import written
from tdxwhy.config import Settings, Suppress
from tdxwhy.records import Place

HEAD = (
    "--- a/arch/x86/virt/vmx/tdx/tdx.c\n+++ b/arch/x86/virt/vmx/tdx/tdx.c\n@@ -1,2 +1,{count} @@ static int do_lp_init(void)\n \tint ret;\n"
)
PRINT = '+\tpr_err("SEAMCALL failed\\n");\n'


def judged(*added: str, before: str = "", settings: Settings = Settings()) -> Judged:  # noqa: B008
    body = "".join(added) + " \treturn ret;\n"
    return judge_code(before + HEAD.format(count=2 + len(added)) + body, "x.patch", rules_of(), settings)


def rules(found: Judged) -> list[str]:
    return [one.rule for one in found.findings]


def test_a_mark_above_hides_its_rule_with_its_reason() -> None:
    found = judged("+\t/* tdxwhy: ignore[TDX201] the caller names it */\n", PRINT)
    assert rules(found) == []
    assert [(one.kind, one.reason) for one in found.suppressed] == [("inSource", "the caller names it")]


def test_a_mark_for_another_rule_is_unused() -> None:
    assert rules(judged("+\t/* tdxwhy: ignore[TDX206] why */\n", PRINT)) == ["TDX001", "TDX201"]


def test_a_mark_far_away_or_removed_does_not_count() -> None:
    assert "TDX201" in rules(judged("+\t/* tdxwhy: ignore[TDX201] x */\n", "+\ta();\n", "+\tb();\n", "+\tc();\n", PRINT))
    assert rules(judged("-\t/* tdxwhy: ignore[TDX201] x */\n", PRINT)) == ["TDX201"]


def test_a_mark_for_the_file_and_a_trailer_hide_everywhere() -> None:
    assert rules(judged("+/* tdxwhy: ignore-file[TDX2] reason */\n", "+\n", "+\n", "+\n", "+\n", PRINT)) == []
    assert rules(judged(PRINT, before="Subject: x\n\nTdxwhy-ignore: TDX201 printed by KVM\n---\n")) == []


def test_settings_hide_by_file_and_need_a_reason() -> None:
    table = Suppress(("TDX201",), "accepted in 2026", ("*.patch",))
    found = judged(PRINT, settings=Settings(suppress=(table,)))
    assert rules(found) == []
    assert found.suppressed[0][1:] == ("external", "accepted in 2026")
    assert rules(judged(PRINT, settings=Settings(suppress=(table._replace(files=("other/*",)),)))) == ["TDX201"]


def test_a_reason_can_be_required() -> None:
    assert rules(judged("+\t/* tdxwhy: ignore[TDX201] */\n", PRINT)) == []
    assert rules(judged("+\t/* tdxwhy: ignore[TDX201] */\n", PRINT, settings=Settings(require_reason=True))) == ["TDX201"]


@given(st.text(max_size=300))
def test_any_text_can_be_looked_through(text: str) -> None:
    for mark in written(text, Place("x")):
        assert mark.rules
