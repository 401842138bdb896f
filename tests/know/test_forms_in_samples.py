"""Every line of the samples that has to do with TDX is known, but for the situations that are about unknown ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tdxwhy.know.recognise import recognise
from tdxwhy.know.stems import looks_like_tdx
from tdxwhy.read.log import read_boots

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "logs"
LOGS = sorted(path for path in SAMPLES.glob("*/*") if path.suffix in (".log", ".md"))
UNKNOWN_ON_PURPOSE = {"vendor-wording", "cut-inside-init", "torn-lines"}


@pytest.mark.parametrize("path", LOGS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_tdx_line_of_a_sample_matches_a_form(path):
    if path.parent.name in UNKNOWN_ON_PURPOSE:
        return
    for boot in read_boots(path, path.name):
        for record in boot.records:
            event = recognise(record)
            assert event is None or event.certainty == "exact" or record.cut, record.text
            if path.suffix == ".log":  # an issue has prose, too
                assert event is not None or not looks_like_tdx(record.text), record.text


def test_there_are_samples():
    assert len(LOGS) >= 25
