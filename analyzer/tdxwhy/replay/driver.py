"""The interpreter of a generation's operations: steps in order, forwards, against one machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tdxwhy.replay import memory
from tdxwhy.replay.generation import Form, Generation, Operation, Step, answer_class, leaf_numbers, module_data, platform_data
from tdxwhy.replay.platform import Machine, Traced


class Printed(NamedTuple):
    """A line that the kernel printed; `approximate` if its wording is not the kernel's own (a WARN splat)."""

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


_LENGTHS = re.compile(r"%(0?\d*)(?:ll|l|h)?([dux])")


def render(form: Form, values: dict[str, Any]) -> str:
    """Fill a kernel format string. Accepted form: %d, %u, %x with a width and a length modifier."""
    python = _LENGTHS.sub(lambda found: f"%{found[1]}{'d' if found[2] == 'u' else found[2]}", form.format)
    return python % tuple(values[name] for name in form.args) if form.args else python


class Kernel:
    """One boot of one kernel generation on one machine."""

    def __init__(self, generation: Generation, machine: Machine) -> None:
        self.generation = generation
        self.machine = machine
        self.state: dict[str, str] = {}
        self.lines: list[Printed] = []
        self.failures: list[Failure] = []
        self.returned: dict[str, int] = {}
        self.values: dict[str, Any] = dict(platform_data()["module"])
        self.values["cpus"] = len(machine.scenario.packages)
        self.values |= dict.fromkeys(("major_version", "minor_version", "update_version"), 0)
        self.once: set[str] = set()
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
            self._run(operation, cpu)
            result = operation.returns
        except Failed as stop:
            result = operation.returns_failure if stop.bad and operation.returns_failure is not None else stop.errno
            if stop.bad and stop.errno:
                self.failures.append(Failure(operation.asked, stop.step, stop.status, stop.errno, stop.cpu))
        finally:
            self.machine.locked -= held
        self._catch_up()
        self.returned[operation.name] = result
        return result

    def _run(self, operation: Operation, cpu: int) -> None:
        try:
            for step in operation.step:
                self._step(step, cpu)
        except Failed as stop:
            if stop.bad:
                self._end(operation.on_failure.print, operation.on_failure.set, stop.errno)
            raise
        self._end(operation.on_success.print, operation.on_success.set, 0)

    def _step(self, step: Step, cpu: int) -> None:
        try:
            _DOES[step.does](self, step, cpu)
        except Failed as stop:
            stop.step = stop.step or step.name
            raise

    def _end(self, forms: tuple[str, ...], settings: tuple[str, ...], errno: int) -> None:
        if settings:
            self._forget_tdmrs(errno)
        self.values["errno"] = errno
        for form in forms:
            self.print(form)
        for one in settings:
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
                self._run(operation, cpu)
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
                self._run(operation, cpu)
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

    def _catch_up(self) -> None:
        while self.machine.deferred and not self.machine.locked:
            self.happen([self.machine.deferred.pop(0)])

    def _guest(self, on: int) -> int:
        if not on:
            self.keyids = self.keyids[:-1]
            return 0
        return self.take_keyid()

    def take_keyid(self) -> int:
        """Give the lowest free KeyID of the guests' range."""
        first = int(self.values["keyid_first"]) + 1
        free = next(number for number in range(first, first + len(self.keyids) + 1) if number not in self.keyids)
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
        return CONDITIONS[name](self, cpu)

    def print(self, name: str, cpu: int = 0) -> None:
        """Print a form of the generation, once if it is one of that kind."""
        form = self.generation.forms[name]
        if form.once and name in self.once:
            return
        self.once.add(name)
        for values in self._each(form):
            text = render(form, values)
            if form.warning:
                text = f"WARNING: CPU: {cpu} PID: 1 at {form.warning}: {text}"
            self.lines.append(Printed(form.level, text, bool(form.warning)))

    def _each(self, form: Form) -> Iterator[dict[str, Any]]:
        if form.each == "cmr":
            for start, size in self.machine.scenario.cmr:
                yield {"cmr_start": start, "cmr_end": start + size}
        else:
            yield self.values

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
        answer = self.generation.answers[kind]
        zero = dict.fromkeys(("rcx", "rdx", "r8", "r9", "r10", "r11"), 0)
        self.values |= {"leaf": leaf_numbers()[step.leaf or step.name], "status": status} | zero | registers
        own = step.print_status or (answer.print_registers if step.registers and answer.print_registers else answer.print)
        for form in own:
            self.print(form)
        if kind == "vmfailinvalid":
            for form in step.print_vmfailinvalid:
                self.print(form)
        if not step.ignore:
            stop = Failed(answer.errno, status=status)
            stop.cpu = self.machine.trace[-1].cpu
            raise stop


