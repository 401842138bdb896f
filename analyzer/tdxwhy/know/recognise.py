"""Records to events: the form of a line and its typed values, or what an unknown TDX line certainly contains."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping

from tdxwhy.hints import Any
from tdxwhy.know import decode
from tdxwhy.know.match import Matcher, match
from tdxwhy.know.stems import has_kernel_prefix, is_of_program, looks_like_tdx, may_look_like_tdx
from tdxwhy.know.truncated import TDX_KINDS, fit, nearest, resembles, same_words
from tdxwhy.lazy import lazy
from tdxwhy.memo import Memo
from tdxwhy.noun import NamedTuple
from tdxwhy.records import Event, LogRecord, MessageForm


class Guess(NamedTuple):
    """What a line of no known form comes to: its nearest form, or its form where only a person's hand parts it from one."""

    nearest: MessageForm | None
    values: dict[str, Any]
    form: MessageForm | None = None
    text: str | None = None
    by_shape: bool = False


# Builds an event in half the time of a call with defaults; a test compares the two.
_new = tuple.__new__
# Found forms by text. Lines repeat (two hundred CPUs print the same failure), and the same texts come in every boot.
_LIMIT, _LONGEST = 8192, 1024
_known = Memo[str, tuple[Matcher, dict[str, Any]]](_LIMIT)
_unknown = Memo[Hashable, "Guess | None"](_LIMIT)
# No kernel message is longer; hostile lines are not read to their end.
_READ = 4096
_NUMBER = lazy(r"(?<=0x)[0-9a-fA-F]+|[0-9][0-9a-fA-F]*(?!x)")
# What `partial.certain` reads: a number behind one of its words, a status with its error bit, an errno.
_WORDS = ("fail", "err", "stat", "ret", "rax", "rc", "code", "with", "leaf", "seam", "cpu", "pack", "pkg", "sock", "keyid", "modul", "vers")
_TELLING = lazy(rf"(?i:{'|'.join(_WORDS)})[a-zA-Z_]{{0,8}}[^\w-]{{0,12}}(?:is )?-?(?:0x)?[0-9][0-9a-fA-F]*")
_CODE = lazy(r"[89a-fA-F][0-9a-fA-F]{15}|-\d{1,3}\b")
# What the kernel only hands on: strings of programs and devices, which may say what they like.
_HANDED_ON = lazy(r'(?<=\w=)"[^"]*+"|(?<=^usb )[^ :]{1,40}+: (?:Product|Manufacturer|SerialNumber): .*')
# So many shapes of unknown lines are judged in a boot, and so many lines of each.
_SHAPES, _REPEATS = 1000, 32
# Kinds whose lines a TDX stem can belong to.
_SPEAKING = TDX_KINDS | {"fault"}
# A number at the tear may have lost digits.
_OF_NUMBERS = "-0123456789abcdefABCDEFx"


class Unjudged(NamedTuple):
    """Lines of one boot that no form matches and that were not looked at: there were enough like them. The first and the last of them."""

    lines: int
    first: LogRecord
    last: LogRecord


class Recogniser:
    """Recognises the lines of one boot, however many of them no form matches.

    Of lines that differ in numbers alone, and carry the same, the first _REPEATS are events; of others, those of the first _SHAPES shapes.
    """

    def __init__(self) -> None:
        self.unjudged: Unjudged | None = None
        self._seen: dict[Hashable, int] = {}

    def events(self, records: Iterable[LogRecord]) -> Iterator[Event]:
        """Yield what the records mean, as `recognise` does."""
        for record in records:
            event = recognise(record, self)
            if event is not None:
                yield event

    def takes(self, key: Hashable, record: LogRecord) -> bool:
        """Tell whether an unknown line is to be judged; count it."""
        count = self._seen.get(key, 0)
        if count < _REPEATS and (count or len(self._seen) < _SHAPES):
            self._seen[key] = count + 1
            return True
        before = self.unjudged
        self.unjudged = Unjudged(1, record, record) if before is None else Unjudged(before.lines + 1, before.first, record)
        return False


def recognise(record: LogRecord, boot: Recogniser | None = None) -> Event | None:
    """Return what the record means for TDX or the CPUs, or None if it has nothing to do with either or `boot` has enough like it.

    An event's values are shared between equal lines: do not change them.
    """
    text = record.text
    found = _known.get(text)
    if found is None:
        found = match(text)
        if found is None and "SEAMCALL" in text:
            from tdxwhy.know.edited import with_registers

            found = match(with_registers(text))
        if found is None or _says_too_little(found[0], text):
            return _partial(record, boot)
        found = (found[0], _complete(found[1]))
        if len(text) < _LONGEST:
            _known.keep(text, found)
    matcher, values = found
    forms = matcher.forms
    form = forms[0] if len(forms) == 1 else matcher.row(record.level)
    if record.cut and _may_be_short(matcher, record.cut):
        return _partial(record, boot) or Event(None, {}, record, "partial", form)
    return _new(Event, (form, values, record, "exact", None))


