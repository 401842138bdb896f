"""C through tree-sitter: a whole file, or the pieces of one that a patch shows, as statements and expressions.

Kernel macros that look like no C are made to: loops such as for_each_online_cpu() become while loops of the same length,
annotations become blanks. What still cannot be parsed stays an "other" and is reported as unseen by those who meet it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tdxwhy.errors import PackageAbsent
from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.source.code import blank_comments
from tdxwhy.source.grammar import prefix
from tdxwhy.source.syntax import Define, Function, Statement, Unit

if TYPE_CHECKING:
    from tree_sitter import Parser

_LARGEST = 8 << 20
_LOOP = re.compile(r"(?<![\w#])(?P<name>\w{0,80}?for_each\w{0,80}|scoped_guard|while_each_thread)(?P<gap>\s*)(?=\()")
_ANNOTATION = re.compile(
    r"\b(?:__(?:init|exit|ref|user|iomem|percpu|rcu|cold|hot|weak|pure|used|unused|maybe_unused|always_unused|must_check|always_inline"
    r"|init_or_module|meminit|cpuinit|force|packed|private|no_sanitize_\w+|no_kcsan|noreturn|inline|visible|latent_entropy|ro_after_init"
    r"|read_mostly|initdata|initconst|refdata|randomize_layout|head|net_init|nocfi|flatten|naked|bpf_kfunc|cacheline_aligned\w*)"
    r"|noinstr|noinline\w*|asmlinkage|notrace|nokprobe_inline|__visible_for_testing)\b(?!\s*\()"
    r"|\b__(?:free|attribute__|printf|aligned|section|acquires|releases|must_hold|cleanup|counted_by)\s*\((?:[^()]|\([^()]*\))*\)"
)
# The pieces end at the next goto, so that a text full of them is read once.
_ASM_GOTO = re.compile(
    r"""\basm\s+(?:volatile\s+)?goto\s*\((?P<inside>(?:"(?:[^"\\\n]|\\.){0,300}"|[^;"g]|g(?!oto\b)){0,2000}?)\)\s*(?=;)""",
    re.DOTALL,
)
_INSTRUCTION = re.compile(r'\s*"(?:\d+:)?\s*(?P<word>[a-z]\w*)')
_JUMPS_TO = re.compile(r":\s*+(?P<label>[A-Za-z_]\w*+)[\w\s,]*$")


def parse_unit(text: str) -> Unit:
    """Parse a C text. Accepted form: anything; what is no C becomes "other" or is left out."""
    from tdxwhy.source.units import unit_of

    clean = blank_comments(text.replace("\r\n", "\n"), keep_continued=True)
    if len(clean) > _LARGEST:
        return Unit((), (), (), ())
    tree = parser().parse(prepared(clean).encode("utf-8", "replace"))
    return unit_of(tree.root_node, names_of_loops(clean))._replace(prefix=prefix(text))


def prepared(text: str) -> str:
    """Make kernel C look like C, without moving anything; what stands behind a NUL would be lost to the parser."""
    text = text.replace("\0", " ")
    text = _ANNOTATION.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    text = _ASM_GOTO.sub(_as_call, text) if "asm" in text else text
    return _LOOP.sub(lambda found: "while".ljust(len(found["name"])) + found["gap"], text)


def _as_call(found: re.Match[str]) -> str:
    """Write `asm goto("1: vmxon ..." : : : : fault)` as asm_goto(vmxon, fault), of the same length and over the same lines."""
    label, word = _JUMPS_TO.search(found["inside"]), _INSTRUCTION.match(found["inside"])
    call = f"asm_goto({word['word'] if word else 'asm'},{label['label'] if label else ''})"
    if label is None or "\n" in found[0][: len(call)] or len(call) > len(found[0]):
        return found[0]
    return call + re.sub(r"[^\n]", " ", found[0][len(call) :])


def names_of_loops(text: str) -> dict[int, list[str]]:
    """Return for each row the loop macros on it, which `prepared` overwrites."""
    names: dict[int, list[str]] = {}
    row, last = 0, 0
    for found in _LOOP.finditer(text):
        row += text.count("\n", last, found.start())
        last = found.start()
        names.setdefault(row, []).append(found["name"])
    return names


@lru_cache(maxsize=1)
def parser() -> Parser:
    """Return the one parser of C; PackageAbsent where what it is made of is not installed."""
    try:
        import tree_sitter
        import tree_sitter_c
    except ModuleNotFoundError as error:
        raise PackageAbsent(
            "reading C wants the packages tree-sitter and tree-sitter-c: python3 -m pip install tree-sitter tree-sitter-c"
        ) from error
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))


def macro(define: Define) -> Function:
    """Return a function-like macro as a function: a body of statements, or an expression that is returned."""
    body = define.body.replace("\\\n", " ").strip()
    block = re.match(r"(?:do\s*)?\{", body) or body.startswith("({")
    inside = re.sub(r"\}\s*while\s*\(\s*0\s*\)\s*$", "}", re.sub(r"^do\b", "", body)).strip("() ") if block else f"return {body};"
    (function, *_) = parse_unit(f"int {define.name}(void) {{\n{inside}\n}}").functions or (Function(define.name, (), (), 0, 0),)
    return Function(define.name, define.parameters or (), _value_last(function.body, block=bool(block)), define.row, define.row, macro=True)


def _value_last(body: tuple[Statement, ...], *, block: bool) -> tuple[Statement, ...]:
    """Make the last expression of a statement expression its value."""
    if block and body and body[-1].kind == "expression":
        return (*body[:-1], body[-1]._replace(kind="return"))
    return body
