"""simulate, replay and model as a user calls them."""

import json
import shutil
from io import BufferedReader, BytesIO, TextIOWrapper
from pathlib import Path

import jsonschema
import pytest

from tdxwhy.cli import main

SCENARIOS = Path(__file__).resolve().parents[2] / "samples" / "scenarios"
LOG = """[    5.500031] virt/tdx: BIOS enabled: private KeyID range [64, 128)
[    5.500062] virt/tdx: Disable ACPI S3. Turn off TDX in the BIOS to use ACPI S3.
[    6.004237] virt/tdx: SEAMCALL (0x000000000000002d) failed: 0xc000050c00000000
[    6.004268] virt/tdx: module initialization failed (-5)
"""
LSCPU = {"cpus": [{"cpu": n, "socket": n // 2 if n < 4 else None, "online": n < 4} for n in range(6)]}


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "boot.log"
    path.write_text(LOG)
    return path


def test_a_log_with_a_topology(log, tmp_path, capsys):
    (tmp_path / "lscpu.json").write_text(json.dumps(LSCPU))
    assert main(["replay", str(log), "--complete", "--topology", str(tmp_path / "lscpu.json")]) == 1
    out = capsys.readouterr().out
    assert out.startswith("conforms: 4 of 4 lines about TDX, as Linux 6.16 or 6.8 prints them; outcome failed\n")
    assert "1. TDH.SYS.CONFIG was answered TDX_SYS_CONFIG_NOT_PENDING" in out
    assert "4-5" in out


def test_an_impossible_line(log, capsys):
    log.write_text(LOG + "[    7.0] virt/tdx: module initialized\n")
    assert main(["replay", str(log), "--complete"]) == 1
    out = capsys.readouterr().out
    assert "diverges: 4 of 5 lines" in out
    assert "line 5 cannot come here: virt/tdx: module initialized" in out
    assert "would explain it: line 5 is not of this boot" in out


def test_another_generation_than_the_log_s_own(log, capsys):
    assert main(["replay", str(log), "--complete", "--generation", "7.1"]) == 1
    assert "line 3 cannot come here" in capsys.readouterr().out


def test_a_log_without_tdx(tmp_path, capsys):
    (tmp_path / "x.log").write_text("[    0.0] Linux version 6.8.0\n")
    assert main(["replay", str(tmp_path / "x.log")]) == 3
    assert "no line about TDX" in capsys.readouterr().err


def test_json(log, capsys):
    assert main(["replay", str(log), "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found["schema"] == "tdxwhy/replay/1"
    assert found["explanations"][0]["status"] == "0xc000050c00000000"


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("kernel", ["6.8", "7.1", "v8", "6.16", "6.8-oot"])
def test_a_simulated_trace_conforms_and_a_spoiled_one_does_not(path, kernel, tmp_path, capsys):
    if main(["simulate", str(path), "--generation", kernel, "--format", "json"]) == 2:
        assert f"{kernel} has no '" in capsys.readouterr().err
        return
    answer = json.loads(capsys.readouterr().out)
    trace = tmp_path / "trace.json"
    trace.write_text(json.dumps(answer))
    main(["replay", str(trace)])
    assert capsys.readouterr().out.startswith("conforms: ")
    if len(answer["trace"]) > 2 and answer["trace"][0]["leaf"] != answer["trace"][1]["leaf"]:
        answer["trace"][:2] = reversed(answer["trace"][:2])
        trace.write_text(json.dumps(answer))
        assert main(["replay", str(trace)]) == 1
        assert capsys.readouterr().out.startswith("diverges: 0 of ")


@pytest.mark.parametrize("text", ["{}", "[]", "{"])
def test_json_that_is_no_trace_is_a_log(text, tmp_path, capsys):
    (tmp_path / "t.json").write_text(text)
    assert main(["replay", str(tmp_path / "t.json")]) == 3
    assert capsys.readouterr().err.startswith("tdxwhy: ")


def test_dmesg_json_is_a_log_whatever_its_name(tmp_path, capsys):
    records = [{"pri": 3, "time": 6.0, "msg": line.partition("] ")[2]} for line in LOG.splitlines()]
    (tmp_path / "dmesg.json").write_text(json.dumps({"dmesg": records}))
    assert main(["replay", str(tmp_path / "dmesg.json")]) == 1
    assert capsys.readouterr().out.startswith("conforms: 4 of 4")


def test_a_trace_from_a_pipe(capsys, monkeypatch):
    main(["simulate", str(SCENARIOS / "one-cpu-offline.toml"), "--format", "json"])
    text = capsys.readouterr().out.encode()
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BufferedReader(BytesIO(text))))
    assert main(["replay", "-"]) == 1
    assert capsys.readouterr().out.startswith("conforms: ")


@pytest.mark.parametrize(
    "text", ['{"trace": 1}', '{"trace": [1], "generation": "6.8"}', '{"trace": [], "generation": "5"}', '{"trace": ' + "[" * 100000]
)
def test_a_bad_trace_is_one_line(text, tmp_path, capsys):
    (tmp_path / "t.json").write_text(text)
    assert main(["replay", str(tmp_path / "t.json")]) == 2
    assert capsys.readouterr().err.startswith("tdxwhy: ")


def test_simulate_prints_a_log_that_log_explains(tmp_path, capsys):
    main(["simulate", str(SCENARIOS / "one-cpu-offline.toml")])
    path = tmp_path / "simulated.log"
    path.write_text(capsys.readouterr().out)
    assert main(["log", str(path), "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["logs"]
    assert found["steps"] == ["TDH.SYS.CONFIG"]


def test_simulate_a_real_machine(tmp_path, capsys):
    (tmp_path / "lscpu.json").write_text(json.dumps(LSCPU))
    assert main(["simulate", "--topology", str(tmp_path / "lscpu.json"), "--generation", "6.8"]) == 1
    out = capsys.readouterr().out
    assert "1 package that nothing names has no online CPU (CPUs 4-5): initialisation will fail at TDH.SYS.CONFIG" in out


@pytest.mark.parametrize("text", ["generation = '6.8'\ncolour = 1\n", "generation =", "generation = '1'\n"])
def test_a_bad_scenario_is_one_line(text, tmp_path, capsys):
    (tmp_path / "s.toml").write_text(text)
    assert main(["simulate", str(tmp_path / "s.toml")]) == 2
    err = capsys.readouterr().err
    assert err.startswith("tdxwhy: ") and err.count("\n") <= 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("colour = 1", "scenario: unknown key 'colour'"),
        ("[platform]\npackages = 2\ncpus_per_package = 2\noffline_at_boot = [9]", "platform.offline_at_boot: no CPU 9"),
        ("[[faults]]\nleaf = 'TDH.SYS.NONE'\nstatus = 'GP'", "faults[0].leaf: unknown leaf"),
        ("[[faults]]\nleaf = 'TDH.SYS.INIT'\nstatus = 'TDX_NONE'", "faults[0].status: no status"),
        ("[[faults]]\nleaf = 'TDH.SYS.KEY.CONFIG'\nstatus = 'GP'\npackage = 7", "faults[0].package: no package 7"),
    ],
)
def test_a_bad_scenario_names_file_and_place(text, place, tmp_path, capsys):
    (tmp_path / "s.toml").write_text(f"generation = '7.1'\n{text}\n")
    assert main(["simulate", str(tmp_path / "s.toml")]) == 2
    assert capsys.readouterr().err.startswith(f"tdxwhy: {tmp_path / 's.toml'}: {place}")


def test_a_status_by_its_name(tmp_path, capsys):
    (tmp_path / "s.toml").write_text("generation = '6.8'\n[[faults]]\nleaf = 'TDH.SYS.RD'\nstatus = 'TDX_SYS_NOT_READY'\n")
    assert main(["simulate", str(tmp_path / "s.toml")]) == 0
    assert "failed: 0xc000050500000000" in capsys.readouterr().out


def test_jsonl(tmp_path, capsys):
    (tmp_path / "many").write_text('{"generation": "6.8"}\n{"generation": "6.8", "x": 1}\n')
    assert main(["simulate", "--jsonl", str(tmp_path / "many")]) == 0
    good, bad = map(json.loads, capsys.readouterr().out.splitlines())
    assert good["returns"] == [0, 0]
    assert "line 2" in bad["error"]


def test_models(capsys):
    assert main(["model"]) == 0
    assert "6.8, v6.12" in capsys.readouterr().out
    assert main(["model", "nonesuch"]) == 2


@pytest.mark.skipif(shutil.which("dot") is None, reason="no Graphviz here")
def test_a_model_by_its_release_as_a_picture(capsys):
    assert main(["model", "v7.3", "--format", "svg"]) == 0
    assert capsys.readouterr().out.startswith("<svg ")


SCHEMAS = Path(__file__).resolve().parents[2] / "reports" / "schema"


def test_answers_are_as_their_schemas_say(log, tmp_path, capsys):
    replayed, simulated = (json.loads((SCHEMAS / f"{name}.schema.json").read_text()) for name in ("replay", "simulate"))
    requests = [{"id": 1, "log": LOG, "complete": True}, {"log": LOG + LOG, "complete": True}, {"log": ""}, {"log": 1}]
    (tmp_path / "requests").write_text("".join(json.dumps(one) + "\n" for one in requests))
    assert main(["replay", "--jsonl", str(tmp_path / "requests")]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one.get("verdict") for one in answers] == ["conforms", "diverges", "undecided", None]
    for one in answers:
        jsonschema.validate(one, replayed)
    for path in sorted(SCENARIOS.glob("*.toml")):
        main(["simulate", str(path), "--format", "json"])
        jsonschema.validate(json.loads(capsys.readouterr().out), simulated)


@pytest.mark.parametrize("command", ["replay", "simulate"])
def test_no_request_ends_those_behind_it(command, tmp_path, capsys, monkeypatch):
    bad = [
        "",
        "{",
        "5",
        "null",
        "[" * 5000,
        '{"id": ' * 900 + "1" + "}" * 900,
        '{"log": ' + "9" * 5000 + "}",
        '{"log": {}}',
        '{"generation": []}',
    ]
    bad += [
        json.dumps({"log": log, "generation": name}) for log in ("x", "TDH.SYS.DISABLE failed: 0x5") for name in ("6.8", "nonesuch", None)
    ]
    good = json.dumps({"log": "virt/tdx: module initialized"} if command == "replay" else {"generation": "6.8"})
    (tmp_path / "many").write_text("".join(f"{one}\n{good}\n" for one in bad))
    assert main([command, "--jsonl", str(tmp_path / "many")]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(answers) == 2 * len(bad)
    assert all("error" not in one for one in answers[1::2])


def test_a_request_without_an_end(tmp_path, capsys):
    with (tmp_path / "many").open("w") as file:
        file.write('{"log": "' + "A" * (40 << 20) + '"}\n{"log": "virt/tdx: module initialized"}\n')
    assert main(["replay", "--jsonl", str(tmp_path / "many")]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert "line 1" in first["error"]
    assert second["outcome"] == "initialized"


def test_an_id_that_is_no_json_is_not_given_back(tmp_path, capsys):
    (tmp_path / "r.jsonl").write_text('{"id": NaN, "log": ""}\n{"id": 1e999, "log": ""}\n{"id": 1, "log": ""}\n')
    main(["replay", "--jsonl", str(tmp_path / "r.jsonl")])
    answers = [json.loads(line, parse_constant=pytest.fail) for line in capsys.readouterr().out.splitlines()]
    assert [("error" in one, one.get("id")) for one in answers] == [(True, None), (True, None), (False, 1)]
