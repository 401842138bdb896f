"""The reference: pages made of the data under rules/, of the parsers and of the schemas, when the documentation is built.

A hook of mkdocs: `on_files` adds the pages that `pages` makes. Each row has an anchor of its own, its id in lower case.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "rules"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages; mkdocs calls this once it has listed the written ones."""
    from mkdocs.structure.files import File

    for name, text in pages().items():
        written = files.get_file_from_path(name)
        if written is not None:
            files.remove(written)
        files.append(File.generated(config, name, content=text))
    for name, picture in pictures().items():
        files.append(File.generated(config, name, content=picture))
    return files


@cache
def pictures() -> dict[str, str]:
    """Return the picture of every modelled kernel by its name below docs/; none without Graphviz."""
    sys.path.insert(0, str(ROOT / "analyzer"))
    from tdxwhy.errors import TdxwhyError
    from tdxwhy.replay.data import generations as modelled
    from tdxwhy.report.model_picture import svg

    try:
        return {f"reference/pictures/{name}.svg": svg(one) for name, one in modelled().items()}
    except TdxwhyError as error:
        sys.stderr.write(f"the pages have no pictures: {error.message}\n")
        return {}


def pages() -> dict[str, str]:
    """Return every generated page by its name below docs/."""
    makers: dict[str, Callable[[], str]] = {
        "commands": commands,
        "causes": causes,
        "incidents": incidents,
        "steps-and-leaves": steps_and_leaves,
        "statuses": statuses,
        "parameters": parameters,
        "generations": generations,
        "rules": rules,
        "schemas": schemas,
        "store": store,
    }
    return {f"reference/{name}.md": make() for name, make in makers.items()}


def rows(folder: str, stem: str, table: str) -> list[dict[str, Any]]:
    """Return the rows of one table of the files whose names begin with `stem`."""
    files = sorted((RULES / folder).glob(f"{stem}*.toml"))
    return [row for file in files for row in tomllib.loads(file.read_text(encoding="utf-8")).get(table, ())]


def text(value: object) -> str:
    """Return a value as prose of one line in which nothing is markup."""
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return re.sub(r"([|\\`*_\[\]<>{}#])", r"\\\1", " ".join(shown.split()))


def code(value: object) -> str:
    """Return a value as code of one line."""
    return f"<code>{html.escape(' '.join(str(value).split())).replace('|', '&#124;')}</code>"


def heading(title: str, anchor: str) -> str:
    """Return a heading with an anchor of its own."""
    return f"## {text(title)} {{ #{re.sub(r'[^a-z0-9.-]+', '-', anchor.lower()).strip('-')} }}"


def table(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """Return a table."""
    names = list(head)
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names), *(f"| {' | '.join(row)} |" for row in body)]
    return "\n".join(lines)


def advice(row: dict[str, Any]) -> Iterator[str]:
    """Yield what is to be done, each with its command where there is one."""
    told = [{"text": row["advice"], "command": row.get("command")}] if "advice" in row else row.get("action", ())
    for one in told:
        command = f": {code(one['command'])}" if one.get("command") else ""
        yield f"- {text(one['text'])}{command}"


def entry(row: dict[str, Any], name: str = "id") -> list[str]:
    """Return a row with an anchor of its own: what it is, what to do, where that is from."""
    title = f"**{text(row['title'][:1].upper() + row['title'][1:])}.** " if row.get("title") else ""
    parts = [heading(row[name], row[name]), "", title + text(row.get("meaning", "")), "", *advice(row), ""]
    settles = [text(one["text"]) for one in row.get("settle", ())]
    parts += [f"What settles it: {'; '.join(settles)}.", ""] if settles else []
    return [*parts, f"Source: {text(row['source'])}", ""]


def commands() -> str:
    """Every command with its arguments and options, from its own parser."""
    sys.path.insert(0, str(ROOT / "analyzer"))
    from tdxwhy.cli import COMMANDS

    parts = ["# Commands", "", "Every command with its arguments and options; `tdxwhy COMMAND --help` prints the same."]
    for name, what in COMMANDS.items():
        parser = import_module(f"tdxwhy.cli.{name}").parser()
        parts += ["", heading(f"tdxwhy {name}", name), "", text(what) + ".", "", *options(parser)]
        for group in parser._subparsers._group_actions if parser._subparsers else ():
            for below, inner in (group.choices or {}).items():
                parts += ["", f"### tdxwhy {name} {below} {{ #{name}-{below} }}", "", *options(inner)]
    return "\n".join(parts) + "\n"


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield a parser's description and a table of what it takes."""
    if parser.description:
        yield text(parser.description)
        yield ""
    body = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction | argparse._HelpAction):
            continue
        names = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        value = f" {action.metavar or action.dest.upper()}" if action.option_strings and action.nargs != 0 and not action.choices else ""
        choices = f" one of {', '.join(map(str, action.choices))}" if action.choices else ""
        default = f" (default: {action.default})" if action.choices and action.default not in (None, argparse.SUPPRESS) else ""
        body.append((code(names + value), text(f"{action.help or ''}{choices}{default}")))
    if body:
        yield table(("argument", "meaning"), body)


