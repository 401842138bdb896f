"""Our own scenarios, on every kernel that is modelled; and the schema that describes them."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from tdxwhy.errors import TdxwhyError
from tdxwhy.replay.data import generations
from tdxwhy.replay.forecast import sentence_of
from tdxwhy.replay.scenario import parse
from tdxwhy.replay.simulate import simulate

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "samples" / "scenarios"
SCENARIOS = sorted(FOLDER.glob("*.toml"))
KERNELS = [name for name, one in generations().items() if not one.by_role and not one.variant]


def outcome(data):
    yield f"== {data['generation']}"
    try:
        done = simulate(parse(data))
    except TdxwhyError as error:
        yield str(error)
        return
    yield sentence_of(data)
    yield from (f"<{one.level}>{one.text}" for one in done.lines)
    yield f"returns {' '.join(map(str, done.returns))}"


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_on_every_kernel(path, golden):
    data = tomllib.loads(path.read_text())
    kernels = dict.fromkeys([*KERNELS, data["generation"]])
    text = "".join(f"{line}\n" for name in kernels for line in outcome({**data, "generation": name}))
    golden(FOLDER / "expected" / f"{path.stem}.txt", text)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_schema(path):
    schema = json.loads((ROOT / "reports" / "schema" / "scenario.schema.json").read_text())
    jsonschema.validate(tomllib.loads(path.read_text()), schema)


@pytest.mark.parametrize("name", KERNELS)
def test_package_12_of_16(name):
    said = {
        kind: sentence_of({**tomllib.loads((FOLDER / f"package-12-of-16-{kind}-module.toml").read_text()), "generation": name})
        for kind in ("public", "large", "lenient")
    }
    if name == "v8-as-posted":  # somebody else made TDH.SYS.INIT and LP.INIT, on every CPU
        assert all("package 12 has no online CPU: initialisation will fail at TDH.SYS.TDMR.INIT" in text for text in said.values())
        return
    assert said["public"].startswith("package 8 comes first")
    assert "package 12 has no online CPU: initialisation will fail at TDH.SYS.CONFIG" in said["large"]
    assert "package 12 has no online CPU: initialisation will fail at TDH.SYS.TDMR.INIT" in said["lenient"]


def test_schema_knows_every_key():
    from tdxwhy.replay import scenario

    schema = json.loads((ROOT / "reports" / "schema" / "scenario.schema.json").read_text())
    assert set(schema["properties"]) == scenario._TOP
    assert set(schema["properties"]["settings"]["properties"]) == scenario._SETTINGS
    assert set(schema["properties"]["platform"]["properties"]) == scenario._PLATFORM
    assert set(schema["properties"]["module"]["properties"]) == set(scenario.Module._fields)
    assert set(schema["properties"]["faults"]["items"]["properties"]) == scenario._FAULT
