"""What a person asked a machine, in whatever form it was pasted: a question above its answer, or both on one line.

A question is a command, or the name of a file whose content is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple

# No question is longer, and no line with both says more than this.
LONG, _LINE, _MOST = 240, 512, 8
_ANSWER, _BEHIND_BLANK = 400, 12
_PATH = r"[\w.@~+-]{0,100}(?:/[\w.@~+-]{1,100}){0,8}/?(?<![\w.-])(?:sys|proc|etc|dev|boot)(?:/[\w.@~+,*{}-]{1,100}){1,10}"
TOOLS = (
    r"cat|zcat|echo|z?[ef]?grep|rg|ls|lscpu|lsmod|lspci|modinfo|modprobe|rdmsr|uname|virsh|libvirtd|virt-host-validate|systemctl|service|systool|sysctl|"
    r"hostnamectl|systemd-detect-virt|qemu-system-x86_64|qemu-kvm|dmesg|journalctl|kubectl|crictl|docker|podman|ctr|ss|netstat|lsof|head|tail|"
    r"more|less|bat|wc|stat|rpm|dpkg|dpkg-query|apt|apt-cache|dnf|yum|zypper|pacman|dmidecode|ps|pgrep|find|free|strings|mpa_manage|cpuid|numactl|"
    r"getconf|ssh|ansible|awk|sed|xxd|hexdump|od|curl|cloud-hypervisor|kata-runtime|pccsadmin|tee|insmod|chcpu|kexec|kdumpctl|mkdir|cp|dd|df|cd"
)
_TOOL = lazy(rf"(?:(?:sudo|doas|time|env) (?:-\w{{1,8}} ){{0,2}})?(?:/[\w./-]{{1,80}}/)?(?:{TOOLS})(?: |$)")
# Those that people run without a word behind them.
_ALONE = lazy(r"(?:sudo )?(?:lscpu|lsmod|lspci|dmesg|uname|hostnamectl|systemd-detect-virt|dmidecode|journalctl)")
_FILE = lazy(_PATH)
_BESIDE = lazy(rf"\s{{0,8}}(?P<file>{_PATH})\s{{1,40}}(?P<value>[^\s/]\S{{0,80}})\s{{0,8}}")
# A word of a command is no word of a sentence.
_OF_COMMAND = lazy(r"[-/|=$\"'._0-9*<>{}\[\]]")
_OF_SENTENCE = lazy(
    r"(?i)(?:the|an?|is|are|was|were|it|its|this|that|which|says?|shows?|gives?|prints?|returns?|reads?|not|no|nothing|for|of|on|and|or|but|with|to|"
    r"by|from|does|do|works?|fails?|i|we|you|my|me|still|also|only|now|then|should|must|can|will|if|output|command|log|file)[,.:;!?]?"
)
_NAMED_WORDS = lazy(r"(?:sudo )?(?:virsh|systemctl|service|kubectl|docker|podman|dpkg|lscpu|lsmod|rpm|dmesg|virt-host-validate)\b")
# Accepted form: what marks a heading, counts it, or says that an answer follows: "### 2. Output of `uname -r`:", "==> /proc/cmdline <==".
_BEFORE = lazy(
    r"[\s#=*>`~+•|:\[-]{0,16}(?:\d{1,3}[.)] {1,4})?"
    r"(?:(?i:(?:the )?(?:outputs?|contents?|results?|values?) (?:of|from)):? {1,4})?[`*\"'“]{0,3}"
)
_AFTER = lazy(
    r"[`*\"'”]{0,3}(?:\s{0,4}(?:<?[=~#*-]{2,8}>?|→|->|=>)|\s{1,4}(?i:contains|says|gives|prints|shows|outputs?|reads|returns|is|ist|zeigt|liefert))?"
    r"[\s`*:\]]{0,8}$"
)
_SAYS = lazy(
    r"(?i)[`\"'*“”]{0,3}(?:\s{0,4}(?:->|→|=>|⇒|[=:|\t]|：)\s{0,4}|\s(?:-{1,2}|–|—|\#)\s{1,4}"
    r"|(?:,? (?:it|which|that|just|only|still|now|here|always)){0,2} "
    r"(?:is|are|says?|said|reads?|gives?|gave|returns?|returned|shows?|showed|prints?|printed|outputs?|contains?|holds?|reports?|answers?|"
    r"ist|sagt|zeigt|liefert|ergibt|gibt|meldet|enthält|est|donne|renvoie|affiche|indique|es|dice|devuelve|muestra|"
    r"показывает|выдаёт|выдает|возвращает|返回|显示|输出|是)\s{1,4}|\s?(?:返回|显示|输出|是|は|が)\s?)[`\"'*“”]{0,3}"
)
_QUOTED = lazy(r"[`\"“]([^`\"“”\n]{2,240})$")
_STARTS = lazy(rf"(?:(?<![\w./-])(?:sudo )?(?:{TOOLS})(?= |$)|{_PATH}$)")
# What may be so, or ought to be, was not seen.
_MAY_BE = lazy(
    r"(?i)\b(?:if(?! (?:i|we) )|should|must|unless|whether|until|expect\w*|ought|would|needs? to|wenn|falls|sollte|muss|doit|debe)\b"
    r"|если|должн|应该|必须"
)
_NOTHING = lazy(
    r"(?i)[\s<(\[`\"']{0,4}(?:nothing(?: at all)?|(?:is )?empty|no(?:thing)? output|(?<=[<(\[])none|no lines?|no match(?:es)?|nichts|leer|"
    r"keine ausgabe|rien|vide|nada|vac[ií]o|ничего|пусто|无输出|没有输出|空|なし)[\s>)\]`\"'.,;!]{0,4}"
)
# What a tool that runs a command elsewhere puts above its answer.
_ELSEWHERE = lazy(r"[\w.@-]{1,64} \| (?:CHANGED|SUCCESS|FAILED)!? \| rc=\d{1,3} >>|Creating debugging pod \S{1,200} .{0,200}")
_HINT = lazy(rf"/(?:sys|proc|etc|dev|boot)/|\b(?:{TOOLS})\b|systemd-detect-virt")


class AnswerTold(NamedTuple):
    """A question with its answer, as one line tells both."""

    question: str
    answer: str


def question_on(text: str) -> str:
    """Return the question that a line is, in whatever ornament; an empty text for any other line.

    >>> question_on("### Output of `cat /proc/cmdline`:"), question_on("==> /proc/cmdline <=="), question_on("cat is not there")
    ('cat /proc/cmdline', '/proc/cmdline', '')
    """
    if len(text) > LONG or _HINT.search(text) is None:
        return ""
    start = _BEFORE.match(text)
    bare = text[start.end() :] if start is not None else text
    end = _AFTER.search(bare)
    bare = (bare[: end.start()] if end is not None else bare).strip()
    return bare if _is_question(bare) else ""


def _is_question(text: str) -> bool:
    if _FILE.fullmatch(text):
        return True
    if not _TOOL.match(text) or text.endswith((".", "?", "!")):
        return False
    words = text.split()[1:]
    if not words or _ALONE.fullmatch(text):
        return _ALONE.fullmatch(text) is not None
    if any(_OF_SENTENCE.fullmatch(word) for word in words):
        return False
    return any(_OF_COMMAND.search(word) for word in words) or (len(words) <= 3 and _NAMED_WORDS.match(text) is not None)


def told(text: str) -> Iterator[AnswerTold]:
    """Yield the questions that a line both asks and answers; the answer as it stands there, and its first word.

    >>> list(told("`cat /sys/module/kvm_intel/parameters/tdx` says `N`"))
    [AnswerTold(question='cat /sys/module/kvm_intel/parameters/tdx', answer='N')]
    >>> [one.answer for one in told("/proc/sys/kernel/osrelease:6.17.8")], list(told("rdmsr 0x1401 should be 0"))
    (['6.17.8'], [])
    """
    text = text[:_LINE]
    if _HINT.search(text) is None:
        return
    beside = _BESIDE.fullmatch(text)
    if beside is not None:
        yield AnswerTold(beside["file"], beside["value"])
    for number, says in enumerate(_SAYS.finditer(text)):
        if number >= _MOST:
            return
        left = text[: says.start()]
        question = _asked_at_end(left, says[0])
        of_command = says[0] == "=" and " " in question  # modprobe kvm_intel tdx=1: a word of the command, and no answer
        if question and not of_command and not may_be(left):
            for answer in _answers(text[says.end() :]):
                yield AnswerTold(question, answer)


def is_nothing(text: str) -> bool:
    """Tell whether an answer is somebody's word for that there was none: (no output)."""
    return _NOTHING.fullmatch(text) is not None