def causes() -> str:
    """Causes of a host's failed initialisation."""
    return "\n".join(
        ["# Causes of a failed initialisation", "", *(part for row in rows("knowledge", "causes", "cause") for part in entry(row))]
    )


def incidents() -> str:
    """What goes wrong after or beside initialisation: stages, causes, messages."""
    from tdxwhy.incident import tables

    stages = ((code(row["id"]), text(row["failed"])) for row in rows("incident", "stages", "stage"))
    parts = ["# Incidents", "", "What goes wrong after or beside initialisation, from every program of the stack.", ""]
    parts += [heading("Stages", "stages"), "", table(("stage", "what failed"), stages), ""]
    parts += [part for row in rows("incident", "causes", "cause") for part in entry(row)]
    messages = sorted(tables.messages(), key=lambda row: row.id)
    body = ((code(row.format), text(row.component), text(row.stage), text(row.meaning)) for row in messages)
    parts += [heading("Messages", "messages"), "", table(("message", "component", "stage", "meaning"), body), ""]
    return "\n".join(parts)


def steps_and_leaves() -> str:
    """Steps of initialisation and leaves of SEAMCALL."""
    parts = ["# Steps and leaves", "", "Steps of initialisation, in their order, then the leaves of SEAMCALL.", ""]
    for row in rows("knowledge", "generations", "step"):
        parts += [
            heading(row["id"], row["id"]),
            "",
            f"{text(row['meaning'])} If it fails: {text(row['failure'])}.",
            "",
            f"Source: {text(row['source'])}",
            "",
        ]
    leaves = rows("knowledge", "leaves", "leaf")
    body = ((str(row["number"]), text(row["name"]), text(row["scope"]), text(row["meaning"])) for row in leaves)
    parts += [heading("Leaves", "leaves"), "", table(("number", "name", "scope", "meaning"), body), ""]
    return "\n".join(parts)


def statuses() -> str:
    """Completion statuses."""
    found = rows("knowledge", "statuses", "status")
    body = ((code(row["code"]), text(row["name"]), text(row["meaning"]), text(row.get("action", ""))) for row in found)
    head = "What SEAMCALL returns; the low 32 bits carry a detail, which `tdxwhy decode` reads."
    return "\n".join(["# Statuses", "", head, "", table(("code", "name", "meaning", "action"), body), ""])


def parameters() -> str:
    """Parameters of the kernel and of its modules."""
    return "\n".join(["# Parameters", "", *(part for row in rows("knowledge", "parameters", "parameter") for part in entry(row, "name"))])


def generations() -> str:
    """Generations of the host's TDX code."""
    parts = ["# Generations", "", "Kernels are recognised by what they print; a release only names the generation to simulate.", ""]
    for row in rows("knowledge", "generations", "generation"):
        parts += [*entry(row)[:-2], f"Kernels: {text(row.get('kernels', ''))}", "", f"Source: {text(row['source'])}", ""]
    drawn = sorted(pictures())
    parts += [heading("Pictures", "pictures"), "", "What each modelled kernel does, and how each step of it fails.", ""] if drawn else []
    for name in drawn:
        kernel = Path(name).name.removesuffix(".svg")
        parts += [f"### {text(kernel)} {{ #picture-{kernel} }}", "", f"![steps of {kernel}](pictures/{Path(name).name})", ""]
    return "\n".join(parts)


def rules() -> str:
    """Rules of the gate."""
    parts = ["# Rules", ""]
    for file in sorted(RULES.glob("*/TDX*.toml")):
        row = tomllib.loads(file.read_text(encoding="utf-8"))
        parts += [heading(row["id"], row["id"]), "", f"{text(row['title'][:1].upper() + row['title'][1:])} ({text(row['severity'])}).", ""]
        parts += [part for name in ("why", "fix", "gaps") if row.get(name) for part in (f"*{name}*: {text(row[name])}", "")]
        for example in row.get("example", ()):
            parts += [
                f"{example['kind'].capitalize()}:",
                "",
                *(f"    {line}" for line in str(example.get("text", "")).strip("\n").splitlines()),
                "",
            ]
        parts += [f"Source: {text(row['source'])}", ""]
    return "\n".join(parts)


def schemas() -> str:
    """Schemas of what the commands print and read."""
    parts = ["# Schemas", "", "JSON Schemas of what the commands print and read; the files are under `reports/schema`.", ""]
    for file in sorted((ROOT / "reports" / "schema").glob("*.json")):
        found = json.loads(file.read_text(encoding="utf-8"))
        name = file.name.removesuffix(".schema.json")
        parts += [heading(name, name), "", text(found.get("description", found.get("title", ""))), ""]
        fields = [(code(key), text(one.get("description", one.get("type", "")))) for key, one in found.get("properties", {}).items()]
        parts += [table(("key", "meaning"), fields), ""] if fields else []
        parts += [f"`{file.name}`", ""]
    return "\n".join(parts)


def store() -> str:
    """Tables of the store."""
    sys.path.insert(0, str(ROOT / "analyzer"))
    from tdxwhy.report.fleet_text import schema

    written = (ROOT / "docs" / "reference" / "store.md").read_text(encoding="utf-8")
    return written.replace("<!-- fleet schema -->", f"```text\n{schema()}```")
