"""What stands for `typing` at run time means what it means there."""

from __future__ import annotations

import subprocess
import sys
import typing

import pytest

from tdxwhy import hints, records
from tests.conftest import ROOT

Answer = hints.Literal["yes", "no"]
One = hints.Literal["only"]


def test_the_words_of_a_literal_are_told_in_their_order() -> None:
    assert hints.words_of(Answer) == ("yes", "no")
    assert hints.words_of(One) == ("only",)


def test_a_module_is_read_with_what_its_names_mean() -> None:
    def asked(any: Any, word: Answer, either: One | Answer, more: tuple[Any, ...]) -> None:  # type: ignore[valid-type] # noqa: F821
        pass

    told = typing.get_type_hints(asked, hints.meaning({"Any": hints.Any, "Answer": Answer, "One": One, "tuple": tuple}))
    assert told == {
        "any": typing.Any,
        "word": typing.Literal["yes", "no"],
        "either": typing.Literal["only"] | typing.Literal["yes", "no"],
        "more": tuple[typing.Any, ...],
        "return": type(None),
    }


def test_a_nouns_fields_mean_what_they_say() -> None:
    told = typing.get_type_hints(records.Cpu, hints.meaning(vars(records)))
    assert told["presence"] == typing.Literal["online", "offline", "never-seen", "unknown"]


WAITED_FOR = [
    ("log", "samples/logs/package-without-cpu-of-16/dmesg.log"),
    ("decode", "0xc000050c00000000"),
    ("replay", "samples/logs/package-without-cpu-of-16/dmesg.log"),
]
_LOADED = "import sys; from tdxwhy.cli import main; main(sys.argv[1:]); sys.stderr.write(' '.join(sys.modules))"


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="noun wants typing there")
@pytest.mark.parametrize("command", WAITED_FOR, ids=lambda command: str(command[0]))
def test_what_people_wait_for_loads_no_typing(command: tuple[str, str]) -> None:
    loaded: list[str] = []
    for _ in ("the first run makes the tables", "as an installed package brings them"):
        ran = subprocess.run([sys.executable, "-I", "-c", _LOADED, *command], capture_output=True, text=True, check=False, cwd=ROOT)
        loaded = ran.stderr.split()
    assert "tdxwhy.cli" in loaded
    assert "typing" not in loaded
    if command[0] in ("log", "decode"):
        assert "pathlib" not in loaded
