"""A good boot and a bad one: the first step at which they part, and what else changed."""

import json

import jsonschema
import pytest

from tdxwhy.cli import main
from tdxwhy.shipped import folder
from tests.conftest import ROOT
from tests.explain.logs import BIOS, boot

DMI = "DMI: Example Server X1/Board Y2, BIOS {} 01/02/2024"
GOOD = [(0.1, DMI.format("1.2")), (3.0, BIOS), (9.0, "virt/tdx: 16424 KB allocated for PAMT"), (9.1, "virt/tdx: module initialized")]
BAD = [
    (0.1, DMI.format("1.3")),
    (3.0, BIOS),
    (9.0, "virt/tdx: SEAMCALL (0x000000000000002d) failed: 0xc000050c00000000"),
    (9.1, "virt/tdx: module initialization failed (-5)"),
]


@pytest.fixture
def logs(tmp_path):
    good, bad = tmp_path / "good.log", tmp_path / "bad.log"
    good.write_text(boot(GOOD, command_line="ro kvm_intel.tdx=1"))
    bad.write_text(boot(BAD, kernel="6.16.10", command_line="ro kvm_intel.tdx=1 maxcpus=8"))
    return str(good), str(bad)


def test_the_first_different_step_and_what_else_changed(logs, capsys):
    assert main(["log", "--compare", *logs]) == 1
    out = capsys.readouterr().out
    assert "first different step: TDH.SYS.CONFIG\n" in out
    assert "virt/tdx: 16424 KB allocated for PAMT" in out
    assert "bad:  line" in out and "SEAMCALL (0x000000000000002d)" in out
    assert "  kernel: 6.16.9 -> 6.16.10\n" in out
    assert "  firmware: 1.2 01/02/2024 -> 1.3 01/02/2024\n" in out
    assert "  command line: not there -> maxcpus=8\n" in out


def test_json_and_the_wrong_way_round(logs, capsys):
    main(["log", "--compare", "--format", "json", *reversed(logs)])
    found = json.loads(capsys.readouterr().out)
    assert not found["in_order"]
    assert {"what": "kernel", "good": "6.16.10", "bad": "6.16.9"} in found["changes"]


def test_the_same_log_twice(logs, capsys):
    assert main(["log", "--compare", logs[0], logs[0]]) == 0
    out = capsys.readouterr().out
    assert "no step differs" in out
    assert "nothing else that both logs show changed" in out


@pytest.mark.parametrize("files", [1, 3])
def test_two_logs_are_needed(logs, files, capsys):
    assert main(["log", "--compare", *[logs[0]] * files]) == 2
    assert "takes two logs" in capsys.readouterr().err


def test_two_boots_that_fail_alike_part_nowhere(logs, capsys):
    assert main(["log", "--compare", logs[1], logs[1]]) == 1
    assert "no step differs" in capsys.readouterr().out


def test_its_json_fits_the_published_schema(capsys):
    schema = json.loads((folder("reports/schema") / "compare.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for good, bad in (("success-7.1", "package-without-cpu-of-2"), ("success-7.1", "success-7.1"), ("cut-inside-init", "no-tdx-line")):
        names = [str(ROOT / "samples" / "logs" / name / "dmesg.log") for name in (good, bad)]
        main(["log", "--compare", *names, "--format", "json"])
        jsonschema.Draft202012Validator(schema).validate(json.loads(capsys.readouterr().out))
