"""The rows of the knowledge tables but those of forms, and the words that rows may use."""

from __future__ import annotations

from tdxwhy.hints import Literal
from tdxwhy.know.codes import CODE_FILES, LeafRow, Number, StatusRow
from tdxwhy.noun import NamedTuple
from tdxwhy.records import MessageForm, Outcome

# No diagnosis needs lines of this kind, so the scanner of big logs does not look for them.
UNANCHORED = "platform"

_FILES = CODE_FILES | frozenset({"generations", "causes", "parameters", "facts", "roles", "shown", "terms", "firmware"})


def is_table(stem: str) -> bool:
    """Tell whether a file of the folder, by its name without .toml, belongs to these tables; other rooms keep theirs beside them."""
    return stem.startswith("forms-") or stem in _FILES


FoundBy = Literal["", "packages", "cpus", "all-online", "misspelt", "trace", "no-end", "no-line", "no-request"]
ReadAs = Literal[
    "", "stopped", "kvm-on", "kvm-off", "no-parameter", "searched", "memory-encryption-off", "seam-off", "seam-off-after-keyids",
    "compiler", "question",
]  # fmt: skip
CpuLimit = Literal["", "one", "so-many", "some"]
Asks = Literal["boot", "kvm"]
Blames = Literal["", "packages", "cpus", "status-package", "named-cpu"]


class GenerationRow(NamedTuple):
    """A design of the host's TDX code. `asks` says who starts initialisation: the kernel while it boots, or KVM when it wants TDX.

    `since` is the first release of Linux with this design, for a guess where there is nothing but a version number; it never decides
    what became of a boot, for distributions backport. `lacks` are the steps that it does not take.
    """

    id: str
    title: str
    kernels: str
    asks: Asks
    source: str
    lacks: tuple[str, ...] = ()
    since: tuple[int, ...] = ()


class When(NamedTuple):
    """One pattern that leads to a cause: every fact given must hold. A smaller `rank` is likelier."""

    rank: int
    step: str = ""
    leaf: int | None = None
    status: str = ""
    errno: int | None = None
    form: str = ""
    fact: str = ""


class Cause(NamedTuple):
    """A reason why TDX did not come up, with the next action: `advice` in words, `command` to be run as it stands.

    `outcome` is what a boot with this cause came to. `sentence` is the second half of what the kernel should have printed, with
    {packages}, {cpus} and {detail}; without one the title stands there. `command_for_cpus` mends the named {cpus}.
    `at_first_call`: what is wrong is wrong from the start, so that the first SEAMCALL meets it.
    `likely_step`: where several steps can have met it, the one that most probably did.
    `blames`: packages without an online CPU, offline CPUs, the package that the status names, the CPU that the line itself names, or
    nobody.
    `contradicted_by`: a fact beside which it is unlikely. `set_named`: the parameter that the line itself names is what to set.
    `advice_if_asked` and `command_if_asked` take the place of the others where the kernel is known to wait until KVM asks, and, if
    `asked_again_at` names steps, where it failed at one of these: after others it does not try again before it is booted.
    """

    id: str
    title: str
    meaning: str
    advice: str
    command: str
    when: tuple[When, ...]
    source: str
    outcome: Outcome = "failed"
    sentence: str = ""
    command_for_cpus: str = ""
    at_first_call: bool = False
    likely_step: str = ""
    blames: Blames = ""
    contradicted_by: str = ""
    set_named: bool = False
    advice_if_asked: str = ""
    command_if_asked: str = ""
    asked_again_at: tuple[str, ...] = ()


class Parameter(NamedTuple):
    """A kernel parameter that matters to TDX; with one of the values in `asks` it asks for TDX.

    `limits`: it keeps CPUs away: all but one, all beyond its number at boot, or some that no line counts. `forbids` is a condition of the
    model that cannot hold with it.
    `fact` is what it makes true, with one of the values in `fact_values` or, where there are none, with any;
    `instead` is what to boot with then.
    """

    name: str
    meaning: str
    source: str
    asks: tuple[str, ...] = ()
    limits: CpuLimit = ""
    forbids: str = ""
    fact: str = ""
    fact_values: tuple[str, ...] = ()
    instead: str = ""


