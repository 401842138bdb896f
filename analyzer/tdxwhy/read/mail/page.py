"""Archive pages to mails: hypermail and MHonArc (HTML or plain text), lore and patchwork."""

from __future__ import annotations

import calendar
import codecs
import re
from collections.abc import Iterator

from tdxwhy.read.mail.decode import made_id, person, stated_id
from tdxwhy.read.mail.html import html_text, unescaped
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.records import Place

_COMMENT = re.compile(r"<!--\s*([\w-]{2,30})\s*(?:=\s*\"([^\"\n]{0,250})\"|:\s?([^\n]{0,250}?))\s*+-->")
_BODY = (("<!--X-Body-of-Message-->", "<!--X-Body-of-Message-End-->"), ('<!-- body="start" -->', '<!-- body="end" -->'))
_HEAD_LINE = re.compile(r"^(From|Date|Subject|Message-ID|In-Reply-To|References|To|Cc|Sent):[ \t]*+(.*)$", re.IGNORECASE)
_LORE_MAIL = re.compile(r"^From: (?P<name>.{1,200}?) @ (?P<date>\d{4}-\d\d-\d\d +\d?\d:\d\d) UTC \((?P<link>permalink.*)$", re.MULTILINE)
_PERMALINK = re.compile(r"<a\s+href=\"[^\"<>]{0,300}?([^\"/<>\s]{1,200}@[^\"/<>\s]{1,200})/[^\"<>]{0,20}\"\s*>permalink</a>")
_DATED_NAME = re.compile(r"^(\S.{1,80}?) ((?:[A-Z][a-z]{2,8}\.?) \d{1,2}, \d{4}, .{1,20}? UTC)(?: \| #\d+)?[ \t]*$", re.MULTILINE)
_META, _META_ENDS, _CONTENT = '<div class="meta">', re.compile(r"</div>\s{0,200}<pre class=\"content\">"), 4000
_DIFF = re.compile(r"<div[^>]{0,60}class=\"patch\"[^>]{0,60}>\s{0,200}<pre[^>]{0,60}>")
_MONTHS = {
    name: number for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
}
_ZONES = {"UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2}


def page_mails(text: str, source: str) -> Iterator[Mail]:
    """Yield the mails of an archive page, or nothing if it is none that we know.

    Accepted form: a page of hypermail or MHonArc, as HTML or as plain text; a lore page of one mail or of a thread; a patchwork page.
    """
    if '<pre class="content">' in text and "patchwork" in text.lower():
        yield from _patchwork(text, source)
    elif "<" in text[:2000] and re.search(r"<(?:!doctype|html|head|pre|body|!--)", text[:4000], re.IGNORECASE):
        yield from _html_page(text, source)
    elif re.search(r"^Message I[Dd]\s", text, re.MULTILINE) and _DATED_NAME.search(text):
        yield from _patchwork_text(text, source)
    else:
        yield from _plain_page(text, source)


def _html_page(text: str, source: str) -> Iterator[Mail]:
    facts = {name.lower().removeprefix("x-"): unescaped(a or b) for name, a, b in _COMMENT.findall(text[:200000])}
    for start, end in _BODY:
        if start in text:
            body = html_text("<div>" + text.split(start, 1)[1].split(end, 1)[0] + "</div>")
            yield _commented(facts, html_text(text.split(start, 1)[0]), body, source)
            return
    plain = html_text(_PERMALINK.sub(r"permalink &lt;\1&gt;", text))
    if _LORE_MAIL.search(plain):
        yield from _lore_thread(plain, source)
    else:
        yield from _plain_page(plain, source)


def _commented(facts: dict[str, str], head: str, body: str, source: str) -> Mail:
    """Build the mail of a page that keeps its headers in comments, with what its visible head says where they are silent."""
    shown = dict(_head_lines(head.split("\n")))
    stated = facts.get("from-r13", "")
    name, address = person(codecs.decode(stated, "rot13")) if stated else person(shown.get("from", ""))
    author = facts.get("name") or name
    return _mail(
        {
            "author": author,
            "address": facts.get("email") or address or "",
            "subject": facts.get("subject") or shown.get("subject", ""),
            "date": facts.get("sent") or shown.get("date") or facts.get("date", ""),
            "id": facts.get("id") or facts.get("message-id", ""),
            "parent": facts.get("inreplyto") or facts.get("reference", ""),
        },
        body,
        source,
        1,
    )


def _plain_page(text: str, source: str) -> Iterator[Mail]:
    """Yield the mail of a page saved as text: a title, `From:` and `Date:` lines, a blank line, the text."""
    lines = text.split("\n")
    first = next((i for i, line in enumerate(lines[:400]) if line.startswith("From: ")), None)
    if first is None:
        return
    last = first
    while last < len(lines) and _heads_on(lines, last):
        last += 1
    shown = dict(_head_lines(lines[first:last]))
    title = next((line.strip() for line in lines[:first] if line.strip()), "")
    body = "\n".join(lines[last:]).lstrip("\n")
    end = re.search(
        r"^(?:\[ ?(?:Next|Prev)\w*|Thread overview: \d+|reply\tother threads:\[~?\d{4}-|[ \t]*next (?:prev )?parent reply).*",
        body,
        re.MULTILINE,
    )
    author, address = person(shown.get("from", ""))
    yield _mail(
        {
            "author": author,
            "address": address or "",
            "subject": shown.get("subject") or title,
            "date": shown.get("date", "").partition("[")[0].rstrip(),
            "id": stated_id(shown.get("message-id", "")),
            "parent": stated_id(shown.get("in-reply-to", "")),
        },
        body[: end.start()] if end else body,
        source,
        first + 1,
    )


def _heads_on(lines: list[str], index: int) -> bool:
    """Tell whether a line still belongs to the head: a header, or one that goes on in this line, indented or after a comma."""
    line = lines[index]
    if not line.strip():
        return False
    return bool(_HEAD_LINE.match(line)) or line[:1] in (" ", "\t") or lines[index - 1].rstrip().endswith(",")


def _head_lines(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        found = _HEAD_LINE.match(line.strip())
        if found:
            yield found.group(1).lower(), found.group(2).strip()


def _lore_thread(plain: str, source: str) -> Iterator[Mail]:
    """Yield the mails of a lore thread view; each begins at its `From: NAME @ DATE UTC (permalink / raw)` line."""
    starts = list(_LORE_MAIL.finditer(plain))
    for found, following in zip(starts, [*starts[1:], None], strict=True):
        end = following.start() if following else len(plain)
        title = [line for line in plain[: found.start()].rsplit("\n* ", 1)[-1].split("\n") if line.strip()]
        body = plain[found.end() : end]
        if following:
            body = body.rsplit("\n* ", 1)[0]
        lines = body.split("\n")
        first = next((i for i, line in enumerate(lines) if i and not re.match(r"  (?:To|Cc): |   ", line)), 0)
        named = re.search(r"<([^<>\s@]{1,250}@[^<>\s]{1,250})>", found.group("link"))
        facts = {"author": found.group("name").strip(), "subject": title[0].strip("* ") if title else "", "date": found.group("date")}
        facts["id"] = named.group(1) if named else ""
        text = re.sub(r"\n\^ permalink.*", "", "\n".join(lines[first:]), flags=re.DOTALL)
        yield _mail(facts, text.strip("\n") + "\n", source, plain.count("\n", 0, found.start()) + 1)


def _patchwork(text: str, source: str) -> Iterator[Mail]:
    """Yield the patch and the comments of a patchwork page; the diff stands in a `pre` of its own."""
    title = unescaped(re.sub(r"<[^<>]{0,250}>", "", _between(text, "<title>", "</title>")[:500])).strip()
    subject = title.removesuffix("- Patchwork").strip()
    stated = re.search(
        r"Message I[Dd]\s{0,99}</th>\s{0,99}<td>\s{0,99}(?:<a[^<>]{0,250}>)?\s{0,99}(?:&lt;)?([^<&\s@]{1,250}@[^<&\s]{1,250})", text
    )
    begins = _DIFF.search(text)
    diff = _until(text, "</pre>", begins.end()) if begins else None
    for number, (at, above, content) in enumerate(_comments(text)):
        meta = " ".join(html_text(above).split())
        when = re.search(r"[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}, .{0,20}?(?:[ap]\.m\.|noon|midnight)", meta)
        author = person(meta[: when.start()].strip(" |") if when else meta)[0]
        body = html_text("<pre>" + content + "</pre>")
        if number == 0 and diff is not None:
            body += "---\n" + html_text("<pre>" + diff + "</pre>")
        facts = {"author": author, "subject": subject if number == 0 else f"Re: {subject}", "date": when.group() if when else ""}
        facts["id"] = stated.group(1) if stated and number == 0 else ""
        facts["parent"] = stated.group(1) if stated and number else ""
        yield _mail(facts, body, source, text.count("\n", 0, at) + 1)


def _comments(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield where each comment of a patchwork page begins, what stands over it, and its text."""
    at = text.find(_META)
    while at >= 0:
        ends = _META_ENDS.search(text, at, at + _CONTENT)
        content = _until(text, "</pre>", ends.end()) if ends else ""
        if content is None:
            return
        if ends:
            yield at, text[at + len(_META) : ends.start()], content
        at = text.find(_META, ends.end() + len(content) if ends else at + 1)


def _until(text: str, end: str, start: int) -> str | None:
    """Return what stands from `start` to the next `end`, None where there is none."""
    found = text.find(end, start)
    return None if found < 0 else text[start:found]


def _between(text: str, start: str, end: str) -> str:
    return text.partition(start)[2].partition(end)[0]


def _patchwork_text(text: str, source: str) -> Iterator[Mail]:
    """Yield the mails of a patchwork page saved as text; each begins with a line of a name and a date."""
    starts = list(_DATED_NAME.finditer(text))
    stated = re.search(r"^Message I[Dd]\s+<?(\S+@[^\s>]+)", text, re.MULTILINE)
    name = stated.group(1) if stated else ""
    subject = next((line.strip() for line in text.split("\n") if line.strip()), "")
    for number, (found, following) in enumerate(zip(starts, [*starts[1:], None], strict=True)):
        body = text[found.end() : following.start() if following else len(text)]
        facts = {"author": found.group(1).strip(), "date": found.group(2), "subject": subject if number == 0 else f"Re: {subject}"}
        facts |= {"id": name} if number == 0 else {"parent": name}
        bare = re.sub(r"\n(?:Comments|Patch)[ \t]*\n*\Z", "\n", body.rstrip() + "\n")
        yield _mail(facts, bare.strip("\n") + "\n", source, text.count("\n", 0, found.start()) + 1)


def _mail(facts: dict[str, str], body: str, source: str, line: int) -> Mail:
    body = body.replace("\r\n", "\n").replace("\u00a0", " ")
    name = facts.get("id", "").strip("<> ")
    parent = facts.get("parent", "").strip("<> ")
    made = made_id(facts["author"], facts["date"], body)
    return Mail(
        place=Place(source, line, name or made),
        message_id=name or made,
        author=facts["author"],
        address=facts.get("address") or None,
        subject=" ".join(facts["subject"].split())[:1000],
        date=page_date(facts["date"]),
        in_reply_to=(parent,) if parent else (),
        references=(),
        recipients=(),
        body=body,
        made_id=not name,
    )


def page_date(text: str) -> int | None:
    """Read the date of an archive page.

    Accepted form: "Tue Jan 10 2023 - 19:07:05 EST", "2022-12-09  6:52", "Dec. 9, 2022, 6:52 a.m.", or a mail's own date.

    >>> page_date("Tue Jan 10 2023 - 19:07:05 EST")
    1673395620
    """
    iso = re.match(r"\s*(\d{4})-(\d\d)-(\d\d)[ T]+(\d{1,2}):(\d\d)", text)
    if iso:
        return _utc(*(int(part) for part in iso.groups()))
    named = re.search(r"([A-Z][a-z]{2})[a-z]*\.? +(\d{1,2}),? +(\d{4})(?:\W+(\d{1,2}):(\d\d))?(?::\d\d)?\s*([ap]\.m\.|[A-Z]{3,4})?", text)
    if named and named.group(1).lower() in _MONTHS:
        hour, zone = int(named.group(4) or 0), named.group(6) or "UTC"
        if zone in ("a.m.", "p.m."):
            hour = hour % 12 + (12 if zone == "p.m." else 0)
        stamp = _utc(int(named.group(3)), _MONTHS[named.group(1).lower()], int(named.group(2)), hour, int(named.group(5) or 0))
        return None if stamp is None else stamp - 3600 * _ZONES.get(zone, 0)
    from tdxwhy.read.mail.decode import mail_date

    return mail_date(text)


def _utc(*parts: int) -> int | None:
    try:
        return calendar.timegm((*parts, 0))
    except (ValueError, OverflowError):
        return None
