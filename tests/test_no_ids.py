"""Rules and knowledge are data: no id of them stands in Python, so that a new row of any kind needs none."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "analyzer" / "tdxwhy"
NAMED = {"status": "name", "leaf": "name", "parameter": "name"}

# Ordinary words of the program that are ids of rows too: an outcome that is not known; a kernel's branch, a folder of Linux.
WORDS = {"unknown", "dev"}
# Words of rules/model/README.md: conditions and kinds of step that the model's files are written in.
MODEL_WORDS = {"package-offline", "cpu-not-initialized", "memory-list"}
# What still names rows, by module. This list may only shrink.
EXCEPTIONS = {
    "explain/causes.py": {"kvm-refused"},
    "explain/preview.py": {"TDH.SYS.CONFIG", "TDH.SYS.LP.INIT"},
    "extract/rows.py": {"TDH.SYS.INIT", "TDH.SYS.LP.INIT", "TDH.SYS.SHUTDOWN", "early-init"},
    "extract/steps.py": {
        "TDH.MNG.ADDCX",
        "TDH.PHYMEM.PAGE.RECLAIM",
        "TDH.SYS.CONFIG",
        "TDH.SYS.KEY.CONFIG",
        "TDH.SYS.RD",
        "TDH.SYS.TDMR.INIT",
    },
    "incident/numbers.py": {"TDH.MNG.INIT", "TDH.SYS.DISABLE", "TDH.VP.ENTER", "TDH.VP.RD", "TDH.VP.WR"},
    "replay/module.py": {"TDH.SYS.DISABLE", "TDH.SYS.RD"},
}
# The same of the messages of a TD's life, where a beginning of an id counts too. This list may only shrink.
MESSAGES = {
    "incident/facts.py": {"cgroup.tdx-less-than-0", "kvm.access-before-accept", "qemu.quote.socket-unset"},
    "incident/numbers.py": {"kvm.vp-enter-ret", "kvm.vp-rd", "kvm.vp-wr", "qemu.quote.error", "virt.sys-disable"},
}


def _ids() -> set[str]:
    found = set()
    for path in sorted((ROOT / "rules" / "knowledge").glob("*.toml")):
        for table, rows in tomllib.loads(path.read_text()).items():
            if isinstance(rows, list) and table != "term":  # terms are words of the language
                found |= {row[key] for row in rows for key in ("id", NAMED.get(table, "id")) if isinstance(row.get(key), str)}
    return found


def _messages() -> set[str]:
    """Return the ids of the messages of a TD's life: each has a point, which makes its beginnings hard to mistake."""
    files = sorted((ROOT / "rules" / "incident").glob("messages-*.toml"))
    return {row["id"] for path in files for row in tomllib.loads(path.read_text())["message"] if "." in row["id"]}


def _literals(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_no_module_names_a_row() -> None:
    ids = _ids() - WORDS - MODEL_WORDS
    assert len(ids) > 800
    named = {str(path.relative_to(PACKAGE)): _literals(path) & ids for path in sorted(PACKAGE.rglob("*.py"))}
    assert {module: sorted(found) for module, found in named.items() if found} == {
        module: sorted(found) for module, found in EXCEPTIONS.items()
    }, "a row is named in Python: give the table a column instead; or an exception has gone: take it from the list"


def test_no_module_names_a_message_or_the_beginning_of_its_id() -> None:
    ids = _messages()
    assert len(ids) > 200
    beginnings = {id[:end] for id in ids for end in range(id.index(".") + 1, len(id) + 1)}
    named = {str(path.relative_to(PACKAGE)): _literals(path) & beginnings for path in sorted(PACKAGE.rglob("*.py"))}
    assert {module: sorted(found) for module, found in named.items() if found} == {
        module: sorted(found) for module, found in MESSAGES.items()
    }, "a message is named in Python: give its row a column instead; or an exception has gone: take it from the list"
