"""The reference model as a picture: text, mermaid, dot, svg."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from tdxwhy.replay.generation import Generation
from tdxwhy.replay.view import Failing, Row, rows


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
    """Return a graph for graphviz of the attempt to initialise."""
    lines = [f"digraph {_dotted(generation.name)} {{", "  node [shape=box, fontname=monospace];"]
    for number, row in enumerate(_attempt(generation)):
        lines.append(f"  s{number} [label={_dotted(_label(row) + chr(10) + row.where)}];")
        if number:
            lines.append(f"  s{number - 1} -> s{number};")
        for branch, (how, failing) in enumerate(_same(row.failing)):
            said = "\n".join((*failing.lines, str(failing.errno)) if failing.lines else ("no line", str(failing.errno)))
            lines.append(f"  f{number}_{branch} [label={_dotted(said)}, style=rounded];")
            lines.append(f"  s{number} -> f{number}_{branch} [label={_dotted(how)}, style=dashed];")
    return "\n".join([*lines, "}"]) + "\n"


def _dotted(line: str) -> str:
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


_WIDTH, _LEFT, _ROW, _FONT = 1180, 20, 16, 12


def svg(generation: Generation) -> str:
    """Return the steps as a ladder: a step on the left, what each failure shows on the right."""
    parts: list[str] = []
    top = 30
    for number, row in enumerate(_attempt(generation)):
        endings = list(_same(row.failing))
        said = [f"{how}: {' + '.join(one.lines) or 'no line'} ({one.errno})" for how, one in endings]
        height = max(2, len(said)) * _ROW + 10
        if number:
            parts.append(f'<line class="next" x1="{_LEFT + 150}" y1="{top - 8}" x2="{_LEFT + 150}" y2="{top}"/>')
        parts.append(f'<rect class="step" x="{_LEFT}" y="{top}" width="300" height="{height}" rx="4"/>')
        parts.append(_text(_LEFT + 8, top + _ROW, _label(row), "name"))
        parts.append(_text(_LEFT + 8, top + 2 * _ROW, row.where, "where"))
        for line, (text_, (_, one)) in enumerate(zip(said, endings, strict=True)):
            kind = "silent" if one.silent else "said"
            parts.append(_text(_LEFT + 316, top + (line + 1) * _ROW, text_, kind))
        top += height + 8
    style = (
        f"text{{font:{_FONT}px monospace}}.name{{font-weight:bold}}.where{{fill:#555}}.said{{fill:#800}}.silent{{fill:#b60}}"
        ".step{fill:#f4f6fa;stroke:#456}.next{stroke:#456}"
    )
    title = escape(_head(generation))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top + 10}" role="img"><title>{title}</title>'
        f"<style>{style}</style>{_text(_LEFT, 18, _head(generation), 'name')}{''.join(parts)}</svg>\n"
    )


def _text(x: int, y: int, line: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(line)}</text>'
