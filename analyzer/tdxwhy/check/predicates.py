"""The words of which rules are made: small functions of one subject and one argument, without state.

A rule's [when] and [require] name them; `@predicate` says for which subjects one may be used, and what a finding says is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tdxwhy.check.subjects.nouns import (
    BootSubject,
    MessageSubject,
    OutcomeSubject,
    PathSubject,
    RemarkSubject,
    SuppressionSubject,
    VerdictSubject,
)
from tdxwhy.hints import Any, TypeVar
from tdxwhy.levels import LEVELS
from tdxwhy.noun import NamedTuple

Test = Callable[[Any, Any], bool]
_F = TypeVar("_F", bound=Callable[..., bool])
_MESSAGES = ("failure", "log-line", "print")


class Predicate(NamedTuple):
    """A predicate as a rule sees it: `argument` is bool or str, and `choices` closes the words that a list may hold."""

    name: str
    test: Test
    kinds: tuple[str, ...]
    argument: type
    choices: frozenset[str]
    missing: str
    meaning: str


PREDICATES: dict[str, Predicate] = {}


@cache
def _told() -> dict[str, str]:
    """Return what the functions below say of themselves, by their source: `python -OO` leaves it out."""
    import ast
    import inspect
    import sys

    body = ast.parse(inspect.getsource(sys.modules[__name__])).body
    return {one.name: ast.get_docstring(one) or "" for one in body if isinstance(one, ast.FunctionDef)}


def predicate(*kinds: str, argument: type = bool, choices: tuple[str, ...] = (), missing: str = "") -> Callable[[_F], _F]:
    """Register a function under its own name."""

    def register(test: _F) -> _F:
        name = test.__name__
        told = test.__doc__ or _told().get(name, "")
        PREDICATES[name] = Predicate(name, test, kinds, argument, frozenset(choices), missing, told.partition("\n")[0])
        return test

    return register


@predicate(*_MESSAGES, "incident", missing="which package")
def names_package(subject: MessageSubject | OutcomeSubject, wanted: bool) -> bool:
    """Tell whether it says which physical package."""
    return subject.names.package is wanted


@predicate(*_MESSAGES, "incident", missing="which CPU")
def names_cpu(subject: MessageSubject | OutcomeSubject, wanted: bool) -> bool:
    """Tell whether it says which CPU."""
    return subject.names.cpu is wanted


@predicate(*_MESSAGES, "incident", missing="the state of its CPUs")
def names_cpu_state(subject: MessageSubject | OutcomeSubject, wanted: bool) -> bool:
    """Tell whether it says in which state the CPUs are."""
    return subject.names.cpu_state is wanted


@predicate(*_MESSAGES)
def is_failure(subject: MessageSubject, wanted: bool) -> bool:
    """Tell whether something failed or was refused."""
    return subject.is_failure is wanted


@predicate("log-line")
def explained(subject: MessageSubject, wanted: bool) -> bool:
    """Tell whether the failure that it belongs to names its package and the state of its CPUs."""
    return subject.explained is wanted


@predicate(*_MESSAGES, "path", argument=str, choices=("host", "kvm", "guest", "other"))
def area(subject: MessageSubject | PathSubject, wanted: list[str]) -> bool:
    """Tell whether it belongs to the host's TDX code, to KVM's, to a guest's, or to other code."""
    return subject.area in wanted


@predicate(*_MESSAGES, "path")
def spread(subject: MessageSubject | PathSubject, wanted: bool) -> bool:
    """Tell whether the code runs on many CPUs, or once a package."""
    return subject.spread is wanted


@predicate(*_MESSAGES, "path")
def by_user(subject: MessageSubject | PathSubject, wanted: bool) -> bool:
    """Tell whether a user's program can trigger it at will."""
    return subject.by_user is wanted


@predicate(*_MESSAGES, "incident", argument=str, choices=("cpu", "platform"))
def scope(subject: MessageSubject | OutcomeSubject, wanted: list[str]) -> bool:
    """Tell whether the failure concerns CPUs and packages, or the platform as a whole."""
    return subject.scope in wanted


@predicate(*_MESSAGES)
def once(subject: MessageSubject, wanted: bool) -> bool:
    """Tell whether it is printed once a boot only."""
    return subject.once is wanted


@predicate(*_MESSAGES)
def ratelimited(subject: MessageSubject, wanted: bool) -> bool:
    """Tell whether it is rate limited."""
    return subject.ratelimited is wanted


@predicate(*_MESSAGES, argument=str, choices=("leaf", "status", "errno"))
def shows(subject: MessageSubject, wanted: list[str]) -> bool:
    """Tell whether it prints one of these numbers."""
    return bool(subject.shows.intersection(wanted))


@predicate(*_MESSAGES, argument=str, choices=("leaf", "status", "errno"), missing="the number by its name")
def spells(subject: MessageSubject, wanted: list[str]) -> bool:
    """Tell whether it gives by name whichever of these numbers it prints."""
    return subject.shows.intersection(wanted) <= subject.spells


@predicate(
    *_MESSAGES,
    "path",
    argument=str,
    choices=(*LEVELS, "unknown"),
    missing="a level at which it is seen",
)
def level(subject: MessageSubject | PathSubject, wanted: list[str]) -> bool:
    """Tell whether it is printed at one of these levels."""
    return (subject.level or "unknown") in wanted


