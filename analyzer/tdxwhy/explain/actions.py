"""What to do next: what the log's own words ask for first, then what the cause asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.explain.facts import BootFacts
from tdxwhy.explain.judgement import Judgement
from tdxwhy.explain.nouns import Action, FoundCause, Seamcall, Word
from tdxwhy.know import tables
from tdxwhy.know.offline import Whom
from tdxwhy.know.rows import Cause, lowered
from tdxwhy.lazy import lazy
from tdxwhy.ranges import ranges

_DETAIL = 0xFFFFFFFF
# Accepted form: a parameter of a module with a value, as in "tdx requires kvm.enable_virt_at_load=1".
_PARAMETER = lazy(r"\b([a-z_]+\.[a-z_]+)=(\w+)")


def actions(judgement: Judgement, causes: Sequence[FoundCause], call: Seamcall | None, blamed: Whom, facts: BootFacts) -> Iterator[Action]:
    """Yield what mends the first cause, and no command that cannot work: after a failed SEAMCALL no kernel tries again before a reboot."""
    if not causes:
        return
    cause = tables.cause(causes[0].id)
    words = [word for word in facts.words if cause.blames in ("packages", "cpus")]
    yield from map(_without, words)
    if blamed.cpus and cause.command_for_cpus:
        yield _online(cause, blamed, again=not _is_final(judgement) and not words)
    named = [found for evidence in causes[0].evidence for found in _PARAMETER.finditer(evidence.quote)]
    if named and judgement.outcome == "failed" and cause.set_named:
        given = facts.command_line or ""
        yield from (_set(found[1], found[2], given, cause.command) for found in named[:1])
        return
    detail = call.status & _DETAIL if call is not None and call.status is not None else 0
    advice, command = tables.advice_of(cause, facts.asks, judgement.steps)
    command = command.replace("{detail:x}", f"{detail:x}")
    if cause.blames == "named-cpu" and len(blamed.cpus) == 1:
        command = command.replace("rdmsr -a ", f"rdmsr -p {blamed.cpus[0]} ")
    yield Action(advice, command)


def _is_final(judgement: Judgement) -> bool:
    """Tell whether a call of the module failed: a check before it can be made again, a failed initialisation cannot."""
    return judgement.failure is None or "leaf" in judgement.failure.values or "status" in judgement.failure.values


def _without(word: Word) -> Action:
    change = f"--remove-args={_quoted(word.text)}" + (f" --args={_quoted(word.instead)}" if word.instead else "")
    instead = f" with {word.instead} instead of {word.text}" if word.instead else f" without {word.text}"
    return Action(f"Boot{instead}: it {lowered(word.meaning)}", f"grubby --update-kernel=ALL {change}")


def _quoted(word: str) -> str:
    return word if word.replace("=", "").replace(".", "").replace("_", "").isalnum() else f'"{word}"'


def _online(cause: Cause, blamed: Whom, again: bool) -> Action:
    several, cpus = "s" if len(blamed.cpus) > 1 else "", ranges(blamed.cpus)
    if again:
        return Action(f"Bring CPU{several} {cpus} online.", cause.command_for_cpus.format(cpus=cpus.replace(" ", "")))
    return Action(f"Boot anew with CPU{several} {cpus} online before TDX is initialised.")


def _set(name: str, value: str, command_line: str, command: str) -> Action:
    given = next((word for word in command_line.split() if word.startswith(f"{name}=")), "")
    return Action(f"Set {name}={value}" + (f"; the command line says {given}." if given else "."), command)
