"""One boot of a kernel: what it remembers, prints and asks the module, while operations run step by step."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tdxwhy.errors import RulesError
from tdxwhy.replay import memory
from tdxwhy.replay.data import answer_class, leaf_numbers, platform_data, values
from tdxwhy.replay.generation import Answer, Ending, Form, Generation, Operation, Step
from tdxwhy.replay.platform import Machine, Traced


class Printed(NamedTuple):
    """A line that the kernel printed; `approximate` if its wording is not the kernel's own (a WARN splat), or unseen code ran before it."""

    level: int
    text: str
    approximate: bool = False


class Failed(Exception):  # noqa: N818 - the kernel's failure, not ours
    """The operation stops here with this return value; `bad` unless it was a clean early return."""

    def __init__(self, errno: int, bad: bool = True, status: int | None = None, step: str = "") -> None:
        super().__init__(errno)
        self.errno = errno
        self.bad = bad
        self.status = status
        self.step = step
        self.cpu: int | None = None


class Failure(NamedTuple):
    """How an operation failed: what was asked, the step, the status it was answered if it was a SEAMCALL, the errno, the CPU."""

    asked: str
    step: str
    status: int | None
    errno: int
    cpu: int | None


# How each kind of step is done, and how each fact of the machine is found out, by name.
Does = Mapping[str, Callable[["Kernel", Step, int], None]]
Conditions = Mapping[str, Callable[["Kernel", int], bool]]


class Kernel:
    """One boot of one kernel generation on one machine."""

    def __init__(self, generation: Generation, machine: Machine, does: Does, conditions: Conditions) -> None:
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
        self.keyids: list[int] = []
        self._set_keyids()

    def _set_keyids(self) -> None:
        default = platform_data()["keyids"]
        given = str(self.machine.scenario.settings.get("keyid", f"{default['mktme']} {default['tdx']}")).split()
        mktme, tdx = int(given[0], 0), int(given[1], 0)
        errno = -abs(int(self.machine.scenario.settings.get("memnotifier_fail", 0)))
        self.values |= {"keyid_first": mktme + 1, "keyid_end": mktme + 1 + tdx, "keyids": tdx, "notifier_errno": errno}

    # ---- operations

    def ask(self, words: str) -> int:
        """Do one operation of a scenario, such as `enable` or `online 3`, and return its errno (or what it returns)."""
        word, *rest = words.split()
        numbers = [int(one, 0) for one in rest]
        if word == "online":
            return self.plug(numbers[0])
        if word == "offline":
            return self.unplug(numbers[0])
        if word == "guest":
            return self._guest(numbers[0])
        operation = self.generation.asked(word)
        if operation is None or not self._wanted(operation):
            return 0
        if operation.once and operation.name in self.returned:
            return self.returned[operation.name]
        if word == "memonline":
            self.values |= {"memory_start": numbers[0], "memory_size": numbers[1]}
        return self._top(operation, self.machine.caller())

    def _wanted(self, operation: Operation) -> bool:
        return not operation.needs or self.holds(operation.needs, 0)

    def _top(self, operation: Operation, cpu: int) -> int:
        held = operation.lock == "always" or (
            operation.lock == "caller" and bool(int(self.machine.scenario.settings.get("caller_holds_cpus_lock", 1)))
        )
        self.machine.locked += held
        try:
            self.run(operation, cpu)
            result = operation.returns
        except Failed as stop:
            result = operation.returns_failure if stop.bad and operation.returns_failure is not None else stop.errno
            result = dict(operation.returns_for).get(result, result) if stop.bad else result
            if stop.bad and stop.errno:
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
            raise
        self._end(operation.on_success, 0, cpu)

    def _step(self, step: Step, cpu: int) -> None:
        if step.does not in self._does:
            raise RulesError(f"rules/model: {self.generation.name}: step {step.name}: nothing does {step.does!r}")
        try:
            self._does[step.does](self, step, cpu)
        except Failed as stop:
            stop.step = stop.step or step.name
            raise

    def _end(self, ending: Ending, errno: int, cpu: int) -> None:
        if ending.set:
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
        if cpu in self.machine.online:
            return 0
        operation = self.generation.asked("online")
        if operation is not None and self._wanted(operation):
            try:
                self.run(operation, cpu)
            except Failed as stop:
                return stop.errno
        self.machine.online.add(cpu)
        return 0

    def unplug(self, cpu: int) -> int:
        """Take a CPU offline; with the driver's callback in place it may refuse."""
        if cpu not in self.machine.online:
            return -22
        operation = self.generation.asked("offline")
        if operation is not None and self._wanted(operation):
            try:
                self.run(operation, cpu)
            except Failed as stop:
                return stop.errno
        self.machine.online.discard(cpu)
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

    def _guest(self, on: int) -> int:
        if not on:
            self.keyids = self.keyids[:-1]
            return 0
        return self.take_keyid()

    def take_keyid(self) -> int:
        """Give the lowest free KeyID of the guests' range, which begins after the kernel's own; -ENOSPC if there is none."""
        guests = range(int(self.values["keyid_first"]) + 1, int(self.values["keyid_end"]))
        free = next((number for number in guests if number not in self.keyids), None)
        if free is None:
            return -28
        self.keyids.append(free)
        return free

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

    def seamcall(self, leaf: str, cpu: int, registers: dict[str, int]) -> int:
        """Make a SEAMCALL as often as this kernel asks again, and return its status."""
        retry = self.generation.retry
        status = 0
        for _ in range(retry.tries if retry else 1):
            status = self._once(leaf, cpu, registers)
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

    def judge(self, step: Step, status: int, registers: dict[str, int]) -> None:
        """Print what this kernel prints of an answer, and raise Failed unless it was success."""
        if status == 0:
            return
        kind = answer_class(status)
        answer = self._answer(step, kind, status)
        zero = dict.fromkeys(("rcx", "rdx", "r8", "r9", "r10", "r11"), 0)
        self.values |= {"leaf": leaf_numbers()[step.leaf or step.name], "status": status} | zero | registers
        cpu = self.machine.trace[-1].cpu
        own = step.print_status or (answer.print_registers if step.registers and answer.print_registers else answer.print)
        for form in own:
            self.print(form, cpu)
        if kind == "vmfailinvalid":
            for form in step.print_vmfailinvalid:
                self.print(form, cpu)
        if not step.ignore:
            stop = Failed(answer.errno, status=status)
            stop.cpu = cpu
            raise stop

    def _answer(self, step: Step, kind: str, status: int) -> Answer:
        """Return what becomes of an answer: what the step says of it, or else the generation."""
        own = next((one for one in step.answers if one.fits(kind, status)), None)
        return self.generation.answers[kind] if own is None else Answer(own.errno, own.print)
