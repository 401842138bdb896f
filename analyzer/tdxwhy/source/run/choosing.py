"""Which side of a condition a run takes where nothing tells: the one on which it goes on, unless the fault is here."""

from __future__ import annotations

from tdxwhy.source.results import prints_failure
from tdxwhy.source.run.branching import ends_badly, gives_up, jumps_well, leaves_at_all, leaves_well
from tdxwhy.source.run.calling import Caller
from tdxwhy.source.run.values import Unknown, Value, truth
from tdxwhy.source.syntax import Expression, Statement, callee, calls_in, written


class Chooser(Caller):
    """Decides conditions, and keeps what they tell of their variables."""

    def holds(self, statement: Statement) -> bool:
        """Tell whether a condition holds; where it is not known, as it does when all goes well, unless the fault is here."""
        condition = statement.expression
        value = self.value(condition)
        known = truth(value)
        if known is not None:
            return known
        taken = self._prefers_then(statement)
        other = statement.orelse if taken else statement.body
        about = self._about(condition) or self._behind(condition, value)
        decision = self._decide("branch", about, written(condition), statement.first, fails=gives_up(other))
        if decision is not self.failed_at:
            return taken
        self._remember(condition, holds=not taken)
        return not taken

    def choose(self, expression: Expression) -> Value:
        """Take the side of an unknown `? :` that calls something in view, unless the fault is here."""
        calling = [any(self.program.function(callee(call)) for call in calls_in(part)) for part in expression.parts[1:]]
        if not any(calling):
            return Unknown(written(expression))
        decision = self._decide("branch", 0, written(expression.parts[0]), expression.row, fails=False)
        return self.value(expression.parts[1 if calling[0] is not (decision is self.failed_at) else 2])

    def _about(self, condition: Expression | None) -> str:
        """Return what a condition's variable holds, where that is not known either: the call that it came from."""
        inside = condition.parts[0] if condition is not None and condition.kind in ("unary", "binary") else condition
        value = self.value(inside) if inside is not None and inside.kind in ("name", "member") else 0
        return value.text if isinstance(value, Unknown) else ""

    @staticmethod
    def _behind(condition: Expression | None, value: Value) -> str:
        """Return what a condition comes to in the functions that it calls, "" where that is no more than it says."""
        return value.text if isinstance(value, Unknown) and value.text != written(condition) else ""

    def _remember(self, condition: Expression | None, *, holds: bool) -> None:
        """Keep what a branch taken for the fault tells of a variable: it holds an error, or nothing."""
        if condition is None:
            return
        if condition.kind == "unary" and condition.text == "!":
            self._remember(condition.parts[0], holds=not holds)
        elif condition.kind in ("name", "member"):
            value = self.value(condition)
            self.assign(condition, Unknown(value.text if isinstance(value, Unknown) else written(condition), failed=True) if holds else 0)
        elif condition.kind == "call" and callee(condition).startswith("IS_ERR") and len(condition.parts) > 1:
            self._remember(condition.parts[1], holds=holds) if holds else None
        elif condition.kind == "binary" and condition.text == "<" and condition.parts[0].kind == "name" and holds:
            self._remember(condition.parts[0], holds=True)

    def _prefers_then(self, statement: Statement) -> bool:
        """Choose the side of an unknown condition on which the run goes on and prints no failure."""
        body, orelse = statement.body, statement.orelse
        if leaves_at_all(body) and not leaves_at_all(orelse):
            rest = self.frames[-1].rest
            return (leaves_well(body) or jumps_well(body, rest)) and ends_badly(rest)
        return not prints_failure(body) or (bool(orelse) and prints_failure(orelse))
