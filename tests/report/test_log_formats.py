"""A log as a lab's test, as findings, and what is wanted of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tests.conftest import ROOT

LOGS = ROOT / "samples" / "logs"
FAILED, UP = "package-without-cpu-of-2/dmesg.log", "success-7.1/dmesg.log"
MISSPELT, LATER, CUT = "parameter-misspelt/dmesg.log", "td-keyids-used-up/paste.txt", "cut-inside-init/dmesg.log"


def log(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main(["log", *(str(LOGS / one) if "/" in one else one for one in arguments)])
    return status, capsys.readouterr().out


def test_a_failed_boot_is_a_failed_test_with_the_sentence(capsys):
    junitparser = pytest.importorskip("junitparser")
    status, text = log(capsys, "--format", "junit", FAILED, UP, MISSPELT, LATER, "gone")
    suites = junitparser.JUnitXml.fromstring(text.encode())
    cases = {(suite.name.rsplit("/", 2)[-2] if "/" in suite.name else suite.name, case.name): case for suite in suites for case in suite}
    assert status == 2
    (failure,) = cases["package-without-cpu-of-2", "TDX comes up"].result
    assert failure.message.startswith("TDX did not come up: failed to configure module, no online CPUs in package 1: CPUs 4-7 offline")
    assert "should say" in failure.text
    assert not cases["success-7.1", "TDX comes up"].result
    (skipped,) = cases["parameter-misspelt", "TDX comes up"].result
    assert isinstance(skipped, junitparser.Skipped)
    (failure,) = cases["td-keyids-used-up", "nothing else fails"].result
    assert "no private KeyID is free" in failure.message
    assert isinstance(cases["gone", "readable"].result[0], junitparser.Error)
    assert (suites.tests, suites.failures, suites.errors, suites.skipped) == (9, 2, 1, 1)


def test_tap_is_numbered_and_its_reports_are_indented(capsys):
    status, text = log(capsys, "--format", "tap", FAILED, UP, MISSPELT)
    head, plan, *rest = text.splitlines()
    points = [line for line in rest if not line.startswith("  ")]
    assert (status, head, plan) == (1, "TAP version 14", "1..6")
    assert [int(re.search(r"\d+", line)[0]) for line in points] == [1, 2, 3, 4, 5, 6]
    assert [line.split(" - ")[0].rsplit(" ", 1)[0] for line in points] == ["not ok", *["ok"] * 5]
    assert "# SKIP TDX was not attempted" in points[4]
    yaml = pytest.importorskip("yaml")
    inside = text[text.index("  ---\n") + 6 : text.index("  ...\n")]
    told = yaml.safe_load(inside)
    assert told["message"].startswith("TDX did not come up: ")
    assert told["report"].count("\n") > 10


def test_findings_of_a_log_are_its_outcome_and_what_came_later(capsys):
    status, text = log(capsys, "--format", "sarif", FAILED, LATER, UP)
    (run,) = json.loads(text)["runs"]
    results = run["results"]
    assert status == 1
    assert [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].split("/")[-2] for one in results] == [
        "package-without-cpu-of-2",
        "td-keyids-used-up",
    ]
    assert {one["ruleId"] for one in results} == {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert results[0]["message"]["text"].startswith("TDX did not come up: ")
    _, text = log(capsys, "--format", "github", FAILED)
    assert text.startswith("::error title=")
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "name", "status"),
    [
        ([], MISSPELT, 0),
        (["--expect", "initialized"], MISSPELT, 1),
        (["--expect", "initialized"], FAILED, 1),
        (["--expect", "initialized"], CUT, 1),
        (["--expect", "initialized"], LATER, 1),
        (["--expect", "initialized"], UP, 0),
        (["--expect", "initialized", "--fail-on", "never"], FAILED, 1),
        (["--fail-on", "never"], FAILED, 0),
        (["--fail-on", "incident"], FAILED, 0),
        (["--fail-on", "init"], LATER, 0),
        ([], CUT, 3),
    ],
)
@pytest.mark.parametrize("form", ["text", "junit"])
def test_what_is_wanted_decides_the_status_and_the_tests_alike(capsys, options, name, status, form):
    junitparser = pytest.importorskip("junitparser")
    found, text = log(capsys, *options, "--format", form, name)
    assert found == status
    if form == "junit":
        assert (junitparser.JUnitXml.fromstring(text.encode()).failures > 0) is (status == 1)


def test_the_gate_judges_an_outcome_only_where_that_is_asked_for(capsys, tmp_path: Path):
    named = "[   13.000031] virt/tdx: package 1: CPUs 4-7 offline\n[   13.000062] virt/tdx: module initialization failed (-5)\n"
    whole = tmp_path / "named.log"
    whole.write_text("[    1.500031] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n" + named)
    assert main(["gate", "--isolated", str(whole)]) == 0
    rules = json.loads(_printed(capsys, "rules", "list", "--format", "json"))
    waiting = [rule["id"] for rule in rules if rule["id"].startswith("TDX5")]
    assert len(waiting) == 2
    selected = [word for one in waiting for word in ("--select", one)]
    assert main(["gate", "--isolated", str(whole), *selected]) == 1
    assert main(["gate", "--isolated", str(whole), "--select", "TDX5", "--select", "TDX1"]) == 0
    assert main(["gate", "--isolated", str(LOGS / LATER), "--ignore", "TDX1"]) == 0
    assert main(["gate", "--isolated", str(LOGS / LATER), *selected]) == 1
    assert main(["gate", "--isolated", str(LOGS / UP), *selected]) == 0
    assert main(["gate", "--isolated", str(LOGS / CUT), *selected]) == 3


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    main(list(arguments))
    return capsys.readouterr().out
