"""A kernel by what a user calls it: a modelled generation, a generation file, a source tree, or REPOSITORY@REVISION."""

from __future__ import annotations

from pathlib import Path

from tdxwhy import files, toml
from tdxwhy.errors import TdxwhyError
from tdxwhy.extract.writing import Draft, as_toml
from tdxwhy.replay.data import generation, generations, single
from tdxwhy.replay.generation import Generation
from tdxwhy.shipped import folder


def kernel(given: str) -> Generation:
    """Return the generation that a user means; a tree is read."""
    if any(given == one.name or given in one.aliases for one in generations().values()):
        return generation(given)
    path = Path(given)
    if path.suffix == ".toml" and path.is_file():
        return single(path.name, toml.read(path))
    if not path.is_dir() and "@" not in given:
        raise TdxwhyError(f"{given}: no modelled kernel, no generation file and no tree", "known: " + ", ".join(generations()))
    return drafted(given)


def drafted(given: str) -> Generation:
    """Return the draft of a tree as a generation."""
    from tdxwhy.extract.draft import draft
    from tdxwhy.source.kernel_tree import name_of, read_kernel

    return single("draft.toml", files.toml(as_toml(draft(read_kernel(given), name_of(given)))))


def extending(made: Draft, name: str) -> str:
    """Return the generation file of a draft that takes over the shipped one of that name, as it was read and without its corrections."""
    name = generation(name).name
    return as_toml(made, name, toml.read(folder("rules/model") / f"{name}.toml"))


def of_range(span: str) -> tuple[str, str]:
    """Split REPOSITORY@BASE..HEAD into the two kernels that it compares."""
    path, at, revisions = span.rpartition("@")
    base, dots, head = revisions.partition("..")
    if not (at and base and dots and head) or head.startswith("."):
        raise TdxwhyError(f"{span}: no range", "tdxwhy model diff REPOSITORY@BASE..HEAD, or two kernels")
    return f"{path}@{base}", f"{path}@{head}"
