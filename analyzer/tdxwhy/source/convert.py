"""From tree-sitter's nodes to our statements and expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.source.structures import Members, members_of, named
from tdxwhy.source.syntax import Expression, ExpressionKind, Statement, StatementKind

if TYPE_CHECKING:
    from tree_sitter import Node

# Deeper than any code a person wrote; a hostile file stops here and the rest is "other".
_DEEPEST = 120
_JUMPS: dict[str, StatementKind] = {"goto_statement": "goto", "break_statement": "break", "continue_statement": "continue"}
_OPERATIONS: dict[str, ExpressionKind] = {
    "unary_expression": "unary",
    "pointer_expression": "unary",
    "binary_expression": "binary",
    "assignment_expression": "assign",
}
_CONSTANTS = {"true": "1", "false": "0", "null": "0"}


class Converter:
    """Converts the nodes of one text; `loops` gives the macros that stood where a `while` stands now, `structures` members by name."""

    def __init__(self, loops: dict[int, list[str]], structures: Callable[[], dict[str, Members]] = dict) -> None:
        self.loops = {row: list(names) for row, names in loops.items()}
        self.structures = structures
        self.depth = 0

    def statements(self, nodes: Iterable[Node]) -> tuple[Statement, ...]:
        """Convert a row of nodes; what is no statement is left out."""
        found: list[Statement] = []
        for node in nodes:
            found.extend(self.statement(node))
        return tuple(found)

    def statement(self, node: Node) -> tuple[Statement, ...]:
        """Convert one node into none, one or several statements."""
        self.depth += 1
        try:
            if self.depth > _DEEPEST:
                return (Statement("other", *rows_of(node)),)
            return self._statement(node)
        finally:
            self.depth -= 1

    def _statement(self, node: Node) -> tuple[Statement, ...]:
        convert = _STATEMENTS.get(node.type)
        if convert is not None:
            return convert(self, node)
        if node.type in ("compound_statement", "ERROR", "else_clause", "preproc_else"):
            return self.statements(node.named_children)
        if node.type.endswith("_expression"):
            return (Statement("expression", *rows_of(node), self.expression(node)),)
        return ()

    def _expression_statement(self, node: Node) -> tuple[Statement, ...]:
        inner = node.named_children
        if not inner:
            return ()
        return (Statement("expression", *rows_of(node), self.expression(inner[0])),)

    def _if(self, node: Node) -> tuple[Statement, ...]:
        condition = self.expression(node.child_by_field_name("condition"))
        body = self._field(node, "consequence")
        return (Statement("if", *rows_of(node), condition, body=body, orelse=self._field(node, "alternative")),)

    def _loop(self, node: Node) -> tuple[Statement, ...]:
        row = node.start_point[0]
        keyword = node.type.removesuffix("_statement")
        macros = self.loops.get(row) if keyword == "while" else None
        name = macros.pop(0) if macros else keyword
        start = node.child_by_field_name("initializer")
        before = self.statement(start) if start is not None else ()
        condition = node.child_by_field_name("condition")
        body = self._field(node, "body")
        if start is not None and not before:
            before = (Statement("expression", *rows_of(start), self.expression(start)),)
        update = node.child_by_field_name("update")
        after = (Statement("expression", *rows_of(update), self.expression(update)),) if update is not None else ()
        loop = Statement("loop", *rows_of(node), self.expression(condition) if condition is not None else None, name, body, after)
        return (*before, loop)

    def _switch(self, node: Node) -> tuple[Statement, ...]:
        return (
            Statement("switch", *rows_of(node), self.expression(node.child_by_field_name("condition")), body=self._field(node, "body")),
        )

    def _case(self, node: Node) -> tuple[Statement, ...]:
        value = node.child_by_field_name("value")
        inside = [child for child in node.named_children if value is None or child.id != value.id]
        return (Statement("case", *rows_of(node), self.expression(value) if value is not None else None, body=self.statements(inside)),)

    def _return(self, node: Node) -> tuple[Statement, ...]:
        inner = node.named_children
        return (Statement("return", *rows_of(node), self.expression(inner[0]) if inner else None),)

    def _jump(self, node: Node) -> tuple[Statement, ...]:
        label = node.child_by_field_name("label")
        return (Statement(_JUMPS[node.type], *rows_of(node), name=text_of(label) if label is not None else ""),)

    def _label(self, node: Node) -> tuple[Statement, ...]:
        label = node.child_by_field_name("label")
        rest = [child for child in node.named_children if label is None or child.id != label.id]
        name = text_of(label) if label is not None else ""
        return (Statement("label", node.start_point[0], node.start_point[0], name=name), *self.statements(rest))

    def _declaration(self, node: Node) -> tuple[Statement, ...]:
        static = any(child.type == "storage_class_specifier" and text_of(child) == "static" for child in node.children)
        found = []
        for child in node.children_by_field_name("declarator"):
            if child.type == "function_declarator":
                continue
            name = declared(child)
            value = child.child_by_field_name("value") if child.type == "init_declarator" else None
            if name:
                given = self.expression(value) if value is not None else None
                if given is not None and given.kind == "list" and given.parts and not given.parts[0].text.startswith("."):
                    given = named(given, self._members(node), "[" in text_of(child.child_by_field_name("declarator")))
                found.append(Statement("declare", *rows_of(child), given, name, static=static))
        return tuple(found)

    def _members(self, node: Node) -> Members:
        """Return the members of the structure that a declaration is of."""
        kind = node.child_by_field_name("type")
        name = kind.child_by_field_name("name") if kind is not None else None
        return members_of(kind) or (self.structures().get(text_of(name), ()) if name is not None else ())

    def _either(self, node: Node) -> tuple[Statement, ...]:
        alternative = node.child_by_field_name("alternative")
        skip = {child.id for field in ("name", "condition") for child in node.children_by_field_name(field)}
        inside = [child for child in node.named_children if child.id not in skip and (alternative is None or child.id != alternative.id)]
        orelse = self.statement(alternative) if alternative is not None else ()
        return (Statement("either", *rows_of(node), name=condition_of(node), body=self.statements(inside), orelse=orelse),)

    def _field(self, node: Node, field: str) -> tuple[Statement, ...]:
        child = node.child_by_field_name(field)
        return self.statement(child) if child is not None else ()

    def expression(self, node: Node | None) -> Expression:
        """Convert an expression; what we do not know is kept as text."""
        if node is None:
            return Expression("other", "", 0)
        self.depth += 1
        try:
            if self.depth > _DEEPEST:
                return Expression("other", "", node.start_point[0])
            return self._expression(node)
        finally:
            self.depth -= 1

    def _expression(self, node: Node) -> Expression:
        kind, row = node.type, node.start_point[0]
        if kind in ("parenthesized_expression", "cast_expression"):
            return self._inside(node)
        if kind in ("identifier", "field_identifier", "type_identifier"):
            return Expression("name", text_of(node), row)
        if kind == "number_literal":
            return Expression("number", text_of(node), row)
        if kind in _CONSTANTS:
            return Expression("number", _CONSTANTS[kind], row)
        convert = _EXPRESSIONS.get(kind)
        return convert(self, node) if convert else Expression("other", text_of(node), row)

    def _inside(self, node: Node) -> Expression:
        if node.type == "cast_expression":
            return self.expression(node.child_by_field_name("value"))
        inside = node.named_children
        if inside and inside[0].type == "compound_statement":
            return Expression("block", text_of(node)[:60], node.start_point[0], block=self.statement(inside[0]))
        return self.expression(inside[0]) if inside else Expression("other", "", node.start_point[0])

    def _call(self, node: Node) -> Expression:
        target = self.expression(node.child_by_field_name("function"))
        given = node.child_by_field_name("arguments")
        arguments = tuple(self.expression(child) for child in given.named_children) if given is not None else ()
        if target.text in ("likely", "unlikely") and len(arguments) == 1:
            return arguments[0]
        return Expression("call", target.text, node.start_point[0], (target, *arguments))

    def _operator(self, node: Node) -> Expression:
        operator = node.child_by_field_name("operator")
        fields = ("left", "right") if node.type in ("binary_expression", "assignment_expression") else ("argument",)
        parts = tuple(self.expression(node.child_by_field_name(field)) for field in fields)
        return Expression(_OPERATIONS[node.type], text_of(operator) if operator is not None else "", node.start_point[0], parts)

    def _update(self, node: Node) -> Expression:
        row = node.start_point[0]
        operator = text_of(node.child_by_field_name("operator"))[:1] + "="
        argument = node.child_by_field_name("argument")
        before = argument is not None and argument.start_byte == node.start_byte
        parts = (self.expression(argument), Expression("number", "1", row))
        return Expression("assign", operator, row, (*parts, Expression("postfix", "", row)) if before else parts)

    def _member(self, node: Node) -> Expression:
        base = self.expression(node.child_by_field_name("argument"))
        arrow = any(child.type == "->" for child in node.children)
        return Expression("member", ("->" if arrow else ".") + text_of(node.child_by_field_name("field")), node.start_point[0], (base,))

    def _index(self, node: Node) -> Expression:
        base, index = (self.expression(node.child_by_field_name(field)) for field in ("argument", "index"))
        return Expression("index", "", node.start_point[0], (base, index))

    def _choice(self, node: Node) -> Expression:
        parts = tuple(self.expression(node.child_by_field_name(field)) for field in ("condition", "consequence", "alternative"))
        return Expression("choice", "", node.start_point[0], parts)

    def _string(self, node: Node) -> Expression:
        pieces = node.named_children if node.type == "concatenated_string" else [node]
        text = "".join(text_of(piece)[1:-1] if piece.type == "string_literal" else f"\0{text_of(piece)}\0" for piece in pieces)
        return Expression("string", text, node.start_point[0])

    def _list(self, node: Node) -> Expression:
        return Expression("list", "", node.start_point[0], tuple(self.expression(child) for child in node.named_children))

    def _pair(self, node: Node) -> Expression:
        designator = "".join(text_of(child) for child in node.children_by_field_name("designator"))
        return Expression("pair", designator, node.start_point[0], (self.expression(node.child_by_field_name("value")),))

    def _comma(self, node: Node) -> Expression:
        parts = tuple(self.expression(node.child_by_field_name(field)) for field in ("left", "right"))
        return Expression("comma", "", node.start_point[0], parts)


_STATEMENTS: dict[str, Callable[[Converter, Node], tuple[Statement, ...]]] = {
    "expression_statement": Converter._expression_statement,
    "if_statement": Converter._if,
    "while_statement": Converter._loop,
    "for_statement": Converter._loop,
    "do_statement": Converter._loop,
    "switch_statement": Converter._switch,
    "case_statement": Converter._case,
    "return_statement": Converter._return,
    **dict.fromkeys(_JUMPS, Converter._jump),
    "labeled_statement": Converter._label,
    "declaration": Converter._declaration,
    "preproc_if": Converter._either,
    "preproc_ifdef": Converter._either,
    "preproc_elif": Converter._either,
    "preproc_elifdef": Converter._either,
}
_EXPRESSIONS: dict[str, Callable[[Converter, Node], Expression]] = {
    "call_expression": Converter._call,
    "unary_expression": Converter._operator,
    "pointer_expression": Converter._operator,
    "binary_expression": Converter._operator,
    "assignment_expression": Converter._operator,
    "update_expression": Converter._update,
    "field_expression": Converter._member,
    "subscript_expression": Converter._index,
    "conditional_expression": Converter._choice,
    "string_literal": Converter._string,
    "concatenated_string": Converter._string,
    "initializer_list": Converter._list,
    "initializer_pair": Converter._pair,
    "comma_expression": Converter._comma,
}


def condition_of(node: Node) -> str:
    """Return the condition of an #if, #ifdef or #elif in C, with a name for itself where it is only asked whether it is defined."""
    name = text_of(node.child_by_field_name("name"))
    if name:
        return f"!{name}" if any(child.type in ("#ifndef", "#elifndef") for child in node.children) else name
    return " ".join(text_of(node.child_by_field_name("condition")).split())


def declared(node: Node | None) -> str:
    """Return the name that a declarator declares."""
    while node is not None:
        if node.type == "identifier":
            return text_of(node)
        node = node.child_by_field_name("declarator") or next((child for child in node.named_children if "declarator" in child.type), None)
    return ""


def text_of(node: Node | None) -> str:
    """Return the text of a node."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def rows_of(node: Node) -> tuple[int, int]:
    """Return the first and the last row of a node."""
    return node.start_point[0], node.end_point[0]
