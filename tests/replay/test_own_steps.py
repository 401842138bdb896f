"""What a generation may say that the shipped ones need not: code that nobody has read, conditions as written, answers of a step's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tdxwhy.errors import RulesError
from tdxwhy.replay.automaton import Automaton
from tdxwhy.replay.belief import DEAD, Beliefs, Graph
from tdxwhy.replay.conditions import CONDITIONS
from tdxwhy.replay.data import load
from tdxwhy.replay.generation import Generation
from tdxwhy.replay.kernel import Kernel
from tdxwhy.replay.platform import Platform
from tdxwhy.replay.scenario import parse
from tdxwhy.replay.states import UNSEEN, Symbol
from tdxwhy.replay.steps import DOES

TEXT = """
name = "own"
[answers]
status = { errno = -5, print = ["said"] }
ud = { errno = -13 }
gp = { errno = -95 }
vmfailinvalid = { errno = -19 }
[form]
said = { level = 3, format = "virt/tdx: SEAMCALL (0x%016llx) failed: 0x%016llx", args = ["leaf", "status"] }
odd = { level = 3, format = "virt/tdx: XSAVE is required for TDX" }
done = { level = 6, format = "virt/tdx: module initialized" }
[[operation]]
name = "enable"
asked = "enable"
attempt = true
returns_for = [[-19, 0]]
step = [
    { name = "early-init", does = "check", when = "as-written", at = "tdx.c:1: moon_is_full()", print = ["odd"], stop = -22 },
    { name = "TDH.SYS.INIT", does = "seamcall", answers = [
        { kind = "status", status = 0xc000090000000000, mask = 0xffffffff00000000, errno = -22 },
    ] },
    UNSEEN
    { name = "early-init", does = "print", print = ["done"] },
]
"""
UNREAD = '{ name = "early-init", does = "unseen", at = "tdx.c:9: call through ops->go" },'


def made(folder: Path, unseen: str = "") -> Generation:
    path = folder / "own.toml"
    path.write_text(TEXT.replace("UNSEEN", unseen), encoding="utf-8")
    return load(path)


def run(generation: Generation, **given: object) -> tuple[Kernel, int]:
    kernel = Kernel(generation, Platform(parse({"generation": "7.1", "operations": ["enable"]} | given)), DOES, CONDITIONS)
    return kernel, kernel.ask("enable")


def test_forwards_a_condition_as_written_never_holds(tmp_path: Path):
    kernel, returned = run(made(tmp_path))
    assert (returned, [line.text for line in kernel.lines]) == (0, ["virt/tdx: module initialized"])


@pytest.mark.parametrize(("status", "errno", "lines"), [("0xc000090000000007", -22, 0), ("0xc000010000000001", -5, 1), ("UD", -13, 0)])
def test_a_step_has_answers_of_its_own_and_the_generation_the_others(tmp_path: Path, status: str, errno: int, lines: int):
    kernel, returned = run(made(tmp_path), faults=[{"leaf": "TDH.SYS.INIT", "status": status}])
    assert (returned, len(kernel.lines)) == (errno, lines)


def test_one_errno_is_returned_for_another(tmp_path: Path):
    assert run(made(tmp_path), module={"state": "absent"})[1] == 0


def test_forwards_lines_after_unseen_code_are_approximate(tmp_path: Path):
    assert [line.approximate for line in run(made(tmp_path, UNREAD))[0].lines] == [True]


def beliefs(generation: Generation, forms: list[str]) -> list[bool] | None:
    """Return for each way to end whether it came through unseen code; None where nothing prints these lines."""
    known = Beliefs(Graph(Automaton(generation)), lossy=False)
    belief = known.start
    for form in forms:
        belief = known.step(belief, Symbol(form))[0]
        if belief == DEAD:
            return None
    return [UNSEEN in ending.flags for ending in known.endings(belief)]


def test_backwards_a_condition_as_written_may_hold_and_foreign_lines_do_not_fit(tmp_path: Path):
    whole = made(tmp_path)
    assert not any(beliefs(whole, ["odd"]) or [True])
    assert beliefs(whole, ["foreign", "done"]) is None


def test_backwards_unseen_code_prints_anything_and_is_remembered(tmp_path: Path):
    torn = made(tmp_path, UNREAD)
    assert all(beliefs(torn, ["foreign", "done"]) or [False])
    assert True in (beliefs(torn, ["done"]) or [])


@pytest.mark.parametrize("wrong", ["returns_for = [[-19]]", 'returns_for = [["a", 0]]'])
def test_pairs_are_checked(tmp_path: Path, wrong: str):
    path = tmp_path / "wrong.toml"
    path.write_text(TEXT.replace("UNSEEN", "").replace("returns_for = [[-19, 0]]", wrong), encoding="utf-8")
    with pytest.raises(RulesError, match="pairs of numbers"):
        load(path)