# ---- what the steps do


def _check(kernel: Kernel, step: Step, cpu: int) -> None:
    if not kernel.holds(step.when, cpu):
        return
    for form in step.print:
        kernel.print(form)
    if step.set:
        kernel.set(step.set)
    if step.stop is not None:
        raise Failed(step.stop, bad=step.stop != 0)


def _print(kernel: Kernel, step: Step, cpu: int) -> None:
    for form in step.print:
        kernel.print(form)


def _set(kernel: Kernel, step: Step, cpu: int) -> None:
    kernel.set(step.set)


def _call(kernel: Kernel, step: Step, cpu: int) -> None:
    operation = kernel.generation.operations[step.call]
    if not step.each:
        kernel._run(operation, cpu)
        return
    kernel.machine.locked += step.lock == "always"
    try:
        stops = [_stop(kernel, operation, one, bool(step.gather_errno)) for one in online_cpus(kernel)]
        first = next((stop for stop in stops if stop is not None), None)
        if first is not None:
            first.errno = step.gather_errno
            raise first
        if step.installs:
            kernel.set(step.installs)
    finally:
        kernel.machine.locked -= step.lock == "always"
    kernel._catch_up()


def _stop(kernel: Kernel, operation: Operation, cpu: int, gather: bool) -> Failed | None:
    """Run an operation on one CPU of many; where failures are gathered, return one instead of stopping."""
    try:
        kernel._run(operation, cpu)
    except Failed as stop:
        if not gather:
            raise
        return stop
    return None


def online_cpus(kernel: Kernel) -> Iterator[int]:
    """Walk the online CPUs in their order, with whatever comes and goes meanwhile."""
    for cpu in range(len(kernel.machine.scenario.packages)):
        if cpu in kernel.machine.online:
            yield cpu


def _vmxon(kernel: Kernel, step: Step, cpu: int) -> None:
    scenario = kernel.machine.scenario
    needed_by = step.needed_by[-1 if kernel.sysinit is not None else 0] if step.needed_by else ""
    if step.unsupported_errno and int(scenario.settings.get("vmx_unsupported", 0)):
        raise Failed(step.unsupported_errno, step=needed_by)
    if cpu in scenario.vmxon_faults:
        kernel.machine.vmx_off.add(cpu)
        kernel.values["feat_ctl"] = 1
        for form in step.print:
            kernel.print(form, cpu)
        if step.fault_errno:
            raise Failed(step.fault_errno, step=needed_by)


def _seamcall(kernel: Kernel, step: Step, cpu: int) -> None:
    if step.each == "online-cpu":
        for one in online_cpus(kernel):
            _one_call(kernel, step, one)
    elif step.each == "package":
        _each_package(kernel, step)
    elif step.each == "tdmr":
        _each_tdmr(kernel, step, cpu)
    elif step.remember == "result":
        _remembered(kernel, step, cpu)
    elif step.remember == "cpu":
        if cpu not in kernel.enabled_cpus:
            _one_call(kernel, step, cpu)
            kernel.enabled_cpus.add(cpu)
    else:
        _one_call(kernel, step, cpu)


def _one_call(kernel: Kernel, step: Step, cpu: int) -> None:
    registers = dict(platform_data()["info_registers"]) if step.arguments == "sysinfo" else {}
    status = kernel.seamcall(step.leaf or step.name, cpu, registers)
    kernel.judge(step, status, registers)
    if step.arguments == "sysinfo":
        _learn_version(kernel)