def _says_too_little(matcher: Matcher, text: str) -> bool:
    """Tell whether a form that takes any reason has swallowed a line that another form nearly is: torn, or without its full stop."""
    if not matcher.format.endswith(": %s") or matcher.forms[0].kind not in TDX_KINDS:
        return False
    other = fit(text, "tail")
    if other is not None and other.form.format != matcher.format:
        return True
    from tdxwhy.know.edited import has_words_of_another, touched

    return touched(text) is not None or has_words_of_another(matcher, text)


def _complete(values: dict[str, Any]) -> dict[str, Any]:
    """Add the numbers of a leaf and a status that are printed by name."""
    if "leaf_name" in values:
        number = decode.leaf_named(values["leaf_name"])
        if number is not None:
            values = {**values, "leaf": number}
    return values


def _may_be_short(matcher: Matcher, cut: str) -> bool:
    """Tell whether a torn line that matches can have lost part of its last or first field."""
    return (cut != "head" and matcher.format[-1:].isalpha() and "%" in matcher.format[-6:]) or (
        cut != "tail" and matcher.format.startswith("%")
    )


def _partial(record: LogRecord, boot: Recogniser | None) -> Event | None:
    text = record.text
    if '="' in text or text.startswith("usb "):
        text = _HANDED_ON.sub("", text)
    if not record.cut and (not may_look_like_tdx(text) or is_of_program(text, record.facility)):
        return None
    stamped = record.time_ns is not None or record.level is not None or record.wall is not None
    # What is torn, or has a form's own words, depends on each of its characters.
    key = (text, record.cut, stamped) if record.cut else (*_shape(text), stamped)
    if boot is not None and not boot.takes(key, record):
        return None
    found = _unknown[key] if key in _unknown else _judge(text, record.cut, stamped)
    if (record.cut or found is None or found.by_shape) and len(text) < _LONGEST:
        _unknown.keep(key, found)
    if found is None:
        return None
    read = record if found.text is None else record._replace(text=found.text)
    return Event(found.form, found.values, read, "partial", found.nearest)


def _shape(text: str) -> tuple[str, ...]:
    """Return a text without its numbers, and those numbers that say something whatever the wording."""
    read = text[:_READ]
    low = read.lower()
    telling = _TELLING.findall(read) if any(word in low for word in _WORDS) else ()
    return (_NUMBER.sub("0", read), *telling, *_CODE.findall(read))


def _judge(text: str, cut: str, stamped: bool) -> Guess | None:
    """Judge a text that no form matches: torn, worded otherwise, or nothing to do with TDX."""
    text = text[:_READ]
    tdx = looks_like_tdx(text)
    if not tdx and not cut:
        return None
    from tdxwhy.know.edited import touched, with_digits, without_lead
    from tdxwhy.know.own_sentence import own_sentence
    from tdxwhy.know.partial import certain  # most logs never need its expressions

    if not cut and (own := own_sentence(text)) is not None:
        status = certain(text).get("status")
        return Guess(None, own if status is None else {"status": status} | own, None)
    if not cut and (stamped or has_kernel_prefix(without_lead(text))) and (hand := touched(text)) is not None:
        return Guess(None, _complete({**_status_behind(text, hand.text), **hand.values}), hand.matcher.forms[0], hand.text)

    text = with_digits(text)
    whole = text.rstrip(_OF_NUMBERS) if cut in ("tail", "both") else text
    torn = fit(text, cut or "both")
    if torn is not None and (cut or torn.form.kind in _SPEAKING):
        values = _complete({**certain(whole), **torn.values, "outcome": torn.form.outcome})
        return Guess(torn.form, values, torn.form if torn.sure and torn.form.kind in TDX_KINDS else None)
    if not tdx or not (stamped or has_kernel_prefix(text)):
        return None
    values = certain(whole)
    return Guess(nearest(text, values), values, by_shape=True)


def _status_behind(text: str, line: str) -> dict[str, Any]:
    """Return the leaf and the status in a note behind a line, where both stand there: they are the line's own."""
    from tdxwhy.know.partial import certain

    note = certain(text.partition(line)[2])
    return {name: note[name] for name in ("leaf", "status")} if {"leaf", "status"} <= note.keys() else {}


def form_of(event: Event) -> MessageForm | None:
    """Return the form that a line has, be it with other commas and capitals."""
    if event.form is None and event.nearest is not None and same_words(event.record.text, event.nearest):
        return event.nearest
    return event.form


def leaf_of(form: MessageForm | None, values: Mapping[str, Any]) -> int | None:
    """Return the leaf that a line tells: the one that it shows, else, where it shows a status, the one that its form's step is."""
    leaf = values.get("leaf")
    if leaf is None and form is not None and form.step and isinstance(values.get("status"), int):
        leaf = decode.leaf_named(form.step)
    return leaf if isinstance(leaf, int) else None


def step_of(event: Event) -> str | None:
    """Return the initialisation step that an event speaks of: that of the leaf in its values, or its form's own.

    The step of the nearest form counts only where the line says nothing that the form does not say.
    """
    form = event.form or event.nearest
    leaf = event.values.get("leaf")
    step: str | None = event.values.get("step")
    if leaf is not None and step is None:
        step = decode.leaf_step(leaf)
    if step is None and form is not None and (event.form is not None or resembles(event.record.text, form)):
        step = form.step
    return step