@predicate(*_MESSAGES, missing="what tells it from its equals")
def distinct(subject: MessageSubject, wanted: bool) -> bool:
    """Tell whether no other message reads exactly like it."""
    return (subject.equals < 2) is wanted


@predicate(*_MESSAGES, missing="the CPU that is at fault")
def blames_wrong_cpu(subject: MessageSubject, wanted: bool) -> bool:
    """Tell whether it names a CPU that is not the one at fault."""
    return (subject.blames_right_cpu is False) is wanted


@predicate("failure", "log-line", "boot", "outcome", argument=str, choices=("host", "guest", "other", "unknown"))
def role(subject: MessageSubject | BootSubject | OutcomeSubject, wanted: list[str]) -> bool:
    """Tell whether the log is that of a host, of a guest, or of neither."""
    return subject.role in wanted


_OUTCOMES = ("initialized", "failed", "not-attempted", "disabled-by-bios", "unknown")


@predicate("failure", "log-line", "boot", "outcome", argument=str, choices=_OUTCOMES)
def outcome(subject: MessageSubject | BootSubject | OutcomeSubject, wanted: list[str]) -> bool:
    """Tell whether the boot ended in one of these ways."""
    return subject.outcome in wanted


@predicate(*_MESSAGES, "path", "remark", argument=str)
def says(subject: MessageSubject | PathSubject | RemarkSubject, wanted: list[str]) -> bool:
    """Tell whether the text has one of these passages, in capitals or not."""
    text = _text(subject)
    return any(word.lower() in text for word in wanted)


@predicate(*_MESSAGES, "path", "remark", argument=str)
def silent_about(subject: MessageSubject | PathSubject | RemarkSubject, wanted: list[str]) -> bool:
    """Tell whether the text has none of these passages."""
    return not says(subject, wanted)


def _text(subject: MessageSubject | PathSubject | RemarkSubject) -> str:
    if isinstance(subject, PathSubject):
        return subject.condition.lower()
    if isinstance(subject, MessageSubject) and subject.kind == "failure":
        return "\n".join(one.quote for one in subject.evidence).lower()
    return subject.text.lower()


@predicate("incident")
def went_wrong(subject: OutcomeSubject, wanted: bool) -> bool:
    """Tell whether something went wrong after or beside initialisation: of an incident this is so."""
    return (subject.kind == "incident") is wanted


@predicate("incident")
def told_by_kernel(subject: OutcomeSubject, wanted: bool) -> bool:
    """Tell whether the host's kernel tells of it, and not another program alone."""
    return subject.of_kernel is wanted


@predicate("boot", missing="any line that says so")
def printed_failure(subject: BootSubject, wanted: bool) -> bool:
    """Tell whether any line of the boot says that something failed."""
    return subject.printed is wanted


@predicate("boot", missing="any line about what came of it")
def only_ready(subject: BootSubject, wanted: bool) -> bool:
    """Tell whether its TDX lines say that firmware is ready, and nothing after that."""
    return subject.ready is wanted


@predicate("boot", argument=str, choices=("yes", "no", "unknown"))
def asked(subject: BootSubject, wanted: list[str]) -> bool:
    """Tell whether anybody asked for TDX."""
    return subject.asked in wanted


@predicate("path", argument=str, choices=("yes", "no", "callee", "debug", "unseen"), missing="a message")
def printed(subject: PathSubject, wanted: list[str]) -> bool:
    """Tell whether the path prints a message."""
    return subject.printed in wanted


@predicate("remark", argument=str, choices=("question", "precondition", "commitment"))
def what(subject: RemarkSubject, wanted: list[str]) -> bool:
    """Tell what kind of remark it is."""
    return subject.what in wanted


@predicate("remark", argument=str, choices=("answered", "deflected", "unanswered"), missing="an answer")
def answered(subject: RemarkSubject, wanted: list[str]) -> bool:
    """Tell what became of a question."""
    return subject.state in wanted


@predicate("remark", argument=str, choices=("yes", "partly", "no", "superseded", "unknown"), missing="the change that was promised")
def kept(subject: RemarkSubject, wanted: list[str]) -> bool:
    """Tell what became of a promise."""
    return subject.state in wanted


@predicate("remark", missing="who provides it")
def names_provider(subject: RemarkSubject, wanted: bool) -> bool:
    """Tell whether somebody says who provides what the code needs."""
    return (subject.state == "provided") is wanted


@predicate("remark", argument=str, choices=("changelog", "comment", "kerneldoc", "proposed-comment", "reply"))
def stated_in(subject: RemarkSubject, wanted: list[str]) -> bool:
    """Tell where it is stated: in a patch's changelog or a comment of its code, or in a reply or a comment proposed there."""
    return subject.where in wanted


@predicate("verdict", argument=str, choices=("conforms", "diverges", "undecided"), missing="a history that prints these lines")
def verdict(subject: VerdictSubject, wanted: list[str]) -> bool:
    """Tell what the reference model says of the log."""
    return subject.verdict in wanted


@predicate("verdict", missing="a line that tells the steps apart")
def one_step(subject: VerdictSubject, wanted: bool) -> bool:
    """Tell whether the lines leave one failing step only."""
    return (len(subject.steps) < 2) is wanted


@predicate("suppression", missing="a finding")
def used(subject: SuppressionSubject, wanted: bool) -> bool:
    """Tell whether a suppression suppressed anything."""
    return subject.used is wanted