def _learn_version(kernel: Kernel) -> None:
    for number in ("0x0800000100000003", "0x0800000100000004"):
        name = module_data()["fields"][number]["name"]
        kernel.values[name] = kernel.machine.module.field(int(number, 16))


def _remembered(kernel: Kernel, step: Step, cpu: int) -> None:
    if cpu in kernel.enabled_cpus:
        return
    if kernel.sysinit is None:
        try:
            _one_call(kernel, step, cpu)
            kernel.sysinit = 0
        except Failed as stop:
            kernel.sysinit = stop.errno
            raise
    elif kernel.sysinit:
        raise Failed(kernel.sysinit)


def _each_package(kernel: Kernel, step: Step) -> None:
    seen: set[int] = set()
    for cpu in online_cpus(kernel):
        package = kernel.machine.scenario.packages[cpu]
        if package not in seen:
            seen.add(package)
            _one_call(kernel, step, cpu)


def _each_tdmr(kernel: Kernel, step: Step, cpu: int) -> None:
    quiet = kernel.machine.quiet(step.name)
    for tdmr in kernel.tdmrs:
        following = tdmr.base
        while following < tdmr.end:
            registers = {"rcx": tdmr.base}
            kernel.judge(step, kernel.seamcall(step.name, cpu, registers), registers)
            following = registers.get("rdx", 0)
            if quiet:
                kernel.machine.module.finish_tdmr(tdmr.base)
                break


def _read_metadata(kernel: Kernel, step: Step, cpu: int) -> None:
    fields = [int(one, 16) for one in step.fields]
    for table in step.tables:
        start, width = table.split()
        fields += [int(start, 16) + i for i in range(int(kernel.values["num_cpuid_config"]) * int(width))]
    try:
        for field in fields:
            registers = {"rdx": field}
            kernel.judge(step, kernel.seamcall(step.name, cpu, registers), registers)
            row = module_data()["fields"].get(f"0x{field:016x}")
            if row:
                kernel.values[row["name"]] = registers.get("r8", 0)
    finally:
        for form in step.always_print:
            kernel.print(form)


def _memory_list(kernel: Kernel, step: Step, cpu: int) -> None:
    regions = memory.regions(kernel.machine.scenario.memory, platform_data()["low_memory"])
    for _ in regions:
        if kernel.machine.fails(step.kind):
            raise Failed(step.errno)
    kernel.memlist = regions


def _allocate(kernel: Kernel, step: Step, cpu: int) -> None:
    if kernel.machine.fails(step.kind):
        raise Failed(step.errno)


def _limits(kernel: Kernel) -> tuple[int, int, tuple[int, int, int]]:
    """Return what the module told of TDMRs: how many, reserved areas of each, PAMT entry sizes."""
    field = kernel.machine.module.field
    low = 0x9100000100000000
    values = [field(low + offset) or 0 for offset in (0x08, 0x09, 0x10, 0x11, 0x12)]
    return values[0], values[1], (values[2], values[3], values[4])


_NEAR_LIMIT = 4


def _fill_tdmrs(kernel: Kernel, step: Step, cpu: int) -> None:
    limit = _limits(kernel)[0]
    try:
        kernel.tdmrs = memory.fill_tdmrs(kernel.memlist, platform_data()["tdmr"]["alignment"], limit)
    except memory.LimitReached:
        for form in step.print:
            kernel.print(form)
        raise Failed(step.errno) from None
    kernel.values |= {"tdmrs_used": len(kernel.tdmrs), "tdmrs_max": limit}
    if limit - len(kernel.tdmrs) < _NEAR_LIMIT:
        for form in step.print_near_limit:
            kernel.print(form)


