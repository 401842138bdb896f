"""Where a function fails: the branches, returns and jumps by which it gives up, each with the condition that leads there.

Looks at one function alone, in source order; what its callees do is for `failing` (a patch) and `predict` (a tree) to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.source.calls import calls
from tdxwhy.source.results import (
    FAILING_LABEL,
    PREDICATE,
    STATUS,
    Assigned,
    assignments,
    effect_of,
    errno_in,
    errno_of,
    exit_of,
    filled_by,
    is_null,
    last_row,
    leaves,
    negative_is_failure,
    pointer_test,
    prints_failure,
    prints_something,
    sets,
    tested_call,
    tested_results,
    warns,
)
from tdxwhy.source.syntax import Expression, Function, Statement, callee, calls_in, written


class Exit(NamedTuple):
    """One way a function fails: the condition in words, what it does then, and the rows of all that belongs to it."""

    condition: str
    effect: str
    errno: str | None
    call: Expression | None
    hands_on: bool
    rows: tuple[tuple[int, int], ...]
    branch: tuple[Statement, ...]
    variable: str
    exit: Statement | None
    subject: str = ""


class Exits:
    """Collects the failing exits of one function."""

    def __init__(self, function: Function, *, torn: bool = False) -> None:
        self.function = function
        self.torn = torn
        self.found: list[Exit] = []
        self.assigned: dict[str, Assigned] = {}
        self.untested: dict[str, Assigned] = {}
        self.going_on: dict[str, int] = {}
        self.preset: dict[str, str] = {}

    def collect(self) -> list[Exit]:
        """Return the failing exits in source order."""
        self._block(self.function.body, outer=True)
        for name, taken in self.untested.items() if self.torn else ():
            if STATUS.fullmatch(name):
                rows = ((taken.first, taken.last),)
                self.found.append(
                    Exit(f"{written(taken.call)} fails", "what follows is not shown", None, taken.call, True, rows, (), name, None)
                )
        return self.found

    def _block(self, statements: Sequence[Statement], *, outer: bool = False) -> None:
        for index, statement in enumerate(statements):
            match statement.kind:
                case "if":
                    self._if(statement)
                case "switch":
                    self._switch(statement)
                case "case":
                    label = written(statement.expression) if statement.expression is not None else "default"
                    self._case("switch", [label], (statement.first, statement), None)
                    self._block([each for each in statement.body if each.kind != "return"])
                case "return":
                    self._return(statement, statements[:index], outer=outer)
                case "loop":
                    self._note(statement)
                    self._block(statement.body)
                case "either":
                    self._block(statement.body)
                    self._block(statement.orelse)
                case _:
                    self._note(statement)
                    self._fatal(statement, index)

    def _note(self, statement: Statement) -> None:
        """Remember which call a variable was set from, an errno that it begins with, and a result handed back through a pointer."""
        if statement.kind == "declare" and (errno := errno_of(statement.expression)):
            self.preset[statement.name] = errno
        for name, call in assignments(statement):
            if call is None:
                self.untested.pop(name, None)
                self.assigned.pop(name, None)
                continue
            taken = Assigned(call, statement.first, statement.last)
            self.assigned[name] = taken
            self.untested[name] = taken
            self.going_on.pop(name, None)
        for call in calls_in(statement.expression):
            for argument in call.parts[1:]:
                if argument.kind == "unary" and argument.text == "&" and STATUS.fullmatch(argument.parts[0].text):
                    self.assigned[argument.parts[0].text] = Assigned(call, statement.first, statement.last)
        self._handed_back(statement)

    def _handed_back(self, statement: Statement) -> None:
        expression = statement.expression
        if expression is None or expression.kind != "assign" or expression.parts[0].kind not in ("unary", "member"):
            return
        value, target = expression.parts[1], expression.parts[0]
        status = value.kind == "name" and value.text in self.untested and STATUS.fullmatch(value.text)
        if status and (target.kind == "unary" or STATUS.fullmatch(target.text.lstrip(".->"))):
            taken = self.untested.pop(value.text)
            self._add_call(taken, f"value handed back through {written(target)}", statement, value.text)

    def _fatal(self, statement: Statement, index: int) -> None:
        """Take a conditional BUG, and a bare one that does not stand first."""
        for call in calls_in(statement.expression):
            if callee(call) in calls().fatal_conditions and len(call.parts) > 1:
                condition = written(call.parts[1])
                rows = ((statement.first, statement.last),)
                self.found.append(Exit(condition, "BUG()", None, None, False, rows, (statement,), "", None))

    def _if(self, statement: Statement) -> None:
        self._note(statement)
        test = tested_results(statement.expression, self.assigned)
        last = statement.expression.row if statement.expression is not None else statement.first
        header = (statement.first, max(last, last_row(statement.expression)))
        self._branch(statement, statement.body, test.failed, header, negated=False)
        if statement.orelse and not (len(statement.orelse) == 1 and statement.orelse[0].kind == "if"):
            self._branch(statement, statement.orelse, test.passed, header, negated=True)
        for name in (*test.failed, *test.passed):
            if leaves(statement.body) or sets(statement.body, name):
                self.untested.pop(name, None)
        self._block(statement.body)
        self._block(statement.orelse)

    def _branch(
        self, statement: Statement, body: Sequence[Statement], failed: Sequence[str], header: tuple[int, int], *, negated: bool
    ) -> None:
        """Judge one side of an if: does it fail, and how."""
        exit_ = exit_of(body)
        errno = errno_in(body)
        prints = prints_failure(body) or (not negated and warns(statement.expression))
        tests_call = bool(failed) or (not negated and pointer_test(statement.expression, self.assigned))
        value = exit_.expression if exit_ is not None else None
        early = exit_ is not None and exit_.kind == "return" and (value is None or value.text.isupper())
        if not self._fails(exit_, errno, prints=prints, tested=bool(failed) if early else tests_call):
            return
        name = next(iter(failed), "")
        taken = self.assigned.get(name) if name else None
        call = taken.call if taken else tested_call(statement.expression)
        condition = self._condition(statement, name, taken, call, negated=negated)
        rows = [header, *([(taken.first, taken.last)] if taken else [])]
        rows.extend((each.first, each.last) for each in body if each.kind in ("expression", "if") and prints_something(each))
        hands_on = errno is None and bool(name or call)
        effect = effect_of(body, exit_)
        if exit_ is None and errno is None and name and not _is_comparison(statement.expression):
            self.going_on[name] = len(self.found)
        self.found.append(
            Exit(condition, effect, errno, call, hands_on, tuple(rows), tuple(body), name, exit_, written(statement.expression))
        )

    def _fails(self, exit_: Statement | None, errno: str | None, *, prints: bool, tested: bool) -> bool:
        if errno is not None or exit_ is None:
            return prints or errno is not None
        if exit_.kind == "return":
            return prints or self._returns_failure(exit_.expression, tested=tested)
        fails = {"fatal": True, "goto": prints or tested or bool(FAILING_LABEL.search(exit_.name)), "break": prints or tested}
        return fails.get(exit_.kind, prints)

    def _returns_failure(self, value: Expression | None, *, tested: bool) -> bool:
        if value is None:
            return tested
        if value.kind == "number":
            return tested and (value.text not in ("0", "1") or is_null(self.function, value))
        return tested or any(callee(call) in ("ERR_PTR", "PTR_ERR", "ERR_CAST") for call in calls_in(value))

    def _condition(self, statement: Statement, name: str, taken: Assigned | None, call: Expression | None, *, negated: bool) -> str:
        text = written(statement.expression)
        if taken is not None and _is_comparison(statement.expression):
            return f"{text} ({written(taken.call)})"
        if taken is not None:
            filled = filled_by(taken.call, name)
            return f"{written(taken.call)} fails" if not filled else f"{filled}() reports {name}"
        if negated:
            return f"not ({text})"
        if call is not None and statement.expression is not None and len(text) <= len(written(call)) + 2:
            fails = not PREDICATE.search(callee(call)) and (text.startswith("!") or negative_is_failure(callee(call)))
            return f"{written(call)} fails" if fails else text
        pointer = self.assigned.get(text[1:]) if text.startswith("!") else None
        return f"{written(pointer.call)} fails" if pointer else text

    def _switch(self, statement: Statement) -> None:
        self._note(statement)
        subject = statement.expression
        taken = self.assigned.get(subject.text) if subject is not None and subject.kind == "name" else None
        waiting: list[str] = []
        first = None
        for case in statement.body:
            if case.kind != "case":
                continue
            waiting.append(written(case.expression) if case.expression is not None else "default")
            first = case.first if first is None else first
            if not case.body:
                continue
            self._case(written(subject), waiting, (first, case), taken)
            self._block([each for each in case.body if each.kind != "return"])
            waiting, first = [], None

    def _case(self, subject: str, labels: list[str], place: tuple[int, Statement], taken: Assigned | None) -> None:
        first, case = place
        exit_ = exit_of(case.body)
        errno = errno_in(case.body) or (self._left_preset(case.body) if "default" in labels else None)
        if errno is None and not prints_failure(case.body) and not (exit_ is not None and exit_.kind == "fatal"):
            return
        condition = f"{subject} is {' or '.join(labels)}" if labels != ["default"] else f"{subject} is unknown (default)"
        rows = ((first, case.last),)
        call = taken.call if taken else None
        effect = effect_of(case.body, exit_)
        self.found.append(Exit(condition, effect, errno, call, errno is None, rows, tuple(case.body), "", exit_))

    def _left_preset(self, body: Sequence[Statement]) -> str | None:
        """Return the errno that a variable began with, where a default branch leaves it as it is and does not return by itself."""
        if any(each.kind == "return" for each in body):
            return None
        return next((errno for name, errno in self.preset.items() if not sets(body, name)), None)

    def _return(self, statement: Statement, before: Sequence[Statement], *, outer: bool) -> None:
        value = statement.expression
        if value is None:
            return
        if value.kind == "name" and value.text in self.going_on:
            index = self.going_on.pop(value.text)
            self.untested.pop(value.text, None)
            earlier = self.found[index].effect
            effect = f"return {value.text}" if earlier == "goes on" else f"{earlier}; return {value.text}"
            self.found[index] = self.found[index]._replace(effect=effect)
        elif value.kind == "name" and value.text in self.untested and STATUS.fullmatch(value.text):
            self._add_call(self.untested.pop(value.text), f"return {value.text}", statement, value.text)
        elif value.kind == "choice":
            self._choice(value, statement)
        elif outer and errno_of(value):
            self._otherwise(statement, before)

    def _otherwise(self, statement: Statement, before: Sequence[Statement]) -> None:
        """Take an errno that is returned where nothing before has left; a function that does nothing else is a stub."""
        last = next((index for index in range(len(before) - 1, -1, -1) if before[index].kind in ("loop", "switch", "if")), None)
        if last is None and not self.torn:
            return
        value, branch = statement.expression, (*before[-1 if last is None else last + 1 :], statement)
        rows = ((branch[0].first, statement.last),)
        call = next((call for each in branch[:-1] for call in calls_in(each.expression)), None)
        effect = f"return {written(value)}"
        self.found.append(Exit("otherwise, none of the cases before", effect, errno_of(value), call, False, rows, branch, "", statement))

    def _choice(self, value: Expression, statement: Statement) -> None:
        condition, then, orelse = value.parts
        for side, text in ((then, written(condition)), (orelse, f"not ({written(condition)})")):
            errno = errno_of(side)
            if errno:
                call = next(calls_in(condition), None)
                rows = ((statement.first, statement.last),)
                self.found.append(Exit(text, f"return {errno}", errno, call, False, rows, (), "", statement))

    def _add_call(self, taken: Assigned, effect: str, statement: Statement, name: str) -> None:
        rows = ((taken.first, taken.last), (statement.first, statement.last))
        self.found.append(Exit(f"{written(taken.call)} fails", effect, None, taken.call, True, rows[:1], (), name, statement))


def _is_comparison(expression: Expression | None) -> bool:
    """Tell whether a condition asks for one certain result, as `status == TDX_SEAMCALL_UD` does."""
    return (
        expression is not None and expression.kind == "binary" and expression.text == "==" and expression.parts[1].kind in ("name", "unary")
    )
