"""The members of structures in their order: what the values of an initialiser are that names none."""

from __future__ import annotations

from collections.abc import Iterable

from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.source.syntax import Expression

if TYPE_CHECKING:
    from tree_sitter import Node

Members = tuple[str, ...]


def structures_of(nodes: Iterable[Node]) -> dict[str, Members]:
    """Return the structures that are defined among some nodes, each by its name with its members."""
    found: dict[str, Members] = {}
    for node in nodes:
        specifier = node if node.type == "struct_specifier" else node.child_by_field_name("type")
        name = specifier.child_by_field_name("name") if specifier is not None and specifier.type == "struct_specifier" else None
        members = members_of(specifier)
        if name is not None and members:
            found[_text(name)] = members
    return found


def members_of(specifier: Node | None) -> Members:
    """Return the members that a `struct {...}` lists; none for anything else."""
    body = specifier.child_by_field_name("body") if specifier is not None and specifier.type == "struct_specifier" else None
    fields = (child for child in body.named_children if child.type == "field_declaration") if body is not None else ()
    return tuple(name for field in fields for each in field.children_by_field_name("declarator") if (name := _declared(each)))


def named(initial: Expression, members: Members, array: bool) -> Expression:
    """Return an initialiser whose values stand behind the members that they are for, as `.member = value` writes them."""
    if initial.kind != "list" or not members:
        return initial
    if array:
        parts = (
            part._replace(parts=(named(part.parts[0], members, False),)) if part.kind == "pair" else named(part, members, False)
            for part in initial.parts
        )
        return initial._replace(parts=tuple(parts))
    if any(part.kind == "pair" for part in initial.parts) or len(initial.parts) > len(members):
        return initial
    pairs = (Expression("pair", f".{name}", part.row, (part,)) for name, part in zip(members, initial.parts, strict=False))
    return initial._replace(parts=tuple(pairs))


def _declared(node: Node | None) -> str:
    while node is not None:
        if node.type == "field_identifier":
            return _text(node)
        inside = [child for child in node.named_children if child.type == "field_identifier" or child.type.endswith("declarator")]
        node = node.child_by_field_name("declarator") or next(iter(inside), None)
    return ""


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
