"""The Python interface: the same answers as the commands', as values, and the same words where something cannot be done."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from pathlib import Path

import pytest

import tdxwhy
from tdxwhy import api
from tdxwhy.cli import main
from tests.conftest import ROOT

LOG = ROOT / "samples" / "logs" / "package-without-cpu-of-2" / "dmesg.log"


def test_examples_hold():
    assert doctest.testmod(api).failed == 0


def test_nothing_is_imported_before_it_is_asked_for():
    code = "import tdxwhy, sys; assert not [name for name in sys.modules if name.startswith('tdxwhy.') and name != 'tdxwhy.version']"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT / "analyzer")


def test_every_name_is_there():
    assert all(getattr(tdxwhy, name) is getattr(api, name) for name in tdxwhy.__all__)
    assert set(tdxwhy.__all__) <= set(api.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tdxwhy.nothing


@pytest.mark.parametrize("log", [LOG, str(LOG), LOG.read_bytes()], ids=["path", "text", "bytes"])
def test_a_log_is_diagnosed_as_the_command_does(log, capsys):
    found = tdxwhy.diagnose(log).judged.diagnosis
    main(["log", "--format", "json", str(LOG)])
    said = json.loads(capsys.readouterr().out)["logs"][0]
    assert (found.outcome, list(found.steps), list(found.packages), found.sentence) == (
        said["outcome"],
        said["steps"],
        said["packages"],
        said["sentence"],
    )


def test_threads_and_patches_and_logs_are_judged():
    thread = ROOT / "samples" / "threads" / "who-guarantees" / "thread.mbox"
    assert api.review([thread]).questions
    assert {one.rule for one in tdxwhy.gate([ROOT / "samples" / "patches" / "callback.patch"]).findings} == {"TDX201", "TDX206"}
    assert [one.outcome for one in api.replay(LOG)] == ["failed"]


def test_one_path_is_as_good_as_a_list_of_one():
    patch, thread = ROOT / "samples" / "patches" / "callback.patch", ROOT / "samples" / "threads" / "who-guarantees" / "thread.mbox"
    assert tdxwhy.gate(str(patch)).findings == tdxwhy.gate([patch]).findings
    assert api.review(str(thread)).remarks == api.review([thread]).remarks
    assert tdxwhy.simulate(str(ROOT / "samples" / "scenarios" / "hibernation.toml")).lines


def test_a_store_answers_in_arrow(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    assert main(["ingest", str(LOG), "--store", str(tmp_path / "store"), "--quiet"]) in (0, 1)
    with tdxwhy.Store(tmp_path / "store") as store:
        rows = pyarrow.table(store.ask("SELECT outcome, packages FROM boots")).to_pylist()
        assert rows == [{"outcome": "failed", "packages": [1]}]
        with pytest.raises(tdxwhy.TdxwhyError, match="one SELECT"):
            store.ask("DROP TABLE boots")


@pytest.mark.parametrize(
    "call",
    [
        lambda folder: tdxwhy.diagnose(folder / "none"),
        lambda folder: tdxwhy.diagnose(b"\0\1\2" * 99),
        lambda folder: tdxwhy.diagnose(b""),
        lambda folder: tdxwhy.decode("no such thing"),
        lambda folder: tdxwhy.simulate({"generation": "9.9"}),
        lambda folder: tdxwhy.simulate(folder / "none.toml"),
        lambda folder: api.review([folder / "none"]),
        lambda folder: api.replay(folder / "none"),
        lambda folder: tdxwhy.Store(folder / "none"),
    ],
)
def test_what_cannot_be_done_is_an_error_of_ours(call, tmp_path: Path):
    with pytest.raises(tdxwhy.TdxwhyError) as error:
        call(tmp_path)
    assert "\n" not in error.value.message
