"""Every rule fires on its bad examples, stays silent on its good ones, and does not hang on a single word."""

from __future__ import annotations

import pytest

from tdxwhy.check.catalogue import find, shipped_folders
from tdxwhy.check.examples import coverage, fires, hanging, try_rule
from tdxwhy.check.rules import Example, Rule, load_folders

RULES = load_folders(shipped_folders())


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_the_examples_hold(rule: Rule) -> None:
    assert [one for one in try_rule(rule) if one.why] == []


def test_coverage_is_whole() -> None:
    rows = coverage(RULES[:3])
    assert all(bad and good and bad + good == len(rule.example) for rule, bad, good in rows)


@pytest.mark.parametrize("rule_id", ["TDX101", "TDX201"])
def test_the_rule_of_the_seed_hangs_on_the_package_and_on_the_state(rule_id: str) -> None:
    rule = find(rule_id)
    words = hanging(rule, next(one.text for one in rule.example if "change either" in one.note))
    assert {"package", "online"} <= set(words)


def test_one_word_changed_makes_a_named_failure_fire() -> None:
    good = next(one.text for one in find("TDX101").example if one.kind == "good")
    assert not fires(find("TDX101"), good)
    assert fires(find("TDX101"), good.replace("package 12", "cabinet 12"))
    assert fires(find("TDX101"), good.replace("online", "usable"))


def test_a_rule_that_hangs_on_one_word_fails_its_test() -> None:
    rule = find("TDX101")._replace(
        id="TDX901",
        subject="print",
        when={"is_failure": True},
        require={"says": ["tea"]},
        message="{text}",
        example=(
            Example("bad", _patch("SEAMCALL failed")),
            Example("good", _patch("SEAMCALL failed, tea first")),
        ),
    )
    assert [one.why for one in try_rule(rule)] == ["", "hangs on the single word 'tea' of its good example"]
    swapped = rule._replace(example=(Example("bad", rule.example[1].text), Example("good", rule.example[0].text)))
    assert [one.why for one in try_rule(swapped)] == ["stays silent on its bad example", "fires on its good example"]


def _patch(message: str) -> str:
    return (
        "--- a/arch/x86/virt/vmx/tdx/tdx.c\n+++ b/arch/x86/virt/vmx/tdx/tdx.c\n@@ -1,2 +1,3 @@ static int run(void)\n"
        f' \tint ret;\n+\tpr_err("{message}\\n");\n \treturn ret;\n'
    )
