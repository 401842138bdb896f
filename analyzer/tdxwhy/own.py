"""A folder of one's own: forms, causes, generations and other rows of rules/ beside the shipped ones.

Accepted form: DIR/knowledge/*.toml and DIR/model/*.toml, written as those in rules/, under names that no shipped file has. They are laid
over the shipped folders in a cache and then loaded, and checked, as ours are. A generation as `tdxwhy model extract` writes it works as it
is: lines that the catalogue does not have become rows of it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from tdxwhy import shipped
from tdxwhy.errors import PackageAbsent, RulesError, TdxwhyError, reason
from tdxwhy.files import reading, toml
from tdxwhy.levels import LEVELS
from tdxwhy.toml import read, tables
from tdxwhy.version import VERSION

OPTION, VARIABLE = "--knowledge", "TDXWHY_KNOWLEDGE"
_FOLDERS = ("knowledge", "model")
_LARGEST = 4 << 20
_MOST_FILES = 200


def take(arguments: list[str]) -> list[str]:
    """Lay the folder over that arguments, the environment or the settings name; return the arguments without it."""
    rest = list(arguments)
    given = os.environ.get(VARIABLE, "")
    for place, word in enumerate(arguments):
        if word == "--":
            break
        if word == OPTION or word.startswith(f"{OPTION}="):
            name, sign, value = word.partition("=")
            end = place + (1 if sign else 2)
            if not sign and end > len(arguments):
                raise TdxwhyError(f"{name} wants a folder", f"tdxwhy ... {OPTION} DIR")
            given = value if sign else arguments[place + 1]
            rest = arguments[:place] + arguments[end:]
            break
    given = given or _of_settings()
    if given:
        use(Path(given))
    return rest


def _of_settings() -> str:
    from tdxwhy.config import FILE, find, load

    here = Path.cwd()
    if not any((folder / name).is_file() for folder in (here, *here.parents) for name in (FILE, "pyproject.toml")):
        return ""
    found = find(here)
    return load(found).knowledge if found is not None else ""


def use(folder: Path) -> None:
    """Lay a folder over the shipped ones."""
    if not folder.is_dir():
        raise TdxwhyError(f"{folder}: no such folder", "a folder with knowledge/*.toml and model/*.toml")
    if shipped.in_zip():
        raise PackageAbsent(f"{folder}: rules of one's own want tdxwhy installed, not one file of it", "python3 -m pip install .")
    files = _files(folder)
    if not files:
        raise TdxwhyError(f"{folder}: nothing in knowledge/ or model/", "forms in knowledge/*.toml, generations in model/*.toml")
    digest = hashlib.sha256(f"{VERSION} {shipped.root()} {_age()}".encode())
    for path, text in files.items():
        digest.update(f"{path} {len(text)}\n{text}".encode("utf-8", "replace"))
    at = _cache() / f"own-{digest.hexdigest()[:24]}"
    if not (at / "rules").is_dir():
        _make(at, files)
    shipped.lay_over(str(at))


def _age() -> str:
    """Return what tells one state of the shipped rules from another: the youngest of their files."""
    if not shipped.in_checkout():
        return ""
    paths = (path for name in _FOLDERS for path in shipped.folder(f"rules/{name}").glob("*.toml"))
    return str(max(path.stat().st_mtime_ns for path in paths))


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")) / "tdxwhy"


def _files(folder: Path) -> dict[str, str]:
    """Return the texts of a folder's files by their path in it."""
    found: dict[str, str] = {}
    for name in _FOLDERS:
        for path in sorted((folder / name).glob("*.toml"))[:_MOST_FILES]:
            try:
                if path.stat().st_size > _LARGEST:
                    raise RulesError(f"{name}/{path.name}: larger than {_LARGEST >> 20} MiB")
                with reading(path) as file:
                    found[f"{name}/{path.name}"] = file.read(_LARGEST).decode("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                why = reason(error) if isinstance(error, OSError) else "not UTF-8"
                raise RulesError(f"{name}/{path.name}: {why}") from None
            _parsed(f"{name}/{path.name}", found[f"{name}/{path.name}"])
    return found


def _parsed(path: str, text: str) -> dict[str, Any]:
    try:
        return toml(text)
    except ValueError as error:
        raise RulesError(f"{path}: {error}") from None


def _make(at: Path, files: dict[str, str]) -> None:
    """Write the shipped rules and a folder's own into the cache, whole or not at all."""
    at.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="own-", dir=at.parent))
    try:
        _copy(shipped.folder("rules"), made / "rules", ".toml")
        # What a folder changes nothing of need not be made anew: to choose anchors takes seconds.
        (made / "build").mkdir()
        _copy(shipped.tables(), made / "build" / "tables")
        for path, text in files.items():
            target = made / "rules" / path
            if target.exists():
                raise RulesError(f"{path}: a shipped file has this name; give yours another")
            target.write_text(text, encoding="utf-8")
        for path in files:
            if path.startswith("model/"):
                _catalogue(made / "rules", path)
        made.rename(at)
    except OSError:
        if not (at / "rules").is_dir():
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _copy(source: Any, target: Path, ending: str = "") -> None:  # noqa: ANN401 - a Path, or what stands for one in a zip
    target.mkdir()
    for each in source.iterdir() if source.is_dir() else ():
        if each.is_dir():
            _copy(each, target / each.name, ending)
        elif each.name.endswith(ending):
            (target / each.name).write_bytes(each.read_bytes())


