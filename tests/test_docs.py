"""The documentation: it builds, its links lead somewhere, what it shows is real, and nothing of the product is missing in it."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tdxwhy.cli import COMMANDS, main
from tests.conftest import ROOT

DOCS = ROOT / "docs"
SHOWN = re.compile(r"^```console\n\$ tdxwhy ([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
WRITTEN = [page for page in sorted(DOCS.rglob("*.md")) if SHOWN.search(page.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("reference_pages", DOCS / "reference_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.stem)
def test_what_a_page_shows_is_printed(page: Path, request, monkeypatch, capsys):
    """`--update-golden` writes what is printed into the page."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NO_COLOR", "1")

    def printed(found: re.Match[str]) -> str:
        main(found[1].split())
        return f"```console\n$ tdxwhy {found[1]}\n{capsys.readouterr().out.rstrip()}\n```"

    text = page.read_text(encoding="utf-8")
    real = SHOWN.sub(printed, text)
    if request.config.getoption("--update-golden"):
        page.write_text(real, encoding="utf-8")
    else:
        assert text == real, "pytest --update-golden rewrites it"


def test_every_command_and_option_is_there(pages):
    text = pages["reference/commands.md"]
    for name in COMMANDS:
        assert f"{{ #{name} }}" in text
        options = {option for action in import_module(f"tdxwhy.cli.{name}").parser()._actions for option in action.option_strings}
        missing = {option for option in options - {"-h", "--help"} if option not in text}
        assert not missing


# In an indented block, or in a line between backticks; what a pipe, a redirection or a comment follows ends before it.
WRITTEN_DOWN = re.compile(r"(?:^ {4}(?:[^\n`]*?[ |])?|`(?:sudo )?(?:[^\n`]*\| )?)tdxwhy ((?:[^\n`|>#\"]|\"[^\"\n]*\")+)", re.MULTILINE)
PAGES = [ROOT / "README.md", ROOT / "packaging" / "README.md", *sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_what_a_page_tells_to_type_is_understood(page: Path):
    """A mere name of a command may stand in a sentence; one with an option is whole."""
    for found in WRITTEN_DOWN.finditer(page.read_text(encoding="utf-8")):
        command, *words = shlex.split(found[1].replace(" --knowledge my-knowledge", ""))
        if any(word.startswith("-") for word in words) or found[0].startswith(" "):
            import_module(f"tdxwhy.cli.{command}").parser().parse_args(words)


def test_the_queries_that_a_page_shows_are_answered(tmp_path, monkeypatch, capsys):
    pytest.importorskip("duckdb")
    monkeypatch.chdir(ROOT)
    store = str(tmp_path / "store")
    assert (
        main(["ingest", "--quiet", "--jobs", "1", "--store", store, "samples/logs/td-package-offline", "samples/logs/seam-not-enabled"])
        == 0
    )
    shown = [query for page in PAGES for query in re.findall(r'fleet query --store \S+ "([^"]+)"', page.read_text(encoding="utf-8"))]
    assert shown
    for query in shown:
        capsys.readouterr()
        assert main(["fleet", "query", "--store", store, query]) == 0
        assert len(capsys.readouterr().out.splitlines()) > 1


@pytest.mark.parametrize(
    ("page", "files", "table", "name"),
    [
        ("causes", "knowledge/causes*.toml", "cause", "id"),
        ("incidents", "incident/causes*.toml", "cause", "id"),
        ("incidents", "incident/messages-*.toml", "message", "format"),
        ("steps-and-leaves", "knowledge/leaves*.toml", "leaf", "name"),
        ("steps-and-leaves", "knowledge/generations*.toml", "step", "id"),
        ("statuses", "knowledge/statuses*.toml", "status", "name"),
        ("parameters", "knowledge/parameters*.toml", "parameter", "name"),
        ("generations", "knowledge/generations*.toml", "generation", "id"),
    ],
)
def test_every_row_is_there(pages, page, files, table, name):
    import html
    import tomllib

    text = html.unescape(pages[f"reference/{page}.md"]).replace("\\", "")
    found = [row for file in (ROOT / "rules").glob(files) for row in tomllib.loads(file.read_text()).get(table, ())]
    assert found
    missing = [row[name] for row in found if name in row and " ".join(str(row[name]).split()).replace("\\", "") not in text]
    assert not missing


def test_every_rule_and_schema_is_there(pages):
    rules = {file.stem for file in (ROOT / "rules").glob("*/TDX*.toml")}
    assert rules <= set(re.findall(r"TDX\d{3}", pages["reference/rules.md"]))
    for file in (ROOT / "reports" / "schema").glob("*.json"):
        assert file.name in pages["reference/schemas.md"]


@pytest.mark.slow
def test_it_builds_and_no_link_is_broken(tmp_path):
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    )
    assert run.returncode == 0, run.stdout + run.stderr
    anchors = (tmp_path / "site" / "reference" / "causes.html").read_text()
    assert 'id="package-without-online-cpu"' in anchors
