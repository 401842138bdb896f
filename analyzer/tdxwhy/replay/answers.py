"""Requests and answers of `tdxwhy replay --jsonl`, one JSON object a line."""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Hashable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from tdxwhy.errors import TdxwhyError
from tdxwhy.know.topology import topology as complete
from tdxwhy.memo import Memo
from tdxwhy.read.host.sidecar import of_cpus
from tdxwhy.records import Cpu, Topology
from tdxwhy.replay.engine import LogLine, replay_log
from tdxwhy.replay.nouns import Verdict

SCHEMA = "tdxwhy/replay/1"
# Versions of marshal from 3 on write what is the same object but once.
_BY_VALUE = 2
_ENCODER = json.JSONEncoder(allow_nan=False)
_PREFIX = re.compile(r"(?:<([0-9]{1,3})>)?(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?)?")
_STAMP = re.compile(r"(?m)\[(?:(?<=^\[)|(?<=^<\d>\[)) *\d+\.\d+\]")


def parse_log(text: str) -> list[LogLine]:
    """Split a log into lines. Accepted form: kernel lines with or without `<level>` and `[time]`."""
    lines = []
    for number, raw in enumerate(text.splitlines(), 1):
        found = _PREFIX.match(raw)
        level = int(found[1]) & 7 if found and found[1] else None
        body = raw[found.end() :] if found else raw
        if body.strip():
            lines.append(LogLine(body, level, number))
    return lines


def parse_topology(data: object) -> Topology | None:
    """Read a request's topology. Accepted form: {"cpus": [{"cpu": 0, "socket": 0 | null, "online": true}, ...]} or null."""
    return _topology(_key(data))


def _key(data: Any) -> bytes:  # noqa: ANN401 - whatever JSON holds
    """Return what only equal data of JSON have: the quickest that Python writes."""
    return marshal.dumps(data, _BY_VALUE)


@lru_cache(256)
def _topology(key: bytes) -> Topology | None:
    """Read a topology that a fleet's machines share, once."""
    data = marshal.loads(key)  # noqa: S302 - our own key
    if data is None:
        return None
    rows = data.get("cpus") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise TdxwhyError("topology has no list of CPUs")
    cpus = []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("cpu"), int):
            raise TdxwhyError("topology: a CPU without a number")
        socket = row.get("socket")
        cpus.append(Cpu(row["cpu"], socket if isinstance(socket, int) else None, "online" if row.get("online") else "offline"))
    return complete((), of_cpus(cpus))


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as the contract shows it."""
    place = verdict.diverged_at
    return {
        "schema": SCHEMA,
        "verdict": verdict.verdict,
        "generation": verdict.generation,
        "consumed": verdict.consumed,
        "total": verdict.total,
        "outcome": verdict.outcome,
        "diverged_at": None
        if place is None
        else {"line": place.line, "text": place.text, "expected": list(place.expected), "repair": list(place.repair)},
        "explanations": [
            {
                "step": one.step,
                "status": None if one.status is None else f"0x{one.status:016x}",
                "errno": one.errno,
                "cause": one.cause,
                "packages": list(one.packages),
                "cpus": list(one.cpus),
                "why": one.why,
            }
            for one in verdict.explanations
        ],
        "settles": list(verdict.settles),
    }


def answer(line: str, number: int, generation: str | None = None) -> str:
    """Answer one request; a bad one is answered with what is wrong with it, and the next one has its turn."""
    request: object = None
    try:
        request = json.loads(line)
        return _encoded(request, _found(request, generation))
    except Exception as error:  # noqa: BLE001 - no request ends those behind it
        wrong = _fields({"error": f"line {number}: {told(error)}"})
    with suppress(RecursionError, ValueError):
        return _encoded(request, wrong)
    return _encoded(None, wrong)


def told(error: Exception) -> str:
    """Say what is wrong with a request."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error) if isinstance(error, (TdxwhyError, ValueError)) else f"cannot be answered ({type(error).__name__})"


def _encoded(request: object, fields: str) -> str:
    """Return an answer as JSON, with the request's id before the other fields."""
    named = f'"id": {_ENCODER.encode(request["id"])}, ' if isinstance(request, dict) and "id" in request else ""
    return f'{{"schema": "{SCHEMA}", {named}{fields}}}'


def _fields(found: dict[str, Any]) -> str:
    """Return the fields of an answer as JSON, without the braces and the schema."""
    return json.dumps({name: value for name, value in found.items() if name != "schema"})[1:-1]


# A fleet's machines say the same at other times: answers by the log without its stamps, topology, and what else is asked.
_known = Memo[Hashable, str](1024)


def _found(request: object, generation: str | None) -> str:
    if not isinstance(request, dict) or not isinstance(request.get("log"), str):
        raise TdxwhyError("a request is an object with a log")
    name, whole = request.get("generation") or generation, bool(request.get("complete"))
    if name is not None and not isinstance(name, str):
        raise TdxwhyError("generation is not a name")
    key = _STAMP.sub("[]", request["log"]), _key(request.get("topology")), whole, name
    found = _known.get(key)
    if found is None:
        told = replay_log(parse_log(request["log"]), parse_topology(request.get("topology")), whole, name)
        found = _known.keep(key, _fields(as_json(told)))
    return found
