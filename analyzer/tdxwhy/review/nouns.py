"""What a thread is made of. All are immutable; a missing fact is None."""

from __future__ import annotations

from tdxwhy.hints import Literal
from tdxwhy.noun import NamedTuple
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.records import Evidence, Naming
from tdxwhy.source.nouns import FailingPath, PrintSite

Kind = Literal["patch", "cover", "reply", "bot"]
Status = Literal["answered", "deflected", "unanswered"]
Kept = Literal["yes", "partly", "no", "superseded", "unknown"]
MessageKind = Literal["pasted", "wanted", "unwanted", "added"]
RemarkKind = Literal["question", "request", "objection", "approval", "comment", "report"]
ResponseKind = Literal["agrees", "done", "explains", "asks", "defers", "disagrees"]
RemarkStatus = Literal["open", "answered", "agreed", "disputed", "settled"]
NeedStatus = Literal["met", "patch", "named", "nobody"]
HunkState = Literal["same", "context", "changed", "gone", "new"]
TagFate = Literal["kept", "stale", "lost"]
NextState = Literal["changed", "unchanged", "gone", "noted", "not-seen"]


class MailLine(NamedTuple):
    """One line of a mail's text: its number (1-based), how often it is quoted, and what stands behind the marks."""

    number: int
    level: int
    text: str


class Message(NamedTuple):
    """One mail in its thread.

    `parent` is the nearest mail above it that we have; `gap` counts the mails between them that we have not. `rebuilt`: we have only what
    others quote of it. `version`, `part` and `total` are those of its series, taken from the subject.
    """

    mail: Mail
    parent: str | None
    kind: Kind
    lines: tuple[MailLine, ...]
    gap: int = 0
    version: str | None = None
    part: int | None = None
    total: int | None = None
    rebuilt: bool = False


class Quote(NamedTuple):
    """A run of quoted lines by one speaker, and what says so: their own words, the depth, or an attribution line."""

    message_id: str
    level: int
    start: int
    end: int
    first: str
    said_by: str
    origin: str | None
    basis: Literal["text", "depth", "attribution"]


class Anchor(NamedTuple):
    """What a remark stands on: the quoted words, in whose mail they were written, and, of patch lines, where they stand.

    `file`, `line` and `function` are those after the patch, of a removed line those before it. `lines` are the quoted lines as numbers of
    the mail that holds them. `changelog`: they are a patch's words, not its code. `tree_line` is the line of the file in the tree at hand
    that has the same words.
    """

    message_id: str | None
    quote: str
    file: str | None = None
    line: int | None = None
    function: str | None = None
    lines: tuple[int, ...] = ()
    changelog: bool = False
    tree_line: int | None = None


class Response(NamedTuple):
    """What stands directly under a remark in a later mail."""

    evidence: Evidence
    author: str
    kind: ResponseKind


class Next(NamedTuple):
    """What became of the lines of a remark in the next version, and the line that shows it."""

    state: NextState
    evidence: Evidence | None


class Remark(NamedTuple):
    """One block of a reader's own prose directly under quoted lines, what answered it, and what became of those lines."""

    evidence: Evidence
    end: int
    author: str
    kind: RemarkKind
    on: Anchor | None
    responses: tuple[Response, ...]
    status: RemarkStatus
    next: Next


class Question(NamedTuple):
    """A question or a request that wants an answer, with the answer that it got."""

    evidence: Evidence
    asked_by: str
    addressee: str | None
    status: Status
    answer: Evidence | None
    answered_by: str | None
    about: Evidence | None


class Request(NamedTuple):
    """Something that a reader asks to be changed, without asking a question."""

    evidence: Evidence
    asked_by: str
    about: Evidence | None
    answer: Evidence | None


class Precondition(NamedTuple):
    """What the code needs from elsewhere, where it is stated, and who provides it if that is said.

    `status`: met by the code next to it, done by this patch, by somebody named, or by nobody. `binds` callers: it is said in what a patch
    adds outside function bodies, or of the caller.
    """

    evidence: Evidence
    author: str
    where: str
    provider: str | None
    status: NeedStatus = "nobody"
    binds: bool = False


