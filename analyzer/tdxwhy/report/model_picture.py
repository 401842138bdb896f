"""The reference model as a picture: text, mermaid, dot, svg."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from tdxwhy.errors import TdxwhyError
from tdxwhy.replay.generation import Generation
from tdxwhy.replay.view import Failing, Row, rows
from tdxwhy.report.log_text import wrap
from tdxwhy.shipped import data, in_checkout

_CELL, _PATIENCE = 60, 60


def picture(generation: Generation, shape: str) -> str:
    """Return the model of one kernel in the shape asked for."""
    return {"text": text, "mermaid": mermaid, "dot": dot, "svg": svg}[shape](generation)


def _head(generation: Generation) -> str:
    covered = "checked against the kernel's own code" if generation.covered else "not checked against the kernel's own code"
    return f"{generation.name}: Linux {generation.kernels} ({covered})"


def _operations(generation: Generation) -> Iterator[tuple[str, list[Row]]]:
    for asked, found in groupby(rows(generation), key=lambda row: row.asked):
        yield asked, list(found)


def _label(row: Row) -> str:
    return row.what if row.what == row.name else f"{row.name}: {row.what}"


def _ends(failing: Failing) -> str:
    said = " + ".join(failing.lines) if failing.lines else "no line"
    return f"{failing.how} -> {failing.errno}: {said}"


def text(generation: Generation) -> str:
    """Return the steps as an indented list."""
    lines = [_head(generation)]
    for asked, found in _operations(generation):
        lines.append(f"\n{asked}")
        for number, row in enumerate(found, 1):
            lines.append(f"  {number:2} {_label(row)}, on {row.where}")
            lines += [f"       prints {line}" for line in row.prints]
            lines += [f"       {_ends(failing)}" for failing in row.failing]
    return "\n".join(lines) + "\n"


def _same(failing: Sequence[Failing]) -> Iterator[tuple[str, Failing]]:
    """Gather the ways of failing that end alike."""
    ordered = sorted(failing, key=lambda one: (one.lines, one.errno))
    for _, alike in groupby(ordered, key=lambda one: (one.lines, one.errno)):
        members = list(alike)
        yield ", ".join(one.how for one in members), members[0]


def mermaid(generation: Generation) -> str:
    """Return a mermaid flow chart of the attempt to initialise."""
    lines = ["flowchart TD"]
    for number, row in enumerate(_attempt(generation)):
        lines.append(f'  s{number}["{_quoted(_label(row))}<br/>{_quoted(row.where)}"]')
        if number:
            lines.append(f"  s{number - 1} --> s{number}")
        for branch, (how, failing) in enumerate(_same(row.failing)):
            said = "<br/>".join(map(_quoted, failing.lines)) or "no line"
            lines.append(f'  s{number} -- "{_quoted(how)}" --> f{number}_{branch}("{said}<br/>{failing.errno}")')
    return "\n".join(lines) + "\n"


def _quoted(line: str) -> str:
    return escape(line).replace("%", "&#37;").replace("#UD", "&#35;UD").replace("#GP", "&#35;GP")


def _attempt(generation: Generation) -> list[Row]:
    return [row for row in rows(generation) if row.asked in ("boot", "enable")]


def dot(generation: Generation) -> str:
    """Return a graph for graphviz of the attempt to initialise: steps in a column, beside each a table of how it fails."""
    lines = [
        f"digraph {_dotted(generation.name)} {{",
        f"  graph [label={_dotted(_head(generation))}, labelloc=t, fontname=Helvetica, nodesep=0.4, ranksep=0.3];",
        '  node [shape=box, fontname=Helvetica, fontsize=11, style=filled, fillcolor="#f4f6fa"];',
        '  edge [color="#5c6670"];',
    ]
    for number, row in enumerate(_attempt(generation)):
        lines.append(f"  s{number} [label={_dotted(_label(row) + chr(10) + row.where)}];")
        if number:
            lines.append(f"  s{number - 1} -> s{number} [weight=100];")
        if row.failing:
            cells = "".join(_cells(how, failing) for how, failing in _same(row.failing))
            table = f'<table border="0" cellborder="1" cellspacing="0" cellpadding="4" color="#d5dae0">{cells}</table>'
            lines.append(f"  f{number} [shape=plain, style=solid, fontsize=10, label=<{table}>];")
            lines.append(f"  subgraph r{number} {{ rank=same; s{number}; f{number}; }}")
            lines.append(f"  s{number} -> f{number} [style=dashed, arrowhead=none];")
    return "\n".join([*lines, "}"]) + "\n"


def _cells(how: str, failing: Failing) -> str:
    """Return a row of the table: how it fails, what is printed, what is returned; what fails in silence is marked."""
    said = _broken(" + ".join(failing.lines)) if failing.lines else "<i>no line</i>"
    colour = "#8a5a00" if failing.silent else "#a02020"
    return (
        f'<tr><td align="left">{_broken(how)}</td><td align="left"><font face="Courier" color="{colour}">{said}</font></td>'
        f'<td align="left">{escape(str(failing.errno))}</td></tr>'
    )


def _broken(text: str) -> str:
    """Return text for a cell, broken where it would make it wide."""
    return '<br align="left"/>'.join(escape(line) for line in wrap(text, _CELL)) + ('<br align="left"/>' if len(text) > _CELL else "")


def _dotted(line: str) -> str:
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def svg(generation: Generation) -> str:
    """Return the graph as graphviz lays it out: as it was laid out when this package was built, else by the program `dot`."""
    name = f"pictures/{generation.name}.svg"
    made = b"" if in_checkout() else data(name)
    return made.decode() if made else laid_out(dot(generation))


def laid_out(graph: str) -> str:
    """Return a graph as SVG; TdxwhyError where graphviz is not installed. Which version made it is left out."""
    try:
        ran = subprocess.run(["dot", "-Tsvg"], input=graph, capture_output=True, text=True, check=True, timeout=_PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        raise TdxwhyError("a picture wants the program dot of Graphviz", "--format dot gives the graph for it") from error
    picture, *comments = ran.stdout[ran.stdout.index("<svg") :].split("<!--")
    return picture + "".join(behind.partition("-->")[2].removeprefix("\n") for behind in comments)
