"""What web forms, fonts, scanners, mailers, shippers of logs and people do to a log before it reaches us: changes of its text or its bytes.

A kind is tried on samples by `tests/read/test_damage.py`. `LOSSY` kinds take evidence away; of them less may be known, nothing else.
"""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import quopri
import re
import textwrap
from collections.abc import Callable, Sequence

Damage = Callable[[str], str | bytes]
STAMP = re.compile(r"^(<\d+>)?\[ *(\d+)\.(\d{6})\] ")


def each(change: Callable[[str], str], end: str = "\n") -> Damage:
    """Change every line by itself."""
    return lambda text: "".join(change(line) + end for line in text.splitlines())


def _numbered(write: Callable[[int, str], str], end: str = "\n") -> Damage:
    return lambda text: "".join(write(number, line) + end for number, line in enumerate(text.splitlines(), 1))


def _shifted(characters: str, first: int) -> Damage:
    return lambda text: text.translate({ord(one): first + number for number, one in enumerate(characters)})


def _swapped(plain: str, like: str) -> Damage:
    return lambda text: text.translate(str.maketrans(plain, like))


def _scanned_number(line: str) -> str:
    return re.sub(r"0x[0-9a-f]{4,16}", lambda number: "Ox" + number[0][2:].replace("0", "O").replace("1", "l"), line)


def _scanned_stamp(line: str) -> str:
    found = STAMP.match(line)
    return line if found is None else found[0].replace("1", "l").replace("0", "O") + line[found.end() :]


def _boxed(text: str) -> str:
    lines = text.splitlines()
    wide = max(map(len, lines))
    rows = "".join(f"│ {line.ljust(wide)} │\n" for line in lines)
    return f"┌{'─' * (wide + 2)}┐\n{rows}└{'─' * (wide + 2)}┘\n"


def _boxed_ascii(text: str) -> str:
    lines = text.splitlines()
    wide = max(map(len, lines))
    edge = f"+{'-' * (wide + 2)}+\n"
    return edge + "".join(f"| {line.ljust(wide)} |\n" for line in lines) + edge


def _by_words(width: int) -> Callable[[str], str]:
    return lambda line: "\n".join(textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""])


def _by_columns(width: int) -> Callable[[str], str]:
    return lambda line: "\n".join(line[at : at + width] for at in range(0, len(line), width)) or ""


def _seconds(line: str) -> float | None:
    found = STAMP.match(line)
    return None if found is None else float(f"{found[2]}.{found[3]}")


def _csv(text: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["line", "message"])
    writer.writerows(enumerate(text.splitlines(), 1))
    return out.getvalue()


def _csv_quoted(text: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL).writerows([line] for line in text.splitlines())
    return out.getvalue()


def _mail(encoding: str, body: bytes) -> bytes:
    head = f"From: A User <user@example.org>\nSubject: TDX\nMIME-Version: 1.0\nContent-Transfer-Encoding: {encoding}\n\n"
    return head.encode() + body


def _rfc3164(number: int, line: str) -> str:
    return f"Sep  2 10:{number // 60 % 60:02}:{number % 60:02} rack7 kernel: {line}"


def _docker(number: int, line: str) -> str:
    return json.dumps({"log": line + "\n", "stream": "stdout", "time": f"2026-09-02T10:{number // 60 % 60:02}:{number % 60:02}.123456789Z"})


def _records(key: str, write: Callable[[list[dict[str, object]]], object]) -> Damage:
    return lambda text: json.dumps(write([{key: line} for line in text.splitlines()]))


def _table_of_page(text: str) -> str:
    rows = "".join(f"<tr><td>{number}</td><td>{html.escape(line)}</td></tr>\n" for number, line in enumerate(text.splitlines(), 1))
    return f"<html><body><table>\n{rows}</table></body></html>\n"


def _markdown_table(text: str) -> str:
    rows = "".join(f"| {number} | {line.replace('|', chr(92) + '|')} |\n" for number, line in enumerate(text.splitlines(), 1))
    return f"| # | line |\n|---|---|\n{rows}"


