"""Whatever files are called and whatever stands in logs, mails, patches and C, no output lets it drive a terminal, a workflow or a page.

One property over every output, for names, heads of mails, hosts, kernel lines and C alike.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tdxwhy.cli import main
from tdxwhy.report.gate_formats import FORMATS
from tests.conftest import ROOT
from tests.fuzz.readers import driving

FAILED = "virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000"
# A terminal, a workflow, a page, a document and a sheet, in one line.
EVIL = (
    "\x1b]0;owned\x07\x1b[31m\u202eevil\u2066\x9b2J\x00\x0b\x7f\u2028\x85 <script>alert(1)</script><img src=x onerror=alert(1)>"
    " @everyone ![pixel](http://evil.example/p.png) [link](http://evil.example) ::set-output name=a::b %0A::stop-commands::x"
)
CODE = f"""static int init_tdx_module(void)
{{
	int ret = seamcall(TDH_SYS_INIT, 0); /* {EVIL.replace("*/", "")} */

	if (ret) {{
		pr_err("SEAMCALL failed: {EVIL} %d\\n", ret);
		return -EIO;
	}}
	return 0;
}}
"""
DIFF = f"""--- a/arch/x86/virt/vmx/tdx/tdx.c
+++ b/arch/x86/virt/vmx/tdx/tdx.c
@@ -1,3 +1,5 @@ static int init_tdx_module(void) {EVIL}
 	int ret;
 
+	if (ret)
+		pr_err("SEAMCALL (0x%llx) failed: {EVIL} 0x%llx\\n", fn, err);
 	return ret;
"""
MAIL = f"""From: A {EVIL} B <a@b.example>
Message-ID: <1@x>
Subject: [PATCH] x86/tdx: {EVIL}
Date: Mon, 1 Jan 2024 00:00:00 +0000

Why is {EVIL} printed here? Please name the package. {EVIL}
Reviewed-by: R {EVIL} <r@b.example>
---
{DIFF}"""


def lines() -> str:
    """Return a log with hostile words wherever one can put them."""
    rows = [
        f"Linux version 6.16.0-{EVIL} (a@b) #1 SMP",
        f"Command line: BOOT_IMAGE=/vmlinuz-{EVIL} kvm_intel.tdx=1 {EVIL}",
        f"DMI: {EVIL}, BIOS {EVIL}",
    ]
    rows += [
        "virt/tdx: BIOS enabled: private KeyID range [32, 64)",
        FAILED,
        f"virt/tdx: module {EVIL} initialization failed (-5)",
        f"virt/tdx: {EVIL}",
    ]
    plain = "".join(f"[    {number}.000000] {row}\n" for number, row in enumerate(rows, 1))
    return (
        plain
        + f"Jan 01 00:00:00 {EVIL.split(maxsplit=1)[0]} qemu-system-x86_64[7]: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: {EVIL}\n"
    )


def journal() -> str:
    entry = {"MESSAGE": FAILED + EVIL, "_TRANSPORT": "kernel", "_HOSTNAME": EVIL, "_BOOT_ID": EVIL, "__MONOTONIC_TIMESTAMP": "1"}
    last = {**entry, "MESSAGE": "virt/tdx: module initialization failed (-5)"}
    return "".join(json.dumps(one) + "\n" for one in (entry, last, {**entry, "MESSAGE": f"virt/tdx: {EVIL}"}))


NAMES = (
    "a\n::set-output name=x::y.log",
    "\udcff.log",
    "\x1b[31m\u202e.log",
    "<img src=x onerror=alert(1)>.log",
    "@everyone ![p](http:x).log",
    "=cmd|x.log",
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("hostile")
    before = Path.cwd()
    os.chdir(folder)
    for name in NAMES:
        Path("logs").mkdir(exist_ok=True)
        (Path("logs") / os.fsencode(name).decode("utf-8", "surrogateescape")).write_text(lines(), "utf-8", "surrogateescape")
    Path("journal.json").write_text(journal())
    Path("m.eml").write_text(MAIL)
    shutil.copytree(ROOT / "samples" / "patches" / "tree", "tree")
    sources = sorted(Path("tree").rglob("*.c"))
    for path in sources:
        path.write_text(path.read_text().replace('pr_err("', f'pr_err("{EVIL} '))
    sources[0].write_text(sources[0].read_text() + CODE)
    Path("p.patch").write_text(DIFF)
    assert main(["ingest", "logs", "journal.json", "--store", "store", "--host", EVIL.replace("\0", ""), "--quiet", "-o", "told"]) == 0
    yield folder
    os.chdir(before)


def neutral(text: str) -> None:
    assert driving(text, "\n\t") == []


def of_page(text: str) -> None:
    assert "<script>alert" not in text
    assert "<img" not in text
    assert not re.search(r"(?:href|src)=[\"']?https?://evil", text)


def of_document(text: str) -> None:
    """Check what a reader of markdown makes of it: no image, no link and no mention of the input's."""
    markdown = pytest.importorskip("markdown_it")
    page = markdown.MarkdownIt("commonmark").enable("table").render(text)
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "evil.example" not in "".join(re.findall(r"href=\"[^\"]*\"", page))
    said = re.sub(r"(?s)<(code|pre)\b.*?</\1>", "", page)
    assert not re.search(r"(?<![\w\u200b])@everyone", said)


