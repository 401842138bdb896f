"""The module as a state machine: order of checks, what refusals leave behind, where versions differ."""

import json

import pytest

from tdxwhy.replay.memory import Area, Tdmr
from tdxwhy.replay.module import ModuleCall, TdxModule
from tdxwhy.replay.scenario import parse

TDMR = Tdmr(1 << 30, 1 << 30, tuple(Area((1 << 32) + 4096 * n, (1 << 32) + 4096 * (n + 1)) for n in range(3)))
LEAVES = {
    "config": "TDH.SYS.CONFIG",
    "key": "TDH.SYS.KEY.CONFIG",
    "init": "TDH.SYS.INIT",
    "lp": "TDH.SYS.LP.INIT",
    "tdmr": "TDH.SYS.TDMR.INIT",
}


def module(packages=(0, 0, 1, 1), settings=None, **rules):
    where = {"packages": max(packages) + 1, "cpu_to_package": list(packages), "cmr": [[0, 1 << 40]]}
    return TdxModule(parse({"generation": "6.8", "platform": where, "module": rules, "settings": settings or {}}))


def call(made, word, cpu=0, rcx=0, *conditions):
    leaf = LEAVES.get(word, word)
    tdmrs = (TDMR,) if leaf == "TDH.SYS.CONFIG" else ()
    return made.answer(
        ModuleCall(leaf, cpu, made.scenario.packages[cpu], {"rcx": rcx, "rdx": 0x9100000100000008}, tdmrs, frozenset(conditions))
    )


def ready(made):
    for word, cpus in (("init", [0]), ("lp", range(4)), ("config", [0]), ("key", [0, 2])):
        for cpu in cpus:
            assert call(made, word, cpu) == 0
    return made


def test_the_way_to_ready():
    made = ready(module())
    assert made.state == "SYS_READY"
    assert [call(made, "tdmr", 0, TDMR.base) for _ in range(257)] == [0] * 256 + [0x00000A0300000000]


def test_a_missing_cpu_shows_at_config_and_may_be_made_good():
    made = module()
    call(made, "init")
    for cpu in range(3):
        call(made, "lp", cpu)
    assert call(made, "config") == 0xC000050C00000000
    assert call(made, "lp", 3) == 0
    assert call(made, "config") == 0
    assert call(made, "lp", 3) == 0xC000050B00000000


def test_a_package_without_a_key_shows_at_the_first_leaf_that_needs_a_ready_module():
    made = module()
    for word, cpus in (("init", [0]), ("lp", range(4)), ("config", [0]), ("key", [0])):
        for cpu in cpus:
            call(made, word, cpu)
    assert call(made, "key", 1) == 0x0000081500000000
    assert call(made, "tdmr") == 0xC000050500000000


@pytest.mark.parametrize(
    ("word", "condition", "status"),
    [
        ("init", "lock", 0x8000020200000000),
        ("init", "entropy", 0x8000020300000000),
        ("lp", "lock", 0x8000020200000000),
        ("config", "lock", 0x8000020200000000),
        ("key", "lock", 0x8000020200000000),
        ("key", "busy", 0x80000200000000BB),
        ("key", "entropy", 0x8000080000000000),
    ],
)
def test_a_refusal_leaves_the_state_and_the_call_may_be_repeated(word, condition, status):
    made = module()
    for before, cpus in (("init", [0]), ("lp", range(4)), ("config", [0])):
        if word == before:
            break
        for cpu in cpus:
            call(made, before, cpu)
    state = made.state
    assert call(made, word, 0, 0, condition) == status
    assert made.state == state
    assert call(made, word) == 0


def test_versions():
    old, new = module(version="1.0"), module(version="2.0")
    assert call(old, "init", 0, 0, "entropy") == 0x8000020200000000
    assert call(old, "init", 0, 0, "tsx") == 0xC000092100000122
    assert call(new, "init", 0, 0, "tsx") == 0
    assert call(new, "lp", 0, 0, "entropy") == 0
    assert call(old, "init") == 0
    assert call(old, "lp") == 0
    assert call(old, "TDH.SYS.RD") == 0xC000050500000000
    assert call(old, "TDH.SYS.LP.SHUTDOWN") == 0
    assert old.state == "SYS_SHUTDOWN"
    assert call(old, "init") == 0xC000050600000000
    assert call(new, "TDH.SYS.LP.SHUTDOWN") == 0
    assert new.state == "SYSINIT_DONE"


def test_every_vector_of_the_sources(shared):
    """What was read out of the module's sources: every step whose conditions the model can set."""
    known = {"entropy": "entropy", "busy": "busy"}
    compared = 0
    for vector in json.loads((shared / "knowledge" / "sys_state.json").read_text())["scenarios"]:
        packages = [vector["packages"][str(cpu)] for cpu in range(len(vector["packages"]))]
        counts = {"bios_lps": vector["mcheck_lps"]} if "mcheck_lps" in vector else {}
        made = module(packages, counts, version=vector["module"])
        for step in vector["steps"]:
            condition = step.get("condition", {})
            fault = condition.get("fault")
            if fault is not None and fault not in known:
                break
            wanted = [known[fault]] if fault else ["lock"] if condition.get("lock") else []
            for _ in range(step.get("repeat", 1)):
                got = call(made, step["name"], step["lp"], int(step["rcx"], 16), *wanted)
            assert (hex(got), made.state) == (hex(int(step["status"], 16)), step["state_after"]), vector["id"]
            compared += 1
    assert compared > 150
