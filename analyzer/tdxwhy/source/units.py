"""What a C text defines: functions, constants, variables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.source.convert import Converter, condition_of, declared, rows_of, text_of
from tdxwhy.source.structures import structures_of
from tdxwhy.source.syntax import Define, Expression, Function, Unit, all_of, negated

if TYPE_CHECKING:
    from tree_sitter import Node

_PREPROCESSOR = frozenset({"preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef"})


def unit_of(root: Node, loops: dict[int, list[str]]) -> Unit:
    """Collect what a parsed text defines."""
    converter = Converter(loops, cache(lambda: structures_of(node for node, _ in _top_level(root))))
    functions: list[Function] = []
    constants: list[tuple[str, Expression]] = []
    variables: list[tuple[str, Expression | None]] = []
    calls: list[Expression] = []
    defines: list[Define] = []
    includes: list[str] = []
    for node, condition in _top_level(root):
        if node.type == "function_definition":
            functions.extend(function._replace(condition=condition) for function in _function(converter, node))
            defines.extend(map(_define, _inside(node)))
        elif node.type == "declaration":
            variables.extend((each.name, each.expression) for each in converter.statement(node))
        elif node.type == "expression_statement":
            calls.extend(each.expression for each in converter.statement(node) if each.expression is not None)
        elif node.type in ("preproc_def", "preproc_function_def"):
            defines.append(_define(node))
        elif node.type == "preproc_include":
            includes.append(text_of(node.child_by_field_name("path")).strip('<>"'))
        if node.type in ("enum_specifier", "type_definition", "declaration"):
            constants.extend(_enumerators(converter, node))
    return Unit(tuple(functions), tuple(constants), tuple(variables), tuple(calls), tuple(defines), tuple(includes))


def _parameters(text: str) -> Iterable[str]:
    """Yield the parameters of a macro; one that takes the rest ends in three dots, whether it has a name or not."""
    yield from (each.strip() for each in text.strip("() ").split(",") if each.strip())


def _inside(node: Node) -> Iterable[Node]:
    """Yield the #defines that stand inside a function."""
    if not re.search(rb"^[ \t]*#[ \t]*define\b", node.text or b"", re.MULTILINE):
        return
    stack = [node]
    while stack:
        for child in stack.pop().named_children:
            if child.type in ("preproc_def", "preproc_function_def"):
                yield child
            elif child.type.endswith(("_statement", "statement_list")) or child.type.startswith("preproc_"):
                stack.append(child)


def _define(node: Node) -> Define:
    given = node.child_by_field_name("parameters")
    names = tuple(_parameters(text_of(given))) if given is not None else None
    return Define(text_of(node.child_by_field_name("name")), names, text_of(node.child_by_field_name("value")), node.start_point[0])


def _top_level(root: Node) -> Iterable[tuple[Node, str]]:
    """Yield the definitions of a file, those inside #if on both sides, each with its condition, and inside what could not be parsed."""
    stack = [(child, "") for child in reversed(root.named_children)]
    while stack:
        node, condition = stack.pop()
        if node.type in _PREPROCESSOR:
            own = condition_of(node)
            alternative = node.child_by_field_name("alternative")
            for child in reversed(node.named_children):
                other = alternative is not None and child.id == alternative.id
                stack.append((child, all_of(condition, negated(own) if other else own)))
        elif node.type in ("ERROR", "linkage_specification", "declaration_list"):
            stack.extend((child, condition) for child in reversed(node.named_children))
        else:
            yield node, condition


def _function(converter: Converter, node: Node) -> tuple[Function, ...]:
    declarator, body = node.child_by_field_name("declarator"), node.child_by_field_name("body")
    while declarator is not None and declarator.type in ("pointer_declarator", "parenthesized_declarator"):
        declarator = declarator.child_by_field_name("declarator") or (declarator.named_children[-1] if declarator.named_children else None)
    if declarator is None or body is None or declarator.type != "function_declarator":
        return ()
    given = declarator.child_by_field_name("parameters")
    names = tuple(declared(child.child_by_field_name("declarator")) for child in given.named_children) if given is not None else ()
    kind = node.child_by_field_name("type")
    returns = text_of(kind) if kind is not None else ""
    name = declared(declarator)
    static = any(child.type == "storage_class_specifier" and text_of(child) == "static" for child in node.children)
    if not name:
        return ()
    mentions = _mentions(text_of(body))
    return (Function(name, names, converter.statement(body), *rows_of(node), returns=returns, static=static, mentions=mentions),)


_NAME = re.compile(r"[A-Za-z_]\w*")
_THROUGH = re.compile(r"(?:->|\.)\s*(\w+)\s*\(|\b(?:\w+_call|static_call\w*)\s*\(\s*(\w+)\s*\)\s*\(")


def _mentions(text: str) -> tuple[str, ...]:
    """Return the names in a function's text, each once, and those called through a structure as "->name"."""
    through = (f"->{one or other}" for one, other in _THROUGH.findall(text))
    return tuple(sorted({*_NAME.findall(text), *through}))


def _enumerators(converter: Converter, node: Node) -> list[tuple[str, Expression]]:
    """Return the enumerators of an enum with their values, counted where none is written."""
    specifier = node if node.type == "enum_specifier" else node.child_by_field_name("type")
    body = specifier.child_by_field_name("body") if specifier is not None and specifier.type == "enum_specifier" else None
    found: list[tuple[str, Expression]] = []
    row = node.start_point[0]
    for child in body.named_children if body is not None else []:
        if child.type != "enumerator":
            continue
        name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
        if value is not None:
            given = converter.expression(value)
        elif found:
            given = Expression("binary", "+", row, (found[-1][1], Expression("number", "1", row)))
        else:
            given = Expression("number", "0", row)
        if name is not None:
            found.append((text_of(name), given))
    return found
