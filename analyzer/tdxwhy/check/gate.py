"""The gate: judge every input, take out what is suppressed or known, and say what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tdxwhy.check.engine import unique
from tdxwhy.check.intake import WHOLE, Input
from tdxwhy.check.judged import Judged, Run
from tdxwhy.check.rules import Rule
from tdxwhy.check.suppress import Suppressed, applies
from tdxwhy.config import Settings, Suppress
from tdxwhy.errors import NothingToJudge, TdxwhyError, reason
from tdxwhy.files import reading
from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Finding

if TYPE_CHECKING:
    from tdxwhy.check.baseline import Entry

Judge = Callable[[Input, Sequence[Rule], Settings], Judged]


class Limits(NamedTuple):
    """What a run leaves out: findings that the baseline knows, and lines that the diff does not add."""

    baseline: tuple[Entry, ...] = ()
    added: dict[str, frozenset[int]] | None = None


_NO_LIMITS = Limits()


def gate(given: Iterable[Input | TdxwhyError], rules: Sequence[Rule], settings: Settings, limits: Limits = _NO_LIMITS) -> Run:
    """Judge the inputs one by one. An input that cannot be read is an error of the run and does not stop it."""
    ranked = tuple(rule._replace(severity=settings.severity.get(rule.id, rule.severity)) for rule in rules)
    judged: list[Judged] = []
    errors: list[str] = []
    for one in given:
        if isinstance(one, TdxwhyError):
            errors.append(one.message)
            continue
        try:
            judged.append(_JUDGES[one.sort](one, ranked, settings))
        except NothingToJudge as error:
            judged.append(Judged(one.name, one.sort, (), judged=False, notes=(error.message.removeprefix(f"{one.name}: "),)))
        except TdxwhyError as error:
            errors.append(error.message)
        except OSError as error:
            errors.append(f"{one.name}: {reason(error)}")
    run = _limited(judged, ranked, errors, limits)
    unused = tuple(one for one in settings.suppress if not _used(one, run))
    return run._replace(unused=unused, docs_url=settings.docs_url)


def _used(table: Suppress, run: Run) -> bool:
    return any(hidden.kind == "external" and applies(table, hidden.finding) for hidden in run.suppressed)


def _limited(judged: Sequence[Judged], rules: tuple[Rule, ...], errors: Sequence[str], limits: Limits) -> Run:
    findings = unique(found for one in judged for found in one.findings if _added(found, limits.added))
    suppressed = [hidden for one in judged for hidden in one.suppressed]
    stale: tuple[Entry, ...] = ()
    if limits.baseline:
        from tdxwhy.check.baseline import compare

        known = compare(findings, limits.baseline)
        suppressed.extend(Suppressed(found, "external", reason) for found, reason in known.known)
        findings, stale = known.new, known.stale
    texts = {name: text for one in judged for name, text in one.texts.items()}
    return Run(tuple(judged), findings, tuple(suppressed), stale, rules, tuple(errors), texts=texts)


def _added(found: Finding, added: dict[str, frozenset[int]] | None) -> bool:
    if added is None:
        return True
    place = found.evidence[0].place
    path = place.source
    lines = next((lines for name, lines in added.items() if path == name or path.endswith("/" + name)), frozenset[int]())
    return place.line in lines


def added_lines(diff: str) -> dict[str, frozenset[int]]:
    """Return for each file of a diff the lines that it adds, as they are numbered after it."""
    from tdxwhy.source.diff import parse_diff

    found: dict[str, set[int]] = {}
    for patch in parse_diff(diff):
        lines = found.setdefault(patch.path, set())
        lines.update(line.number for hunk in patch.hunks for line in hunk.lines if line.kind == "+")
    return {path: frozenset(lines) for path, lines in found.items()}


def _judge_code(given: Input, rules: Sequence[Rule], settings: Settings) -> Judged:
    from tdxwhy.check.judges.code import judge_code

    data = given.data
    if data is None and given.path is not None:
        with reading(given.path) as stream:
            data = stream.read(WHOLE + 1)
    data = data or b""
    text = data[:WHOLE].decode("utf-8", "replace")
    one = judge_code(text, given.name, rules, settings)
    if settings.tree and one.sort == "patch" and one.judged:
        one = _with_users(one, text, settings.tree)
    return one._replace(notes=(*one.notes, "larger than 64 MiB; the rest was not read")) if len(data) > WHOLE else one


def _with_users(one: Judged, text: str, tree: str) -> Judged:
    from tdxwhy.check.judges.users import seen_by_users
    from tdxwhy.source.diff import parse_diff

    seen, troubles = seen_by_users([parse_diff(text)], tree)
    return one._replace(seen=seen, notes=(*one.notes, *troubles[:5]))


def _judge_mails(given: Input, rules: Sequence[Rule], settings: Settings) -> Judged:
    from tdxwhy.check.judges.mails import judge_mails

    return judge_mails(given, rules, settings)


def _judge_log(given: Input, rules: Sequence[Rule], settings: Settings) -> Judged:
    from tdxwhy.check.judges.log import judge_log

    return judge_log(given, rules, settings)


_JUDGES: dict[str, Judge] = {"c": _judge_code, "patch": _judge_code, "mails": _judge_mails, "log": _judge_log}
