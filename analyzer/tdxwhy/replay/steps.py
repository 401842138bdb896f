"""What each kind of step does, forwards, against one machine."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.replay import memory
from tdxwhy.replay.conditions import CONDITIONS
from tdxwhy.replay.data import module_data, platform_data
from tdxwhy.replay.generation import ModelStep, Operation
from tdxwhy.replay.kernel import Does, Kernel
from tdxwhy.replay.nouns import Failed
from tdxwhy.replay.td_steps import TD_STEPS, control_pages


def _check(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    if not kernel.holds(step.when, cpu):
        return
    _print(kernel, step, cpu)
    if step.set:
        kernel.set(step.set)
    if step.stop is not None:
        raise Failed(step.stop, bad=step.stop != 0, refused=step.refusal)


def _print(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    for form in step.print:
        kernel.print(form, cpu)


def _set(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    kernel.set(step.set)


def _call(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    operation = kernel.generation.operations[step.call]
    kernel.machine.locked += step.lock == "always"
    try:
        if not step.each or step.each == "lead-cpu":
            kernel.run(operation, 0 if step.each else cpu)
            return
        stops = [_stop(kernel, operation, one, bool(step.gather_errno)) for one in _cpus(kernel, step)]
        first = next((stop for stop in stops if stop is not None), None)
        if first is not None:
            first.errno = step.gather_errno
            raise first
        if step.installs:
            kernel.set(step.installs)
    finally:
        kernel.machine.locked -= step.lock == "always"
    kernel.catch_up()


def _stop(kernel: Kernel, operation: Operation, cpu: int, gather: bool) -> Failed | None:
    """Run an operation on one CPU of many; where failures are gathered, return one instead of stopping."""
    try:
        kernel.run(operation, cpu)
    except Failed as stop:
        if not gather:
            raise
        return stop
    return None


def _cpus(kernel: Kernel, step: ModelStep) -> Iterator[int]:
    """Walk the online CPUs; stopped for one another, the last one, whose coming lets all go on, is the first to act."""
    if step.each != "stopped-cpu":
        return online_cpus(kernel)
    online = sorted(kernel.machine.online)
    return iter(online[-1:] + online[:-1])


def online_cpus(kernel: Kernel) -> Iterator[int]:
    """Walk the online CPUs in their order, with whatever comes and goes meanwhile."""
    for cpu in range(len(kernel.machine.scenario.packages)):
        if cpu in kernel.machine.online:
            yield cpu


def _vmxon(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    scenario = kernel.machine.scenario
    needed_by = step.needed_by[-1 if kernel.sysinit is not None else 0] if step.needed_by else ""
    if step.unsupported_errno and int(scenario.settings.get("vmx_unsupported", 0)):
        raise Failed(step.unsupported_errno, step=needed_by)
    if cpu in scenario.vmxon_faults:
        kernel.machine.vmx_off.add(cpu)
        kernel.values["feat_ctl"] = 1
        _print(kernel, step, cpu)
        if step.fault_errno:
            raise Failed(step.fault_errno, step=needed_by)


def _seamcall(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    if step.each:
        _EACH[step.each](kernel, step, cpu)
    elif step.remember == "result":
        _remembered(kernel, step, cpu)
    elif step.remember != "cpu":
        _one_call(kernel, step, cpu)
    elif cpu not in kernel.enabled_cpus:
        _one_call(kernel, step, cpu)
        kernel.enabled_cpus.add(cpu)


def _each_cpu(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    for one in online_cpus(kernel):
        _one_call(kernel, step, one)


def _each_added_page(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    for number in range(kernel.keyids.control_pages):
        _one_call(kernel, step, cpu, 1 + number)


def _each_control_page(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    """Add the pages that hold a TD's control structure; those added are to be reclaimed when it ends."""
    for _ in range(control_pages(kernel)):
        _one_call(kernel, step, cpu)
        kernel.keyids.control_pages += 1


def _one_call(kernel: Kernel, step: ModelStep, cpu: int, page: int = 0) -> None:
    registers = dict(platform_data()["info_registers"]) if step.arguments == "sysinfo" else {}
    if step.arguments == "td-page":
        registers["rcx"] = kernel.values["tdr"] + page * memory.PAGE
    status = kernel.seamcall(step.leaf or step.name, cpu, registers, step.again)
    kernel.judge(step, status, registers)
    if step.arguments == "sysinfo":
        _learn_version(kernel)


