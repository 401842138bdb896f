"""What the lines of one boot say of CPUs and packages, each fact with the line that says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tdxwhy.digits import is_whole
from tdxwhy.hints import Any
from tdxwhy.know import tables
from tdxwhy.know.rows import CpuLimit
from tdxwhy.records import CpuState, Event, Evidence, MessageForm, Presence

MOST_CPUS = 8192
_COUNTS = ("packages", "possible", "present", "hotplug", "online", "threads_per_package", "nodes", "nodes_per_package")
_VALUES = {"cpu", "cpus", "command_line"}
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')


_telling: dict[str, bool] = {}


def tells(form: MessageForm) -> bool:
    """Tell whether lines of a form can say anything of CPUs: most of a boot's lines say nothing."""
    known = _telling.get(form.id)
    if known is None:
        counts = form.kind == "topology" and not set(form.args).isdisjoint(_COUNTS)
        known = counts or bool(form.cpu_state) or not _VALUES.isdisjoint(form.args)
        _telling[form.id] = known
    return known


class CpuFacts:
    """What the lines of one boot say, each fact with the line that says it."""

    def __init__(self) -> None:
        self.presence: dict[int, tuple[Presence, tuple[Evidence, ...]]] = {}
        self.package: dict[int, tuple[int, Evidence]] = {}
        self.apic: dict[int, tuple[int, Evidence]] = {}
        self.node: dict[int, tuple[int, Evidence]] = {}
        self.count: dict[str, tuple[int, Evidence]] = {}
        self.parameters: dict[str, tuple[CpuLimit, str, Evidence]] = {}
        self.smt_off: Evidence | None = None
        self.listed: set[int] = set()
        self._last_node: int | None = None
        self._asleep = False

    def take(self, event: Event) -> None:
        """Take one event's facts."""
        if "causes" in event.values:
            self._own(event.values, Evidence(event.record.place, event.record.text[:240]))
        if event.form is None or not tells(event.form):
            return
        evidence = Evidence(event.record.place, event.record.text[:240])
        state, values = event.form.cpu_state, event.values
        if state in ("sleep", "wake"):
            self._asleep = state == "sleep"
        for key in _COUNTS:
            if isinstance(values.get(key), int) and event.form.kind == "topology":
                self.count[key] = (values[key], evidence)
        if state == "no-smt":
            self.smt_off = evidence
        if isinstance(values.get("command_line"), str):
            self._command_line(values["command_line"], evidence)
        if isinstance(values.get("cpus"), tuple):
            self._listing(values, evidence)
        cpu = values.get("cpu")
        if isinstance(cpu, int) and 0 <= cpu < MOST_CPUS:
            self._one(cpu, state, values, evidence)

    def _own(self, values: dict[str, Any], evidence: Evidence) -> None:
        """Take the CPUs of our own sentence, in the state that it gives; of one package it tells where they are."""
        packages = values.get("packages", ())
        if "cpu" in values and "on" in values:
            self.package[values["cpu"]] = (values["on"], evidence)
        for cpu in values.get("cpus", ()) if "presence" in values else ():
            self.see(cpu, values["presence"], evidence)
            if len(packages) == 1:
                self.package[cpu] = (packages[0], evidence)

    def see(self, cpu: int, presence: Presence, evidence: Evidence) -> None:
        """Note the state of a CPU; a later line overrules an earlier one."""
        before = self.presence.get(cpu)
        lines = before[1] if before is not None and before[0] == presence else ()
        self.presence[cpu] = (presence, (*lines, evidence)[:4])

    def suppose(self, cpus: Iterable[int], presence: Presence, evidence: Evidence) -> None:
        """Note the state of those of some CPUs that no line of their own tells."""
        silent = [cpu for cpu in cpus if cpu not in self.presence]
        self.presence.update(dict.fromkeys(silent, (presence, (evidence,))))

    def number(self, key: str) -> int | None:
        """Return a count, or None where no line gives it."""
        found = self.count.get(key)
        return None if found is None else found[0]

    def limit(self) -> tuple[int, Evidence] | None:
        """Return how many CPUs the command line allows to come up at boot."""
        for limits, value, evidence in self.parameters.values():
            if limits == "one":
                return 1, evidence
            if limits == "so-many" and is_whole(value):
                return max(1, int(value)), evidence
        return None

    def notes(self) -> tuple[Evidence, ...]:
        """Return the lines that count or limit CPUs and packages."""
        limits = (evidence for _, _, evidence in self.parameters.values())
        counts = (evidence for _, evidence in self.count.values())
        return tuple(dict.fromkeys((*counts, *limits, *((self.smt_off,) if self.smt_off is not None else ()))))

    def _one(self, cpu: int, state: CpuState, values: dict[str, object], evidence: Evidence) -> None:
        if state in ("online", "never-seen") or (state == "offline" and not self._asleep):
            self.see(cpu, state, evidence)
        for key, facts in (("package", self.package), ("apic_id", self.apic), ("node", self.node)):
            value = values.get(key)
            if isinstance(value, int):
                facts[cpu] = (value, evidence)

    def _listing(self, values: dict[str, object], evidence: Evidence) -> None:
        node = values.get("node")
        if isinstance(node, int):
            self._last_node = node
        cpus = values["cpus"]
        cpus = [cpu for cpu in cpus if isinstance(cpu, int) and 0 <= cpu < MOST_CPUS] if isinstance(cpus, tuple) else []
        for cpu in [cpu for cpu in cpus if cpu in self.presence]:
            self.see(cpu, "online", evidence)
        self.suppose(cpus, "online", evidence)
        self.listed.update(cpus)
        if self._last_node is not None:
            self.node.update(dict.fromkeys(cpus, (self._last_node, evidence)))

    def _command_line(self, text: str, evidence: Evidence) -> None:
        for word in _WORD.findall(text):
            name, _, value = word.partition("=")
            limits = tables.limits_of(name)
            if limits:
                self.parameters[name] = (limits, value, Evidence(evidence.place, word[:80]))


def facts_of(events: Sequence[Event]) -> CpuFacts:
    """Gather the facts in the order of the lines."""
    facts = CpuFacts()
    for event in events:
        facts.take(event)
    return facts
