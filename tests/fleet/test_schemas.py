"""The published schemas fit what the commands print, strictly: no key is missing from either."""

from __future__ import annotations

import json
import shutil

import jsonschema
import pytest

from tdxwhy.cli import main
from tdxwhy.fleet.part import MANIFEST
from tdxwhy.fleet.schema import SCHEMA, TABLES
from tdxwhy.shipped import folder
from tests.fleet.fleets import boot_log, make_fleet


def schema(name: str) -> dict:
    return json.loads((folder("reports/schema") / f"{name}.schema.json").read_text(encoding="utf-8"))


def validator(of: dict) -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(of)
    return jsonschema.Draft202012Validator(of)


def valid(document: object, of: dict) -> None:
    validator(of).validate(document)


@pytest.fixture(scope="module")
def ingested(tmp_path_factory):
    """A store that shows much: failures, a regression, an outlier, blamed CPUs, unread and lost input; and the summary of its ingest."""
    tmp_path = tmp_path_factory.mktemp("fleet")
    logs = make_fleet(tmp_path / "logs", 10, 20, 400)
    for day in range(15, 20):
        for host in range(5):
            text = boot_log(f"node{host:03}", 9000 + day * 10 + host, good=False, kernel="6.8.0-1016-tdx")
            (logs / f"node{host:03}" / f"2026-11-{day + 1:02}.log").write_text(text)
    for number in range(10):
        (logs / "node009" / f"2026-10-{number + 1:02}.log").write_text(boot_log("node009", 8000 + number, good=False))
    (logs / "node002" / "refused.log").write_text(
        "[    0.000000] Linux version 6.16.1 (a@b) #1 SMP\n[    5.000001] virt/tdx: BIOS enabled: private KeyID range [64, 128)\n"
        "[    6.000001] virt/tdx: module initialized\n"
        "[   99.000001] kvm_intel: All packages need to have online CPU to create TD. Online CPU and retry.\n"
    )
    (logs / "node001" / "blamed.log").write_text(
        "[    0.000000] Linux version 6.8.0 (a@b) #1 SMP\n[    5.000001] virt/tdx: BIOS enabled: private KeyID range [64, 128)\n"
        "[    6.000001] virt/tdx: failed to initialize module: package 1 has no online CPU\n"
        "[    6.000002] virt/tdx: module initialization failed (-22)\n"
    )
    (logs / "empty.log").write_bytes(b"")
    (logs / "link").symlink_to("/etc/hostname")
    command = ["ingest", str(logs), "--store", str(tmp_path / "store"), "--pattern", "{host}/{date}.log", "--jobs", "1", "--format", "json"]
    assert main([*command, "--output", str(tmp_path / "summary.json")]) == 0
    return tmp_path


@pytest.fixture
def store(ingested, tmp_path):
    """A copy of it to do anything with."""
    return shutil.copytree(ingested / "store", tmp_path / "store")


def test_the_summary_of_an_ingest(ingested):
    told = json.loads((ingested / "summary.json").read_text(encoding="utf-8"))
    valid(told, schema("ingest"))
    assert told["unread"] and told["losses"] and told["outcomes"]


def test_the_report(store, capsys):
    main(["fleet", "report", "--store", str(store), "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    valid(told, schema("fleet-report"))
    assert [name for name in ("failing", "steps_by_kernel", "regressions", "outliers", "split") if not told[name]] == []


def test_an_empty_report(tmp_path, capsys):
    (tmp_path / "logs").mkdir()
    main(["ingest", str(tmp_path / "logs"), "--store", str(tmp_path / "store"), "--format", "json"])
    valid(json.loads(capsys.readouterr().out), schema("ingest"))
    main(["fleet", "report", "--store", str(tmp_path / "store"), "--format", "json"])
    valid(json.loads(capsys.readouterr().out), schema("fleet-report"))


@pytest.mark.parametrize("table", TABLES)
def test_the_rows_that_export_and_query_print(store, capsys, table):
    rows = schema("fleet-rows")
    of = {**rows["$defs"][table], "$defs": rows["$defs"]}
    fitting = validator(of)
    assert {name: one["description"] for name, one in of["properties"].items()} == {one.name: one.meaning for one in TABLES[table]}
    for command in (["export", "--table", table], ["query", f"SELECT * FROM {table}"]):
        assert main(["fleet", *command, "--store", str(store), "--format", "json"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines
        for line in lines[:200]:
            fitting.validate(json.loads(line))


def test_check_and_compact(store, capsys):
    for command in ("check", "compact", "compact"):
        assert main(["fleet", command, "--store", str(store), "--format", "json"]) == 0
        valid(json.loads(capsys.readouterr().out), schema(f"fleet-{command}"))


def test_the_store_itself(store):
    manifests = [json.loads(path.read_bytes()) for path in store.glob(f"parts/*/{MANIFEST}")]
    assert manifests
    for manifest in manifests:
        valid(manifest, schema("fleet-manifest"))
    assert json.loads((store / "store.json").read_bytes()) == {"schema": SCHEMA}


def test_a_key_too_many_or_too_few_does_not_fit(store, capsys):
    main(["fleet", "check", "--store", str(store), "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    for odd in ({**told, "more": 1}, {name: value for name, value in told.items() if name != "whole"}):
        with pytest.raises(jsonschema.ValidationError):
            valid(odd, schema("fleet-check"))


def test_a_pruning(store, capsys):
    capsys.readouterr()
    assert main(["fleet", "prune", "--store", str(store), "--before", "2026-11-05", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    valid(told, schema("fleet-prune"))
    assert told["boots"] > 0
