"""`tdxwhy decode`: what a status, a leaf or an errno means; with `-`, a stream with the meanings in place."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tdxwhy.digits import is_whole
from tdxwhy.errors import TdxwhyError, nearest
from tdxwhy.hints import TYPE_CHECKING, Any, BinaryIO
from tdxwhy.know import decode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_CHUNK = 1 << 16
_SIGNED = 1 << 63
_STATUS_FROM = 1 << 32
_LAST_ERRNO = 4095
_REGISTER = 16
_STEMS = (b"tdx", b"TDX", b"seam", b"SEAM", b"TDH")


def parser() -> ArgumentParser:
    """Build the parser of the command's arguments."""
    from tdxwhy.cli.parsing import Parser

    built = Parser(
        prog="tdxwhy decode",
        description="Say what SEAMCALL statuses, leaves and errnos mean.",
    )
    built.add_argument("items", nargs="+", metavar="ITEM", help="a number (0x..., decimal, negative) or a name; - annotates standard input")
    built.add_argument("--format", choices=("text", "json"), default="text", help="how to print the meanings")
    return built


def run(args: Namespace) -> int:
    """Decode each item, or annotate a stream; an unknown name is an error, an unknown number is taken apart by its bits."""
    if args.items == ["-"]:
        return _stream(sys.stdin.buffer, sys.stdout.buffer)
    found = [meaning for item in args.items for meaning in meanings(item)]
    if args.format == "json":
        import json

        sys.stdout.write(json.dumps({"schema": "tdxwhy/decode/1", "meanings": found}, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_text(meaning) for meaning in found))
    return 0


def _hint(item: str) -> str:
    known = [row.name for row in decode.statuses()] + decode.leaf_names()
    return nearest(item, known) or "try 0xc000050500000000, 0x24, -5, TDH.SYS.RD"


def meanings(item: str) -> list[dict[str, object]]:
    """Return what an item can mean, each as keys and values; a small number can be a leaf and an errno, a line holds several of them."""
    if " " in item.strip():
        return _of_line(item)
    value = _value(item)
    found = [] if value is None else list(_numbers(value, hexadecimal=len(item) == _REGISTER or item[:2].lower() == "0x"))
    if value is None:
        found = list(_names(item))
        if not found:
            raise TdxwhyError(f"{item!r} is no number and no known status, leaf or errno", _hint(item))
    elif not found:
        raise TdxwhyError(f"{item} is no status (they have 64 bits), no known leaf and no errno")
    return [{"item": item, **meaning} for meaning in found]


def _value(item: str) -> int | None:
    """Read a number as people copy it: 0x..., decimal, negative, or sixteen hexadecimal digits without the 0x."""
    base = 16 if len(item) == _REGISTER else 10 if is_whole(item, len(item)) else 0
    if not item.isascii():
        return None
    try:
        value = int(item, base)
    except ValueError:
        return None
    if not -_SIGNED <= value < 2 * _SIGNED:
        raise TdxwhyError(f"{item} has more than 64 bits")
    return value


def _numbers(value: int, hexadecimal: bool) -> Iterator[dict[str, object]]:
    """Yield what a number can be; nobody writes an errno in hexadecimal."""
    leaf = decode.decode_leaf(value) if value >= 0 else None
    if leaf is not None:
        yield _leaf(leaf.number)
    if hexadecimal and value < _STATUS_FROM:
        yield from _quote_code(value)
    if not hexadecimal and 0 < abs(value) <= _LAST_ERRNO and decode.errno_name(value):
        yield _errno(value)
    if value >= _STATUS_FROM or value < -_LAST_ERRNO or value == 0:
        yield _status(value, loader=leaf is not None and bool(leaf.number >> 63))


def _names(name: str) -> Iterator[dict[str, object]]:
    leaf, status, errno = decode.leaf_named(name), decode.status_named(name), decode.errno_named(name)
    if leaf is not None:
        yield _leaf(leaf)
    if status is not None:
        yield _status(status, loader=name.upper().startswith("PSEAMLDR"))
    if errno is not None:
        yield _errno(-errno)
    if name.upper().startswith("KVM_"):
        yield from _call(name.upper())


def _call(name: str) -> Iterator[dict[str, object]]:
    """Yield what a call of a TD's life returns, each with its condition, the kernel line that goes with it and what it comes to."""
    from tdxwhy.incident import tables

    for row in tables.calls():
        if row.call == name:
            yield {
                "kind": "call",
                "value": row.errno or row.answer,
                "name": row.call,
                "meaning": row.condition,
                "stage": row.stage,
                "line": row.kernel_line or "none: silent in the kernel log",
                "refused_by": row.refused_by,
                "causes": ", ".join(row.causes),
                "kernels": row.kernels,
                "source": row.source,
            }


