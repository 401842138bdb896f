"""What is made to hurt is read as far as it can be, in one line of complaint, bounded time and memory, and no escape gets out."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from hostile import HOSTILE, LOG
from render import FORMS_FOR_MUTATION, LINES

from tdxwhy.cli import main
from tdxwhy.errors import TdxwhyError
from tdxwhy.know.stored import anchors
from tdxwhy.read.log import LogReader

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "hostile"


def test_samples_are_what_the_writer_writes(request: pytest.FixtureRequest, golden) -> None:
    if request.config.getoption("--update-golden"):
        SAMPLES.mkdir(parents=True, exist_ok=True)
        for name, (data, _, _) in HOSTILE.items():
            (SAMPLES / name).write_bytes(data)
    table = "".join(f"| `{name}` | {what} | {status} |\n" for name, (_, status, what) in HOSTILE.items())
    golden(
        SAMPLES / "README.md",
        "# Inputs made to hurt\n\nEach is read as far as it can be; `tdxwhy log` ends with the exit status in the last column.\n"
        "[found](found) holds what fuzzing found, each by the reader that did not hold (`make fuzz`).\n\n"
        f"| file | what | exit |\n|---|---|---|\n{table}",
    )
    assert {path.name for path in SAMPLES.iterdir()} == {*HOSTILE, "README.md", "found"}


@pytest.mark.parametrize("name", HOSTILE)
def test_log_survives(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["log", str(SAMPLES / name)])
    said = capsys.readouterr()
    assert status == HOSTILE[name][1], said
    assert "Traceback" not in said.err
    assert len(said.err.splitlines()) <= 2
    assert all(c.isprintable() or c == "\n" for c in said.out + said.err)


@pytest.mark.parametrize("name", [name for name, (_, status, _) in HOSTILE.items() if status == 1])
def test_the_log_in_it_is_found(name: str) -> None:
    records = [record for boot in LogReader(SAMPLES / name, name, anchors()) for record in boot.records]
    assert any(record.text.startswith("virt/tdx: SEAMCALL (0x0000000000000022) failed") or "tdx" in record.text for record in records)


@pytest.mark.parametrize("form", FORMS_FOR_MUTATION)
def test_mutated_inputs_never_break_the_reader(form: str) -> None:
    chance = random.Random(form)
    data = FORMS_FOR_MUTATION[form](LINES)
    for _ in range(60):
        mutated = bytearray(data)
        for _ in range(chance.randint(1, 30)):
            place = chance.randrange(len(mutated))
            kind = chance.randrange(4)
            if kind == 0:
                mutated[place] = chance.randrange(256)
            elif kind == 1:
                del mutated[place : place + chance.randint(1, 40)]
            elif kind == 2:
                mutated[place:place] = mutated[place : place + chance.randint(1, 40)] * chance.randint(1, 3)
            else:
                mutated[place:place] = chance.choice([b"[", b"\x1b[", b"\0", b"\n", b"{", b'"', b"\xff", b"> ", b"\r", b"[    1.000000] "])
            if not mutated:
                break
        try:
            for boot in LogReader(io.BytesIO(bytes(mutated)), "log", anchors(), chance.choice([0, 1 << 20])):
                assert all(c.isprintable() or c == " " for record in boot.records for c in record.text)
        except TdxwhyError as error:
            assert "\n" not in error.message


def test_every_cut_of_a_log_is_read() -> None:
    for end in range(1, len(LOG)):
        for boot in LogReader(io.BytesIO(LOG[:end].encode()), "log"):
            assert boot.tail_cut == (not LOG[:end].endswith("\n"))
