from __future__ import annotations

import json

import jsonschema

from tdxwhy.cli import main
from tdxwhy.know import tables
from tdxwhy.shipped import folder


def run(capsys, *arguments):
    assert main(["forms", *arguments]) == 0
    return capsys.readouterr().out


def test_a_generation_lists_its_own_lines_only(capsys):
    out = run(capsys, "7.1")
    assert "err     virt/tdx: TDX-Module initialization failed (%d)\n" in out
    assert "SEAMCALL failed: CPU" not in out
    assert "CPU topo:" not in out


def test_all_adds_the_lines_on_cpus(capsys):
    assert "CPU topo: Max. logical packages: %3u" in run(capsys, "7.1", "--all")


def test_json_holds_every_column(capsys):
    document = json.loads(run(capsys, "--all", "--format", "json"))
    jsonschema.validate(document, json.loads((folder("reports/schema") / "forms.schema.json").read_text()))
    assert len(document["forms"]) == len(tables.forms())
    assert {"id", "format", "level", "meaning", "source"} <= set(document["forms"][0])


def test_markdown_is_a_table(capsys):
    out = run(capsys, "v8", "--format", "markdown")
    assert "| level | line | meaning | printed by |" in out
    assert "| err | `tdx: initialization failed (%d)` |" in out


def test_each_line_holds_a_literal(capsys):
    literals = run(capsys, "--literals").splitlines()
    assert all(len(literal) >= 4 for literal in literals)
    for form in tables.forms():
        if form.kind in ("host", "loader", "kvm", "runtime", "guest"):
            assert any(literal in form.example for literal in literals), form.id


def test_an_unknown_generation_is_one_line(capsys):
    assert main(["forms", "9.9"]) == 2
    assert capsys.readouterr().err.startswith("tdxwhy: no generation '9.9'\nhint: known: mvp-5.15, v5")
