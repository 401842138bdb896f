"""A review as a page (HTML), as markdown, and as a mail that can be sent in reply."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from tdxwhy.digits import whole
from tdxwhy.noun import NamedTuple
from tdxwhy.report.review_changes import shown_changes
from tdxwhy.report.review_items import Item, open_items, settled_items
from tdxwhy.report.review_view import cell_words, columns, current_code, day, head, promise_rows, tree
from tdxwhy.report.templates import fill
from tdxwhy.report.terminal import safe
from tdxwhy.review.nouns import MailLine, Message, Review
from tdxwhy.review.threads import version_key
from tdxwhy.source.nouns import FailingPath, PrintSite

_QUOTED = 76
_MOST = 12
_NAME = 50
_ON_CPU = re.compile(r"cpu|package|pkg|socket|online|smp_|seamcall|tdh_|\bLP\b", re.IGNORECASE)
_BY_ERRNO = re.compile(r"ENOMEM|EFAULT|ENOTTY|E2BIG|alloc|copy_(?:from|to)_user")


class Passage(NamedTuple):
    """A run of lines of a mail: own or quoted, with the remarks that stand on each own line."""

    quoted: bool
    speaker: str
    lines: tuple[tuple[int, str, str], ...]


def review_html(review: Review) -> str:
    """Render the page: self-contained, folded, for light and dark screens, without any script."""
    return fill(
        "review.html",
        head=head(review),
        open=open_items(review),
        settled=settled_items(review),
        tree=tree(review),
        review=review,
        rows=columns(review),
        words=cell_words,
        promises=promise_rows(review),
        changes=shown_changes(review),
        passages=_Passages(review),
        code=current_code(review),
    )


def review_markdown(review: Review) -> str:
    """Render markdown for a ticket or a merge request."""
    return fill(
        "review.md",
        head=head(review),
        open=open_items(review),
        settled=settled_items(review),
        review=review,
        code=current_code(review),
        changes=shown_changes(review),
    )


def review_reply(review: Review) -> str:
    """Render a mail of at most 78 columns that asks what is open, "" if nothing is.

    Every question stands under the exact words that it is about; robots are never quoted.
    """
    asked = list(_asked(review))
    if not asked:
        return ""
    real = [message.mail for message in review.messages if not message.rebuilt and message.kind != "bot"]
    newest = real[-1] if real else review.messages[-1].mail
    subject = re.sub(r"^(?:re:\s*)+", "", newest.subject, flags=re.IGNORECASE)
    return fill("review.reply", subject=safe(subject), parent="" if newest.made_id else safe(newest.message_id), asked=asked)


class ReplyQuestion(NamedTuple):
    """One question of the reply: whose words, when, the quoted lines, and what is asked of them."""

    who: str
    date: str
    quote: tuple[str, ...]
    kind: str
    when: str = ""


def _asked(review: Review) -> Iterator[ReplyQuestion]:
    by_id = {message.mail.message_id: message for message in review.messages}
    for item in open_items(review)[:_MOST]:
        message = by_id.get(item.message_id)
        if message is None or message.kind == "bot":
            continue
        later = any(version_key(version) > version_key(message.version) for version in review.versions)
        if item.kind != "promise" or item.state != "unknown" or later:
            kind = f"promise-{item.state}" if item.kind == "promise" else item.kind
            yield _of(message, _quoted(message, item), kind)
    prints, paths = current_code(review)
    vague = [(name, site) for name, site in prints if site.is_failure and not any(site.names) and _on_a_cpu(site, paths)]
    for name, site in vague[:3]:
        yield _of(by_id[name], _lines_at(by_id[name], site.place.line, site.format), "vague")
    silent = [(name, path) for name, path in paths if path.printed == "no" and not _tells_itself(path)]
    for name, path in silent[:2]:
        when = path.condition.split(":")[0].strip()
        told = when if re.fullmatch(r"[a-z][A-Za-z ]{8,50}", when) else ""
        yield _of(by_id[name], _lines_at(by_id[name], path.place.line, path.condition), "silent")._replace(when=told)


def _on_a_cpu(site: PrintSite, paths: Sequence[tuple[str, FailingPath]]) -> bool:
    """Tell whether a message is about something that is done on a CPU or a package, by its words or by what fails."""
    failing = " ".join(path.condition for _, path in paths if site in path.prints)
    return _ON_CPU.search(f"{site.function} {site.format} {failing}") is not None


def _tells_itself(path: FailingPath) -> bool:
    """Tell whether nobody would ask for a message: memory is short, or a caller handed in what it should not."""
    about = f"{path.errno} {path.condition}"
    return bool(_BY_ERRNO.search(about)) or ("EINVAL" in about and not _ON_CPU.search(about))


def _lines_at(message: Message, number: int | None, text: str) -> list[str]:
    """Return the patch's own line; of a message also the line that ends its format."""
    if number is None or number > len(message.lines):
        return _fitted(" ".join(text.split()))
    lines = message.lines[number - 1 : number + 1]
    kept = lines if '"' in lines[-1].text and '"' not in lines[0].text else lines[:1]
    return [fitted for line in kept for fitted in _fitted(line.text)]


