"""The branches of an operation: which are steps of the model, and what comes of each that is taken the other way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tdxwhy.extract.book import table
from tdxwhy.extract.leaves import Leaves
from tdxwhy.extract.outcomes import Outcome, outcome
from tdxwhy.extract.rows import EARLY, Row
from tdxwhy.source.run.branching import VMXON, CodeScope, Decision, Deviation
from tdxwhy.source.run.values import is_error

# What the model hands a leaf.
_NO_KEYID = -28


class Branches:
    """The branches of one entry's good run; `skipped` counts those that have nothing to do with TDX."""

    def __init__(self, leaves: Leaves, ours: Callable[[str], bool], step: str) -> None:
        self.leaves = leaves
        self.book, self.stage, self.entry, self.well = leaves.book, leaves.stage, leaves.entry, leaves.well
        self.ours = ours
        self.step = step
        self.skipped = 0

    def relevant(self, chain: tuple[str, ...]) -> bool:
        """Tell whether code has to do with TDX: a function on the way there has."""
        return any(map(self.ours, chain))

    def without_effect(self, item: Decision) -> bool:
        """Tell whether it makes no difference which way a branch goes."""
        if not self.relevant(item.chain) and not re.search("tdx", item.text, re.IGNORECASE):
            self.skipped += 1
            return True
        if any(re.search(pattern, item.text) or re.search(pattern, item.about) for pattern in table().impossible["matches"]):
            return True
        run = self.stage.run(self.entry, Deviation("branch", item.nth))
        if (run.lines, run.result) == (self.well.lines, self.well.result):
            return not any(isinstance(each, CodeScope) and each.kind == "unregister" for each in run.events)
        return not item.fails and len(run.lines) <= run.before and not is_error(run.result)

    def failed(self, item: Decision, function: str) -> Outcome:
        """Return what comes of a branch that is taken the other way."""
        return outcome(self.well, self.stage.run(self.entry, Deviation("branch", item.nth)), function)

    def steps(self, item: Decision, function: str, inner: str) -> Iterator[Row]:
        """Yield the step that a branch is, in what `function` does ("" outside); `inner` is the function whose errno counts."""
        found = self.failed(item, inner)
        # What the operation itself returns is what comes out of it in the end.
        errno = found.errno if inner else found.result
        names = self.leaves.own(found.lines)
        printed = {"print": names} if names else {}
        at = f"{item.file}:{item.row + 1}: {item.text}"
        template = _known(item)
        if found.goes_on:
            if names:
                yield {"name": self.step, "does": "check", "when": "as-written", "at": at} | printed
        elif item.text == VMXON:
            if errno is not None:
                yield {"name": self.step, "does": "vmxon", "print": names, "fault_errno": errno}
        elif errno is None and (template is None or template.get("does") != "take-keyid"):
            self.book.unseen.append(f"{at} gives up with an error whose number is not in view")
        else:
            row = self._template(template, item, at, bool(names)) | {"stop": _NO_KEYID if errno is None else errno} | printed
            if row["does"] != "check":
                row["errno"] = row.pop("stop")
            elif found.unregisters and not function:
                row.setdefault("set", "callbacks=off")
            yield row

    def _template(self, template: Row | None, item: Decision, at: str, prints: bool) -> Row:
        """Return what a step is called, by the model's word for its condition or as it is written.

        What a module refuses is KVM's refusal, whatever the condition is: the kernel itself took the platform for good.
        """
        ours = table().of_module
        refused = {"cause": ours["cause"], "refusal": True} if prints and self.stage.program.modules.get(item.file) else {}
        if template is None or "does" not in template:
            return {"name": self.step, "does": "check", "when": "as-written", "at": at} | refused | (template or {})
        if refused and template.get("cause") in ours["instead_of"]:
            template = template | refused
        if "=" in str(template.get("when", "")) and not prints:
            # What the kernel remembers has its cause where it was found out.
            template = {key: value for key, value in template.items() if key != "cause"}
        later = {"name": self.step} | ({"refusal": True} if refused else {})
        return template | (later if self.step != EARLY else {})


def _known(item: Decision) -> Row | None:
    """Return the step that the model has for a condition."""
    for row in table().condition:
        if re.search(row.match, item.text) or re.search(row.match, item.about):
            return dict(row.step)
    return None