def _learn_version(kernel: Kernel) -> None:
    for number in ("0x0800000100000003", "0x0800000100000004"):
        name = module_data()["fields"][number]["name"]
        kernel.values[name] = kernel.machine.module.field(int(number, 16)) or 0


def _remembered(kernel: Kernel, step: ModelStep, cpu: int) -> None:
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


def _each_package(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    seen: set[int] = set()
    for one in online_cpus(kernel):
        package = kernel.machine.scenario.packages[one]
        if package not in seen:
            seen.add(package)
            _one_call(kernel, step, one)


def _each_tdmr(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    """Initialise TDMR after TDMR, a part a call; calls for which nothing waits are made at once after the first."""
    machine = kernel.machine
    for tdmr in kernel.tdmrs:
        following = tdmr.base
        while following < tdmr.end:
            registers = {"rcx": tdmr.base}
            kernel.judge(step, kernel.seamcall(step.name, cpu, registers), registers)
            following = registers.get("rdx", 0)
            if following < tdmr.end:
                made = machine.module.skip_parts(tdmr, machine.idle(step.name, cpu))
                machine.calls[step.name] += made


_EACH = {
    "online-cpu": _each_cpu,
    "package": _each_package,
    "tdmr": _each_tdmr,
    "control-page": _each_control_page,
    "added-page": _each_added_page,
}


def _read_metadata(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    fields = [int(one, 16) for one in step.fields]
    for table in step.tables:
        start, width = table.split()
        fields += [int(start, 16) + i for i in range(int(kernel.values["num_cpuid_config"]) * int(width))]
    try:
        for field in fields:
            registers = {"rdx": field}
            if not kernel.judge(step, kernel.seamcall(step.name, cpu, registers), registers):
                break
            row = module_data()["fields"].get(f"0x{field:016x}")
            if row:
                kernel.values[row["name"]] = registers.get("r8", 0)
    finally:
        for form in step.always_print:
            kernel.print(form, cpu)


def _memory_list(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    regions = memory.regions(kernel.machine.scenario.memory, platform_data()["low_memory"])
    for _ in regions:
        if kernel.machine.fails(step.kind):
            raise Failed(step.errno)
    kernel.memlist = regions


def _allocate(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    if kernel.machine.fails(step.kind):
        raise Failed(step.errno)


def _limits(kernel: Kernel) -> tuple[int, int, tuple[int, int, int]]:
    """Return what the module told of TDMRs: how many, reserved areas of each, PAMT entry sizes."""
    field = kernel.machine.module.field
    low = 0x9100000100000000
    values = [field(low + offset) or 0 for offset in (0x08, 0x09, 0x10, 0x11, 0x12)]
    return values[0], values[1], (values[2], values[3], values[4])


_NEAR_LIMIT = 4


def _fill_tdmrs(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    limit = _limits(kernel)[0]
    try:
        kernel.tdmrs = memory.fill_tdmrs(kernel.memlist, platform_data()["tdmr"]["alignment"], limit)
    except memory.LimitReached:
        for form in step.print:
            kernel.print(form, cpu)
        raise Failed(step.errno) from None
    kernel.values |= {"tdmrs_used": len(kernel.tdmrs), "tdmrs_max": limit}
    if limit - len(kernel.tdmrs) < _NEAR_LIMIT:
        for form in step.print_near_limit:
            kernel.print(form, cpu)


def _allocate_pamts(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    entries = _limits(kernel)[2]
    if step.when and CONDITIONS[step.when](kernel, cpu):
        # The lowest level comes page by page, later.
        entries = (memory.BITMAP, *entries[1:])
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


def _reserve_areas(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    limit = _limits(kernel)[1]
    try:
        kernel.tdmrs = [memory.reserve(tdmr, kernel.memlist, kernel.tdmrs, limit) for tdmr in kernel.tdmrs]
    except memory.LimitReached as reached:
        kernel.values |= {"tdmr_base": reached.base, "tdmr_end": reached.end}
        for form in step.print:
            kernel.print(form, cpu)
        raise Failed(step.errno) from None


def _unseen(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    kernel.unseen = True


DOES: Does = TD_STEPS | {
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
    "unseen": _unseen,
}
