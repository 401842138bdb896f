"""What `tdxwhy collect` brings for `tdxwhy ready`: of each file only what a reading looks for, answers of commands, registers."""

from __future__ import annotations

import re

from tdxwhy.read.host.msr import MSRS
from tdxwhy.read.host.tree import HostTree, kept
from tdxwhy.ready import tables
from tdxwhy.ready.facts import LOG, UNREAD, HostFacts, answer_of, gather, names_of, paths_of, register_of
from tdxwhy.ready.rows import ReadingRow


def brought(tree: HostTree) -> dict[str, str]:
    """Return the files of a bundle by their names there; `ready --root` judges it as it judges this machine."""
    facts = gather(tree)
    files: dict[str, str] = {}
    registers = []
    for reading in tables.readings():
        if reading.msr is not None:
            value = register_of(tree, reading.msr)
            registers += [] if value is None else [f"{reading.msr:#x} {value}"]
        elif reading.names:
            if reading.fact in facts.looked:
                files[kept(reading.fact)] = "".join(f"{path}\n" for path in names_of(tree, reading, facts))
        else:
            _of_texts(tree, reading, facts, files)
    if registers:
        files[MSRS] = "\n".join(registers) + "\n"
    files[UNREAD] = "".join(f"{name}\n" for name in sorted({one.fact for one in tables.readings()} - facts.looked))
    return files


def _of_texts(tree: HostTree, reading: ReadingRow, facts: HostFacts, files: dict[str, str]) -> None:
    for path in paths_of(tree, reading, facts) if LOG not in reading.files or len(reading.files) > 1 else ():
        text = tree.read(path)
        if text is not None:
            _add(files, path, _excerpt(reading, text))
    told = answer_of(tree, reading) if reading.command else None
    if told is not None:
        _add(files, kept(reading.fact), _excerpt(reading, told))


def _add(files: dict[str, str], path: str, excerpt: str) -> None:
    known = files.get(path, "")
    files[path] = known if excerpt in known else known + excerpt


def _excerpt(reading: ReadingRow, text: str) -> str:
    """Return the passages that a reading looks for."""
    if not reading.pattern:
        return text.strip().split("\n", 1)[0] + "\n"
    return "".join(f"{found[0].strip()}\n" for found in re.finditer(reading.pattern, text))
