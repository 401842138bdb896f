"""What the steps of a TD's life and of a module's replacement do, forwards."""

from __future__ import annotations

from tdxwhy.replay import memory
from tdxwhy.replay.data import platform_data
from tdxwhy.replay.generation import ModelStep
from tdxwhy.replay.kernel import Kernel
from tdxwhy.replay.nouns import Failed

_TDCS_BASE_SIZE = 0x9800000100000100


def _take_keyid(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    taken = kernel.keyids.take()
    if taken is None:
        raise Failed(step.errno)
    kernel.values["keyid"] = taken
    kernel.set("td=another")


def _last_td(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    """Turn to the TD that was created last; where there is none, or a guest's KeyID alone was taken, nothing is to be done."""
    if "tdr" not in kernel.values or not kernel.keyids.end():
        raise Failed(0, bad=False)
    kernel.values["keyid"] = kernel.keyids.current
    kernel.set("td=another")


def _give_keyid(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    kernel.keyids.give()


def control_pages(kernel: Kernel) -> int:
    """Return how many pages this module wants for a TD's control structure."""
    return (kernel.machine.module.field(_TDCS_BASE_SIZE) or 0) // memory.PAGE


def _td_pages(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    """Allocate a TD's root page and the pages of its control structure."""
    where = platform_data()["td_pages"]
    first = where["start"] + kernel.keyids.page() * memory.PAGE
    for number in range(1 + control_pages(kernel)):
        if kernel.machine.fails(step.kind):
            raise Failed(step.errno)
        if number:
            kernel.keyids.page()
    kernel.values["tdr"] = first


def _forget(kernel: Kernel, step: ModelStep, cpu: int) -> None:
    """Forget what was remembered of the module's start: the next one is started from scratch."""
    kernel.sysinit = None
    kernel.enabled_cpus.clear()


TD_STEPS = {
    "take-keyid": _take_keyid,
    "last-td": _last_td,
    "give-keyid": _give_keyid,
    "allocate-td-pages": _td_pages,
    "forget": _forget,
}
