"""`tdxwhy log` as a user calls it, on every sample."""

from __future__ import annotations

import gzip
import json
import random
import tomllib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from tdxwhy.cli import main
from tests.conftest import ROOT

SAMPLES = sorted(path for path in (ROOT / "samples/logs").iterdir() if path.is_dir())
SCHEMA = json.loads((ROOT / "reports/schema/log.schema.json").read_text(encoding="utf-8"))
INDEX = """# Logs

One folder a situation: the log, at times with `lscpu.json` beside it, what `tdxwhy log` makes of it (`expected.txt`, `expected.json`),
and in `about.toml` what the sample adds to the others. `pytest tests/cli/test_log.py --update-golden` writes them and this index.

| sample | what it adds to the others |
|---|---|
"""
ASPECTS = ("outcome", "role", "step", "cause", "reader", "evidence", "incident")


def log_of(sample: Path) -> Path:
    return next(
        path
        for path in sorted(sample.iterdir())
        if path.suffix in (".log", ".json", ".export", ".md", ".txt") and "lscpu" not in path.name and not path.name.startswith("expected")
    )


def arguments(sample: Path) -> list[str]:
    sidecar = sample / "lscpu.json"
    return [str(log_of(sample).relative_to(ROOT)), *(["--topology", str(sidecar.relative_to(ROOT))] if sidecar.exists() else [])]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_sample_gives_its_golden_text_and_json(
    sample: Path, golden: Callable[[Path, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    statuses = []
    for name, extra in (("expected.txt", []), ("expected.json", ["--format", "json"])):
        statuses.append(main(["log", *arguments(sample), *extra]))
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert "\x1b" not in out
        golden(sample / name, out)
    document = json.loads((sample / "expected.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    log = document["logs"][0]
    expected = 1 if log["incidents"] else {"failed": 1, "unknown": 3}.get(log["outcome"], 0)
    assert statuses == [expected] * 2


def adds_of(sample: Path) -> str:
    adds: str = tomllib.loads((sample / "about.toml").read_text(encoding="utf-8"))["adds"]
    return adds


def test_the_index_names_every_sample(golden: Callable[[Path, str], None]) -> None:
    rows = [f"| [{sample.name}]({sample.name}/) | {adds_of(sample).replace('|', '&#124;')} |\n" for sample in SAMPLES]
    golden(ROOT / "samples/logs/README.md", INDEX + "".join(rows))


def aspect_of(sample: Path) -> tuple[str, object]:
    """What a sample adds to the others, by its own word, and the value that must be its alone."""
    adds = adds_of(sample)
    aspect = adds.partition(":")[0]
    assert aspect in ASPECTS, adds
    log = json.loads((sample / "expected.json").read_text(encoding="utf-8"))["logs"][0]
    values: dict[str, object] = {
        "outcome": (log["outcome"], log["generation"], log["causes"], log["seamcall"], log["boots"]),
        "role": log["role"],
        "step": (log["steps"], log["seamcall"] and log["seamcall"]["status"]),
        "cause": log["causes"][:1],
        "reader": log_of(sample).name,
        "evidence": (log["evidence"], log["topology"]),
        "incident": [[one[key] for key in ("stage", "component", "causes", "errno", "sentence", "vms")] for one in log["incidents"]],
    }
    return aspect, values[aspect]


def test_each_sample_adds_what_it_says() -> None:
    assert len(SAMPLES) >= 25
    seen: dict[str, str] = {}
    for sample in SAMPLES:
        key = repr(aspect_of(sample))
        assert key not in seen, f"{sample.name} adds nothing to {seen[key]}"
        seen[key] = sample.name


@pytest.mark.parametrize(
    "options",
    [
        ["--compare", "--topology", "lscpu.json"],
        ["--compare", "--follow"],
        ["--follow", "--brief"],
        ["--brief", "--format", "json"],
        ["--unrecognised", "--format", "html"],
    ],
)
def test_an_option_that_would_go_unheeded_is_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", *options, "samples/logs/success-7.1/dmesg.log", "samples/logs/guest/dmesg.log"]) == 2
    assert capsys.readouterr().err.startswith("tdxwhy: --")


def test_what_was_not_read_is_said_beside_one_line_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(1)
    noise = "".join(f"[   10.{number:06}] usb 1-1: {chance.getrandbits(60)}\n" for number in range(20_000))
    whole = gzip.compress(b"[    9.000000] virt/tdx: module not loaded\n" + noise.encode())
    cut = tmp_path / "cut.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    assert main(["log", "--brief", str(cut)]) == 1
    shown = capsys.readouterr()
    assert "module-not-loaded" in shown.out and "not read: rest of a gz stream" in shown.err
    monkeypatch.setattr("tdxwhy.read.opening._FREE", 1 << 20)
    cut.write_bytes(gzip.compress(b"a\n" * 4_000_000, 9))
    assert main(["log", str(cut)]) == 3
    assert "not read: rest of an input that expands beyond measure" in capsys.readouterr().err
