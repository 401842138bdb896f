"""What is shipped beside the package, on the real programs where they are installed."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tdxwhy.cli import COMMANDS

PACKAGING = Path(__file__).resolve().parents[1] / "packaging"


def ran(*command: str, cwd: Path = PACKAGING) -> str:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


@pytest.fixture
def units(tmp_path):
    """Return the units, with a program that is there in tdxwhy's place and no manual page to look for."""
    for unit in (PACKAGING / "systemd").glob("*.*er*"):
        text = unit.read_text().replace("/usr/bin/tdxwhy", shutil.which("true"))
        (tmp_path / unit.name).write_text(re.sub(r"(?m)^Documentation=.*\n", "", text))
    return tmp_path


def test_systemd_takes_the_units(units):
    assert ran("systemd-analyze", "verify", *(f"./{unit.name}" for unit in sorted(units.iterdir())), cwd=units) == ""


@pytest.mark.parametrize("service", ["tdxwhy-follow", "tdxwhy-ingest"])
def test_services_can_do_little(units, service):
    shown = ran("systemd-analyze", "security", "--offline=yes", f"./{service}.service", cwd=units)
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", shown)[1]) < 2


def test_alerts_fire_as_said():
    ran("promtool", "check", "rules", "tdxwhy.rules.yml", cwd=PACKAGING / "prometheus")
    ran("promtool", "test", "rules", "tdxwhy.rules.test.yml", cwd=PACKAGING / "prometheus")


def test_alerts_ask_for_metrics_that_there_are():
    golden = (PACKAGING.parent / "tests" / "fleet" / "expected" / "report.prom").read_text()
    known = set(re.findall(r"# TYPE (\w+) ", golden)) | {"node_textfile_mtime_seconds"}
    asked = set(re.findall(r"\b(?:tdxwhy|node)_\w+", (PACKAGING / "prometheus" / "tdxwhy.rules.yml").read_text()))
    panels = json.loads((PACKAGING / "grafana" / "tdxwhy.json").read_text())["panels"]
    asked |= {name for panel in panels for target in panel.get("targets", ()) for name in re.findall(r"\btdxwhy_\w+", target["expr"])}
    assert asked <= known


def test_lnav_parts_kernel_lines(tmp_path):
    installed = tmp_path / "formats" / "installed"
    shutil.copytree(PACKAGING / "lnav", installed)
    log = tmp_path / "iso.log"
    log.write_text(
        "2026-11-30T10:11:12,000000+00:00 Linux version 6.8.0-1015-example\n"
        "2026-11-30T10:11:33,704113+00:00 virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000\n"
    )
    ran("lnav", "-I", str(tmp_path), "-C")
    shown = ran("lnav", "-I", str(tmp_path), "-n", "-c", "|tdx-failures", "-c", ":write-csv-to -", str(log))
    assert "0x0000000000000022,0xc000050500000000,1," in shown


def test_sos_loads_the_plugin(tmp_path):
    sos = Path("/usr/lib/python3/dist-packages/sos")
    if not sos.is_dir():
        pytest.skip("sos is not installed")
    shutil.copytree(sos, tmp_path / "sos")
    shutil.copy(PACKAGING / "sos" / "tdx.py", tmp_path / "sos" / "report" / "plugins")
    code = "import sos.report.plugins as p; print(p.import_plugin('tdx', (p.DebianPlugin,))[0].plugin_name)"
    assert ran("/usr/bin/python3", "-c", code, cwd=tmp_path) == "tdx\n"


@pytest.mark.parametrize("file", sorted(PACKAGING.rglob("*.y*ml")), ids=lambda file: file.name)
def test_yaml_can_be_read(file):
    yaml = pytest.importorskip("yaml")
    assert all(isinstance(document, dict) for document in yaml.safe_load_all(file.read_text()))


