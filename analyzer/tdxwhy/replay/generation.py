"""What one kernel generation does: the nouns of rules/model, which `replay.data` reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tdxwhy.hints import Any
from tdxwhy.know.printf import filled
from tdxwhy.noun import NamedTuple

# What a kernel can print beside what the module told of itself: numbers, 0 until they are known, and names.
TEXTS = frozenset({"leaf_name"})
VALUES = TEXTS | frozenset(
    {"cpu", "package", "offline_package", "cpus", "errno", "keyid", "leaf", "status", "rcx", "rdx", "r8", "r9", "r10", "r11", "feat_ctl"}
    | {"keyid_first", "keyid_end", "keyids", "notifier_errno", "tdmrs_used", "tdmrs_max", "tdmr_base", "tdmr_end", "pamt_kb", "pamt_pages"}
    | {"unknown", "cmr_start", "cmr_end", "memory_start", "memory_size", "major_version", "minor_version", "update_version"}
)


class Form(NamedTuple):
    """A form of the catalogue as one kernel prints it: by what name its steps call it, and which of the kernel's values are its arguments.

    `id` is the form's in rules/knowledge, which says format, level, once and ratelimited. A form with a `role` has none: it stands for
    every line that says the same; a draft may say these by itself. `warning` is the file of the WARN that prints it, `each` what it is
    printed for one by one.
    """

    name: str
    format: str
    level: int
    id: str = ""
    args: tuple[str, ...] = ()
    once: bool = False
    ratelimited: bool = False
    warning: str = ""
    each: str = ""
    role: str = ""

    def render(self, values: dict[str, Any]) -> str:
        """Return the line that the kernel prints. What no number can fill stays as it stands."""
        return filled(self.format, [values[one] for one in self.args])


class Answer(NamedTuple):
    """What a kernel makes of one class of answer to a SEAMCALL."""

    errno: int
    print: tuple[str, ...] = ()
    print_registers: tuple[str, ...] = ()

    def printed(self, *, registers: bool) -> tuple[str, ...]:
        """Return what is printed of it by a step that shows the registers, or does not."""
        return self.print_registers if registers and self.print_registers else self.print


class OwnAnswer(NamedTuple):
    """What one step makes of an answer: of its `kind` or of any, and where `status` is given of that status alone, as far as `mask` goes.

    `when` the kernel remembers something; `set` is remembered then. errno 0: the answer is taken as good.
    """

    errno: int
    kind: str = ""
    print: tuple[str, ...] = ()
    status: int | None = None
    mask: int = (1 << 64) - 1
    when: str = ""
    set: str = ""

    def fits(self, kind: str, status: int) -> bool:
        """Tell whether an answer is this one's."""
        return self.kind in ("", kind) and (self.status is None or status & self.mask == self.status)


class ModelStep(NamedTuple):
    """One step of an operation; `does` says which kind, the rest is what that kind needs. `at`: the place in the source, with its words."""

    name: str
    does: str
    when: str = ""
    print: tuple[str, ...] = ()
    stop: int | None = None
    set: str = ""
    cause: str = ""
    refusal: bool = False
    call: str = ""
    each: str = ""
    lock: str = ""
    installs: str = ""
    leaf: str = ""
    unless: str = ""
    remember: str = ""
    registers: bool = False
    print_vmfailinvalid: tuple[str, ...] = ()
    print_status: tuple[str, ...] = ()
    always_print: tuple[str, ...] = ()
    print_near_limit: tuple[str, ...] = ()
    ignore: bool = False
    errno: int = 0
    kind: str = ""
    arguments: str = ""
    fields: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    fault_errno: int = 0
    unsupported_errno: int = 0
    needed_by: tuple[str, ...] = ()
    gather_errno: int = 0
    again: tuple[int, ...] = ()
    answers: tuple[OwnAnswer, ...] = ()
    answers_of: str = ""
    at: str = ""


class Ending(NamedTuple):
    """What an operation prints, sets and cleans up with (the operation `call`) when it ends well or badly."""

    print: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    call: str = ""


class Operation(NamedTuple):
    """A named list of steps; `asked` is the word that starts it from outside (boot, enable, online ...).

    `also` is another word for it, which asks nothing new once it ran: KVM's load, where that is what initialises.
    """

    name: str
    step: tuple[ModelStep, ...]
    asked: str = ""
    also: str = ""
    attempt: bool = False
    once: bool = False
    always: bool = False
    lock: str = ""
    needs: str = ""
    returns: int = 0
    returns_failure: int | None = None
    returns_value: str = ""
    returns_for: tuple[tuple[int, int], ...] = ()
    on_failure: Ending = Ending()
    on_success: Ending = Ending()


class Retry(NamedTuple):
    """The status that a kernel asks again for, and how often it asks at most."""

    status: int
    tries: int


class Generation(NamedTuple):
    """What one kernel generation does, in order.

    `leaves` are those that it calls, `raw_forms` the forms that show any answer as it came, the codes of a SEAMCALL that never reached the
    module included.
    """

    name: str
    aliases: tuple[str, ...]
    kernels: str
    covered: bool
    source: str
    by_role: bool
    module_state: str
    answers: dict[str, Answer]
    retry: Retry | None
    forms: dict[str, Form]
    operations: Mapping[str, Operation]
    answers_of: dict[str, tuple[OwnAnswer, ...]]
    extends: tuple[str, ...] = ()
    part: bool = False
    variant: bool = False
    leaves: frozenset[str] = frozenset()
    raw_forms: frozenset[str] = frozenset()

    def told(self) -> Generation:
        """Return the same with what its steps say of leaves and raw forms."""
        steps = [step for one in self.operations.values() for step in one.step]
        leaves = frozenset(step.leaf or step.name for step in steps if step.does in ("seamcall", "read-metadata"))
        raw = frozenset(form for step in steps for one in self.own_answers(step) if not one.kind for form in one.print)
        return self._replace(leaves=leaves, raw_forms=raw)

    def own_answers(self, step: ModelStep) -> tuple[OwnAnswer, ...]:
        """Return what a step makes of answers by itself: its own words, then those of its caller's."""
        return step.answers + self.answers_of.get(step.answers_of, ())

    def left_open(self, step: ModelStep) -> Iterator[tuple[str, Answer]]:
        """Yield what the generation makes of each kind of answer of which a step's own say nothing, or only something of some."""
        whole = {one.kind for one in self.own_answers(step) if not one.when and one.status is None}
        return (one for one in self.answers.items() if not {"", one[0]} & whole)

    def printed_on(self, step: ModelStep) -> Iterator[str]:
        """Yield the forms that a refused SEAMCALL of a step prints: of its own answers, and of the generation's to what they leave open."""
        for own in self.own_answers(step):
            yield from own.print
        for _, answer in self.left_open(step):
            yield from answer.printed(registers=step.registers)

    def asked(self, word: str) -> Operation | None:
        """Return the operation that `word` starts, if this kernel has one."""
        return next((one for one in self.operations.values() if word in (one.asked, one.also)), None)


def without(operation: Operation, names: tuple[str, ...]) -> Operation:
    """Return the operation without the steps of these names."""
    if not names:
        return operation
    return operation._replace(step=tuple([step for step in operation.step if step.name not in names]))
