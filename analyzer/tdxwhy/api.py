"""What `import tdxwhy` gives: the answers of the commands as values. The names in `__all__`, their arguments and the fields of what they
return stay within a major version; more may be added. Whatever cannot be done is a `TdxwhyError` with the words that the command prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tdxwhy.errors import NothingToJudge, TdxwhyError

if TYPE_CHECKING:
    from types import TracebackType

    from tdxwhy.check.judged import Run
    from tdxwhy.config import Settings
    from tdxwhy.explain.logs import LogReport
    from tdxwhy.read.mail.nouns import Mail
    from tdxwhy.replay.nouns import Verdict
    from tdxwhy.replay.simulate import Simulation
    from tdxwhy.review.nouns import Review

    # One path, or several.
    _Paths = str | Path | Iterable[str | Path]

__all__ = ["NothingToJudge", "Store", "TdxwhyError", "decode", "diagnose", "gate", "replay", "review", "simulate"]


def diagnose(log: str | Path | bytes, topology: str | Path | None = None) -> LogReport:
    r"""Say why TDX did not come up, or why a TD does not start, run or attest, from a log in any form: its path, or its bytes.

    `topology` is a file with what `lscpu -J -e` shows. `judged.diagnosis` of the answer is that of the boot that decides.

    >>> found = diagnose(b"[    3.1] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n"
    ...                  b"[   21.7] virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000\n"
    ...                  b"[   21.7] virt/tdx: module initialization failed (-5)\n")
    >>> found.judged.diagnosis.outcome, found.judged.diagnosis.steps, found.judged.diagnosis.causes[0].id
    ('failed', ('TDH.SYS.RD',), 'module-too-old')
    """
    from tdxwhy.check.logs import report_of
    from tdxwhy.cli.inputs import sidecar_of
    from tdxwhy.explain.speaking import Speaking
    from tdxwhy.read.log import read_boots

    source, name = _opened(log)
    return report_of(read_boots(source, name, sought=Speaking()), sidecar_of(topology))


def _opened(log: str | Path | bytes) -> tuple[Path | BinaryIO, str]:
    if isinstance(log, bytes):
        return BytesIO(log), "bytes"
    return Path(log), str(log)


def decode(item: str) -> list[dict[str, object]]:
    """Say what a status, a leaf or an errno can mean, each meaning as keys and values.

    >>> [meaning["name"] for meaning in decode("0xc000050500000000")]
    ['TDX_SYS_NOT_READY']
    """
    from tdxwhy.cli.decode import meanings

    return meanings(item)


def simulate(scenario: Mapping[str, Any] | str | Path) -> Simulation:
    """Say what a kernel prints and returns in a scenario, whose keys `reports/schema/scenario.schema.json` describes; or in a file of one.

    >>> done = simulate({"generation": "6.16", "operations": ["enable"]})
    >>> done.returns, done.lines[-1].text
    ((0,), 'virt/tdx: module initialized')
    """
    from tdxwhy.cli.simulate import load
    from tdxwhy.replay.scenario import parse
    from tdxwhy.replay.simulate import simulate as simulated

    return simulated(parse(load(Path(scenario)) if isinstance(scenario, str | Path) else dict(scenario)))


def replay(
    log: str | Path | bytes, topology: str | Path | None = None, complete: bool = False, generation: str | None = None
) -> tuple[Verdict, ...]:
    """Follow every history that can have printed each boot of a log; `complete`: no line about TDX is missing in it.

    >>> [one.verdict for one in replay(b"[    5.5] virt/tdx: module initialized\\n")]
    ['conforms']
    """
    from tdxwhy.cli.inputs import sidecar_of
    from tdxwhy.cli.replay import verdict_of
    from tdxwhy.read.log import read_boots

    source, name = _opened(log)
    sidecar = sidecar_of(topology)
    return tuple(verdict_of(boot, sidecar, complete, generation) for boot in read_boots(source, name))


def review(threads: _Paths, later: _Paths = (), tree: str | Path | None = None, about: str | None = None) -> Review:
    """Read review threads: remarks and what became of them, promises, needs, tags, messages; `later` are mails of later versions."""
    from tdxwhy.read.mail.pick import held
    from tdxwhy.review.review import review as reviewed

    mails = held(_mails(threads, about))
    if not mails:
        raise NothingToJudge(f"no thread about {about!r}" if about else "no mails found")
    return reviewed(mails, held(_mails(later, None)), Path(tree) if tree else None)


def _several(paths: _Paths) -> Iterable[str | Path]:
    return (paths,) if isinstance(paths, str | Path) else paths


def _mails(paths: _Paths, about: str | None) -> Iterator[Mail]:
    from tdxwhy.read.mail.source import read_mails

    for path in _several(paths):
        yield from read_mails(Path(path), about)


def gate(paths: _Paths, rules: _Paths = (), settings: Settings | None = None) -> Run:
    """Judge logs, patches, mails, C files and trees; `rules` are folders of rules of your own. No settings file is looked for."""
    from tdxwhy.check.catalogue import in_force
    from tdxwhy.check.gate import gate as judged
    from tdxwhy.check.intake import inputs
    from tdxwhy.config import Settings

    used = settings or Settings()
    wanted = in_force(tuple(map(Path, (*used.rules, *_several(rules)))), used.select, used.ignore)
    return judged(inputs([str(path) for path in _several(paths)], used.exclude), wanted, used)


class Store:
    """A fleet's store, to be asked in SQL; `with Store(path) as store`.

    Answers are Arrow tables: `pyarrow.table(answer).to_pandas()`, `polars.DataFrame(answer)`, and DuckDB takes them as they are.
    """

    def __init__(self, path: str | Path) -> None:
        from tdxwhy.fleet.query import open_fleet

        self._fleet = open_fleet(Path(path))

    def ask(self, sql: str) -> Any:  # noqa: ANN401 - arro3's Table, which is there with the extra `fleet`
        """Return the answer to one SELECT over boots, attempts, events, findings, sources as an Arrow table."""
        return self._fleet.arrow(sql)

    def close(self) -> None:
        """Let go of the store."""
        self._fleet.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