def _of(message: Message, quote: Sequence[str], kind: str) -> ReplyQuestion:
    return ReplyQuestion(safe(message.mail.author)[:_NAME], day(message.mail.date), tuple(quote), kind)


def _quoted(message: Message, item: Item) -> tuple[str, ...]:
    """Return the mail's own lines that carry a passage, as they stand; the passage alone, folded, where a line is too long for a mail."""
    number = whole(item.place.rsplit(":", 1)[-1]) or 0
    if not number:
        return tuple(_fitted(item.text))
    wanted = "".join(item.text.split())
    lines: list[str] = []
    taken = ""
    for line in message.lines[number - 1 : number + 11]:
        if line.level or (taken and wanted and "".join(line.text.split()) not in wanted and not line.text.strip()):
            break
        lines.append(line.text.rstrip())
        taken += "".join(line.text.split())
        if wanted and (taken.endswith(wanted[-20:]) or wanted[-20:] in taken):
            break
    if any(len(line.expandtabs(8)) > _QUOTED for line in lines):
        return tuple(_fitted(" ".join(item.text.split())))
    return tuple(fitted for line in lines for fitted in _fitted(line))


def _fitted(text: str) -> list[str]:
    flat = safe(text.expandtabs(8))
    folded = textwrap.wrap(flat, _QUOTED, drop_whitespace=False, replace_whitespace=False) if len(flat) > _QUOTED else [flat]
    return [line.rstrip() for line in folded]


class _Passages:
    """Gives the page a mail's text in runs, its remarks marked."""

    def __init__(self, review: Review) -> None:
        self._marks: dict[tuple[str | None, int | None], str] = {}
        for kind, items in (
            ("remark", review.remarks),
            ("question", review.questions),
            ("precondition", review.preconditions),
            ("promise", review.commitments),
            ("tag", review.tags),
            ("message", review.init_messages),
        ):
            for item in items:
                self._marks.setdefault((item.evidence.place.message_id, item.evidence.place.line), kind)
        self._quotes: dict[str, dict[int, str]] = {}
        for quote in review.quotes:
            spoken = self._quotes.setdefault(quote.message_id, {})
            spoken.update(dict.fromkeys(range(quote.start, quote.end + 1), quote.said_by))

    def __call__(self, message: Message) -> list[Passage]:
        """Return the runs of a mail; more than 2000 lines are not shown."""
        name = message.mail.message_id
        spoken = self._quotes.get(name, {})
        runs: list[tuple[bool, str, list[tuple[int, str, str]]]] = []
        for line in message.lines[:2000]:
            quoted = line.level > 0
            who = spoken.get(line.number, "") if quoted else ""
            if not runs or runs[-1][:2] != (quoted, who):
                runs.append((quoted, who, []))
            runs[-1][2].append((line.number, _shown(line), "" if quoted else self._marks.get((name, line.number), "")))
        return [Passage(quoted, who, tuple(lines)) for quoted, who, lines in runs if any(text.strip() for _, text, _ in lines)]


def _shown(line: MailLine) -> str:
    return safe(("> " * (line.level - 1) + line.text if line.level > 1 else line.text).expandtabs(8))
