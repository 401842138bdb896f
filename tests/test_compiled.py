"""The tables that start-up loads are never those of other sources, whatever lies in the cache and whoever writes to it."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Callable
from cProfile import Profile
from importlib import import_module
from pathlib import Path

import pytest

import tdxwhy
from tdxwhy import build, compiled
from tests.checkouts import command, copied, run
from tests.conftest import ROOT

PIECES = build.pieces()
STATUS = "0xc000050500000000"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of its own that has made no tables yet."""
    return copied(tmp_path)


def decoded(checkout: Path) -> str:
    return run(checkout, "decode", STATUS).stdout


def edit(checkout: Path) -> None:
    statuses = checkout / "rules/knowledge/statuses.toml"
    statuses.write_text(statuses.read_text(encoding="utf-8").replace("Leaf needs state", "Leaf wants state"), encoding="utf-8")


def test_an_edit_shows_at_once(checkout: Path) -> None:
    assert "TDX_SYS_NOT_READY" in decoded(checkout)
    kept = checkout / "build/tables/codes"
    before = kept.read_bytes()
    edit(checkout)
    assert "Leaf wants state" in decoded(checkout)
    assert kept.read_bytes() != before


def test_one_new_row_changes_no_other() -> None:
    rows = compiled.text(PIECES[0], "MATCHERS")
    forms = compiled.table(PIECES[0], "FORM")
    assert f'"{forms[-1][0]}"' in rows  # by its id, which no row before it moves


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: b"",
        lambda content: b"\xff\xfe\x00",
        lambda content: content.replace(b"tdxwhy-tables-", b"tdxwhy-tables-9", 1),
        lambda content: b"tdxwhy-tables-2 00000000.0 1\n\n",
        lambda content: content.replace(b"TDX_SYS_NOT_READY", b"TDX_OF_OTHER_DAYS").replace(b" ", b" f", 1),
    ],
)
def test_a_spoilt_cache_is_made_anew(checkout: Path, spoil: Callable[[bytes], bytes]) -> None:
    right = decoded(checkout)
    kept = checkout / "build/tables/codes"
    whole = kept.read_bytes()
    kept.write_bytes(spoil(whole))
    assert decoded(checkout) == right
    assert kept.read_bytes() == whole


def test_where_nothing_can_be_kept_the_answer_is_right(checkout: Path) -> None:
    (checkout / "build").write_text("no folder", encoding="utf-8")
    assert "TDX_SYS_NOT_READY" in decoded(checkout)
    edit(checkout)
    assert "Leaf wants state" in decoded(checkout)


def test_processes_that_fill_the_cache_at_once_agree(checkout: Path) -> None:
    asked = command(checkout, "tdxwhy", "decode", STATUS)
    running = [subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    told = [process.communicate() for process in running]
    assert len(set(told)) == 1 and "TDX_SYS_NOT_READY" in told[0][0] and told[0][1] == ""
    assert sorted(path.name for path in (checkout / "build/tables").iterdir()) == ["arguments", "codes"]


def test_a_mistake_in_a_table_is_one_line(checkout: Path) -> None:
    (checkout / "rules/knowledge/forms-mine.toml").write_text('[[form]]\nid = "x"\n', encoding="utf-8")
    ran = run(checkout, "forms")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "tdxwhy: forms-mine.toml: [[form]] x: Object missing required field `format`\n"


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
def test_a_piece_names_the_code_that_makes_it(piece: compiled.Piece) -> None:
    """What runs while a piece is made is among its sources, or cannot change what comes out."""
    package = Path(tdxwhy.__file__).parent
    for room in ("know", "replay", "check", "review", "cli"):
        for module in (package / room).glob("*.py"):
            import_module(f"tdxwhy.{room}.{module.stem}")
    for each in PIECES:  # what another one holds is not made anew on the way
        compiled.names(each)
    with Profile() as profile:
        piece.make()
    entered = {one.code.co_filename for one in profile.getstats() if not isinstance(one.code, str)}
    sources = {Path(one) for one in piece.sources() if isinstance(one, str)} | {package / "compiled.py"}
    neutral = {"errors.py", "files.py", "shipped.py", "lazy.py", "memo.py", "noun.py", "hints.py", "build.py", "report/terminal.py"}
    ours = {Path(name) for name in entered if name.startswith(str(package))}
    assert {str(path.relative_to(package)) for path in ours if path not in sources} <= neutral


def test_a_wheel_brings_every_piece(tmp_path: Path) -> None:
    build.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(piece.name for piece in PIECES)
    hooks = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]
    assert (ROOT / hooks["custom"]["path"]).is_file()
