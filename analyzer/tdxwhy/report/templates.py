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
    made.filters["md"] = lambda text: _MARKDOWN.sub(r"\\\1", safe(text)).replace("\n", " ")
    made.filters["plain"] = lambda text: safe(text).replace("\n", " ")
    made.filters["slug"] = lambda text: _NO_ID.sub("-", safe(text).lower()).strip("-")
    made.globals["version"] = VERSION
    return made


def fill(template: str, **values: object) -> str:
    """Render `reports/templates/<template>.j2`; a template whose name ends in .html is escaped.

    Control characters never reach a page: browsers drop them, people who copy from the page would not.
    """
    return environment(template.endswith(".html")).get_template(f"{template}.j2").render(**values)
