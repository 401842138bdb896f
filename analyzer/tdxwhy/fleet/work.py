"""What a process does with a batch: read and search its sources, diagnose their boots, and write a part of the store."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tdxwhy.errors import TdxwhyError
from tdxwhy.fleet.batch import BatchResult, IngestSettings
from tdxwhy.fleet.boot import Boot
from tdxwhy.fleet.columns import Columns, table
from tdxwhy.fleet.content import Content, ahead, opened
from tdxwhy.fleet.judge import Judge
from tdxwhy.fleet.origin import Origin, compiled, of_path, of_report
from tdxwhy.fleet.part import commit
from tdxwhy.fleet.quick import Looked, boot_of_cut, look
from tdxwhy.fleet.sources import Source, Unread
from tdxwhy.fleet.store import Known, StoreFolder, open_store
from tdxwhy.incident.anchors import anchors
from tdxwhy.records import Loss

# Sources that are read and searched before their boots are understood.
_AT_ONCE = 16
# A source of more boots than this, such as an endless stream, is written in several parts.
_BOOTS_A_PART = 50_000
_ODD = re.compile(r"[^0-9A-Za-z-]")


def ready() -> None:
    """Build, before the first batch comes, what every batch needs."""
    anchors()
    _judge()


def run(batch: Sequence[Source], settings: IngestSettings) -> BatchResult:
    """Read, diagnose and write the sources of one batch that the store does not have."""
    return Work(settings).run(batch)


@cache
def _judge() -> Judge:
    return Judge()


@cache
def _known(store: str, writer: str) -> Known:
    """Return by what the sources are known that the store had when this ingest began to use this process."""
    return open_store(Path(store)).known()


class Work:
    """The state of one batch."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._pattern = compiled(settings.pattern) if settings.pattern else None
        self._store = StoreFolder(Path(settings.store))
        self._anchors = anchors()
        self._columns = Columns(_judge())
        self._outcomes: Counter[str] = Counter()
        self._rows: list[tuple[Any, ...]] = []
        self._losses: list[Loss] = []
        self._known = self._boots = self._size = self._parts = self._flushed = 0

    def run(self, batch: Sequence[Source]) -> BatchResult:
        """Do the batch."""
        known = _known(self._settings.store, self._settings.place)
        unread: list[Unread] = []
        new = [source for source in batch if not source.tag or (source.name, source.tag) not in known.objects]
        self._known = len(batch) - len(new)
        for start in range(0, len(new), _AT_ONCE):
            piece, following = new[start : start + _AT_ONCE], new[start + _AT_ONCE : start + 2 * _AT_ONCE]
            with ahead(piece, following):
                looked = self._look(piece, known)
                unread += [why for source, one in zip(piece, looked, strict=True) if (why := self._read(source, one, known)) is not None]
        if self._rows:
            self._flush(last=True)
        return BatchResult(
            sources=len(batch) - len(unread) - self._known,
            known=self._known,
            boots=self._outcomes.total(),
            size=self._size,
            parts=self._parts,
            outcomes=tuple(sorted(self._outcomes.items())),
            unread=tuple(unread),
            losses=tuple(self._losses),
            listed=sum(source.size for source in batch),
        )

    def _look(self, piece: Sequence[Source], known: Known) -> list[Looked | None]:
        """Look at some sources, or at the first only if that is of no use: logs side by side are of one kind, and a look takes its time."""
        first = look(piece[0], known.digests, self._anchors)
        return [first, *(look(source, known.digests, self._anchors) if first is not None else None for source in piece[1:])]

    def _read(self, source: Source, looked: Looked | None, known: Known) -> Unread | None:
        """Read one source, unless looking at it has told all."""
        if looked is not None and self._seen(source, looked):
            return None
        try:
            with opened(source, known.sizes) as content:
                self._source(source, content, known)
        except TdxwhyError as error:
            if error.message.startswith("store:"):
                raise
            return Unread(source.name, error.message)
        except OSError as error:
            return Unread(source.name, (error.strerror or "cannot be read").lower())
        except Exception as error:  # noqa: BLE001 - one source never ends an ingest
            return Unread(source.name, f"cannot be read ({type(error).__name__}); please report it")
        return None

    def _seen(self, source: Source, looked: Looked) -> bool:
        if looked.cut is None:
            self._known += 1
            return True
        boot = boot_of_cut(looked.cut, source.name)
        if boot is None:
            return False
        self._add(boot, source.name, of_path(source.path, self._pattern))
        self._size += looked.size
        self._rows.append((looked.digest, source.name, looked.size, source.tag or None, 1, 0, ()))
        return True

    def _source(self, source: Source, content: Content, known: Known) -> None:
        if content.digest is not None and content.digest in known.digests:
            self._known += 1
            return
        from tdxwhy.fleet.gather import Gatherer  # most fleets' logs are plain, and need none of these readers

        outside = of_path(source.path, self._pattern)
        gatherer, before = Gatherer(source.name), self._boots
        for gathered in gatherer.boots(content.stream):
            self._add(gathered.boot, gathered.name, outside)
        digest = content.final()
        size = content.size()
        self._size += size
        self._losses += gatherer.losses
        why = sorted({loss.what for loss in gatherer.losses})
        lost = sum(loss.pieces for loss in gatherer.losses)
        self._rows.append((digest, source.name, size, source.tag or None, self._boots - before, lost, why))

    def _add(self, boot: Boot, name: str, outside: Origin) -> None:
        inside = boot.inside
        member = of_path(name.replace("!", "/"), self._pattern) if "!" in name else outside
        if member == Origin():
            member = of_report(name)
        origin = Origin(
            self._settings.host or inside.host or member.host or outside.host,
            inside.started if inside.started is not None else member.started if member.started is not None else outside.started,
            _ODD.sub("", inside.boot_id or member.boot_id or outside.boot_id or "")[:64] or None,
        )
        self._columns.add(boot, origin, name)
        self._boots += 1
        if len(self._columns) >= _BOOTS_A_PART:
            self._flush()

    def _flush(self, last: bool = False) -> None:
        rows, columns = self._rows if last else [], self._columns
        name = hashlib.blake2b(digest_size=16)
        for row in rows:
            name.update(row[0].encode())
        for key in columns.keys() if not last or self._flushed else ():
            name.update(key.to_bytes(8, "big", signed=True))
        self._outcomes += columns.outcomes()
        tables = {**columns.tables(), "sources": table("sources", rows)}
        written = {each: [found] for each, found in tables.items()}
        self._parts += commit(self._store.parts, Path(self._settings.place), name.hexdigest(), written)
        self._columns, self._flushed = Columns(_judge()), self._flushed + 1
