"""Settings: `.tdxwhy.toml`, or `[tool.tdxwhy]` in pyproject.toml, of the nearest folder upwards; checked strictly."""

from __future__ import annotations

from pathlib import Path

from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.files import reading
from tdxwhy.hints import Literal, words_of
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Severity
from tdxwhy.strict import strict, typed

FailOn = Literal["error", "warning", "info", "never"]
FILE = ".tdxwhy.toml"
_MAX_BYTES = 256 * 1024


class Suppress(NamedTuple):
    """Findings to leave out: of these rules (prefixes of ids), in these files (globs), for this reason."""

    rules: tuple[str, ...]
    reason: str
    files: tuple[str, ...] = ("*",)


class Settings(NamedTuple):
    """What a project decides for all its runs; the command line overrides it."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: FailOn = "warning"
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    baseline: str = ""
    require_reason: bool = False
    tree: str = ""
    knowledge: str = ""
    docs_url: str = ""
    severity: dict[str, Severity] = {}  # noqa: RUF012 - never written to
    suppress: tuple[Suppress, ...] = ()


def find(start: Path) -> Path | None:
    """Return the settings file that holds for a folder, if there is one."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
        project = folder / "pyproject.toml"
        if project.is_file() and "tool.tdxwhy" in _read(project):
            return project
    return None


def load(path: Path) -> Settings:
    """Read a settings file; paths in it are relative to its folder."""
    from tdxwhy.files import toml

    try:
        document = toml(_read(path))
    except ValueError as error:
        raise TdxwhyError(f"{path.name}: not TOML: {error}") from error
    if path.name == "pyproject.toml":
        document = document.get("tool", {}).get("tdxwhy", {})
    try:
        settings: Settings = typed(document, schema_type())
    except ValueError as error:
        raise TdxwhyError(f"{path.name}: {error}", _choices(str(error))) from error
    for one in settings.suppress:
        if not one.reason.strip():
            raise TdxwhyError(f"{path.name}: [[suppress]] {', '.join(one.rules)}: the reason is empty")
    return settings._replace(
        rules=tuple(str(path.parent / one) for one in settings.rules),
        baseline=str(path.parent / settings.baseline) if settings.baseline else "",
        tree=str(path.parent / settings.tree) if settings.tree else "",
        knowledge=str(path.parent / settings.knowledge) if settings.knowledge else "",
    )


def _choices(complaint: str) -> str:
    """Return what a value may be, where one that is none of them was complained of."""
    if "enum value" not in complaint:
        return ""
    return f"one of {', '.join(words_of(FailOn if 'fail-on' in complaint else Severity))}"


def schema_type() -> type:
    """Return the strict schema, derived from the nouns above; keys are written with dashes."""
    return strict(Settings, "kebab")


def _read(path: Path) -> str:
    try:
        with reading(path) as stream:
            return stream.read(_MAX_BYTES).decode("utf-8")
    except OSError as error:
        raise TdxwhyError(f"{path}: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise TdxwhyError(f"{path.name}: not UTF-8") from error
