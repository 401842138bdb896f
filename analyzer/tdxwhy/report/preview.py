"""A preview as text for a terminal, as JSON, as markdown or as a page."""

from __future__ import annotations

import textwrap
from typing import Any

from tdxwhy.explain.preview import Preview, PreviewPair, PreviewRow
from tdxwhy.report.json_text import json_text
from tdxwhy.report.terminal import Painter, safe

_MOODS = {"better": "good", "worse": "bad", "new": "unsure", "changed": "unsure", "gone": "quiet", "same": "quiet", "": "quiet"}


def as_text(preview: Preview, paint: Painter, width: int = 100) -> str:
    """Write a preview for a terminal: one block a case, the lines as users see them."""
    blocks = [_block(pair, paint, width) for pair in preview.pairs if pair.change != "same"]
    same = sum(pair.change == "same" for pair in preview.pairs)
    tail = [f"{same} failing cases stay as they are."] if same else []
    troubles = [paint("bad", f"not applied: {safe(each)}") for each in preview.troubles]
    return "\n\n".join([_heading(preview), *troubles, *blocks, *tail, summary(preview)]) + "\n"


def _heading(preview: Preview) -> str:
    return f"{safe(preview.tree)}{' with ' + safe(preview.patch) if preview.patch else ''}: what users will see in each failing case"


def _block(pair: PreviewPair, paint: Painter, width: int) -> str:
    row = pair.row
    title = f"{row.step}: {safe(row.reason)}"
    change = f"  [{pair.change}]" if pair.change else ""
    head = paint("strong", textwrap.fill(title, width - len(change), subsequent_indent="  ")) + paint(_MOODS[pair.change], change)
    parts = [head]
    if pair.change in ("better", "worse", "changed") and pair.before is not None:
        parts += _lines(pair.before, "before", paint)
    parts += _lines(row, "after" if pair.change and pair.after is not None else "", paint)
    parts.append("  " + facts(row))
    parts += [f"  in hand, not printed: {safe(', '.join(row.dropped))}"] if row.dropped else []
    parts += [f"  unseen: {safe(', '.join(row.unseen))}"] if row.unseen else []
    return "\n".join(parts)


def _lines(row: PreviewRow, label: str, paint: Painter) -> list[str]:
    mark = f"  {label:6} " if label else "  "
    if not row.lines:
        return [mark + paint("unsure" if row.unseen else "bad", "(nothing that is seen)" if row.unseen else "(nothing is printed)")]
    return [f"{mark}{line.level:5} {safe(line.text)}" for line in row.lines]


def facts(row: PreviewRow) -> str:
    """Say in a line what a case returns and what its lines name."""
    names = [word for word, is_named in zip(("the package", "the CPU", "a CPU's state"), row.names, strict=True) if is_named]
    told = "cannot be told from other cases" if not row.told else "tells this case from all others"
    errno = f"{row.entry}() returns {row.errno}" if row.errno else f"{row.entry}() returns no error"
    return f"{errno}; names {' and '.join(names) or 'neither package nor CPU'}; {told}"


def summary(preview: Preview) -> str:
    """Count the cases: silent, naming, told apart, and what a patch changes."""
    rows = [pair.row for pair in preview.pairs if pair.change != "gone"]
    silent = sum(not row.lines for row in rows)
    package, cpu = (sum(bool(getattr(row.names, field)) for row in rows) for field in ("package", "cpu"))
    told = sum(row.told for row in rows)
    counts = f"{len(rows)} failing cases: {silent} silent, {package} name the package, {cpu} the CPU, {told} can be told from all others."
    if not preview.patch:
        return counts
    changes = [f"{sum(pair.change == word for pair in preview.pairs)} {word}" for word in ("better", "worse", "changed", "new", "gone")]
    return f"{counts}\nWith the patch: {', '.join(changes)}."


def as_json(preview: Preview) -> str:
    """Write a preview as JSON, schema tdxwhy/preview/1."""
    value = {
        "schema": "tdxwhy/preview/1",
        "tree": preview.tree,
        "patch": preview.patch or None,
        "troubles": list(preview.troubles),
        "cases": [
            {"change": pair.change or None, "before": _row_json(pair.before), "after": _row_json(pair.after)} for pair in preview.pairs
        ],
    }
    return json_text(value, 2)


def _row_json(row: PreviewRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "entry": row.entry,
        "step": row.step,
        "reason": row.reason,
        "lines": [{"level": line.level, "text": line.text} for line in row.lines],
        "errno": row.errno or None,
        "names_package": row.names.package,
        "names_cpu": row.names.cpu,
        "names_cpu_state": row.names.cpu_state,
        "told_apart": row.told,
        "path": row.chain,
        "dropped": list(row.dropped),
        "unseen": list(row.unseen),
    }


def as_page(preview: Preview, template: str) -> str:
    """Write a preview as a page or as markdown, through `reports/templates`."""
    from tdxwhy.report.templates import fill

    ordered = sorted(preview.pairs, key=lambda pair: pair.change == "same")
    rows = [{"pair": pair, "row": pair.row, "mood": _MOODS[pair.change], "facts": facts(pair.row)} for pair in ordered]
    return fill(template, preview=preview, rows=rows, summary=summary(preview))
