"""A review as JSON, the contract `tdxwhy/review/1` (reports/schema/review.schema.json)."""

from __future__ import annotations

from typing import Any

from tdxwhy.records import Evidence
from tdxwhy.report.json_text import json_text
from tdxwhy.review.nouns import (
    Anchor,
    Commitment,
    MailedMessage,
    Message,
    PatchChange,
    Precondition,
    Proposal,
    Question,
    Quote,
    Remark,
    Request,
    Review,
    Stance,
    Tag,
)
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
        "patches": [one._asdict() for one in review.patches],
        "changes": [_change(one) for one in review.changes],
        "silent": [{**_passage(one.evidence), "who": one.who, "asked_by": one.asked_by} for one in review.silent],
        "notes": list(review.notes),
        "messages": _messages(review),
        "quotes": [_quote(quote) for quote in review.quotes],
        "remarks": [_remark(one) for one in review.remarks],
        "questions": [_question(question) for question in review.questions],
        "requests": [_request(one) for one in review.requests],
        "preconditions": [_precondition(one) for one in review.preconditions],
        "commitments": [_commitment(one) for one in review.commitments],
        "stances": [_stance(one) for one in review.stances],
        "tags": [_tag(tag) for tag in review.tags],
        "proposals": [_proposal(one) for one in review.proposals],
        "init_messages": [_mailed(one) for one in review.init_messages],
        "prints": [_print(name, site) for name, site in review.prints],
        "failing_paths": [_path(name, path) for name, path in review.failing_paths],
    }


def _change(one: PatchChange) -> dict[str, Any]:
    return {
        "title": one.title,
        "old": one.old,
        "new": one.new,
        "old_version": one.old_version,
        "new_version": one.new_version,
        "state": one.state,
        "reworded": one.reworded,
        "hunks": [{**hunk._asdict(), "lines": list(hunk.lines)} for hunk in one.hunks],
        "tags": [
            {"tag": each.tag.tag, "by": each.tag.by, "message_id": each.tag.evidence.place.message_id, "fate": each.fate}
            for each in one.tags
        ],
        "taken": [_passage(each.evidence) for each in one.taken],
        "left": [_passage(each.evidence) for each in one.left],
        "claims": [_passage(each) for each in one.claims],
    }


def _on(on: Anchor) -> dict[str, Any]:
    where = {"message_id": on.message_id, "quote": on.quote, "file": on.file, "line": on.line, "function": on.function}
    return where if on.tree_line is None else {**where, "tree_line": on.tree_line}


def _remark(one: Remark) -> dict[str, Any]:
    return {
        **_passage(one.evidence),
        "author": one.author,
        "kind": one.kind,
        "on": _on(one.on) if one.on else None,
        "responses": [{**_passage(each.evidence), "author": each.author, "kind": each.kind} for each in one.responses],
        "status": one.status,
        "next": {"state": one.next.state, "evidence": _shown(one.next.evidence)},
    }


def _shown(evidence: Evidence | None) -> dict[str, Any] | None:
    return {"message_id": evidence.place.message_id, "line": evidence.place.line, "quote": evidence.quote} if evidence else None


def _request(one: Request) -> dict[str, Any]:
    return {**_passage(one.evidence), "asked_by": one.asked_by, "about": _quoted(one.about), "answer": _quoted(one.answer)}


def _proposal(one: Proposal) -> dict[str, Any]:
    return {**_passage(one.evidence), "author": one.author, "form": one.form, "adopted": one.adopted, "adopted_in": one.adopted_in}


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
        "names_package": site.names.package,
        "names_cpu": site.names.cpu,
        "names_cpu_state": site.names.cpu_state,
    }


def _path(name: str, path: FailingPath) -> dict[str, Any]:
    return {
        "message_id": name,
        "line": path.place.line,
        "function": path.function,
        "condition": path.condition,
        "message_printed": path.printed,
        "errno": path.errno,
    }


def _passage(evidence: Evidence) -> dict[str, Any]:
    return {"message_id": evidence.place.message_id, "line": evidence.place.line, "text": evidence.quote}


def _quoted(evidence: Evidence | None) -> dict[str, Any] | None:
    return _passage(evidence) if evidence else None


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


def _question(question: Question) -> dict[str, Any]:
    return {
        **_passage(question.evidence),
        "asked_by": question.asked_by,
        "addressee": question.addressee,
        "status": question.status,
        "answer": _quoted(question.answer),
        "answered_by": question.answered_by,
        "about": _quoted(question.about),
    }


def _precondition(one: Precondition) -> dict[str, Any]:
    return {**_passage(one.evidence), "author": one.author, "where": one.where, "provider": one.provider, "status": one.status}


def _commitment(one: Commitment) -> dict[str, Any]:
    return {
        **_passage(one.evidence),
        "owner": one.owner,
        "helper": one.helper,
        "object": one.object,
        "kind": one.kind,
        "kept": one.kept,
        "kept_by": _quoted(one.kept_by),
    }


def _stance(one: Stance) -> dict[str, Any]:
    return {**_passage(one.evidence), "author": one.author, "stance": one.stance, "about": _quoted(one.about)}


def _tag(tag: Tag) -> dict[str, Any]:
    return {**_passage(tag.evidence), "tag": tag.tag, "by": tag.by, "conditional": tag.conditional, "condition": tag.condition}


def _mailed(one: MailedMessage) -> dict[str, Any]:
    return {
        **_passage(one.evidence),
        "author": one.author,
        "kind": one.kind,
        "names_package": one.names.package,
        "names_cpu": one.names.cpu,
        "names_cpu_state": one.names.cpu_state,
        "printed": _quoted(one.printed),
    }
