"""Each reader of the product as a function of bytes, as its command calls it, with the samples that a fuzzer begins with.

What a user would see as one line (TdxwhyError) is right; any other exception, a character that drives a terminal, or an input that takes
longer than `slow` allows is a fault.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tdxwhy.errors import TdxwhyError

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
# Processor seconds for 100 KB, and for what is smaller.
LIMIT = 1.0
# The largest seed: what is larger teaches a fuzzer little.
_SEED = 16 << 10


# Control and format characters, halves of surrogates, separators of lines and paragraphs.
_DRIVING = ("Cc", "Cf", "Cs", "Zl", "Zp")


class Reader(NamedTuple):
    """What is fed, and globs below samples/ of what it begins with."""

    feed: Callable[[bytes], None]
    seeds: tuple[str, ...]
    more: tuple[bytes, ...] = ()


class UnanswerableError(AssertionError):
    """An answer that no input may have."""


def tried(name: str, data: bytes, limit: float = LIMIT) -> None:
    """Feed one input to a reader; what a user is told in one line is no fault."""
    began = time.process_time()
    try:
        READERS[name].feed(data)
    except TdxwhyError as error:
        if "\n" in error.message:
            raise UnanswerableError("a complaint of several lines") from error
    took = time.process_time() - began
    if took > limit * max(1, len(data) / 100_000):
        raise UnanswerableError(f"{took:.1f} s")


def driving(text: str, allowed: str = "\n") -> list[str]:
    """Return the characters of a text that drive a terminal, as numbers."""
    return sorted(hex(ord(one)) for one in set(text) - set(allowed) if unicodedata.category(one) in _DRIVING)


def _shown(text: str) -> None:
    """Refuse characters that drive a terminal."""
    if not text.replace("\n", "").isprintable() and (left := driving(text)):
        raise UnanswerableError(f"not neutral: {left}")


def _log(data: bytes) -> None:
    from tdxwhy.cli.inputs import LogInput
    from tdxwhy.cli.log import read_report
    from tdxwhy.report import incident_text
    from tdxwhy.report.log_json import document, of_log
    from tdxwhy.report.log_text import brief, heading, losses, render
    from tdxwhy.report.terminal import Painter

    found = read_report(LogInput("log", io.BytesIO(data)), None, True)
    paint = Painter(False)
    for one in found.boots:
        _shown(render(one.diagnosis, one.findings, 100, paint) + brief(one.diagnosis, ()))
    for incident in found.incidents:
        _shown(incident_text.render(incident, 100, paint))
    _shown(heading(found, paint) + losses(found.losses, paint) + document([of_log(found)]))


def _replay(data: bytes) -> None:
    from tdxwhy.cli.replay import verdict_of
    from tdxwhy.read.log import read_boots
    from tdxwhy.report.verdict_text import render

    for boot in read_boots(io.BytesIO(data), "log"):
        _shown(render(verdict_of(boot, None, False, None)))


def _mails(data: bytes) -> None:
    from tdxwhy.read.mail.source import read_stream
    from tdxwhy.report.review_json import review_json
    from tdxwhy.report.review_text import review_text
    from tdxwhy.report.terminal import Painter
    from tdxwhy.review.review import review

    found = review(list(read_stream(io.BytesIO(data), "mail")))
    _shown(review_text(found, Painter(False), 100))
    _shown(review_json(found))


def _gated(name: str) -> Callable[[bytes], None]:
    def feed(data: bytes) -> None:
        from tdxwhy.check.gate import gate
        from tdxwhy.check.intake import Input
        from tdxwhy.config import Settings
        from tdxwhy.report.gate_formats import render
        from tdxwhy.report.terminal import Painter

        sort: Any = {"c": "c", "patch": "patch", "eml": "mails"}[name.rpartition(".")[2]]
        run = gate([Input(name, None, sort, data)], _rules(), Settings())
        for form in ("full", "sarif"):
            _shown(render(run, form, Painter(False), False))

    return feed


@cache
def _rules() -> Any:
    from tdxwhy.check.catalogue import rules_of

    return rules_of()


def _archive(data: bytes) -> None:
    from tdxwhy.fleet.archive import Guarded, Refused, members
    from tdxwhy.read.log import LogReader
    from tdxwhy.read.opening import Opened, Raw

    opened = Opened(io.BytesIO(data), "archive")
    stream: Any = io.BytesIO(data) if data.startswith(b"PK") else io.BufferedReader(Raw(opened))
    for one in members("zip" if data.startswith(b"PK") else "tar", stream):
        _shown(one.name)
        if not isinstance(one, Refused):
            for boot in LogReader(io.BytesIO(io.BufferedReader(Guarded(one.stream)).read(1 << 20)), one.name):
                _shown("".join(record.text for record in boot.records[:100]))


def _scenario(data: bytes) -> None:
    from tdxwhy.cli.simulate import _answer, parsed

    text = data.decode("utf-8", "replace")
    answer = _answer(parsed(text, "scenario", text.lstrip().startswith("{")), whole=True)
    json.dumps(answer)


def _requests(data: bytes) -> None:
    from tdxwhy.cli.simulate import _one
    from tdxwhy.replay.answers import answer

    for number, line in enumerate(data.decode("utf-8", "replace").split("\n")[:20], 1):
        told = [answer(line, number), json.dumps(_one(line, number))]
        if any("cannot be answered" in one for one in told):
            raise UnanswerableError(str(told))


def _settings(data: bytes) -> None:
    from tdxwhy.check.baseline import read as read_baseline
    from tdxwhy.config import load

    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(data)
        file.flush()
        read: Any = read_baseline if data.lstrip().startswith(b"{") else load
        read(Path(file.name))


def _sidecar(data: bytes) -> None:
    from tdxwhy.read.host.sidecar import parse_sidecar

    parse_sidecar(data.decode("utf-8", "replace"), "sidecar")


def _knowledge(data: bytes) -> None:
    from tdxwhy.check.catalogue import rules_of

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rule.toml").write_bytes(data)
        rules_of(Path(folder))


def _query(data: bytes) -> None:
    fleet = _fleet()
    before = sorted(_fleet_folder().rglob("*"))
    try:
        answer = fleet.ask(data.decode("utf-8", "replace"))
        if len(answer.rows) > 1 << 20:
            raise UnanswerableError("more rows than there are")
    finally:
        if sorted(_fleet_folder().rglob("*")) != before:
            raise UnanswerableError("the store has changed")


@cache
def _fleet_folder() -> Path:
    from tdxwhy.cli import main

    folder = Path(tempfile.mkdtemp(prefix="tdxwhy-fuzz-"))
    with contextlib.redirect_stdout(io.StringIO()):
        main(["ingest", str(SAMPLES / "logs" / "package-without-cpu-of-16"), "--store", str(folder / "store")])
    return folder / "store"


@cache
def _fleet() -> Any:
    from tdxwhy.fleet.query import open_fleet

    return open_fleet(_fleet_folder())


_QUERIES = (
    b"SELECT count(*) FROM boots",
    b"SELECT kernel, count(*) AS n FROM boots GROUP BY ALL ORDER BY n DESC",
    b"SELECT * FROM read_csv('/etc/passwd')",
    b"COPY boots TO '/tmp/x.csv'",
    b"SELECT step, status FROM attempts JOIN boots USING (boot) WHERE outcome = 'failed'",
    b"FROM events SELECT text LIMIT 3",
    b"WITH x AS (SELECT unnest(range(5)) AS n) SELECT sum(n), list(n) FROM x",
    b"ATTACH 'x.db'; SELECT 1",
    b"INSTALL httpfs",
)
_ENTRY = b'{"file": "a.c", "rule": "TDX201", "fingerprint": "0", "message": "m", "times": 1, "reason": "r"}'
_SETTINGS_SEEDS = (
    b'fail-on = "error"\nignore = ["TDX206"]\nexclude = ["samples/*"]\n',
    b'[[suppress]]\nrules = ["TDX208"]\nfiles = ["a.c"]\nreason = "r"\n',
    b'{"schema": "tdxwhy/baseline/1", "entries": [' + _ENTRY + b"]}",
)
_CPUS = b'{"cpus": [{"cpu": 0, "node": 0, "socket": 0, "core": 0, "online": true}, {"cpu": 1, "online": false}]}'
_FAULT = b'{"leaf": "TDH.SYS.CONFIG", "status": "0xc000050c00000000"}'
_REQUEST_SEEDS = (
    b'{"id": 1, "log": "[    1.0] virt/tdx: BIOS enabled: private KeyID range [64, 128)\\n", "topology": ' + _CPUS + b"}",
    b'{"generation": "6.16", "platform": {"packages": 2}, "faults": [' + _FAULT + b"]}",
)
_SIDECAR_SEEDS = (
    _CPUS,
    b"CPU SOCKET ONLINE\n0 0 yes\n1 - no\n",
    b"# CPU,Core,Socket,Node\n0,0,0,0\n1,1,1,0\n",
    b"processor : 0\nphysical id : 0\n\nprocessor : 1\nphysical id : 1\n",
    b"CPU(s): 8\nOn-line CPU(s) list: 0-3,6\nOff-line CPU(s) list: 4-5,7\nSocket(s): 2\n",
)

READERS = {
    "log": Reader(_log, ("logs/*/*", "formats/*/*", "hostile/*.log")),
    "journal": Reader(_log, ("formats/journal-*/*", "hostile/*.export", "hostile/*.json", "formats/dmesg-json/*")),
    "replay": Reader(_replay, ("logs/*/dmesg.log",)),
    "mail": Reader(_mails, ("threads/*/*",)),
    "judged": Reader(_gated("a.eml"), ("threads/*/*",)),
    "diff": Reader(_gated("a.patch"), ("patches/*.patch",)),
    "C": Reader(_gated("arch/x86/virt/vmx/tdx/tdx.c"), ("patches/**/*.c",)),
    "archive": Reader(_archive, ("hostile/*.tar", "hostile/*.zip", "hostile/*.gz", "formats/*/*.gz", "formats/*/*.zst")),
    "scenario": Reader(_scenario, ("scenarios/*",)),
    "request": Reader(_requests, (), _REQUEST_SEEDS),
    "settings": Reader(_settings, (), _SETTINGS_SEEDS),
    "rules": Reader(_knowledge, ("../rules/patch/*.toml", "../rules/log/*.toml")),
    "sidecar": Reader(_sidecar, (), _SIDECAR_SEEDS),
    "query": Reader(_query, (), _QUERIES),
}


def seeds(name: str) -> Iterator[bytes]:
    """Yield what a fuzzer of this reader begins with."""
    reader = READERS[name]
    yield from reader.more
    for glob in (*reader.seeds, f"hostile/found/{name}-*"):
        for path in sorted(SAMPLES.glob(glob)):
            if path.is_file() and path.name not in ("about.toml", "README.md") and path.stat().st_size <= _SEED:
                yield path.read_bytes()