def of_sheet(text: str) -> None:
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell[:1] in ("=", "+", "@", "\t", "\r") or re.match(r"-\D", cell) for cell in row)


def of_workflow(text: str) -> None:
    for line in text.splitlines():
        assert line.startswith(("::error ", "::warning ", "::notice ", "::error::", "::notice::", "::warning::")) or "::" not in line[:2]


def of_metrics(text: str) -> None:
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    assert list(parser.text_string_to_metric_families(text))


def of_json(text: str) -> None:
    json.loads(text)


def of_json_lines(text: str) -> None:
    for line in text.splitlines():
        json.loads(line)


def of_xml(text: str) -> None:
    ElementTree.fromstring(text)
    of_page(text)


Check = Callable[[str], None]
OF: dict[str, Check] = {
    "markdown": of_document, "html": of_page, "junit": of_xml, "github": of_workflow, "csv": of_sheet, "openmetrics": of_metrics,
    "json": of_json, "sarif": of_json, "gitlab": of_json, "b4": of_json, "jsonl": of_json_lines, "rdjsonl": of_json_lines, "svg": of_xml,
}  # fmt: skip
COMMANDS: list[tuple[list[str], tuple[str, ...]]] = [
    (["log", "logs"], ("text", "json", "html", "markdown", "junit", "tap", "sarif", "github")),
    (["log", "journal.json"], ("text", "json", "html", "markdown", "junit", "tap", "sarif", "github")),
    (["gate", "--isolated", "logs", "m.eml", "p.patch", "tree"], FORMATS),
    (["review", "m.eml"], ("text", "json", "html", "markdown", "reply")),
    (["preview", "tree"], ("text", "json", "html", "markdown")),
    (["preview", "tree", "--patch", "p.patch"], ("text", "json", "html", "markdown")),
    (["replay", "journal.json"], ("text", "json")),
    (["fleet", "report", "--store", "store"], ("text", "json", "html", "openmetrics")),
    (["fleet", "check", "--store", "store"], ("text", "json")),
    (["forms", "--from", "tree"], ("text", "json")),
]
FORMS = [(command, form) for command, forms in COMMANDS for form in forms]
FORMS += [
    (["fleet", "export", "--store", "store", "--table", table], form)
    for table in ("boots", "events", "findings", "sources")
    for form in ("csv", "json")
]
FORMS += [
    (["fleet", "query", "SELECT text, '=cmd' AS x, chr(27) || chr(8238) AS y FROM events", "--store", "store"], form)
    for form in ("text", "csv", "json")
]


@pytest.mark.parametrize(("command", "form"), FORMS, ids=lambda one: " ".join(one[:2])[:30] if isinstance(one, list) else one)
def test_every_output(command: list[str], form: str, hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main([*command, "--format", form])
    said = capsys.readouterr()
    assert status in (0, 1, 2, 3)
    assert "cannot go on" not in said.err
    assert said.out, said.err
    neutral(said.out + said.err)
    lines_of_json = command[0] == "fleet" and command[1] in ("query", "export") and form == "json"
    (of_json_lines if lines_of_json else OF.get(form, neutral))(said.out)
    of_workflow(said.err)


@pytest.mark.parametrize(
    "command",
    [
        ["log", "--brief", "logs"],
        ["log", "--unrecognised", "logs"],
        ["log", "--compare", "journal.json", "journal.json"],
        ["gate", "--isolated", "--fix", "p.patch"],
        ["gate", "--isolated", "--show-suppressed", "--statistics", "logs", "m.eml", "p.patch"],
        ["review", "m.eml", "--for", "A"],
        ["decode", EVIL.replace("\0", "")],
        ["rule", EVIL.replace("\0", "")],
        ["explain", EVIL.replace("\0", "")],
        ["forms", EVIL.replace("\0", "")],
        ["fleet", "query", EVIL.replace("\0", ""), "--store", "store"],
        ["log", "--topology", "m.eml", "journal.json"],
        ["simulate", "p.patch"],
    ],
    ids=lambda command: " ".join(command[:3])[:40],
)
def test_what_else_is_said(command: list[str], hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) in (0, 1, 2, 3)
    said = capsys.readouterr()
    assert said.out + said.err
    assert "cannot go on" not in said.err
    neutral(said.out + said.err)
    of_workflow(said.out + said.err)


def test_one_line_stays_one(hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "--brief", "--", f"logs/{NAMES[0]}"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_journal_gets_fields_of_our_own_only(hostile: Path) -> None:
    from tdxwhy.cli.log import read_report
    from tdxwhy.explain.follow import BootReport
    from tdxwhy.report.journal import datagram, fields_of

    judged = read_report("journal.json")
    told = BootReport(EVIL, judged.judged.diagnosis, judged.judged.findings, judged.incidents)
    fields = fields_of(told)
    for value in fields.values():
        neutral(value)
    names = {row.partition(b"=")[0].partition(b"\n")[0] for row in datagram(fields).split(b"\n") if row}
    assert names == {name.encode() for name in fields}
