"""The reference model forwards, against rows of the oracle where they are there."""

import gzip
import json

import pytest

from tdxwhy.errors import TdxwhyError
from tdxwhy.replay.scenario import parse
from tdxwhy.replay.simulate import simulate


@pytest.mark.parametrize("name", ["v6.12", "v7.3", "v8", "v8-as-posted"])
def test_oracle(shared, name):
    text = gzip.decompress((shared / "oracle" / f"{name}.jsonl.gz").read_bytes()).decode()
    for line in text.splitlines():
        row = json.loads(line)
        done = simulate(parse(row["scenario"]))
        want = [(one["level"], one["text"]) for one in row["lines"] if not one.get("approximate")]
        assert [(one.level, one.text) for one in done.lines if not one.approximate] == want, row["id"]
        assert list(done.returns) == row["returns"], row["id"]
        assert done.state["cpus_initialized"] == row["truth"]["cpus_lp_init_done"], row["id"]


@pytest.mark.parametrize(
    ("scenario", "place"),
    [
        ({"generation": "6.8", "colour": 1}, "unknown key 'colour'"),
        ({"generation": "5.4"}, "no kernel generation '5.4'"),
        ({"generation": "6.8", "platform": {"packages": 1, "cpus_per_package": 2, "offline_at_boot": [2]}}, "no CPU 2"),
        ({"generation": "6.8", "platform": {"packages": 2, "cpu_to_package": [0, 2]}}, "no package 2"),
        ({"generation": "6.8", "faults": [{"leaf": "TDH.SYS.NOTHING", "status": 1}]}, "faults[0].leaf"),
        ({"generation": "6.8", "operations": ["reboot"]}, "operations[0]"),
        ({"generation": "6.8", "settings": {"key": 1}}, "settings"),
        ([], "not a table"),
        ({}, "generation is missing"),
    ],
)
def test_bad_scenarios_are_one_line_with_the_place(scenario, place):
    with pytest.raises(TdxwhyError) as caught:
        parse(scenario)
    assert place in caught.value.message
    assert "\n" not in caught.value.message
