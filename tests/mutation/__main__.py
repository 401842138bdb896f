"""Change one thing in the product, run the tests that call it, and say which changes no test noticed.

    python -m tests.mutation COUNT FOLDER [PART...]

COUNT mutants are drawn by a fixed seed out of the folders of the product that are named (explain, know, replay, source). Which tests call a
function is found by running them once; FOLDER keeps that (`calls.json`), and `survivors` afterwards.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FunctionType
from typing import Any

import tdxwhy
from tests.mutation.mutate import Mutant, mutant, sites

PRODUCT = Path(tdxwhy.__file__).parent
ROOT = Path(__file__).resolve().parents[2]
PARTS = ("explain", "know", "replay", "source")
TESTS = (
    "tests/explain",
    "tests/know",
    "tests/replay",
    "tests/source",
    "tests/incident",
    "tests/cli/test_log.py",
    "tests/cli/test_asked_again.py",
    "tests/cli/test_decode_command.py",
    "tests/cli/test_explain_command.py",
    "tests/cli/test_forms_command.py",
    "tests/cli/test_preview.py",
    "tests/cli/test_replay_commands.py",
    "tests/check/test_examples.py",
    "tests/extract/test_constructs.py",
)
# Of the tests that call a function the quickest, as many of the others, and the seconds that they have together.
_TESTS_OF_ONE, _SECONDS = 20, 90


class Calls:
    """A pytest plugin: which functions of the product each test calls, and how long it takes."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[float, list[str]]] = {}
        self._known: dict[Any, str] = {}

    def pytest_runtest_protocol(self, item: Any, nextitem: object) -> None:
        self._seen: set[str] = set()
        self._began = time.process_time()
        sys.setprofile(self._profile)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        sys.setprofile(None)
        self.found[nodeid] = (time.process_time() - self._began, sorted(self._seen))

    def _profile(self, frame: Any, event: str, argument: object) -> None:
        if event == "call":
            code = frame.f_code
            name = self._known.get(code)
            if name is None:
                path = Path(code.co_filename)
                inside = path.is_relative_to(PRODUCT) and path.relative_to(PRODUCT).parts[0] in PARTS
                name = self._known[code] = f"{path.relative_to(PRODUCT)}:{code.co_qualname}" if inside else ""
            if name:
                self._seen.add(name)


def record(out: Path) -> None:
    """Run the tests once, and write which functions each calls."""
    import pytest

    calls = Calls()
    pytest.main(["-q", "-p", "no:cacheprovider", *TESTS], plugins=[calls])
    out.write_text(json.dumps(calls.found))


def of_function(calls: dict[str, tuple[float, list[str]]]) -> dict[str, list[str]]:
    """Return the quickest tests that call each function, and of the others some of every kind: what is quick looks at little."""
    found: dict[str, list[str]] = {}
    for test, (_, names) in sorted(calls.items(), key=lambda item: item[1][0]):
        for name in names:
            found.setdefault(name, []).append(test)
    return {name: [*tests[:_TESTS_OF_ONE], *_spread(tests[_TESTS_OF_ONE:])] for name, tests in found.items()}


def _spread(tests: list[str]) -> list[str]:
    return tests[:: max(1, -(-len(tests) // _TESTS_OF_ONE))]


def noticed(path: Path, mutant: Mutant, tests: list[str]) -> bool:
    """Run tests over a mutant in a child of this process; a test that fails or does not end has noticed it."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        signal.alarm(_SECONDS)
        os._exit(_failed(path, mutant, tests))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def _failed(path: Path, mutant: Mutant, tests: list[str]) -> int:
    import pytest

    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            code = one.__code__
            if code.co_firstlineno == mutant.function and code.co_filename == str(path) and code.co_name == mutant.code.co_name:
                one.__code__ = mutant.code
    try:
        return int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *tests]))
    except BaseException:  # noqa: BLE001 - whatever it is, it was noticed
        return 1


def main() -> None:
    """Draw, run, and tell."""
    count, folder, parts = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or list(PARTS)
    folder.mkdir(parents=True, exist_ok=True)
    calls = folder / "calls.json"
    if os.environ.get("TDXWHY_MUTATION") == "record":
        record(calls)
        return
    if not calls.exists():
        subprocess.run(
            [sys.executable, "-m", "tests.mutation", "0", str(folder)], env={**os.environ, "TDXWHY_MUTATION": "record"}, check=True
        )
    tests = of_function(json.loads(calls.read_text()))
    drawn = [(path, site) for part in parts for path in sorted((PRODUCT / part).rglob("*.py")) for site in sites(path.read_text())]
    random.Random(22).shuffle(drawn)
    _preload(parts)
    killed, survivors, began = 0, [], time.monotonic()
    for number, (path, site) in enumerate(drawn[:count], 1):
        one = mutant(path.read_text(), site, str(path))
        if one is None:
            continue
        name = f"{path.relative_to(PRODUCT)}:{one.code.co_qualname}"
        if noticed(path, one, tests[name]) if name in tests else False:
            killed += 1
        else:
            survivors.append(f"{path.relative_to(PRODUCT)}:{one.line} {one.what}{'' if name in tests else '  (no test calls it)'}")
            print(survivors[-1], flush=True)  # noqa: T201
        if number % 20 == 0:
            print(f"{killed} of {number} noticed, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    (folder / "survivors").write_text("".join(f"{one}\n" for one in survivors))
    print(f"{killed} of {min(count, len(drawn))} noticed ({len(drawn)} there are)")  # noqa: T201


def _preload(parts: list[str]) -> None:
    """Import what is mutated, and pytest: each child begins with it."""
    from importlib import import_module

    import pytest  # noqa: F401

    for part in parts:
        for path in sorted((PRODUCT / part).rglob("*.py")):
            import_module("tdxwhy." + ".".join(path.relative_to(PRODUCT).with_suffix("").parts).removesuffix(".__init__"))


if __name__ == "__main__":
    main()
