"""A thread's review: all its remarks, put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from tdxwhy.read.mail.nouns import Mail
from tdxwhy.review.anchors import TreeLines
from tdxwhy.review.between import Between
from tdxwhy.review.commitments import find_commitments
from tdxwhy.review.kernel_messages import find_mailed
from tdxwhy.review.lines import squeeze
from tdxwhy.review.nouns import (
    Commitment,
    MailedMessage,
    Message,
    Precondition,
    Proposal,
    Question,
    Remark,
    Request,
    Response,
    Review,
    Stance,
    Tag,
)
from tdxwhy.review.posted import Posted
from tdxwhy.review.preconditions import find_preconditions
from tdxwhy.review.printed import CodeMessage, like, patch_prints, tree_prints, with_message
from tdxwhy.review.promises import Keeping, Promised
from tdxwhy.review.proposals import find_proposals
from tdxwhy.review.questions import asked_without_mark, find_questions, find_requests
from tdxwhy.review.stances import find_stances
from tdxwhy.review.statuses import find_remarks
from tdxwhy.review.tags import find_tags
from tdxwhy.review.threads import build_messages
from tdxwhy.review.versions import Code, patch_code, patch_text, patch_versions, unread
from tdxwhy.review.view import View
from tdxwhy.source.diff import holds_diff
from tdxwhy.source.nouns import FailingPath, PrintSite
from tdxwhy.source.tree import tree_files


def review(mails: Iterable[Mail], later: Iterable[Mail] = (), tree: Path | None = None) -> Review:
    """Review a thread.

    Promises are looked for in `later`, mails of later versions, which are not searched for remarks, and in a tree.
    """
    own = list(mails)
    messages = build_messages(own)
    view = View(messages)
    after = build_messages(list(later))
    posted = (*messages, *(m for m in after if m.mail.message_id not in view.by_id))
    found = _Found(view, posted, tree)
    for message in messages:
        found.take(message)
    return found.review(own, after)


class _Found:
    """Collects the remarks of one mail after the other."""

    def __init__(self, view: View, posted: Sequence[Message], tree: Path | None) -> None:
        self._view, self._mails, self._root, self._tree = view, posted, tree, tree is not None
        self._posted = Posted(posted)
        self._files = tree_files(str(tree)) if tree is not None else ()
        self._remarks = find_remarks(view, self._posted)
        if tree is not None:
            lines = TreeLines(tree)
            self._remarks = [one._replace(on=lines.find(one.on)) if one.on is not None else one for one in self._remarks]
        self._answers: dict[str, list[tuple[Remark, Response]]] = {}
        self._keeping = Keeping(view, self._posted, self._remarks)
        self._of_mail: dict[str, list[Remark]] = {}
        for remark in self._remarks:
            self._of_mail.setdefault(remark.evidence.place.message_id or "", []).append(remark)
            for response in remark.responses:
                self._answers.setdefault(response.evidence.place.message_id or "", []).append((remark, response))
        self._mailed: list[MailedMessage] = []
        self._questions: list[Question] = []
        self._requests: list[Request] = []
        self._preconditions: list[Precondition] = []
        self._commitments: list[Commitment] = []
        self._stances: list[Stance] = []
        self._tags: list[Tag] = []
        self._proposals: list[Proposal] = []
        self._codes: dict[str, Code] = {}
        self._code: list[tuple[str, PrintSite]] = []
        self._paths: list[tuple[str, FailingPath]] = []

    @cached_property
    def _printed(self) -> list[CodeMessage]:
        """Return what the patches at hand and the tree print; few threads speak of messages at all."""
        return [*patch_prints(self._mails), *(tree_prints(self._root) if self._root is not None else ())]

    def take(self, message: Message) -> None:
        """Take the remarks of one mail."""
        view = self._view
        later = self._posted.after(message)
        name = message.mail.message_id
        questions = find_questions(view, message)
        self._requests += find_requests(view, message, questions)
        questions += asked_without_mark(view, message, self._of_mail.get(name, ()), questions)
        self._questions += sorted(questions, key=lambda one: one.evidence.place.line or 0)
        self._preconditions += find_preconditions(view, message)
        self._proposals += find_proposals(view, message, later.patches)
        self._mailed += [one._replace(printed=like(one.evidence.quote, self._printed)) for one in find_mailed(view, message)]
        under: dict[int | None, list[tuple[Remark, Response]]] = {}
        for one in self._answers.get(name, ()):
            under.setdefault(view.quoted_above(message, one[1].evidence.place.line or 1), []).append(one)
        for commitment in find_commitments(view, message, self._answers.get(name, ())):
            wanted = self._wanted_above(message, commitment)
            if wanted is not None:
                searched = self._tree or (bool(later.patches) and commitment.helper is None)
                self._commitments.append(with_message(commitment, wanted, searched=searched))
            else:
                answers = under.get(view.quoted_above(message, commitment.evidence.place.line or 1), [])
                self._commitments.append(self._keeping.settle(Promised(message, commitment, answers, self._proposals)))
        self._stances += find_stances(view, message)
        self._tags += find_tags(view, message)
        if message.kind == "patch" or holds_diff(patch_text(message)):
            self._patch(message)

    def _wanted_above(self, message: Message, commitment: Commitment) -> MailedMessage | None:
        """Return the message asked for in the words that a promise stands under."""
        index = self._view.quoted_above(message, commitment.evidence.place.line or 1)
        quoted: set[str] = set()
        while index is not None and index >= 0 and message.lines[index].level:
            quoted.add(squeeze(message.lines[index].text))
            index -= 1
        return next((one for one in self._mailed if one.kind == "wanted" and squeeze(one.evidence.quote) in quoted), None)

    def _patch(self, message: Message) -> None:
        name = message.mail.message_id
        prints, paths = self._codes[name] = patch_code(message, self._files)
        if message.kind != "reply":  # what a reply's code prints is an offered message
            self._code += [(name, site) for site in prints if site.format]  # a bare WARN_ON() says nothing
        self._paths += [(name, path) for path in paths]

    def review(self, own: Sequence[Mail], after: Sequence[Message]) -> Review:
        """Return everything found."""
        view = self._view
        quotes = [quote for message in view.messages for quote in view.speakers.quotes(message)]
        later = View(after)
        patches = patch_versions(view, later, self._codes)
        between = Between(view, self._posted, later)
        return Review(
            messages=view.messages,
            quotes=tuple(quotes),
            remarks=tuple(self._remarks),
            questions=tuple(self._questions),
            requests=tuple(self._requests),
            preconditions=tuple(self._preconditions),
            commitments=tuple(self._commitments),
            stances=tuple(self._stances),
            tags=tuple(self._tags),
            proposals=tuple(self._proposals),
            init_messages=tuple(self._mailed),
            prints=tuple(self._code),
            failing_paths=tuple(self._paths),
            versions=tuple(dict.fromkeys(one.version for one in patches)),
            patches=patches,
            changes=between.changes(self._remarks, self._tags),
            silent=between.silent(self._questions),
            notes=(*(f"{mail.place.source}: {note}" for mail in own for note in mail.notes), *(unread() if self._codes else ())),
        )
