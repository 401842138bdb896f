"""The steps of one operation: what happens in a run that goes well, each point with what comes of its failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tdxwhy.extract.book import Book, leaf_name, slug, table
from tdxwhy.extract.branches import Branches
from tdxwhy.extract.leaves import STATUS, LeafCall, Leaves, by_one_cpu
from tdxwhy.extract.metadata import Fields
from tdxwhy.extract.rows import AT, EARLY, INIT, LP_INIT, STAGE, Row, append, in_place, merged, without_last_line
from tdxwhy.extract.stage import Item, KernelMemory, Node, chain_of, decisions, numbered, point, tree, under_lock
from tdxwhy.source.run.branching import CodeScope, Decision, Deviation, Unseen
from tdxwhy.source.run.lines import PrintedLine

CONFIG, RD = "TDH.SYS.CONFIG", "TDH.SYS.RD"
_LATE = (CONFIG, "TDH.SYS.KEY.CONFIG", "TDH.SYS.TDMR.INIT")
# Leaves that are asked page by page.
_PAGES = {"TDH.MNG.ADDCX": "control-page", "TDH.PHYMEM.PAGE.RECLAIM": "added-page"}


class Steps:
    """Reads an entry: its own steps, the operations that it calls, and whether it brings the module up."""

    def __init__(self, book: Book, stage: KernelMemory, entry: str, ours: Callable[[str], bool], step: str = EARLY) -> None:
        self.book = book
        self.stage = stage
        self.entry = entry
        self.ours = ours
        self.step = step
        self.well = stage.run(entry)
        self.root = tree(self.well, entry)
        self.leaves = Leaves(book, stage, entry, self.well)
        self.branches = Branches(self.leaves, ours, step)
        self.operations: dict[str, Row] = {}
        self.kept: list[tuple[str, ...]] = []
        self._nth = numbered(self.well)
        self._locked = under_lock(self.well)
        self.initialize = self._initializing()

    # ---- what the run asks

    def asked(self, decision: Decision, function: str = "") -> LeafCall:
        """Return a point of the run that asks a leaf."""
        return LeafCall(decision, self._nth[decision.nth], function)

    def first_asked(self) -> list[LeafCall]:
        """Return the first call of each leaf of the system, in order."""
        found: dict[str, LeafCall] = {}
        for each in decisions(self.root):
            if each.kind == "leaf" and leaf_name(each).startswith("TDH.SYS."):
                found.setdefault(leaf_name(each), self.asked(each))
        return list(found.values())

    def _initializing(self) -> str:
        """Return the innermost function that does all late steps of bringing the module up, "" if none does."""
        chains = [each.chain[: each.asker + 1] for each in decisions(self.root) if each.kind == "leaf" and leaf_name(each) in _LATE]
        if not any(leaf_name(each) == CONFIG for each in decisions(self.root) if each.kind == "leaf"):
            return ""
        shared = []
        for names in zip(*chains, strict=False):
            if len(set(names)) > 1:
                break
            shared.append(names[0])
        return shared[-1] if shared else ""

    # ---- steps

    def read(self) -> list[Row]:
        """Return the steps of the entry; what it calls on CPUs and the bringing up itself are in `operations` then."""
        items = self.root.items
        inside = [place for place, item in enumerate(items) if self.initialize and self.initialize in chain_of(item)]
        if self.initialize == self.entry:
            early = [place for place, item in enumerate(items) if _is_early(item)]
            inside = [place for place in inside if place > max(early, default=-1)]
        if not inside:
            return self._keeping_keyid(self._one_lock(self._rows(items, self.root)))
        first, last = inside[0], inside[-1] + 1
        self.leaves.closing = self._closing(items[first:last])
        first += self._not_closed(items[first:last])
        body = self._rows(items[first:last], self.root, self.initialize)
        closing = [name for name in self.book.forms if name in self.leaves.closing]
        self.leaves.closing = frozenset()
        done = last
        while done < len(items) and isinstance(items[done], PrintedLine):
            done += 1
        good = self.book.names([item for item in items[last:done] if isinstance(item, PrintedLine)])
        if self.initialize == self.entry and not good:
            body, good = without_last_line(body)
        self.operations["initialize"] = {
            "name": "initialize",
            "on_failure": {"print": closing, "set": ["module=error", "callbacks=off"]},
            "on_success": {"print": good, "set": ["module=initialized"]},
            "step": body,
        }
        locked = {"lock": "held"} if any(map(self._is_locked, items[first:last])) else {}
        call = {"name": EARLY, "does": "call", "call": "initialize"} | locked
        rows = [*self._rows(items[:first], self.root), *self._remembered(), call, *self._rows(items[done:], self.root)]
        return self._one_lock(rows)

    def _is_locked(self, item: Item) -> bool:
        return id(item.scope if isinstance(item, Node) else item) in self._locked

    def _keeping_keyid(self, rows: list[Row]) -> list[Row]:
        """Put what follows the taking of a KeyID into an operation of its own, if its failures give the KeyID back."""
        place = next((place + 1 for place, row in enumerate(rows) if row["does"] == "take-keyid"), 0)
        later = [row[AT] for row in rows[place:] if AT in row and row["does"] == "check"]
        if not place or not later:
            return rows
        runs = [self.stage.run(self.entry, Deviation("branch", nth)) for nth in later]
        if not all(any(isinstance(each, CodeScope) and each.kind == "keyid" for each in run.events) for run in runs):
            return rows
        self.operations["with-keyid"] = {"name": "with-keyid", "on_failure": {"call": "free-keyid"}, "step": rows[place:]}
        self.operations["free-keyid"] = {"name": "free-keyid", "step": [{"name": self.step, "does": "give-keyid"}]}
        return [*rows[:place], {"name": self.step, "does": "call", "call": "with-keyid"}]

    def _one_lock(self, rows: list[Row]) -> list[Row]:
        """Put calls under the lock that follow each other into one operation: nobody can plug a CPU between them."""
        places = [place for place, row in enumerate(rows) if row.get("lock") == "held"]
        if not places:
            return rows
        first, last = places[0], places[-1] + 1
        inside = [{key: value for key, value in row.items() if key != "lock"} for row in rows[first:last]]
        if len(places) == 1:
            return [*rows[:first], rows[first] | {"lock": "always"}, *rows[last:]]
        self.operations["under-the-lock"] = {"name": "under-the-lock", "step": inside}
        call = {"name": self.step, "does": "call", "call": "under-the-lock", "lock": "always"}
        return [*rows[:first], call, *rows[last:]]

    def _remembered(self) -> list[Row]:
        """Enter twice: what the kernel says when the module is up, and after bringing it up has failed."""
        late = next((each for each in decisions(self.root) if each.kind == "leaf" and leaf_name(each) == CONFIG), None)
        if late is None:
            return []
        rows = []
        for state, fault in (("initialized", None), ("error", Deviation("leaf", self._nth[late.nth], late.leaf, STATUS))):
            run, counts = self.stage.again(self.entry, fault)
            if not counts.get(str(late.leaf)):
                result = run.result if isinstance(run.result, int) else 0
                names = self.book.names([line for line in run.lines if self.ours(line.function)])
                off = {"set": "callbacks=off"} if state == "error" else {}
                rows.append(_check(f"module={state}", result) | ({"print": names} if names else {}) | off)
        return rows

    def without_module(self, rows: list[Row], plain: KernelMemory) -> list[Row]:
        """Put in what the operation does where the module did not come up: it parts from the good run at some point and ends."""
        run = plain.run(self.entry)
        same = 0
        for one, other in zip(self.well.decisions, run.decisions, strict=False):
            if point(one) != point(other):
                break
            same += 1
        if same == len(self.well.decisions) or not isinstance(run.result, int):
            return rows
        place = next((place for place, row in enumerate(rows) if row.get(AT, -1) >= same), len(rows))
        shown = self.book.names([line for line in run.lines if self.ours(line.function)])
        row = _check("not:module=initialized", run.result) | {"name": self.step, "refusal": True} | ({"print": shown} if shown else {})
        return [*rows[:place], row, *rows[place:]]

    def _not_closed(self, items: list[Item]) -> int:
        """Return how many conditions stand first whose failure is not closed by the lines that close the others."""
        for place, item in enumerate(items):
            if not isinstance(item, Decision) or item.kind == "leaf" or not self.leaves.closing:
                return place
            found = self.branches.failed(item, self.initialize)
            if not found.goes_on and self.leaves.closing & set(self.book.names(list(found.lines))):
                return place
        return 0

    def _closing(self, items: list[Item]) -> frozenset[str]:
        """Return the lines that end every failure of bringing the module up."""
        shared: set[str] | None = None
        depth = next(item.chain.index(self.initialize) for item in items if isinstance(item, Decision) and self.initialize in item.chain)
        for item in items:
            for each in decisions(item) if isinstance(item, Node) else (item,):
                if isinstance(each, Decision) and each.kind == "leaf":
                    found = self.leaves.outcome(self.asked(each, self.initialize), STATUS)
                    outer = {self.book.form(line) for line in found.after if len(line.chain) <= depth + 1}
                    shared = outer if shared is None else shared & outer
        return frozenset(shared or ())

    def _rows(self, items: list[Item], node: Node, function: str = "") -> list[Row]:
        """Return the steps of some items; those of one kind that belong together are one."""
        found: list[Row] = []
        always: set[str] = set()
        fields = Fields(self.leaves)
        for item in items:
            if isinstance(item, Decision) and item.kind == "leaf" and leaf_name(item) == RD:
                fields.add(self.asked(item, function))
                continue
            if isinstance(item, Decision) and item.kind == "branch" and self.branches.without_effect(item):
                continue
            read = fields.steps()
            always |= {name for row in read for name in row.get("always_print", ())}
            found += read
            for row in self._item(item, node, function):
                append(found, row | _place_of(item), always)
        found += fields.steps()
        return merged(in_place(found) if function else found)

    def _item(self, item: Item, node: Node, function: str) -> Iterator[Row]:
        if isinstance(item, Node):
            yield from self._node(item, node)
        elif isinstance(item, PrintedLine):
            if self.branches.relevant(item.chain):
                yield {"name": self.step, "does": "print", "print": [self.book.form(item)]}
        elif isinstance(item, Unseen):
            if self.branches.relevant(item.chain) or any(map(self.ours, item.chain)):
                self.book.unseen.append(f"{item.file}:{item.row + 1}: {item.text}")
                yield {"name": self.step, "does": "unseen", "at": f"{item.file}:{item.row + 1}: {item.text}"}
        elif isinstance(item, CodeScope):
            if item.kept:
                self.kept.append(item.kept)
            elif item.kind == "keyid":
                yield {"name": self.step, "does": "give-keyid"}
        elif item.kind == "leaf":
            yield self._leaf(item, node, function)
        else:
            yield from self.branches.steps(item, function, self._inside(node, function))

    def _node(self, item: Node, around: Node) -> Iterator[Row]:
        scope = item.scope
        if scope is None:
            return
        if scope.kept:
            self.kept.append(scope.kept)
        rows = self._rows(item.items, item)
        if scope.kind in ("cpu", "packages", "stopped"):
            yield from rows
            return
        if self._masked_by_package(scope):
            yield from (row | ({"each": "package"} if row["does"] == "seamcall" else {}) for row in rows)
            return
        if not rows:
            return
        name = slug(item.function.replace("_", " "), {})
        self.operations.setdefault(name, {"name": name, "step": rows})
        row = {"name": self.step, "does": "call", "call": name, "each": "online-cpu"}
        row |= {"lock": "held"} if self._is_locked(item) else {"lock": "always"} if item.locked else {}
        yield row | ({"installs": "callbacks=on"} if scope.kept else {})

    def _masked_by_package(self, scope: CodeScope) -> bool:
        """Tell whether a call runs on a mask of CPUs that its function has made of one CPU per package."""
        made = any(name.endswith("/package") and function == scope.chain[-1] for (function, _), name in self.stage.program.loops.items())
        return scope.call.endswith("_mask") and made

    @staticmethod
    def _inside(node: Node, function: str) -> str:
        """Return the function whose errno counts where something fails: the one read, or a callback of CPUs; "" for the entry's own."""
        return function or (node.function if node.scope is not None and node.scope.kind == "hotplug" else "")

    # ---- a leaf

    def _leaf(self, item: Decision, node: Node, function: str) -> Row:
        scope = node.scope
        row = self.leaves.step(self.asked(item, self._inside(node, function)))
        name = row["name"]
        if name in (INIT, LP_INIT):
            memory = self.book.remembered.get(name) or self._memory(item)
            self.book.remembered[name] = memory
            row |= {"remember": memory} if memory else {}
        if name == "TDH.SYS.TDMR.INIT":
            row["each"] = "tdmr"
        elif name in _PAGES and item.loops:
            row["each"] = _PAGES[name]
        elif any(each.endswith("/package") for each in item.loops):
            row["each"] = "package"
        elif any(each == "for_each_online_cpu" for each in item.loops) and scope is not None and scope.kind == "cpu":
            row["each"] = "online-cpu"
        elif scope is not None and scope.kind == "stopped":
            row["each"] = "lead-cpu" if by_one_cpu(self.stage.program, item) else "stopped-cpu"
            row[STAGE] = item.chain[item.chain.index(scope.function) + 1 :][:1]
        given = table().given.get(name)
        return row | ({"arguments": given} if given else {})

    def _memory(self, item: Decision) -> str:
        """Enter twice: a leaf that is not asked again is remembered, by its result, by success, or by the CPU."""
        asked = self.asked(item)
        refused = self.stage.again(self.entry, Deviation("leaf", asked.nth, item.leaf, STATUS))[1].get(str(item.leaf), 0)
        well = self.stage.again(self.entry)[1].get(str(item.leaf), 0)
        if not refused and leaf_name(item) == INIT:
            return "result"
        return "" if well else "cpu"


def _place_of(item: Item) -> Row:
    """Note at which point of the run a step stands; `without_places` takes the note away."""
    first = next(decisions(item), None) if isinstance(item, Node) else item
    return {AT: first.nth} if isinstance(first, Decision) else {}


def _check(when: str, stop: int) -> Row:
    return {"name": EARLY, "does": "check", "when": when, "stop": stop}


def _is_early(item: Item) -> bool:
    """Tell whether an item asks for what comes before the module is configured."""
    found = decisions(item) if isinstance(item, Node) else (item,)
    return any(isinstance(each, Decision) and each.kind == "leaf" and leaf_name(each) in (INIT, LP_INIT) for each in found)
