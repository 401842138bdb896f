"""What each kernel's own code printed and returned, by samples/printed: simulate says the same, and replay finds none of it impossible."""

import json
from pathlib import Path

import pytest

from tdxwhy.know.tables import form
from tdxwhy.replay.data import generation
from tdxwhy.replay.engine import LogLine, replay_log
from tdxwhy.replay.scenario import parse
from tdxwhy.replay.simulate import simulate

FOLDER = Path(__file__).resolve().parents[2] / "samples" / "printed"
FILES = sorted(FOLDER.glob("*.jsonl"))


def rows(path):
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


def lines(row):
    own = {one.id: one for one in generation(row["scenario"]["generation"]).forms.values()}
    for id, *values in row["printed"]:
        yield own[id].level, own[id].render(dict(zip(own[id].args, values, strict=True)))


def test_every_generation_with_code_that_was_run_has_its_file():
    assert {path.stem for path in FILES} == {"6.16", "6.8", "7.2", "v8", "v8-as-posted"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_simulate_says_what_the_kernel_printed_and_returned(path):
    for row in rows(path):
        done = simulate(parse(row["scenario"]))
        assert [(one.level, one.text) for one in done.lines if not one.approximate] == list(lines(row)), row["scenario"]
        measured = zip(done.returns, row["returns"], strict=True)
        assert all(real is None or got == real for got, real in measured), (done.returns, row)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_replay_finds_no_kernels_lines_impossible(path):
    for row in rows(path):
        came_up = any(form(id).outcome == "success" for id, *_ in row["printed"])
        log = [LogLine(text, level, number) for number, (level, text) in enumerate(lines(row), 1)]
        verdict = replay_log(log, None, True)
        assert verdict.verdict != "diverges", (row["scenario"], verdict.diverged_at)
        assert not came_up or verdict.outcome == "initialized", row["scenario"]