class Commitment(NamedTuple):
    """What somebody says that they will do, did, or should have done; `kept` as far as later mails or a tree show."""

    evidence: Evidence
    owner: str
    helper: str | None
    object: str
    kind: str
    kept: Kept
    kept_by: Evidence | None


class Stance(NamedTuple):
    """Somebody agrees or objects, and to what."""

    evidence: Evidence
    author: str
    stance: Literal["agree", "object", "partly"]
    about: Evidence | None


class Tag(NamedTuple):
    """A tag line, and the condition or the part of the patch that it was given for."""

    evidence: Evidence
    tag: str
    by: str
    conditional: bool
    condition: str | None


class Proposal(NamedTuple):
    """A text or a piece of code that somebody offers, and whether it was taken up."""

    evidence: Evidence
    author: str
    form: Literal["text", "comment", "diff"]
    text: str
    adopted: Literal["yes", "partly", "no", "unknown"]
    adopted_in: str | None


class MailedMessage(NamedTuple):
    """A kernel message that stands in a mail: pasted from a log, wanted, unwanted, or added by offered code.

    `printed` is a message much like it that a patch, or a tree that was given, prints.
    """

    evidence: Evidence
    author: str
    kind: MessageKind
    names: Naming
    printed: Evidence | None = None


class PatchVersion(NamedTuple):
    """One version of one patch, of the thread or of the mails of later versions, in counts.

    `vague` failing messages name no place, `silent` failing paths print nothing, `unprovided` preconditions name nobody. `newest`: no later
    version of this patch is here.
    """

    title: str
    version: str
    message_id: str
    newest: bool
    prints: int
    vague: int
    silent: int
    needs: int
    unprovided: int
    tags: int


class HunkChange(NamedTuple):
    """A hunk beside the same hunk of the next version.

    `old_line` and `new_line` are where it begins in either mail. `lines` are those of the diffs that differ, "-" or "+" before the mark
    of the diff itself. `context`: only lines that the patch leaves alone differ.
    """

    file: str
    section: str
    old_line: int | None
    new_line: int | None
    state: HunkState
    lines: tuple[str, ...]


class CarriedTag(NamedTuple):
    """A tag given to a version: kept by the next one, stale as the patch changed after it, or lost."""

    tag: Tag
    fate: TagFate


class PatchChange(NamedTuple):
    """A patch beside its next version; `old` is None for a patch that is new, `new` for one that is gone.

    `reworded`: the changelog says something else. `taken` are the remarks whose lines changed, went or are named in the change notes,
    `left` those whose lines are the same, `claims` the change notes of which no line of the patch shows anything.
    """

    title: str
    old: str | None
    new: str | None
    old_version: str | None
    new_version: str | None
    state: HunkState
    reworded: bool
    hunks: tuple[HunkChange, ...]
    tags: tuple[CarriedTag, ...] = ()
    taken: tuple[Remark, ...] = ()
    left: tuple[Remark, ...] = ()
    claims: tuple[Evidence, ...] = ()


class Silent(NamedTuple):
    """Somebody who was asked and wrote nothing since."""

    who: str
    asked_by: str
    evidence: Evidence


class Review(NamedTuple):
    """All that a thread says.

    `patches` are the versions of its patches, oldest first, `changes` what the next version of each is beside it; `notes` what could not
    be read.
    """

    messages: tuple[Message, ...]
    quotes: tuple[Quote, ...]
    remarks: tuple[Remark, ...]
    questions: tuple[Question, ...]
    requests: tuple[Request, ...]
    preconditions: tuple[Precondition, ...]
    commitments: tuple[Commitment, ...]
    stances: tuple[Stance, ...]
    tags: tuple[Tag, ...]
    proposals: tuple[Proposal, ...]
    init_messages: tuple[MailedMessage, ...]
    prints: tuple[tuple[str, PrintSite], ...]
    failing_paths: tuple[tuple[str, FailingPath], ...]
    versions: tuple[str, ...]
    patches: tuple[PatchVersion, ...]
    changes: tuple[PatchChange, ...]
    silent: tuple[Silent, ...]
    notes: tuple[str, ...]