class Step(NamedTuple):
    """A step of host initialisation in its order; `failure` is how a message should begin that says it failed.

    `functions` are the kernel's functions that are this step and no other. `runs`: once for the platform by whatever CPU comes first, on
    each CPU, or on one CPU of each package.
    """

    id: str
    meaning: str
    source: str
    failure: str
    functions: tuple[str, ...] = ()
    runs: Literal["once", "each-cpu", "each-package"] = "once"


class Fact(NamedTuple):
    """Something that no single line tells; causes ask for it by its id.

    `found_by` is what of the program finds it, `read_as` what of the program reads it beside others; "" for one that a line's form states.
    Where it settles a boot without a closing line: `outcome`, what it `says`, `rank` (a smaller one goes first), `request` (only with a
    request for TDX, or only without a good one), `means` (the fact that then holds for causes instead), and `hinders`: it
    keeps a request from reaching KVM, besides settling a boot without any line of TDX or only so. `note` is said of it beside any
    diagnosis; with `settles` only where there is no kernel log at all, together with what would settle it.
    """

    id: str
    meaning: str
    source: str
    found_by: FoundBy = ""
    outcome: Outcome | Literal[""] = ""
    says: str = ""
    rank: int = 0
    request: Literal["", "asked", "not-asked"] = ""
    means: str = ""
    hinders: Literal["", "also", "only"] = ""
    note: str = ""
    settles: str = ""
    read_as: ReadAs = ""


class Shown(NamedTuple):
    """What a paste shows beside its log and its messages, in a word of its own that several rows may share.

    `command` is a pattern in what was typed, `answer` one in a line that it printed ("": it printed nothing); or `line`, in any line.
    A group `value` is kept, `end` too. A group `hex` with `bit` shows it only where that bit has the value `is_set`, one with `nonzero`
    where it is not 0. `fact` is the fact of the boot that it states; `brings` names what it makes needless to ask for; `near` must match
    in one of the lines just before.
    """

    shows: str
    source: str
    example: str
    fact: str = ""
    brings: str = ""
    command: str = ""
    answer: str = ""
    line: str = ""
    near: str = ""
    bit: int | None = None
    is_set: bool = False
    nonzero: bool = False


class SignRow(NamedTuple):
    """A text that tells whose log it is; of the signs in a log those of the smallest `rank` decide.

    One of `words` stands in the line, and `pattern`, where there is one, matches it too.
    """

    id: str
    role: Literal["host", "guest"]
    rank: int
    words: tuple[str, ...]
    meaning: str
    source: str
    example: str
    pattern: str = ""


class Term(NamedTuple):
    """A word of the field: what it means, and how a log or a command shows it."""

    id: str
    meaning: str
    source: str
    shows: str = ""


class FirmwareStep(NamedTuple):
    """A step of a host's firmware set-up, in the order in which one shows the next.

    `kind`: an option of the set-up, or what no option changes. `keyids_prove`: private KeyIDs are there only where it is done.
    `symptom` is what shows where it is not, `proof` what proves it.
    """

    name: str
    set: str
    sure: Literal["high", "medium", "low"]
    source: str
    kind: Literal["option", "hardware"] = "option"
    symptom: str = ""
    proof: str = ""
    keyids_prove: bool = False


class FirmwareVendor(NamedTuple):
    """Where a vendor keeps these options; `match` finds the vendor in a log."""

    name: str
    match: str
    path: str
    source: str


class Ordinary(NamedTuple):
    """Lines that logs are full of: the anchors keep away from them."""

    lines: tuple[str, ...]
    source: str


class Knowledge(NamedTuple):
    """The tables, each by the name that its rows have in TOML."""

    form: tuple[MessageForm, ...]
    status: tuple[StatusRow, ...]
    operand: tuple[Number, ...]
    msr: tuple[Number, ...]
    errno: tuple[Number, ...]
    leaf: tuple[LeafRow, ...]
    step: tuple[Step, ...]
    generation: tuple[GenerationRow, ...]
    cause: tuple[Cause, ...]
    parameter: tuple[Parameter, ...]
    fact: tuple[Fact, ...]
    sign: tuple[SignRow, ...]
    shown: tuple[Shown, ...]
    term: tuple[Term, ...]
    firmware_step: tuple[FirmwareStep, ...]
    firmware_vendor: tuple[FirmwareVendor, ...]


def lowered(title: str) -> str:
    """Return a title as it stands inside a sentence: TDX and KVM keep their capitals."""
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title
