"""A review as JSON, the contract `tdxwhy/review/1` (reports/schema/review.schema.json)."""

from __future__ import annotations

from typing import Any

from tdxwhy.records import Evidence, Naming
from tdxwhy.report.json_text import json_text
from tdxwhy.review.nouns import Anchor, MailedMessage, Message, PatchChange, Precondition, Proposal, Quote, Remark, Review
from tdxwhy.source.nouns import FailingPath, PrintSite

SCHEMA = "tdxwhy/review/1"


def review_json(review: Review) -> str:
    """Render a review as JSON with stable keys, two blanks deep, ending in a line end."""
    return json_text(review_data(review), 2)


def review_data(review: Review) -> dict[str, Any]:
    """Return the data of the contract."""
    return {
        "schema": SCHEMA,
        "versions": list(review.versions),
        "patches": _plain(review.patches),
        "changes": [_change(one) for one in review.changes],
        "silent": _plain(review.silent),
        "notes": list(review.notes),
        "messages": _messages(review),
        "quotes": [_quote(quote) for quote in review.quotes],
        "remarks": [_remark(one) for one in review.remarks],
        "questions": _plain(review.questions),
        "requests": _plain(review.requests),
        "preconditions": _plain(review.preconditions),
        "commitments": _plain(review.commitments),
        "stances": _plain(review.stances),
        "tags": _plain(review.tags),
        "proposals": _plain(review.proposals),
        "init_messages": [_mailed(one) for one in review.init_messages],
        "prints": [_print(name, site) for name, site in review.prints],
        "failing_paths": [_path(name, path) for name, path in review.failing_paths],
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a noun holds
    """Return a value as the contract shows it: of a noun its fields by name, its own passage before them."""
    if isinstance(value, Evidence):
        return {"message_id": value.place.message_id, "line": value.place.line, "text": value.quote}
    if not isinstance(value, tuple):
        return value
    if not hasattr(value, "_asdict"):
        return [_plain(each) for each in value]
    fields = value._asdict()
    passage = _plain(fields.pop("evidence")) if "evidence" in fields else {}
    unsaid = _UNSAID.get(type(value), ())
    return passage | {name: _plain(each) for name, each in fields.items() if name not in unsaid}


# What of a noun the contract does not tell, or tells in a way of its own.
_UNSAID: dict[type, tuple[str, ...]] = {
    Remark: ("end", "next"),
    Anchor: ("lines", "changelog"),
    Precondition: ("binds",),
    Proposal: ("text",),
}


def _change(one: PatchChange) -> dict[str, Any]:
    tags = [
        {"tag": each.tag.tag, "by": each.tag.by, "message_id": each.tag.evidence.place.message_id, "fate": each.fate} for each in one.tags
    ]
    taken, left = ([_plain(each.evidence) for each in remarks] for remarks in (one.taken, one.left))
    return {**_plain(one), "tags": tags, "taken": taken, "left": left}


def _remark(one: Remark) -> dict[str, Any]:
    on = _plain(one.on)
    if on is not None and on["tree_line"] is None:
        del on["tree_line"]
    shown = one.next.evidence
    line = shown and {"message_id": shown.place.message_id, "line": shown.place.line, "quote": shown.quote}
    return {**_plain(one), "on": on, "next": {"state": one.next.state, "evidence": line}}


def _print(name: str, site: PrintSite) -> dict[str, Any]:
    return {
        "message_id": name,
        "line": site.place.line,
        "call": site.call,
        "level": site.level,
        "format": site.format,
        "args": list(site.args),
        "function": site.function,
        "is_failure": site.is_failure,
        **_names(site.names),
    }


def _names(names: Naming) -> dict[str, bool]:
    return {f"names_{what}": said for what, said in names._asdict().items()}


def _path(name: str, path: FailingPath) -> dict[str, Any]:
    return {
        "message_id": name,
        "line": path.place.line,
        "function": path.function,
        "condition": path.condition,
        "message_printed": path.printed,
        "errno": path.errno,
    }


def _mailed(one: MailedMessage) -> dict[str, Any]:
    return {**_plain(one.evidence), "author": one.author, "kind": one.kind, **_names(one.names), "printed": _plain(one.printed)}


def _messages(review: Review) -> list[dict[str, Any]]:
    by_id = {message.mail.message_id: message for message in review.messages}
    return [_message(message, *_parent(message, by_id)) for message in review.messages]


def _parent(message: Message, by_id: dict[str, Message]) -> tuple[str | None, int]:
    """Return the nearest mail above that is here as a mail, and how many are not; else the nearest rebuilt one."""
    gap, name = message.gap, message.parent
    while name is not None and by_id[name].rebuilt:
        gap, name = gap + 1 + by_id[name].gap, by_id[name].parent
    return (name, gap) if name is not None else (message.parent, message.gap)


def _message(message: Message, parent: str | None, gap: int) -> dict[str, Any]:
    mail = message.mail
    return {
        "message_id": mail.message_id,
        "author": mail.author,
        "address": mail.address,
        "subject": mail.subject,
        "date": mail.date,
        "parent": parent,
        "answers": message.parent,
        "missing_above": gap,
        "kind": message.kind,
        "version": message.version,
        "part": message.part,
        "total": message.total,
        "rebuilt": message.rebuilt,
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "message_id": quote.message_id,
        "level": quote.level,
        "lines": [quote.start, quote.end],
        "first": quote.first[:300],
        "said_by": quote.said_by,
        "origin": quote.origin,
        "basis": quote.basis,
    }
