"""The Jinja2 environment of every page and mail: templates from `reports/templates`, HTML always escaped."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tdxwhy.report.terminal import safe
from tdxwhy.shipped import folder
from tdxwhy.version import VERSION

_NO_ID = re.compile(r"[^a-z0-9]+")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~])")
_MENTION = re.compile(r"(?<!\w)(@[A-Za-z0-9][\w/-]*)")


def _in_markdown(text: str) -> str:
    """Return text in which nothing is markup; who would be mentioned stands as code, which sends no mail."""
    parts = _MENTION.split(safe(text).replace("\n", " "))
    return "".join(f"`{part}`" if odd % 2 else _MARKDOWN.sub(r"\\\1", part) for odd, part in enumerate(parts))


def _as_code(text: str) -> str:
    """Return text as a span of code that no backtick in it can end."""
    shown = safe(text).replace("\n", " ")
    ticks = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{ticks} {shown} {ticks}" if "`" in shown else f"`{shown}`"


@cache
def environment(html: bool) -> Environment:
    """Return the environment for pages (everything escaped) or for plain text and markdown."""
    made = Environment(
        loader=FileSystemLoader(folder("reports/templates")),
        autoescape=html,  # noqa: S701 - off for plain text and markdown only
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["md"] = _in_markdown
    made.filters["code"] = _as_code
    made.filters["plain"] = lambda text: safe(text).replace("\n", " ")
    made.filters["slug"] = lambda text: _NO_ID.sub("-", safe(text).lower()).strip("-")
    made.globals["version"] = VERSION
    return made


def fill(template: str, **values: object) -> str:
    """Render `reports/templates/<template>.j2`; a template whose name ends in .html is escaped.

    Control characters never reach a page: browsers drop them, people who copy from the page would not.
    """
    return environment(template.endswith(".html")).get_template(f"{template}.j2").render(**values)
