"""One boot of a kernel: what it remembers, prints and asks the module, while operations run step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tdxwhy.errors import RulesError
from tdxwhy.replay import memory
from tdxwhy.replay.data import answer_class, leaf_number, platform_data, values
from tdxwhy.replay.generation import Answer, Ending, Form, Generation, ModelStep, Operation
from tdxwhy.replay.keyids import KeyIds
from tdxwhy.replay.nouns import Failed, Failure, Printed
from tdxwhy.replay.platform import Platform, Traced

# How often the model asks again at most; a kernel asks until the module answers otherwise.
_MOST_AGAIN = 10_000

# How each kind of step is done, and how each fact of the machine is found out, by name.
Does = Mapping[str, Callable[["Kernel", ModelStep, int], None]]
Conditions = Mapping[str, Callable[["Kernel", int], bool]]


class Kernel:
    """One boot of one kernel generation on one machine."""

    def __init__(self, generation: Generation, machine: Platform, does: Does, conditions: Conditions) -> None:
        self.generation = generation
        self.machine = machine
        self._does = does
        self._conditions = conditions
        self.state: dict[str, str] = {}
        self.lines: list[Printed] = []
        self.failures: list[Failure] = []
        self.returned: dict[str, int] = {}
        self.values: dict[str, Any] = dict.fromkeys(values(), 0) | platform_data()["module"]
        self.values["cpus"] = len(machine.scenario.packages)
        self.once: set[str] = set()
        self.unseen = False
        self.sysinit: int | None = None
        self.enabled_cpus: set[int] = set()
        self.regions: tuple[memory.Region, ...] = ()
        self.tdmrs: list[memory.Tdmr] = []
        self.memlist: tuple[memory.Region, ...] = ()
        self.keyids = KeyIds(range(0))
        self._set_keyids()

    def _set_keyids(self) -> None:
        default = platform_data()["keyids"]
        given = str(self.machine.scenario.settings.get("keyid", f"{default['mktme']} {default['tdx']}")).split()
        mktme, tdx = int(given[0], 0), int(given[1], 0)
        self.keyids = KeyIds(range(mktme + 2, mktme + 1 + tdx))
        errno = -abs(int(self.machine.scenario.settings.get("memnotifier_fail", 0)))
        self.values |= {"keyid_first": mktme + 1, "keyid_end": mktme + 1 + tdx, "keyids": tdx, "notifier_errno": errno}

    # ---- operations

    def ask(self, words: str) -> int:
        """Do one operation of a scenario, such as `enable` or `online 3`, and return its errno (or what it returns)."""
        word, *rest = words.split()
        if word in _PLUGS:
            return _PLUGS[word](self, int(rest[0], 0))
        operation = self.generation.asked(word)
        if operation is None or not self._wanted(operation):
            return 0
        if (operation.once or word == operation.also) and operation.name in self.returned:
            return self.returned[operation.name]
        if word == "memonline":
            self.values |= {"memory_start": int(rest[0], 0), "memory_size": int(rest[1], 0)}
        self.values["image"] = rest[0] if word == "update" and rest else ""
        result = self._top(operation, self.machine.caller())
        if operation.returns_value == "keyid" and result >= 0:
            self.keyids.live()
        return result

    def _wanted(self, operation: Operation) -> bool:
        return not operation.needs or self.holds(operation.needs, 0)

    def _top(self, operation: Operation, cpu: int) -> int:
        held = operation.lock == "always" or (
            operation.lock == "caller" and bool(int(self.machine.scenario.settings.get("caller_holds_cpus_lock", 1)))
        )
        self.machine.locked += held
        try:
            self.run(operation, cpu)
            result = int(self.values[operation.returns_value]) if operation.returns_value else operation.returns
        except Failed as stop:
            result = operation.returns_failure if stop.bad and operation.returns_failure is not None else stop.errno
            result = dict(operation.returns_for).get(result, result) if stop.bad else result
            if (stop.bad and stop.errno) or (stop.refused and not operation.attempt):
                self.failures.append(Failure(operation.asked, stop.step, stop.status, stop.errno, stop.cpu))
        finally:
            self.machine.locked -= held
        self.catch_up()
        self.returned[operation.name] = result
        return result

    def run(self, operation: Operation, cpu: int) -> None:
        """Run an operation's steps on a CPU, then what its end prints and sets."""
        try:
            for step in operation.step:
                self._step(step, cpu)
        except Failed as stop:
            if stop.bad:
                self._end(operation.on_failure, stop.errno, cpu if stop.cpu is None else stop.cpu)
                self._clean_up(operation.on_failure.call, cpu)
            raise
        self._end(operation.on_success, 0, cpu)

    def _clean_up(self, name: str, cpu: int) -> None:
        """Run the operation that cleans up after a failure; what fails in it ends only itself."""
        try:
            if name:
                self.run(self.generation.operations[name], cpu)
        except Failed:
            return

    def _step(self, step: ModelStep, cpu: int) -> None:
        if step.unless and self.holds(step.unless, cpu):
            return
        if step.does not in self._does:
            raise RulesError(f"rules/model: {self.generation.name}: step {step.name}: nothing does {step.does!r}")
        try:
            self._does[step.does](self, step, cpu)
        except Failed as stop:
            stop.step = stop.step or step.name
            raise

    def _end(self, ending: Ending, errno: int, cpu: int) -> None:
        if any(one.startswith("module=") for one in ending.set):
            self._forget_tdmrs(errno)
        self.values["errno"] = errno
        for form in ending.print:
            self.print(form, cpu)
        for one in ending.set:
            self.set(one)

    def _forget_tdmrs(self, errno: int) -> None:
        if errno:
            self.machine.pages.free(self.tdmrs)
            self.tdmrs, self.memlist = [], ()

    # ---- CPU hot-plug

    def plug(self, cpu: int) -> int:
        """Bring a CPU online; with the driver's callback in place it may refuse."""
        errno = 0 if cpu in self.machine.online else self._called_back("online", cpu)
        if not errno:
            self.machine.online.add(cpu)
        return errno

    def unplug(self, cpu: int) -> int:
        """Take a CPU offline; with the driver's callback in place it may refuse."""
        if cpu not in self.machine.online:
            return -22
        errno = self._called_back("offline", cpu)
        if not errno:
            self.machine.online.discard(cpu)
        return errno

    def _called_back(self, word: str, cpu: int) -> int:
        operation = self.generation.asked(word)
        if operation is not None and self._wanted(operation):
            try:
                self.run(operation, cpu)
            except Failed as stop:
                self.failures.append(Failure(word, stop.step, stop.status, stop.errno, cpu))
                return stop.errno
        return 0

    def happen(self, events: list[tuple[str, int]]) -> None:
        """Let hot-plug events happen, or wait until nobody holds the lock."""
        for op, cpu in events:
            if self.machine.locked:
                self.machine.deferred.append((op, cpu))
            elif op == "on":
                self.plug(cpu)
            else:
                self.unplug(cpu)

    def catch_up(self) -> None:
        """Let what waited for the hot-plug lock happen."""
        while self.machine.deferred and not self.machine.locked:
            self.happen([self.machine.deferred.pop(0)])

    def guest(self, on: int) -> int:
        """Take a KeyID as a guest would, or give the last one back, without any SEAMCALL."""
        if on:
            taken = self.keyids.take()
            self.keyids.live()
            return -28 if taken is None else taken
        self.keyids.end()
        self.keyids.give()
        return 0

    # ---- state and printing

    def set(self, assignment: str) -> None:
        """Set a variable of the driver. Accepted form: `name=value`."""
        name, _, value = assignment.partition("=")
        self.state[name] = value

    def holds(self, condition: str, cpu: int) -> bool:
        """Tell whether a condition holds: `name=value` of the driver, or a fact of the machine by its name."""
        if condition.startswith("not:"):
            return not self.holds(condition[4:], cpu)
        name, _, value = condition.partition("=")
        if value:
            return self.state.get(name) == value
        if name not in self._conditions:
            raise RulesError(f"rules/model: {self.generation.name}: nothing knows the condition {name!r}")
        return self._conditions[name](self, cpu)

    def print(self, name: str, cpu: int) -> None:
        """Print a form of the generation, once if it is one of that kind."""
        form = self.generation.forms[name]
        self.values["cpu"] = cpu
        if form.once and name in self.once:
            return
        self.once.add(name)
        self.values |= self._where(cpu)
        for known in self._each(form):
            unknown = dict.fromkeys(set(form.args) - set(known), 0)
            text = form.render(known | unknown)
            if form.warning:
                text = f"WARNING: CPU: {cpu} PID: 1 at {form.warning}: {text}"
            self.lines.append(Printed(form.level, text, bool(form.warning or unknown) or self.unseen))

    def _where(self, cpu: int) -> dict[str, int]:
        packages = self.machine.scenario.packages
        offline = set(packages) - {packages[one] for one in self.machine.online}
        return {"cpu": cpu, "package": packages[cpu], "offline_package": min(offline, default=packages[cpu])}

    def _each(self, form: Form) -> Iterator[dict[str, Any]]:
        if form.each != "cmr":
            yield self.values
            return
        for start, size in self.machine.scenario.cmr:
            yield self.values | {"cmr_start": start, "cmr_end": start + size}

    # ---- SEAMCALLs

    def seamcall(self, leaf: str, cpu: int, registers: dict[str, int], again: tuple[int, ...] = ()) -> int:
        """Make a SEAMCALL as often as this kernel asks again, after the statuses `again` as often as they come, and return its status."""
        retry = self.generation.retry
        status, left = 0, _MOST_AGAIN
        for _ in range(retry.tries if retry else 1):
            status = self._once(leaf, cpu, registers)
            while status in again and left:
                status, left = self._once(leaf, cpu, registers), left - 1
            if retry is None or status != retry.status:
                break
        return status

    def _once(self, leaf: str, cpu: int, registers: dict[str, int]) -> int:
        machine = self.machine
        machine.calls[leaf] += 1
        self.happen(machine.events(leaf, "before"))
        status = machine.answer(leaf, cpu, registers, tuple(self.tdmrs))
        machine.trace.append(Traced(leaf, cpu, status))
        self.happen(machine.events(leaf, "after"))
        return status

    def judge(self, step: ModelStep, status: int, registers: dict[str, int]) -> bool:
        """Print what this kernel prints of an answer, raise Failed unless it takes it as good, and tell whether it was success."""
        if status == 0:
            return True
        kind, leaf, cpu = answer_class(status), step.leaf or step.name, self.machine.trace[-1].cpu
        answer = self._answer(step, kind, status, cpu)
        zero = dict.fromkeys(("rcx", "rdx", "r8", "r9", "r10", "r11"), 0)
        self.values |= {"leaf": leaf_number(leaf), "leaf_name": leaf.replace(".", "_"), "status": status} | zero | registers
        shown = step.print_status or answer.printed(registers=step.registers)
        for form in shown + (step.print_vmfailinvalid if kind == "vmfailinvalid" else ()):
            self.print(form, cpu)
        if answer.errno and not step.ignore:
            stop = Failed(answer.errno, status=status)
            stop.cpu = cpu
            raise stop
        return False

    def _answer(self, step: ModelStep, kind: str, status: int, cpu: int) -> Answer:
        """Return what becomes of an answer: what the step says of it, or else the generation."""
        for own in self.generation.own_answers(step):
            if own.fits(kind, status) and not (own.when and not self.holds(own.when, cpu)):
                if own.set:
                    self.set(own.set)
                return Answer(own.errno, own.print)
        return self.generation.answers[kind]


# What a scenario asks of the machine itself; all else is asked of the kernel's operations.
_PLUGS: dict[str, Callable[[Kernel, int], int]] = {"online": Kernel.plug, "offline": Kernel.unplug, "guest": Kernel.guest}
