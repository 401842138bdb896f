"""The formats in which the gate reports, by name; each is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

from tdxwhy.hints import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from tdxwhy.check.judged import Run
    from tdxwhy.report.terminal import Painter

TEXT = ("text", "full", "terse")
MACHINE = {
    "json": ("gate_json", "document"),
    "jsonl": ("gate_json", "lines"),
    "sarif": ("sarif", "sarif"),
    "junit": ("junit", "junit"),
    "github": ("github", "github"),
    "gitlab": ("gitlab", "gitlab"),
    "rdjsonl": ("rdjson", "rdjsonl"),
    "markdown": ("gate_markdown", "markdown"),
    "b4": ("b4", "b4"),
}
FORMATS = (*TEXT, *MACHINE)


def render(run: Run, name: str, paint: Painter, closing: bool = True) -> str:
    """Return the run in one format. Only text is ever coloured, and ends in a closing line if that is wanted."""
    if name in TEXT:
        from tdxwhy.report import gate_text

        return cast("Callable[[Run, Painter, bool], str]", getattr(gate_text, name))(run, paint, closing)
    # By name, so that a run imports the one format that it prints.
    module, function = MACHINE[name]
    return cast("Callable[[Run], str]", getattr(import_module(f"tdxwhy.report.{module}"), function))(run)