def _catalogue(rules: Path, path: str) -> None:
    """Turn the lines that a generation says itself into ids of the catalogue, and add those that it does not have."""
    document = _parsed(path, (rules / path).read_text(encoding="utf-8"))
    _design(rules, path, document)
    forms = document.get("form", {})
    inline = {name: row for name, row in forms.items() if isinstance(row, dict) and "format" in row} if isinstance(forms, dict) else {}
    if not inline:
        return
    if bare := {name for name, row in inline.items() if not row["format"]}:
        # A WARN without a text is a splat alone, which replay does not ask for.
        document = _without(document, bare)
        forms = document["form"]
        inline = {name: row for name, row in inline.items() if name not in bare}
    known = {(row["format"], row["level"]): row["id"] for row in _rows(rules / "knowledge")}
    new: dict[str, dict[str, Any]] = {}
    for name, row in inline.items():
        level = LEVELS[row["level"]] if isinstance(row.get("level"), int) and 0 <= row["level"] < len(LEVELS) else "info"
        key = str(row["format"]), level
        if key not in known:
            known[key] = f"own.{Path(path).stem}.{name}"
            new[known[key]] = _form(known[key], row, level, path)
        kept = {field: row[field] for field in ("args", "warning", "each") if field in row}
        forms[name] = {"id": known[key]} | kept
    (rules / path).write_text(document_text(document), encoding="utf-8")
    if new:
        (rules / "knowledge" / f"forms-own-{Path(path).stem}.toml").write_text(
            document_text({"form": list(new.values())}), encoding="utf-8"
        )


def _without(value: Any, names: set[str]) -> Any:  # noqa: ANN401 - any part of a document
    """Return a document without some forms, and without the places where they are printed."""
    if isinstance(value, dict):
        return {key: _without(each, names) for key, each in value.items() if not (key in names and isinstance(each, dict))}
    if isinstance(value, list):
        return [_without(each, names) for each in value if not (isinstance(each, str) and each in names)]
    return value


def _design(rules: Path, path: str, document: dict[str, Any]) -> None:
    """Make a generation of one's own a generation of the catalogue too: like the one that it names, without a release of its own."""
    rows = read(rules / "knowledge" / "generations.toml").get("generation", [])
    like = next((row for row in rows if row["id"] == document.get("generation")), None)
    name = document.get("name")
    if like is None or not isinstance(name, str) or any(row["id"] == name for row in rows):
        return
    del document["generation"]
    row = {**like, "id": name, "title": f"{like['title']} (one's own)", "kernels": str(document.get("kernels", "as read")), "source": path}
    row.pop("since", None)
    with (rules / "knowledge" / "generations.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + document_text({"generation": [row]}))
    (rules / path).write_text(document_text(document), encoding="utf-8")


def document_text(document: dict[str, Any]) -> str:
    """Write a document as TOML."""
    from tdxwhy.extract.writing import document_as_toml

    return document_as_toml(document)


def _rows(folder: Path) -> list[dict[str, Any]]:

    return [row for path in sorted(folder.glob("forms-*.toml")) for row in tables(path).get("form", [])]


def _form(id: str, row: dict[str, Any], level: str, path: str) -> dict[str, Any]:
    from tdxwhy.extract.prints import example

    text = str(row["format"])
    flags = {field: True for field in ("once", "ratelimited") if row.get(field)}
    return {
        "id": id,
        "format": text,
        "level": level,
        "kind": "host",
        "outcome": "failure" if level in LEVELS[:4] else "detail",
        **flags,
        **({"args": row["args"]} if row.get("args") else {}),
        "meaning": "Printed by a kernel of one's own; not yet described.",
        "example": example(text),
        "source": path,
    }