def test_no_name_that_a_collector_reads_is_made_up():
    """Every attribute that the collector's configuration takes from a finding is one that `log --follow` prints."""
    schema = json.loads((PACKAGING.parent / "reports" / "schema" / "follow.schema.json").read_text())
    asked = set(re.findall(r"attributes\.(\w+)", (PACKAGING / "opentelemetry/collector.yaml").read_text()))
    assert asked
    assert asked <= set(schema["required"])


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("gitlab-ci", "packaging/gitlab/tdxwhy.gitlab-ci.yml"),
        ("github-actions", "action.yml"),
        ("github-workflows", "samples/hooks/github-workflow.yml"),
        ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        *(("github-issue-forms", f".github/ISSUE_TEMPLATE/{name}.yml") for name in ("fault", "new-knowledge", "wrong-answer")),
    ],
)
def test_what_a_forge_reads_is_of_its_schema(schema, file, tmp_path, capsys):
    command = pytest.importorskip("check_jsonschema").main
    for number, document in enumerate((PACKAGING.parent / file).read_text().split("\n---\n")):
        (tmp_path / f"{number}.yml").write_text(document)
    with pytest.raises(SystemExit) as ended:
        command(["--builtin-schema", f"vendor.{schema}", *map(str, sorted(tmp_path.iterdir()))])
    assert ended.value.code == 0, capsys.readouterr().out


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_kubernetes_takes_the_manifests(version):
    yaml = pytest.importorskip("yaml")
    validate = pytest.importorskip("kubernetes_validate").validate
    for document in yaml.safe_load_all((PACKAGING / "kubernetes" / "daemonset.yaml").read_text()):
        validate(document, version, strict=True)


def test_a_dashboard_asks_in_promql(tmp_path):
    panels = json.loads((PACKAGING / "grafana" / "tdxwhy.json").read_text())["panels"]
    rules = [{"record": f"panel:{panel['id']}", "expr": target["expr"]} for panel in panels for target in panel["targets"]]
    (tmp_path / "rules.json").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    ran("promtool", "check", "rules", str(tmp_path / "rules.json"))


def test_a_dashboard_is_of_grafanas_schema():
    dashboard = pytest.importorskip("grafana_foundation_sdk.models.dashboard")
    encoder = importlib.import_module("grafana_foundation_sdk.cog.encoder")
    importlib.import_module("grafana_foundation_sdk.cog.plugins").register_default_plugins()
    given = json.loads((PACKAGING / "grafana" / "tdxwhy.json").read_text())
    understood = json.loads(encoder.JSONEncoder(sort_keys=True).encode(dashboard.Dashboard.from_json(given)))
    assert list(dropped(given, understood)) == []


def dropped(given, understood, place=""):
    """Yield the place of each value that did not come back."""
    if isinstance(given, dict):
        for key, value in given.items():
            yield from dropped(value, understood.get(key) if isinstance(understood, dict) else None, f"{place}/{key}")
    elif isinstance(given, list):
        for number, value in enumerate(given):
            held = isinstance(understood, list) and number < len(understood)
            yield from dropped(value, understood[number] if held else None, f"{place}/{number}")
    elif given != understood:
        yield place


def test_manual_pages_and_completions(tmp_path):
    pytest.importorskip("shtab")
    pytest.importorskip("argparse_manpage")
    env = {**os.environ, "PYTHONPATH": str(PACKAGING.parent / "analyzer"), "SOURCE_DATE_EPOCH": "0"}
    subprocess.run([sys.executable, PACKAGING / "manual.py", tmp_path], check=True, env=env)
    names = {page.name for page in (tmp_path / "man").iterdir()}
    assert names == {"tdxwhy.1", *(f"tdxwhy-{name}.1" for name in COMMANDS)}
    assert r"\-\-topology" in (tmp_path / "man" / "tdxwhy-log.1").read_text()
    ran("bash", "-n", str(tmp_path / "completions" / "tdxwhy"))
    ran("man", "--warnings", "-l", str(tmp_path / "man" / "tdxwhy-gate.1"))
