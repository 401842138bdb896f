"""The rows of `rules/incident/`: messages of a TD's life, causes with their conditions, calls, answers, evidence, codes and stages."""

from __future__ import annotations

from typing import Literal

from tdxwhy.noun import NamedTuple

# How much a message counts: a failure of its own; a result whose reason stands elsewhere; a line that only repeats; one that is none.
Weight = Literal["failure", "result", "consequence", "ordinary"]
# What the words of a message carry beyond its values: whom they concern, a CPU in a command, a function, the last words of a TD;
# `late-cpu`: counts where a CPU was started just before, or the module was up;
# `host-off`: KVM repeats that the host has no TDX, which is news only where the host's own lines do not say why;
# `seamcall`: only its leaf tells the stage; `structure`: its lines are known by who speaks alone, whatever is said.
# `host-failed`: where the module did not come up, KVM hands on that errno, and it is no failure of its own.
Kind = Literal[
    "", "last-cpu", "no-cpu", "late-cpu", "online-file", "function", "last-words", "seamcall", "structure", "host-off", "host-failed"
]  # fmt: skip
# What a fulfilled condition says of its cause.
Verdict = Literal["settles", "likely", "unlikely", "excluded"]


class ProgramMessage(NamedTuple):
    """One message of a program of the stack. `needle` is derived from `format`, and `pattern` where none is given.

    `form` is the id of the form in rules/knowledge that the kernel prints it by, of which `format` is taken then. `prefix` is what the
    kernel prints before it; `only` is a pattern that the line must hold too, for words that others use as well. `what` is a clause for
    sentences, with values of `args`; `remedy` what to do about an option, `parameters` which kernel parameters cause it. With `may_go_on`
    the line alone does not tell that the TD died. With `stands_with` the message is no incident by itself but beside one of these facts,
    with `ordinary_too` ordinary VMs print it too.
    """

    id: str
    component: str
    stage: str
    outcome: Weight
    meaning: str
    source: str
    format: str = ""
    form: str = ""
    kind: Kind = ""
    prefix: str = ""
    call: str = ""
    errno: str = ""
    only: str = ""
    args: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    example: str = ""
    what: str = ""
    remedy: str = ""
    stands_with: tuple[str, ...] = ()
    may_go_on: bool = False
    ordinary_too: bool = False
    parameters: str = ""
    note: str = ""
    versions: str = ""
    pattern: str = ""
    needle: str = ""

    @property
    def by_structure(self) -> bool:
        """Tell whether the row knows its lines by who speaks alone, whatever is said."""
        return self.kind == "structure"


class Condition(NamedTuple):
    """A condition of a cause: all that is given must hold. Forms are beginnings of message ids."""

    verdict: Verdict = "likely"
    forms: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    errnos: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class Advice(NamedTuple):
    """An action: said where its conditions hold and its `needs` is known; `lacks` where that is not."""

    text: str
    command: str = ""
    needs: str = ""
    lacks: str = ""
    component: str = ""
    not_component: str = ""
    forms: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class Settle(NamedTuple):
    """What would tell a cause from its neighbours; needless where the paste holds what it `brings`.

    With `facts` it is what remains to be found of a cause that is settled, where these hold.
    """

    text: str
    brings: str = ""
    forms: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


class IncidentCause(NamedTuple):
    """A cause of incidents. A part of `sentence` in [ ] is left out where one of its values is not known.

    `blames` says whom it names: packages without an online CPU, or the CPU and package of a machine check. `beside` are facts that
    stand beside the main line as evidence. `arises`: the stage at which it comes about, where it shows at another one.
    `behind`: what of the host's can lie behind it: what its log names, or one of these where its log is silent.
    """

    id: str
    title: str
    meaning: str
    sentence: str
    source: str
    blames: Literal["", "packages", "machine-check"] = ""
    arises: str = ""
    behind: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    action: tuple[Advice, ...] = ()
    settle: tuple[Settle, ...] = ()


class CallAnswer(NamedTuple):
    """What KVM answers to one call: an errno with the condition on which it is returned, and the causes that come to it."""

    call: str
    stage: str
    condition: str
    source: str
    errno: str = ""
    answer: str = ""
    refused_by: str = ""
    causes: tuple[str, ...] = ()
    kernels: str = ""
    kernel_line: str = ""


class SeamcallRow(NamedTuple):
    """A SEAMCALL after initialisation, by the beginning of its leaf's name.

    `chosen`: it is sent to a chosen CPU. `keeps`: where it fails in a module update, the running module goes on.
    """

    leaf: str
    stage: str
    what: str
    chosen: bool = False
    keeps: bool = False
    causes: tuple[str, ...] = ()


class StatusMeaning(NamedTuple):
    """What a status comes to; `within`: a part of the name is enough."""

    status: str
    causes: tuple[str, ...]
    within: bool = False
    leaf: str = ""
    stages: tuple[str, ...] = ()


class Code(NamedTuple):
    """A number of the quote service or of curl; `sum`: it only says that something before it failed."""

    code: int
    name: str
    causes: tuple[str, ...] = ()
    sum: bool = False


class Pasted(NamedTuple):
    """What facts beside a log make of a boot that its log leaves open; `quotes` are those of them that carry it."""

    outcome: Literal["failed", "not-attempted", "initialized"]
    why: str
    source: str
    facts: tuple[str, ...]
    cause: str = ""
    any: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    step: str = ""


class Besides(NamedTuple):
    """A fact beside a log that is one more cause of a boot which failed for another."""

    fact: str
    cause: str
    source: str
    without: tuple[str, ...] = ()


class Checklist(NamedTuple):
    """A cause of a boot that ends in the whole list of firmware options."""

    cause: str


class QuestionWords(NamedTuple):
    """An open question by words of its command, and the fact that answers it."""

    words: str
    brings: str


class Stage(NamedTuple):
    """A stage of a TD's life; `failed` begins the sentence of an incident of it, `alone` where no line tells how the TD fared, `settle`
    asks where no cause is known. `proves`: where the host's kernel tells of such an incident, the module had been initialised, and why.
    """

    id: str
    failed: str
    settle: str
    proves: str = ""
    alone: str = ""
