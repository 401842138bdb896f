"""TDX lines that no known form matches, as rows that only lack their source and their meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from tdxwhy.records import Event
from tdxwhy.report.terminal import safe

_NUMBER = re.compile(r"0x[0-9a-fA-F]+|(?<![\w.])-?\d+(?![\w.])")


def rows(events: Sequence[Event]) -> Iterator[str]:
    """Yield each unrecognised line once, as the TOML row that it could become."""
    seen = set()
    for event in events:
        format = _NUMBER.sub(_conversion, event.record.text.replace("%", "%%"))
        if event.form is not None or format in seen:
            continue
        seen.add(format)
        yield _row(event, format)


def _row(event: Event, format: str) -> str:
    nearest = event.nearest
    lines = [
        f"# {safe(event.record.place.source)}:{event.record.place.line or 1}" + (f", nearest: {nearest.id}" if nearest else ""),
        "[[form]]",
        f"id = {_quoted(re.sub(r'[^a-z0-9]+', '-', _NUMBER.sub('', event.record.text.lower())).strip('-')[:60])}",
        f"format = {_quoted(format)}",
        f'level = "{nearest.level if nearest else "info"}"',
        f"generations = {json.dumps(list(nearest.generations)) if nearest else '[]'}",
        f'kind = "{nearest.kind if nearest else "host"}"',
        f'outcome = "{nearest.outcome if nearest else "progress"}"',
        'meaning = ""',
        f"example = {_quoted(event.record.text)}",
        'source = ""',
    ]
    return "\n".join(lines) + "\n\n"


def _conversion(found: re.Match[str]) -> str:
    return "0x%llx" if found[0].startswith("0x") else "%d"


def _quoted(text: str) -> str:
    return json.dumps(safe(text), ensure_ascii=False)
