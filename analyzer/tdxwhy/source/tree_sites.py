"""The print calls of a whole C file, by tree-sitter; the same PrintSite as the grammar of `prints` gives, for a test to compare."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.source.calls import print_call
from tdxwhy.source.code import Fragment, of_file
from tdxwhy.source.convert import declared, text_of
from tdxwhy.source.ctree import parser, prepared
from tdxwhy.source.grammar import Call, defined_literals, fragment_sites, site_of, squeeze
from tdxwhy.source.nouns import PrintSite

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_NODES = 2_000_000


def tree_sites(text: str, name: str) -> tuple[PrintSite, ...]:
    """Return the print calls of a C file in the order in which they stand; what is no C to tree-sitter is left to the grammar."""
    fragment = of_file(text, name)
    data = fragment.text.encode("utf-8", "replace")
    tree = parser().parse(prepared(fragment.text).encode("utf-8", "replace"))
    literals = defined_literals(fragment.text)
    found: list[PrintSite] = []
    for node, function in _calls(tree.root_node):
        known = print_call(text_of(node.child_by_field_name("function")))
        if known is None or node.has_error:
            continue
        site = site_of(fragment, _call(node, data), known, function, literals)
        if site is not None and not _in_macro(fragment, site):
            found.append(site)
    met = {(site.file_line, site.call) for site in found}
    found += [site for site in fragment_sites(fragment, name, literals) if (site.file_line, site.call) not in met]
    return tuple(sorted(found, key=lambda site: site.file_line or 0))


def _calls(root: Node) -> Iterator[tuple[Node, str | None]]:
    """Yield every call with the function in which it stands."""
    waiting: list[tuple[Node, str | None]] = [(root, None)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node, function = waiting.pop()
        if node.type == "function_definition":
            function = declared(node.child_by_field_name("declarator")) or None
        if node.type == "call_expression":
            yield node, function
        waiting.extend((child, function) for child in reversed(node.named_children))


def _call(node: Node, data: bytes) -> Call:
    """Read a call's arguments off the text as it stood, before loops and annotations were made to look like C."""
    given = node.child_by_field_name("arguments")
    children = [child for child in given.named_children if child.type != "comment"] if given is not None else []
    arguments = tuple(squeeze(_slice(data, child)) for child in children)
    start = len(data[: node.start_byte].decode("utf-8", "replace"))
    return Call(text_of(node.child_by_field_name("function")), arguments, start, start + len(_slice(data, node)))


def _slice(data: bytes, node: Node) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _in_macro(fragment: Fragment, site: PrintSite) -> bool:
    """Tell whether a call stands in the body of a #define: its line, or one above it without a break, begins with one."""
    row = (site.file_line or 1) - 1
    while row > 0 and fragment.lines[row - 1].text.rstrip().endswith("\\"):
        row -= 1
    return fragment.lines[row].text.lstrip().startswith("#")
