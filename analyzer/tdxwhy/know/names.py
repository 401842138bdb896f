"""What a message names: which package, which CPU, and in which state. The same question for a log line, a form and a print call.

The words, calls and masks are data, `rules/knowledge/names.toml`; here is only how text and arguments are laid side by side.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tdxwhy import compiled, toml
from tdxwhy.errors import RulesError
from tdxwhy.hints import Any
from tdxwhy.know.printf import NUMBER, conversions
from tdxwhy.lazy import any_of, lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Naming
from tdxwhy.shipped import folder

# What stands for an id: a conversion that prints a number or a list, or in a printed line the number or list itself.
_ID = (
    rf"(?P<id>%[duxX] ?- ?%[duxX]|{NUMBER}"
    r"|0x%[0-9]*l*[xX]|0x[0-9a-fA-F]+|\d[\d,-]*(?: and \d[\d-]*)?)(?![.\w]|\s*%%)"
)
_NOT_A_LETTER = lazy(r"[^A-Za-z]+")
_LIST = lazy(r"p|\d[,-]|- ?%|\d and \d")
_KEYS = {
    "package": {"words", "calls", "members", "masks", "others", "other_arguments"},
    "cpu": {"words", "calls", "members", "masks", "others", "other_arguments"},
    "state": {"words", "alone", "nouns", "calls", "masks"},
    "counts": {"arguments", "before"},
    "failure": {"levels", "said", "notice"},
    "example": {"text", "args", "package", "cpu", "state"},
}


class _Kind(NamedTuple):
    """How one kind of thing, a package or a CPU, is named."""

    word: re.Pattern[str]
    listed: re.Pattern[str]
    heads: frozenset[str]
    masks: frozenset[str]
    others: re.Pattern[str]
    other_heads: frozenset[str]


class _Tables(NamedTuple):
    package: _Kind
    cpu: _Kind
    state_words: re.Pattern[str]
    state_alone: re.Pattern[str]
    state_nouns: re.Pattern[str]
    state_heads: frozenset[str]
    counted: re.Pattern[str]
    before_count: re.Pattern[str]
    failure_levels: frozenset[str]
    failure: re.Pattern[str]
    notice: re.Pattern[str]


def named(text: str, args: Sequence[str] = (), file: str = "") -> Naming:
    """Tell whether a format (or printed line) and its arguments say which package, which CPU, and in which state.

    The file in which a print call stands tells ACPI's, PCMCIA's and network packages and sockets apart where the text does not.
    """
    tables = _tables()
    printed = _printed(text, args)
    heads = [(conversion, head(argument)) for conversion, argument in printed if argument]
    elsewhere = bool(file) and bool(tables.package.others.search(_NOT_A_LETTER.sub(" ", file)))
    package = _names(tables.package, text, printed, tables, elsewhere=elsewhere)
    return Naming(package, _names(tables.cpu, text, printed, tables), _names_state(text, [name for _, name in heads], tables))


def tells_failure(level: str, text: str) -> bool:
    """Tell whether a message says that something failed or was refused, by its level and its words."""
    tables = _tables()
    bare = level.partition("(")[0]
    if tables.notice.search(text) and (bare not in tables.failure_levels or bare.startswith("warn")):
        return False
    return bare in tables.failure_levels or bool(tables.failure.search(text))


def head(argument: str) -> str:
    """Return what a C expression yields: the function it calls, or else the last member or variable of it.

    Accepted form: a cast, `&`, `*`, then a call, a member path or a name: `(int)cpu_data(cpu).topo.pkg_id` gives `pkg_id`.
    """
    rest = re.sub(r"^(?:\((?:const |unsigned |struct )?\w++\s*+\**+\)(?=\s*[\w(&*])|[\s&*!(])+", "", argument)
    per_cpu = re.match(r"(?:per_cpu|per_cpu_ptr|this_cpu_read|cpumask_pr_args|READ_ONCE|early_per_cpu)\s*\(\s*([^,()]+)", rest)
    if per_cpu:
        return head(per_cpu[1])
    member = re.search(r"(?:\.|->)\s*+(\w++)\s*+(?:\[[^\[\]]*+\])?[\s)]*+$", rest)
    found = member or re.match(r"(\w+)", rest)
    return found[1] if found else ""


def _printed(text: str, args: Sequence[str]) -> list[tuple[re.Match[str], str | None]]:
    """Lay conversions and arguments side by side; an argument that cannot be known is None."""
    pairs: list[tuple[re.Match[str], str | None]] = []
    left = list(args)
    for conversion in conversions(text):
        stars = (conversion["width"] == "*") + (conversion["precision"] == "*")
        if stars and left and "_pr_args" in left[0]:
            stars = 0
        del left[:stars]
        pairs.append((conversion, left.pop(0) if left else None))
    return pairs


def _names(kind: _Kind, text: str, printed: list[tuple[re.Match[str], str | None]], tables: _Tables, *, elsewhere: bool = False) -> bool:
    if elsewhere or kind.others.search(text):
        return any(argument and "(" in argument and head(argument) in kind.heads for _, argument in printed)
    return _named_by_argument(kind, printed, tables) or _named_by_text(kind, text, printed, tables)


def _named_by_argument(kind: _Kind, printed: list[tuple[re.Match[str], str | None]], tables: _Tables) -> bool:
    for conversion, argument in printed:
        if argument is None:
            continue
        name = head(argument)
        if (conversion["extension"] or "").startswith("b"):
            if any(mask in name for mask in kind.masks):
                return True
        elif conversion[0][-1] in "dioxXu" and name in kind.heads and not tables.counted.search(name):
            return True
    return False


def _named_by_text(kind: _Kind, text: str, printed: list[tuple[re.Match[str], str | None]], tables: _Tables) -> bool:
    if kind.listed.search(text):
        return True
    arguments = {conversion.start(): argument for conversion, argument in printed}
    for found in kind.word.finditer(text):
        listed = bool(_LIST.search(found["id"]))
        if (found["plural"] and not listed) or tables.before_count.search(text[: found.start()]):
            continue
        name = head(arguments.get(text.find("%", found.start("id"))) or "")
        if name and (name in kind.other_heads or tables.counted.search(name)):
            continue
        return True
    return False


def _names_state(text: str, heads: list[str], tables: _Tables) -> bool:
    if tables.state_alone.search(text) or any(name in tables.state_heads for name in heads):
        return True
    if not tables.state_words.search(text):
        return False
    return bool(tables.state_nouns.search(text)) or any(name in tables.cpu.heads or name in tables.cpu.masks for name in heads)


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    rows = compiled.table(NAMES, "names")
    state, counts, failure = rows["state"], rows["counts"], rows["failure"]
    return _Tables(
        package=_kind(rows["package"]),
        cpu=_kind(rows["cpu"]),
        state_words=any_of(state["words"]),
        state_alone=any_of(state["alone"]),
        state_nouns=any_of(state["nouns"]),
        state_heads=frozenset(state["calls"] + state["masks"]),
        counted=re.compile(counts["arguments"]),
        before_count=re.compile(counts["before"], re.IGNORECASE),
        failure_levels=frozenset(failure["levels"]),
        failure=any_of(failure["said"]),
        notice=any_of(failure["notice"]),
    )


def _kind(row: dict[str, Any]) -> _Kind:
    words = "|".join(re.escape(word).replace("_", "[ _-]?") for word in sorted(row["words"], key=len, reverse=True))
    lacking = rf"(?<![A-Za-z0-9_])(?:{words})s? (?:without|with no|lacking)[^:%]{{1,40}}:\s*{_ID}"
    pattern = rf"(?<![A-Za-z0-9_])(?:{words})(?P<plural>s|es|\(s\))?(?:[ _-]?(?:id|number|no\.?|nr\.?))?[ ]?[:=#\[(-]{{0,2}}\s*{_ID}"
    return _Kind(
        re.compile(pattern, re.IGNORECASE),
        re.compile(lacking, re.IGNORECASE),
        frozenset(row["calls"] + row["members"]),
        frozenset(row["masks"]),
        any_of(row["others"]),
        frozenset(row["other_arguments"]),
    )


def _load() -> dict[str, Any]:
    path = folder("rules/knowledge") / "names.toml"
    rows = toml.read(path)
    for table, keys in _KEYS.items():
        given = rows.get(table, {})
        for row in given if isinstance(given, list) else [given]:
            wrong = set(row) ^ keys if table != "example" else set(row) - keys
            if wrong:
                raise RulesError(f"knowledge/names.toml: [{table}]: unknown or missing key {min(wrong)!r}")
    unknown = set(rows) - set(_KEYS)
    if unknown:
        raise RulesError(f"knowledge/names.toml: unknown table [{min(unknown)}]")
    return rows


NAMES = compiled.document("knowledge", "names", "know/names.py", _load)