def _quote_code(value: int) -> Iterator[dict[str, object]]:
    """Yield what a code of the quote service means."""
    from tdxwhy.incident import tables

    row = tables.quote_codes().get(value)
    if row is not None:
        meaning = "only says that something before it failed: look at the line above" if row.sum else ""
        yield {"kind": "quote-code", "value": f"{value:#x}", "name": row.name, "meaning": meaning, "causes": ", ".join(row.causes)}


def _leaf(number: int) -> dict[str, object]:
    leaf = decode.decode_leaf(number)
    assert leaf is not None  # noqa: S101 - found by the caller
    found = {"kind": "leaf", "value": f"{number:#x}", "decimal": number, "name": leaf.name, "meaning": leaf.meaning, "scope": leaf.scope}
    return {**found, "step": decode.leaf_step(number) or "", "source": leaf.source}


def _errno(number: int) -> dict[str, object]:
    return {"kind": "errno", "value": str(-abs(number)), "name": decode.errno_name(number), "meaning": decode.errno_meaning(number)}


def _status(value: int, loader: bool) -> dict[str, object]:
    status = decode.decode_status(value, loader)
    return {
        "kind": "status",
        "value": f"{status.value:#018x}",
        "name": status.name or "unknown status",
        "meaning": status.meaning,
        "detail": status.detail,
        "error": status.error,
        "recoverable": status.recoverable,
        "action": status.action,
        "source": status.source,
    }


def _text(meaning: dict[str, object]) -> str:
    lines = [f"{meaning['value']}  {meaning['name']}"]
    for key in ("detail", "meaning", "scope", "step", "stage", "line", "causes", "kernels", "recoverable", "action", "source"):
        value = meaning.get(key)
        if value not in (None, ""):
            lines.append(f"  {key}: {'yes' if value is True else 'no' if value is False else value}")
    return "\n".join(lines) + "\n"


def _of_line(line: str) -> list[dict[str, object]]:
    """Return what the numbers of a pasted log line mean."""
    from tdxwhy.know.partial import certain
    from tdxwhy.know.recognise import recognise
    from tdxwhy.read.plain import records_of
    from tdxwhy.records import Place

    events = [event for record in records_of(Place("line", 1), line) if (event := recognise(record))]
    values = {name: value for event in events for name, value in {**certain(event.record.text), **event.values}.items()}
    leaf = values.get("leaf")
    found = [_leaf(leaf)] if isinstance(leaf, int) and decode.decode_leaf(leaf) is not None else []
    found += [_status(values["status"], loader=False)] if isinstance(values.get("status"), int) else []
    found += [_errno(values["errno"])] if isinstance(values.get("errno"), int) else []
    found += [_cause(cause, values) for cause in values.get("causes", ())]
    if not found:
        raise TdxwhyError(f"{line.strip()!r} holds no status, leaf or errno that is known", "try tdxwhy log - and paste the whole log")
    return found


def _cause(id: str, values: dict[str, Any]) -> dict[str, object]:
    """Return what our own sentence names: the cause, packages and CPUs with their state."""
    from tdxwhy.know.tables import cause
    from tdxwhy.ranges import ranges

    found = cause(id)
    packages, cpus = values.get("packages", ()), values.get("cpus", ())
    named = [f"package{'s' if len(packages) > 1 else ''} {ranges(packages)}"] if packages else []
    state = "offline" if values.get("presence") == "offline" else "never came online"
    named += [f"CPU{'s' if len(cpus) > 1 else ''} {ranges(cpus)} {state}"] if cpus else []
    meaning = f"{found.title}. {found.meaning}"
    return {"kind": "cause", "value": "; ".join(named) or "names nobody", "name": found.id, "meaning": meaning, "action": found.advice} | {
        "step": values.get("step"),
        "source": found.source,
    }


def _stream(source: BinaryIO, sink: BinaryIO) -> int:
    """Pass bytes on as they come, whole lines annotated; a line longer than the buffer passes as it is."""
    held, passing = b"", False
    read = getattr(source, "read1", source.read)
    while chunk := read(_CHUNK):
        lines, held = _whole_lines(held + chunk)
        if passing and lines:
            end = lines.index(b"\n") + 1
            sink.write(lines[:end])
            lines, passing = lines[end:], False
        sink.write(_annotated(lines))
        if held and (passing or len(held) >= _CHUNK):
            sink.write(held)
            held, passing = b"", True
        sink.flush()
    sink.write(held if passing else _annotated(held))
    return 0


def _whole_lines(data: bytes) -> tuple[bytes, bytes]:
    end = data.rfind(b"\n") + 1
    return data[:end], data[end:]


def _annotated(data: bytes) -> bytes:
    """Annotate each line; Latin-1 keeps every byte that is not ours."""
    if not any(stem in data for stem in _STEMS):
        return data
    from tdxwhy.know.annotate import annotate

    lines = data.decode("latin-1").split("\n")
    return "\n".join(annotate(line) for line in lines).encode("latin-1")
