"""A kernel generation is one file and its row, and a new line of it one row more: every command knows it then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.checkouts import run
from tests.conftest import ROOT

GENERATIONS = (ROOT / "rules/knowledge/generations.toml").read_text(encoding="utf-8")
ROW = '[[generation]]\nid = "7.4"' + GENERATIONS.split('[[generation]]\nid = "7.1"')[1].partition("[[")[0]
FORM = """
[[form]]
id = "virt-tdx.package-cpu-failed"
format = "virt/tdx: package %u: CPU %u: TDX does not come up (%d)"
level = "err"
kind = "host"
outcome = "failure"
names_package = true
names_cpu = true
args = ["package", "cpu", "errno"]
errno = -5
meaning = "Initialisation failed on this CPU of this package."
example = "virt/tdx: package 1: CPU 2: TDX does not come up (-5)"
source = "a test"
"""
MODEL = """
name = "7.4"
extends = "7.2"
elsewhere = "7.1"
kernels = "7.4"
source = "a test"

[form]
tdx-module-initialization-failed = "virt-tdx.package-cpu-failed"
"""
SCENARIO = """
generation = "7.4"
operations = ["boot", "enable"]
[platform]
packages = 2
cpus_per_package = 2
[[faults]]
leaf = "TDH.SYS.KEY.CONFIG"
status = 0xc000050500000000
package = 1
"""
LAST = "virt/tdx: package 1: CPU 2: TDX does not come up (-5)"


def add(checkout: Path, name: str, text: str) -> None:
    with (checkout / "rules" / name).open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def simulated(checkout: Path) -> Path:
    """A checkout with one generation more, and the log of a failure that its kernel printed."""
    add(checkout, "knowledge/generations.toml", ROW)
    add(checkout, "knowledge/forms-mine.toml", FORM)
    add(checkout, "model/7.4.toml", MODEL)
    (checkout / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    answer = json.loads(run(checkout, "simulate", "scenario.toml", "--format", "json").stdout)
    lines = [f"<{line['level']}>[    1.{place:06}] {line['text']}\n" for place, line in enumerate(answer["lines"])]
    (checkout / "dmesg.log").write_text("<5>[    0.000000] Linux version 7.4.0 (x@y) (gcc) #1 SMP\n" + "".join(lines), encoding="utf-8")
    return checkout


def test_every_command_knows_it(simulated: Path) -> None:
    assert LAST in (simulated / "dmesg.log").read_text(encoding="utf-8")
    told = json.loads(run(simulated, "log", "dmesg.log", "--format", "json").stdout)["logs"][0]
    assert (told["generation"], told["outcome"], told["steps"]) == ("7.4", "failed", ["TDH.SYS.KEY.CONFIG"])
    assert "as Linux 7.4 prints them" in run(simulated, "replay", "dmesg.log").stdout
    forms = json.loads(run(simulated, "forms", "7.4", "--all", "--format", "json").stdout)["forms"]
    older = json.loads(run(simulated, "forms", "7.1", "--all", "--format", "json").stdout)["forms"]
    assert len(forms) == len(older)
    assert {form["id"] for form in forms} ^ {form["id"] for form in older} == {
        "virt-tdx.package-cpu-failed",
        "virt-tdx.tdx-module-initialization-failed",
    }
    assert "package %u: CPU %u" in run(simulated, "model", "7.4").stdout
    assert "7.4" in run(simulated, "model").stdout
    assert run(simulated, "ingest", "dmesg.log", "--store", "store").returncode == 0
    assert "7.4" in run(simulated, "fleet", "query", "SELECT DISTINCT generation FROM boots", "--store", "store").stdout


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("model/7.4.toml", 'name = "7.4"\n', "model/7.4.toml: no generation '7.4' in rules/knowledge/generations.toml"),
        ("model/7.4.toml", 'name = "7.1"\n[form]\nfailed = "no.such"\n', "model/7.4.toml: no form 'no.such' in rules/knowledge"),
        ("model/7.4.toml", 'name = "6.8"\nelsewhere = "7.0"\n', "model/7.4.toml: no generation '7.0' in rules/knowledge/generations.toml"),
        ("model/7.4.toml", 'name = "6.8"\n', "7.4.toml: 6.8.toml is called '6.8' too"),
        (
            "knowledge/forms-mine.toml",
            FORM.replace("outcome", 'generations = ["7.1"]\noutcome').replace("virt-tdx.package-cpu-failed", "virt-tdx.module-version"),
            "knowledge: virt-tdx.module-version: model/7.1.toml says that 7.1 prints it; take it out of generations",
        ),
    ],
)
def test_a_mistake_is_one_line(checkout: Path, name: str, text: str, said: str) -> None:
    add(checkout, name, text)
    ran = run(checkout, "model", "6.8")
    assert (ran.returncode, ran.stderr.startswith(f"tdxwhy: {said}"), ran.stderr.count("\n")) == (2, True, 1), ran.stderr


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (
            FORM.replace('"package", "cpu"', '"moon", "cpu"'),
            "form tdx-module-initialization-failed: no kernel of the model has 'moon' to print; it has ",
        ),
        (FORM.replace("package %u", "package %pbl"), "cannot be printed with package, cpu, errno"),
    ],
)
def test_a_form_that_no_kernel_can_fill_is_one_line(checkout: Path, form: str, said: str) -> None:
    add(checkout, "knowledge/generations.toml", ROW)
    add(checkout, "knowledge/forms-mine.toml", form)
    add(checkout, "model/7.4.toml", MODEL)
    (checkout / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    ran = run(checkout, "simulate", "scenario.toml")
    assert ran.returncode == 2
    assert ran.stderr.startswith("tdxwhy: 7.4.toml: ")
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1
