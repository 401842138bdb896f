"""The gate over logs, patches, mails and code: what fails, what is clean, what cannot be judged."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.check.catalogue import rules_of
from tdxwhy.check.gate import Limits, added_lines, gate
from tdxwhy.check.intake import Input, inputs, sort_of
from tdxwhy.check.judged import Run, exit_status
from tdxwhy.config import Settings
from tdxwhy.errors import TdxwhyError
from tests.given import FAILED, PATCH

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "logs"
MAIL = """\
From: A <a@example.org>
Date: Mon, 2 Mar 2026 10:00:00 +0000
Message-ID: <{n}@example.org>
Subject: [PATCH {n}/2] x86/virt/tdx: x

Words.
---
"""


def run(*texts: str, **options: object) -> Run:
    given_ = [Input(f"in{n}", None, sort_of(text.encode(), "x"), text.encode()) for n, text in enumerate(texts)]
    return gate(given_, rules_of(), Settings(), Limits(**options))  # type: ignore[arg-type]


def ids(found: Run) -> list[str]:
    return [one.rule for one in found.findings]


def test_a_failing_log_fails_and_a_named_one_does_not() -> None:
    assert "TDX101" in ids(run(FAILED))
    named = FAILED.replace("failed (-5)", "failed (-EIO): no online CPUs in package 12: CPUs 24-25 offline")
    assert "TDX101" not in ids(run(named))
    bare = FAILED.replace("failed (-5)", "failed (-5): package 12 has no online CPU")
    assert ids(run(bare)) == []
    assert exit_status(run(bare), "warning") == 0
    assert exit_status(run(bare.replace("package", "cabinet")), "warning") == 1
    assert exit_status(run(bare.replace("online", "usable")), "warning") == 1


@pytest.mark.parametrize("folder", sorted(path.name for path in SAMPLES.iterdir() if path.is_dir()) if SAMPLES.is_dir() else [])
def test_our_own_samples(folder: str) -> None:
    logs = [path for path in sorted((SAMPLES / folder).iterdir()) if path.suffix not in (".toml", ".json") or "journal" in path.name]
    for path in [one for one in logs if one.is_file() and "expected" not in one.name][:1]:
        found = gate(inputs([str(path)]), rules_of(), Settings())
        (judged,) = found.inputs
        status = exit_status(found, "warning")
        if judged.outcome == "failed":
            assert status == 1
        elif judged.outcome in ("initialized", "not-attempted", "disabled-by-bios"):
            assert status in (0, 3) or set(ids(found)) == {"TDX111"}  # an incident that does not name its package
        assert "TDX401" not in ids(found)


def test_real_logs(shared: Path) -> None:
    import json

    for truth in sorted((shared / "corpus/logs").glob("*.truth.json")):
        wanted = json.loads(truth.read_text())
        found = gate(inputs([str(truth).replace(".truth.json", ".log")]), rules_of(), Settings())
        status = exit_status(found, "warning")
        allowed = {"failed": {1}, "initialized": {0}, "unknown": {1, 3}}
        outcomes = wanted.get("outcome_any") or [wanted["outcome"]]
        assert any(status in allowed.get(one, {0, 3}) for one in outcomes), truth.name


def test_places_in_an_mbox_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "series.mbox"
    path.write_text("".join(f"From a@example.org Mon Mar  2 10:00:00 2026\n{MAIL.format(n=n)}{PATCH}\n-- \n2.43.0\n\n" for n in (1, 2)))
    found = gate(inputs([str(path)]), rules_of(), Settings(select=("TDX201",)))
    places = [one.evidence[0].place for one in found.findings if one.rule == "TDX201"]
    lines = path.read_text().split("\n")
    assert [place.message_id for place in places] == ["1@example.org", "2@example.org"]
    assert all("pr_err(" in lines[(place.line or 0) - 1] for place in places)
    assert places[0].line != places[1].line


def test_a_reply_that_quotes_a_patch_is_not_judged_as_one(tmp_path: Path) -> None:
    path = tmp_path / "thread.mbox"
    quoted = "".join(f"> {line}\n" for line in PATCH.splitlines())
    reply = MAIL.format(n=2).replace("Subject: ", "In-Reply-To: <1@example.org>\nSubject: Re: ") + quoted + "Looks odd.\n"
    path.write_text(f"From a@example.org Mon Mar  2 10:00:00 2026\n{reply}\n")
    assert "TDX201" not in ids(gate(inputs([str(path)]), rules_of(), Settings()))


def test_encoded_mails_point_to_their_line(tmp_path: Path) -> None:
    import quopri

    path = tmp_path / "x.eml"
    head = MAIL.format(n=1).split("\n\n")[0] + "\nContent-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=utf-8\n\n"
    path.write_bytes(head.encode() + quopri.encodestring(("Grüße\n---\n" + PATCH).encode()))
    found = gate(inputs([str(path)]), rules_of(), Settings())
    line = next(one.evidence[0].place.line for one in found.findings if one.rule == "TDX201")
    assert "pr_err(" in path.read_text().split("\n")[(line or 0) - 1]


def test_a_corrupt_patch_is_judged_as_far_as_it_goes() -> None:
    found = run(PATCH.replace("+10,4", "+10,9"))
    assert "TDX201" in ids(found)
    assert any("judged as far as it goes" in note for one in found.inputs for note in one.notes)


def test_only_added_lines_count_with_a_diff(tmp_path: Path) -> None:
    path = tmp_path / "arch/x86/virt/vmx/tdx/tdx.c"
    path.parent.mkdir(parents=True)
    path.write_text('static int do_lp_init(void)\n{\n\tpr_err("SEAMCALL failed\\n");\n\tpr_err("SEAMCALL broke\\n");\n}\n')
    diff = (
        "--- a/arch/x86/virt/vmx/tdx/tdx.c\n+++ b/arch/x86/virt/vmx/tdx/tdx.c\n@@ -2,2 +2,3 @@\n {\n"
        ' \tpr_err("SEAMCALL failed\\n");\n+\tpr_err("SEAMCALL broke\\n");\n'
    )
    added = added_lines(diff)
    assert added == {"arch/x86/virt/vmx/tdx/tdx.c": frozenset({4})}
    found = gate(inputs([str(path)]), rules_of(), Settings(), Limits(added=added))
    assert {one.evidence[0].place.line for one in found.findings} == {4}


def test_one_unreadable_input_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(FAILED)
    found = gate([TdxwhyError("gone"), *inputs([str(tmp_path / "log")])], rules_of(), Settings())
    assert found.errors == ("gone",)
    assert "TDX101" in ids(found)
    assert exit_status(found, "warning") == 2


def test_a_packed_log_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "dmesg.gz"
    path.write_bytes(gzip.compress(FAILED.encode()))
    assert "TDX101" in ids(gate(inputs([str(path)]), rules_of(), Settings()))


def test_empty_things_are_not_clean() -> None:
    assert exit_status(run(""), "warning") == 3
    assert exit_status(run("no log at all\n"), "warning") == 3
    assert exit_status(gate([], rules_of(), Settings()), "warning") == 3


def test_severities_can_be_set_and_decide() -> None:
    softened = Settings(severity={rule.id: "info" for rule in rules_of()})
    found = gate([Input("x", None, "log", FAILED.encode())], rules_of(), softened)
    assert {one.severity for one in found.findings} == {"info"}
    assert (exit_status(found, "warning"), exit_status(found, "info"), exit_status(found, "never")) == (0, 1, 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(PATCH)), st.binary(max_size=8), st.sampled_from(["log", "patch", "mails", "c"]))
def test_any_bytes_are_judged_without_a_traceback(place: int, junk: bytes, sort: str) -> None:
    data = (PATCH + FAILED).encode()
    data = data[:place] + junk + data[place + 3 :]
    found = gate([Input("x.c" if sort == "c" else "x", None, sort, data)], rules_of(), Settings())  # type: ignore[arg-type]
    assert exit_status(found, "warning") in (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("virt/tdx: module initialization failed (-5): 2 packages, 1 offline CPU", False),
        ("virt/tdx: module initialization failed (-5) on CPU 3 (package 0): CPU offline", True),
        ("virt/tdx: module initialization failed (-5), package id 12: CPUs 24-25 not in VMX operation", True),
        ("virt/tdx: package 12: CPUs 24-25 offline", True),
        ("virt/tdx: package 0: CPUs 0-3 online", False),
        ("virt/tdx: failed: invalid ACPI package 2, CPU offline", False),
        ("smpboot: CPU 24 is now offline", False),
        ("TDX: failed to configure module, no online CPUs in package 12", True),
        ("TDX: Hurr, durr, I'm confused and you should be too", False),
    ],
)
def test_what_names_a_failure_in_a_log(line: str, named: bool) -> None:
    log = FAILED.replace("[   13.000062]", f"[   13.000050] {line}\n[   13.000062]")
    assert ("TDX101" in ids(run(log))) is not named


HEAD = "--- a/arch/x86/virt/vmx/tdx/tdx.c\n+++ b/arch/x86/virt/vmx/tdx/tdx.c\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("one long literal", HEAD + '@@ -1 +1,2 @@ static int do_lp_init(void)\n a\n+\tpr_err("' + "x" * 3_000_000 + '");\n'),
        ("many hunks", HEAD + '@@ -1,2 +1,3 @@ static int do_lp_init(void)\n a\n+\tpr_err("SEAMCALL failed\\n");\n b\n' * 3000),
        ("many marks", HEAD + "@@ -1,1 +1,9001 @@\n a\n" + "+/* tdxwhy: ignore[TDX201] x */\n" * 9000),
        ("open calls", "tdx\n" + "pr_err(" * 5000),
        ("open literals", "tdx\n" + 'pr_err("' * 5000),
        ("open comments", "tdx /*" * 100_000),
        ("open braces", "tdx int f(void)\n{\n" + "if (x) {\n" * 20_000),
    ],
)
def test_what_is_made_to_be_slow_is_not(name: str, text: str) -> None:
    import time

    start = time.process_time()
    found = gate(
        [Input("x.c" if name.startswith("open") else "x", None, "c" if name.startswith("open") else "patch", text.encode())],
        rules_of(),
        Settings(),
    )
    assert time.process_time() - start < 10
    assert found.errors == ()


def test_a_trailer_covers_what_its_mail_needs(tmp_path: Path) -> None:
    mail = (
        MAIL.format(n=1).replace("Words.", "The caller needs to guarantee that the CPU is online.\n\nTdxwhy-ignore: TDX301 KVM does")
        + PATCH
    )
    path = tmp_path / "x.eml"
    path.write_text(mail)
    found = gate(inputs([str(path)]), rules_of(), Settings())
    assert not {"TDX301", "TDX001"} & set(ids(found))
    assert [one.finding.rule for one in found.suppressed] == ["TDX301"]
    path.write_text(mail.replace("Tdxwhy-ignore: TDX301 KVM does", ""))
    assert "TDX301" in ids(gate(inputs([str(path)]), rules_of(), Settings()))


def test_settings_that_suppress_nothing_are_named() -> None:
    from tdxwhy.config import Suppress

    tables = (Suppress(("TDX1",), "known"), Suppress(("TDX4",), "old"))
    found = gate([Input("x", None, "log", FAILED.encode())], rules_of(), Settings(suppress=tables))
    assert found.unused == (tables[1],)


def test_a_huge_c_file_is_judged_as_far_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdxwhy.check.judges.code.C_FILE", 1 << 16)
    text = 'static int do_lp_init(void)\n{\n\tpr_err("SEAMCALL failed\\n");\n\treturn -EIO;\n}\n' + "int tdx_filler;\n" * 5_000
    found = gate([Input("arch/x86/virt/vmx/tdx/tdx.c", None, "c", text.encode())], rules_of(), Settings())
    assert ids(found)
    assert found.inputs[0].notes == ("larger than 4 MiB: the rest was not judged",)
