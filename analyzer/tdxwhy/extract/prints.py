"""Every line that the TDX files of a tree can print, known to the catalogue or not; what is not known is ready as a row of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tdxwhy.errors import NothingToJudge
from tdxwhy.extract.writing import Draft
from tdxwhy.know import tables
from tdxwhy.know.printf import CONVERSION, conversions
from tdxwhy.noun import NamedTuple
from tdxwhy.records import MessageForm
from tdxwhy.source.calls import calls
from tdxwhy.source.nouns import PrintSite
from tdxwhy.source.run.program import Program

_TDX = re.compile(r"tdx|seam|\btd\b", re.IGNORECASE)
_LEVELS = {"default": "warn", "cont": "info", "argument": "info"}
_SAMPLES = {"s": "text", "c": "x"}
_GUEST = re.compile(r"(^|/)(coco|tdx-guest)(/|$)|coco/tdx")


class PrintedForm(NamedTuple):
    """A print call of a tree: what it prints, where, and the form of the catalogue that it is, None where it is new."""

    format: str
    level: str
    site: PrintSite
    form: MessageForm | None
    step: str


def of_kernel(given: str) -> tuple[PrintedForm, ...]:
    """Return the lines that a kernel's TDX files print, each with its step where the model of the kernel has it."""
    from tdxwhy.extract.draft import draft
    from tdxwhy.source.kernel_tree import name_of, program_of_kernel, read
    from tdxwhy.source.tree_sites import tree_sites

    tree = read(given, calls().guests)
    program = program_of_kernel(tree)
    try:
        made = draft(program, name_of(given))
    except NothingToJudge:
        made = None
    sites = (site._replace(file=path) for path, text in sorted(tree.texts.items()) for site in tree_sites(text, path))
    return printed(program, sites, made)


def printed(program: Program, sites: Iterator[PrintSite], made: Draft | None) -> tuple[PrintedForm, ...]:
    """Return the lines of a tree's print calls, each format once, in the order of the files."""
    steps = _steps(made) if made is not None else {}
    found: dict[tuple[str, str], PrintedForm] = {}
    for site in sites:
        text = _whole(program, site)
        if not text or not (calls().ours_by_file.search(site.file) or _TDX.search(text)):
            continue
        level = _LEVELS.get(site.level, site.level)
        level = "warning" if level == "warn" else level
        found.setdefault((text, level), PrintedForm(text, level, site, _known(text, level), steps.get(text, "")))
    return tuple(found.values())


def _whole(program: Program, site: PrintSite) -> str:
    """Return the line with what pr_fmt puts before it; "" where it is not readable, or no line of its own."""
    text = site.format.replace("\\n", "").replace('\\"', '"').strip("\n")
    if not text.strip() or "\0" in text:
        return ""
    if not site.call.startswith("pr_"):
        return text
    file = _includer(program, site.file) if site.file in program.included else site.file
    prefix = program.prefixes.get(file, "")
    return (program.modules.get(file, "") + prefix if prefix.startswith(":") else prefix) + text


def _includer(program: Program, file: str) -> str:
    """Return the C file that includes another one, whose pr_fmt holds there too."""
    name = file.rpartition("/")[2]
    around = (source.path for source in program.sources if any(each.rpartition("/")[2] == name for each in source.unit.includes))
    return next((path for path in around if path.endswith(".c")), file)


def _known(text: str, level: str) -> MessageForm | None:
    """Return the form of a format: of that level if there is one, in any spelling of its numbers."""
    alike = [one for one in tables.forms() if one.format == text] or [one for one in tables.forms() if _shape(one.format) == _shape(text)]
    return next((one for one in alike if one.level == level), alike[0] if alike else None)


def _shape(text: str) -> str:
    """Return a format without the widths of its numbers, which compilers and releases change."""
    return CONVERSION.sub(lambda found: found[0][-1], text)


def _steps(made: Draft) -> dict[str, str]:
    """Return for each format the step that prints it, as the model of the tree says."""
    found: dict[str, str] = {}
    for operation in made.operations:
        for step in operation["step"]:
            names = [name for key in ("print", "print_vmfailinvalid", "always_print", "print_near_limit") for name in step.get(key, ())]
            names += [name for answer in step.get("answers", ()) for name in answer.get("print", ())]
            for name in names:
                found.setdefault(made.forms[name]["format"], step["name"])
    return found


def as_rows(lines: tuple[PrintedForm, ...], source: str) -> str:
    """Write the unknown lines as rows of rules/knowledge/forms-*.toml; what only a person can say is left to be said."""
    taken = {one.id for one in tables.forms()}
    rows = [_row(line, taken, source) for line in lines if line.form is None]
    return "\n".join(rows)


def _row(line: PrintedForm, taken: set[str], source: str) -> str:
    site, text = line.site, line.format
    args = [_argument(each) for each in site.args][: len(list(conversions(text)))]
    values: dict[str, object] = {
        "id": _id(text, taken),
        "format": text,
        "level": line.level,
        "kind": _kind(line),
        **({"step": line.step} if line.step in _step_names() else {}),
        "outcome": "failure" if line.level in ("emerg", "alert", "crit", "err") else "warning" if line.level == "warning" else "detail",
        "function": site.function or "",
        "file": site.file,
        **({"once": True} if site.once else {}),
        **({"ratelimited": True} if site.ratelimited else {}),
        **_named(site),
        **({"args": args} if args else {}),
        "meaning": f"Printed by {site.function or 'a macro'}(); not yet described.",
        "example": example(text),
        "source": f"{site.file} of {source}",
    }
    return "\n".join(["[[form]]", *(f"{key} = {_toml(value)}" for key, value in values.items()), ""])


def _named(site: PrintSite) -> dict[str, object]:
    return {f"names_{field}": True for field in ("package", "cpu", "cpu_state") if getattr(site.names, field)}


def _kind(line: PrintedForm) -> str:
    """Say what a line belongs to: the guest, KVM, the loader, or the host."""
    if _GUEST.search(line.site.file):
        return "guest"
    if "/kvm/" in line.site.file:
        return "kvm" if line.step == "kvm-load" else "runtime"
    return "host" if line.step in _step_names() else "runtime"


def _step_names() -> frozenset[str]:
    return frozenset(tables.steps())


def _id(text: str, taken: set[str]) -> str:
    prefix, _, rest = text.partition(": ")
    words = re.findall(r"[a-z0-9]+", CONVERSION.sub(" ", rest or prefix).lower())[:9] or ["line"]
    base = re.sub(r"[^a-z0-9]+", "-", prefix.lower()).strip("-") if rest else "line"
    name = f"{base or 'line'}.{'-'.join(words)}"
    number = 2
    while name in taken:
        name, number = f"{base}.{'-'.join(words)}-{number}", number + 1
    taken.add(name)
    return name


def _argument(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_").lower() or "value"


def example(text: str) -> str:
    """Return a line that a format can print."""

    def lay(found: re.Match[str]) -> str:
        letter = found[0][-1]
        if letter == "%":
            return "%"
        if letter in "diuxXo":
            plain = re.sub(r"hh|h|ll|l|L|z|t|j", "", found[0][:-1]) + {"i": "d", "u": "d"}.get(letter, letter)
            try:
                return str(plain % 17)
            except (ValueError, TypeError):
                return "17"
        return _SAMPLES.get(letter, "0x11")

    return re.sub(r"%%|%[-+ #0]*+\d*+(?:\.\d++)?(?:hh|h|ll|l|L|z|t|j)?[a-zA-Z]", lay, text)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each >= " " and each != "\x7f" else f"\\u{ord(each):04x}" for each in text) + '"'