# Nothing is lost: the answer stays the same.
KINDS: dict[str, Damage] = {
    "full-width-digits": _shifted("0123456789", 0xFF10),
    "full-width": lambda text: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text),
    "arabic-digits": _shifted("0123456789", 0x0660),
    "bold-letters": _shifted("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 0x1D5D4),
    "no-break-blanks": _swapped(" ", "\u00a0"),
    "ideographic-blanks": _swapped(" ", "\u3000"),
    "smart-quotes": _swapped("\"'`-", "”’‘–"),
    "soft-hyphens": lambda text: text.replace("e", "e\u00ad"),
    "zero-width": lambda text: text.replace("x", "x\u200b").replace("o", "\u2060o"),
    "ligatures": lambda text: text.replace("fi", "ﬁ").replace("fl", "ﬂ"),
    "cyrillic": _swapped("aeopcxyACEHKMOPTX", "аеорсхуАСЕНКМОРТХ"),
    "greek": _swapped("ovABEHIKMNOPTXYZ", "ονΑΒΕΗΙΚΜΝΟΡΤΧΥΖ"),
    "right-to-left": each("\u202b{}\u202c\u200f".format),
    "isolates": each("\u2068{}\u2069".format),
    "byte-order-mark": lambda text: "\ufeff" + text,
    "tab-indent": each("\t{}".format),
    "indent": each("        {}".format),
    "trailing-blanks": each("{}    ".format),
    "double-spaced": each("{}\n".format),
    "twice": lambda text: text + text,
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "crcrlf": lambda text: text.replace("\n", "\r\r\n"),
    "cr-only": lambda text: text.replace("\n", "\r"),
    "nel": lambda text: text.replace("\n", "\x85"),
    "line-separator": lambda text: text.replace("\n", "\u2028"),
    "paragraph-separator": lambda text: text.replace("\n", "\u2029"),
    "utf-16-le-bom": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "utf-16-be-bom": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "utf-16-le": lambda text: text.replace("\n", "\r\n").encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-32-le-bom": lambda text: b"\xff\xfe\0\0" + text.encode("utf-32-le"),
    "nul-padding": lambda text: text.encode() + bytes(512),
    "latin-1-prose": lambda text: "Größe ändert nichts:\n\n".encode("latin-1") + text.encode(),
    "ansi": lambda text: re.sub(r"(?m)^(\[[ 0-9.]+\])", "\x1b[32m\\1\x1b[0m", text),
    "ansi-lost-escape": lambda text: re.sub(r"(?m)^(\[[ 0-9.]+\])( )", r"[32m\1[0m[33m\2", text),
    "ansi-caret": lambda text: re.sub(r"(?m)^(\[[ 0-9.]+\])", r"^[[32m\1^[[0m", text),
    "ansi-033": lambda text: re.sub(r"(?m)^(\[[ 0-9.]+\])", r"\\033[32m\1\\033[0m", text),
    "ansi-u001b": lambda text: re.sub(r"(?m)^(\[[ 0-9.]+\])", r"\\u001b[32m\1\\u001b[0m", text),
    "art-around": lambda text: f"  _____ ____\n |_   _|  _ \\\n   |_| |____/ __/\\\n\n{text}\n +-----+\n | end |\n +-----+\n",
    "box": _boxed,
    "box-double": lambda text: _boxed(text).translate(str.maketrans("┌┐└┘─│", "╔╗╚╝═║")),
    "box-ascii": _boxed_ascii,
    "bar-left": each("┃ {}".format),
    "gutter": _numbered(lambda number, line: f"{number:>4} │ {line}"),
    "entities": lambda text: html.escape(text).replace("\n", "<br>\n"),
    "entities-numeric": lambda text: "".join(one if one.isalnum() or one in " \n" else f"&#{ord(one)};" for one in text),
    "breaks-in-one-line": lambda text: html.escape(text).replace("\n", "<br/>"),
    "page": lambda text: f"<html><body><p>Hello</p><pre class='x'>{html.escape(text)}</pre></body></html>\n",
    "page-table": _table_of_page,
    "coloured-elements": each(lambda line: f'<div><span style="color:red">{html.escape(line)}</span></div>'),
    "entities-blank": lambda text: html.escape(text).replace(" ", "&nbsp;"),
    "entities-twice": lambda text: html.escape(html.escape(text)),
    "scanned-numbers": each(_scanned_number),
    "scanned-stamps": each(_scanned_stamp),
    "quote-marks": each("> {}".format),
    "quote-marks-deep": each("> > > {}".format),
    "quote-bars": each("| {}".format),
    "quote-named": each("AB> {}".format),
    "added": each("+{}".format),
    "added-blank": each("+ {}".format),
    "removed": each("-{}".format),
    "line-numbers": _numbered(lambda number, line: f"{number:>5}\t{line}"),
    "line-numbers-dot": _numbered(lambda number, line: f"{number}. {line}"),
    "line-numbers-colon": _numbered(lambda number, line: f"{number}:{line}"),
    "line-numbers-paren": _numbered(lambda number, line: f"{number}) {line}"),
    "list": each("- {}".format),
    "list-star": each("* {}".format),
    "list-code": each("- `{}`".format),
    "markdown-table": _markdown_table,
    "markdown-table-row": each("| {} |".format),
    "markdown-code": lambda text: f"Here:\n\n```text\n{text}```\n",
    "markdown-escaped": lambda text: re.sub(r"([\[\]_*])", r"\\\1", text),
    "hard-breaks": each("{}  ".format),
    "hard-break-backslash": each("{}\\".format),
    "c-comment": lambda text: "/*\n" + "".join(f" * {line}\n" for line in text.splitlines()) + " */\n",
    "hash-comment": each("# {}".format),
    "slash-comment": each("// {}".format),
    "wrapped-words-80": each(_by_words(80)),
    "wrapped-words-72": each(_by_words(72)),
    "wrapped-words-72-quoted": lambda text: "".join(f"> {line}\n" for line in each(_by_words(70))(text).splitlines()),  # type: ignore[union-attr]
    "wrapped-columns-80": each(_by_columns(80)),
    "wrapped-columns-100": each(_by_columns(100)),
    "wrapped-flowed": each(lambda line: _by_words(71)(line).replace("\n", " \n")),
    "json-string": json.dumps,
    "json-string-named": lambda text: json.dumps({"log": text}),
    "json-string-deep": lambda text: json.dumps({"id": 7, "data": {"dmesg": text}}, indent=2),
    "json-strings": lambda text: json.dumps(text.splitlines()),
    "json-strings-spread": lambda text: json.dumps(text.splitlines(), indent=1),
    "json-records": _records("message", lambda found: found),
    "json-records-spread": lambda text: json.dumps([{"line": line} for line in text.splitlines()], indent=2),
    "json-records-named": _records("msg", lambda found: {"entries": found}),
    "json-hits": lambda text: json.dumps(
        {"hits": {"hits": [{"_source": {"@timestamp": "2026-09-02T10:00:00Z", "message": line}} for line in text.splitlines()]}}
    ),
    "json-loki": lambda text: json.dumps(
        {
            "data": {
                "result": [
                    {"stream": {"host": "a"}, "values": [[f"17250{n:05}000000000", line] for n, line in enumerate(text.splitlines())]}
                ]
            }
        }
    ),
    "repr": repr,
    "repr-list": lambda text: repr(text.splitlines()),
    "escaped-newlines": lambda text: text.replace("\n", "\\n"),
    "docker-json": _numbered(_docker),
    "kubectl-timestamps": _numbered(lambda number, line: f"2026-09-02T10:{number // 60 % 60:02}:{number % 60:02}.123456789Z {line}"),
    "cri": _numbered(lambda number, line: f"2026-09-02T10:{number // 60 % 60:02}:{number % 60:02}.123456789+00:00 stdout F {line}"),
    "kubectl-prefix": each("[pod/collect-x7k2p/dmesg] {}".format),
    "compose": each("collector-1  | {}".format),
    "logcat-agent": _numbered(lambda number, line: f"2026-09-02 10:{number // 60 % 60:02}:{number % 60:02},123 INFO  [collector] {line}"),
    "agent-seconds": _numbered(lambda number, line: f"10:{number // 60 % 60:02}:{number % 60:02} {line}"),
    "agent-epoch": _numbered(lambda number, line: f"17250000{number % 100:02}.123456 {line}"),
    "ts-month": _numbered(lambda number, line: f"Sep 02 10:{number // 60 % 60:02}:{number % 60:02} {line}"),
    "ansible": lambda text: json.dumps({"changed": True, "stdout_lines": text.splitlines()}, indent=4),
    "ansible-ok": lambda text: "ok: [rack7] => " + json.dumps({"stdout_lines": text.splitlines()}, indent=4) + "\n",
    "ssh-prefix": each("rack7: {}".format),
    "ssh-prefix-brackets": each("[rack7] {}".format),
    "syslog": _numbered(_rfc3164),
    "csv": _csv,
    "csv-quoted": _csv_quoted,
    "yaml-block": lambda text: "dmesg: |\n" + "".join(f"  {line}\n" for line in text.splitlines()),
    "quoted-printable": lambda text: quopri.encodestring(text.replace("\r", "").encode()),
    "quoted-printable-mail": lambda text: _mail("quoted-printable", quopri.encodestring(text.replace("\r", "").encode())),
    "base64-mail": lambda text: _mail("base64", base64.encodebytes(text.encode())),
    "base64": lambda text: base64.encodebytes(text.encode()),
    "prose-around": lambda text: f"Hello all,\n\nour host does this since yesterday:\n\n{text}\nThanks for any help!\n-- \nJo\n",
    "hebrew-around": lambda text: f"שלום, זה לא עובד:\n\n```\n{text}```\nתודה\n",
    "chat-names": each("[10:03] jo: {}".format),
    "irc": each("10:03 < jo> {}".format),
    "tabs-for-blanks": lambda text: re.sub(r" {4,}", "\t", text),
    "squeezed-blanks": lambda text: re.sub(r" +", " ", text),
    "no-indent": each(str.lstrip),
    "caret-crlf": lambda text: text.replace("\n", "^M\n"),
    "backslash-r": lambda text: text.replace("\n", "\\r\\n\n"),
    "percent-encoded": lambda text: "".join(f"%{ord(one):02X}" if one in '[]<>"%{}|\\^` \n' else one for one in text),
    "mojibake-no-break": lambda text: text.replace("  ", "\u00c2\u00a0\u00c2\u00a0"),
}
# Evidence is lost.
LOSSY: dict[str, Damage] = {
    "stamps-cut": each(lambda line: STAMP.sub("", line)),
    "stamps-dots": each(lambda line: STAMP.sub("[...] ", line)),
    "stamps-seconds": each(lambda line: STAMP.sub(lambda found: f"[{found[2]}] ", line)),
    "stamps-minutes": each(lambda line: STAMP.sub(lambda found: f"{int(found[2]) // 60:02}:{int(found[2]) % 60:02} ", line)),
    "lines-cut-at-72": each(lambda line: line[:72]),
    "lines-cut-with-dots": each(lambda line: line if len(line) <= 90 else line[:87] + "..."),
    "first-half": lambda text: text[: len(text) // 2],
    "last-half": lambda text: text[len(text) // 2 :],
    "columns-lost": each(lambda line: line[3:]),
    "grep-tdx": lambda text: "".join(line + "\n" for line in text.splitlines() if "tdx" in line.lower()),
    "capitals": str.upper,
    "small-letters": str.lower,
    "cut-in-character": lambda text: text.encode() + "[   99.9] 漢".encode()[:-1],
    "one-line": lambda text: text.replace("\n", " "),
    "no-punctuation": lambda text: re.sub(r"[:\[\]()]", "", text),
    "numbers-hidden": lambda text: re.sub(r"0x[0-9a-f]+", "0xXXXX", text),
    "question-marks": lambda text: re.sub(r"[\[\]]", "?", text),
    "reversed": lambda text: "".join(line + "\n" for line in reversed(text.splitlines())),
    "every-third-line-lost": lambda text: "".join(line + "\n" for number, line in enumerate(text.splitlines()) if number % 3),
}


def damaged(kind: str, text: str) -> bytes:
    """Return the bytes of a text that a kind of damage has met."""
    made = (KINDS.get(kind) or LOSSY[kind])(text)
    return made if isinstance(made, bytes) else made.encode()


def names() -> Sequence[str]:
    """Return all kinds."""
    return (*KINDS, *LOSSY)