def _allocate_pamts(kernel: Kernel, step: Step, cpu: int) -> None:
    entries = _limits(kernel)[2]
    for index, tdmr in enumerate(kernel.tdmrs):
        size = sum(memory.pamt_sizes(tdmr, entries))
        area = None
        if not kernel.machine.fails(step.kind):
            area = kernel.machine.pages.allocate(size, memory.node_of(tdmr, kernel.memlist))
        if area is None:
            raise Failed(step.errno)
        kernel.tdmrs[index] = memory.with_pamt(tdmr, area, entries)
    size = sum(tdmr.pamt_area.end - tdmr.pamt_area.start for tdmr in kernel.tdmrs)
    kernel.values |= {"pamt_kb": size // 1024, "pamt_pages": size // memory.PAGE}


def _reserve_areas(kernel: Kernel, step: Step, cpu: int) -> None:
    limit = _limits(kernel)[1]
    try:
        kernel.tdmrs = [memory.reserve(tdmr, kernel.memlist, kernel.tdmrs, limit) for tdmr in kernel.tdmrs]
    except memory.LimitReached as reached:
        kernel.values |= {"tdmr_base": reached.base, "tdmr_end": reached.end}
        for form in step.print:
            kernel.print(form)
        raise Failed(step.errno) from None


def _take_keyid(kernel: Kernel, step: Step, cpu: int) -> None:
    raise Failed(kernel.take_keyid(), bad=False)


_DOES: dict[str, Callable[[Kernel, Step, int], None]] = {
    "check": _check,
    "print": _print,
    "set": _set,
    "call": _call,
    "vmxon": _vmxon,
    "seamcall": _seamcall,
    "read-metadata": _read_metadata,
    "memory-list": _memory_list,
    "allocate": _allocate,
    "fill-tdmrs": _fill_tdmrs,
    "allocate-pamts": _allocate_pamts,
    "reserve-areas": _reserve_areas,
    "take-keyid": _take_keyid,
}


def _feature_off(name: str) -> Callable[[Kernel, int], bool]:
    return lambda kernel, cpu: platform_data()["features"].get(kernel.machine.scenario.settings.get("feature_off", "")) == name


def _last_cpu(kernel: Kernel, cpu: int) -> bool:
    packages = kernel.machine.scenario.packages
    alone = not any(packages[one] == packages[cpu] for one in kernel.machine.online if one != cpu)
    return bool(kernel.keyids) and alone


def _package_offline(kernel: Kernel, cpu: int) -> bool:
    packages = kernel.machine.scenario.packages
    return {packages[one] for one in kernel.machine.online} != set(packages)


def _outside(kernel: Kernel, cpu: int) -> bool:
    start, end = kernel.values["memory_start"], kernel.values["memory_start"] + kernel.values["memory_size"]
    return not any(region.start <= start and end <= region.end for region in kernel.memlist)


def _never(kernel: Kernel, cpu: int) -> bool:
    """Say no: what no scenario can set."""
    return False


CONDITIONS: dict[str, Callable[[Kernel, int], bool]] = {
    "no-keyids": lambda kernel, cpu: not kernel.values["keyids"] or bool(int(kernel.machine.scenario.settings.get("keyid_msr_fault", 0))),
    "one-keyid": lambda kernel, cpu: kernel.values["keyids"] < 2,
    "hibernation": lambda kernel, cpu: bool(int(kernel.machine.scenario.settings.get("hibernation", 0))),
    "notifier-fails": lambda kernel, cpu: bool(kernel.values["notifier_errno"]),
    "no-xsave": _feature_off("no-xsave"),
    "no-movdir64b": _feature_off("no-movdir64b"),
    "no-self-snoop": _feature_off("no-self-snoop"),
    "too-many-cpuid-configurations": lambda kernel, cpu: kernel.values["num_cpuid_config"] > 128,
    "rbp-clobbered": lambda kernel, cpu: not kernel.values["tdx_features0"] & 1 << 18,
    "outside-tdx-memory": _outside,
    "last-cpu-with-keyid-in-use": _last_cpu,
    "package-offline": _package_offline,
    "too-many-cpus-for-a-td": lambda kernel, cpu: kernel.values["max_vcpus_per_td"] < len(kernel.machine.scenario.packages),
    "no-virt-at-load": _never,
    "no-tdp": _never,
    "no-ept": _never,
    "no-apicv": _never,
    "no-osxsave": _never,
}