def may_be(text: str) -> bool:
    """Tell whether what follows these words may be so, or ought to be, rather than was seen."""
    return _MAY_BE.search(text) is not None


def _asked_at_end(left: str, says: str) -> str:
    """Return the question with which a text ends, be it in quotes or not."""
    quoted = _QUOTED.search(left) if says[:1] in '`"“”' else None
    if quoted is not None:
        return quoted[1].strip() if _is_question(quoted[1].strip()) else ""
    starts = [found.start() for found in _STARTS.finditer(left[-LONG:])][:4]
    cut = len(left) - len(left[-LONG:])
    return next((piece for start in starts if _is_question(piece := left[cut + start :].rstrip(" ,*"))), "")


def _answers(right: str) -> Iterator[str]:
    for sign in '`"“':
        if sign in right and (not right.startswith(sign)):
            head = right.split("”" if sign == "“" else sign, 1)[0]
            if head and " " not in head:
                yield head
                return
    whole = right.strip(" |`\"'*.,;)”\\").strip()
    if whole:
        yield whole
        first = whole.split()[0].strip("`\"'*.,;()”")
        if first != whole:
            yield first


class Dialogue:
    """Say of each line of a paste which command it answers."""

    def __init__(self) -> None:
        self._command = ""
        self._left = 0
        self._fenced = self._inside = self._waits = False
        self._said = False

    def asks(self, command: str) -> None:
        """Take a question, or a prompt without one."""
        self._command, self._left = command, _ANSWER
        self._inside, self._waits, self._said = self._fenced, False, False

    def fence(self) -> None:
        """Take a line that opens or closes a block of code: an answer may begin there, or in the block behind the one that asks."""
        self._fenced = not self._fenced
        self._waits = self._fenced or self._inside
        if self._said or not (self._fenced or self._inside):
            self._command = ""

    def blank(self) -> None:
        """Take an empty line, behind which an answer is short."""
        self._left = min(self._left, _BEHIND_BLANK)

    def answers(self, text: str) -> str:
        """Take any other line; return the command that it answers, "" where it answers none."""
        if self._command and self._waits and not self._fenced:
            self._command = ""
        self._left -= 1
        if _ELSEWHERE.fullmatch(text.strip()):
            return ""
        answered = self._command if self._left >= 0 else ""
        self._said = self._said or bool(answered)
        return answered
