"""The versions of a thread's patches side by side, in counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from tdxwhy.errors import PackageAbsent
from tdxwhy.review.nouns import Message, PatchVersion, Precondition, Tag
from tdxwhy.review.preconditions import find_preconditions
from tdxwhy.review.tags import find_tags
from tdxwhy.review.threads import read_subject, version_key
from tdxwhy.review.view import View
from tdxwhy.source.ctree import parser
from tdxwhy.source.diff import holds_diff
from tdxwhy.source.failing import failing_paths
from tdxwhy.source.nouns import FailingPath, PrintSite
from tdxwhy.source.prints import print_sites


def patch_text(message: Message) -> str:
    """Return a patch mail's own text; quoted lines are blank, so that line numbers stay the mail's.

    In a patch without any hunk's header, a sketch, the lines that it adds or takes away below its `---` get one in the place of the line
    above them.
    """
    lines = ["" if line.level else line.text for line in message.lines]
    if message.kind == "patch" and "---" in lines and not holds_diff("\n".join(lines)):
        for first, end in _sketches(lines, lines.index("---")):
            counts = [sum(not line.startswith(sign) for line in lines[first:end]) for sign in "+-"]
            lines[first - 1] = f"@@ -1,{counts[0]} +1,{counts[1]} @@"
    return "\n".join(lines)


def _sketches(lines: Sequence[str], start: int) -> Iterator[tuple[int, int]]:
    """Yield the first line and the end of each run of changed lines that stands behind a blank line, the `---` or a file's header."""
    at = start + 1
    while at < len(lines):
        end = at
        while end < len(lines) and lines[end][:1] in ("+", "-") and not lines[end].startswith(("+++ ", "--- ", "---", "-- ")):
            end += 1
        if end > at and (not lines[at - 1].strip() or lines[at - 1] == "---" or lines[at - 1].startswith("+++ ")):
            yield at, end
        at = max(end, at + 1)


Files = tuple[tuple[str, str], ...]


def patch_code(message: Message, tree: Files = ()) -> tuple[tuple[PrintSite, ...], tuple[FailingPath, ...]]:
    """Return the messages that a patch adds and the paths on which it fails; callees are looked up in the files of a tree.

    Without the packages that read C there are no paths, which `unread` says.
    """
    return _code(patch_text(message), message.mail.place.source, tree)


@lru_cache(maxsize=256)
def _code(text: str, source: str, tree: Files) -> tuple[tuple[PrintSite, ...], tuple[FailingPath, ...]]:
    prints = tuple(site for site in print_sites(text, source) if site.added)
    try:
        return prints, failing_paths(text, source, dict(tree))
    except PackageAbsent:
        return prints, ()


def unread() -> Iterator[str]:
    """Yield what is missing of a review of patches where C cannot be read, and what would read it."""
    try:
        parser()
    except PackageAbsent as error:
        yield f"where the patches fail without a message is not looked for: {error.message}"


Code = tuple[Sequence[PrintSite], Sequence[FailingPath]]


def patch_versions(thread: View, later: View, codes: Mapping[str, Code]) -> tuple[PatchVersion, ...]:
    """Count what each version of each patch prints, leaves silent, needs and was given; oldest version first.

    `codes`: prints and failing paths of the thread's own patches, by Message-ID.
    """
    views = [(thread, m) for m in thread.messages] + [(later, m) for m in later.messages if m.mail.message_id not in thread.by_id]
    patches = [(view, m) for view, m in views if m.kind in ("patch", "cover") and m.version is not None]
    newest: dict[str, tuple[int, ...]] = {}
    for _, message in patches:
        title = read_subject(message.mail.subject).title
        newest[title] = max(newest.get(title, (0,)), version_key(message.version))
    counted = [_counted(view, message, newest, codes.get(message.mail.message_id)) for view, message in patches]
    return tuple(sorted(counted, key=lambda one: version_key(one.version)))


def _counted(view: View, message: Message, newest: dict[str, tuple[int, ...]], code: Code | None) -> PatchVersion:
    title = read_subject(message.mail.subject).title
    prints, paths = code or (patch_code(message) if message.kind == "patch" else ((), ()))
    needs: Iterable[Precondition] = find_preconditions(view, message)
    tags: Iterable[Tag] = find_tags(view, message)
    return PatchVersion(
        title=title,
        version=message.version or "",
        message_id=message.mail.message_id,
        newest=version_key(message.version) >= newest[title],
        prints=len(prints),
        vague=sum(site.is_failure and not (site.names.package or site.names.cpu) for site in prints),
        silent=sum(path.printed == "no" for path in paths),
        needs=len(list(needs)),
        unprovided=sum(one.status == "nobody" for one in needs),
        tags=sum(tag.tag != "Signed-off-by" for tag in tags),
    )
