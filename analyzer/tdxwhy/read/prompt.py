"""Prompts of shells, and the commands typed behind them."""

from __future__ import annotations

from tdxwhy.lazy import lazy
from tdxwhy.read.asked import LONG, TOOLS, question_on

# Accepted form: a prompt of a shell and the command behind it: $ df, # wc -c, [root@h ~]# cat x, me@h:~$ cat x, h:~ # dmesg, h $ lscpu.
_PROMPT = lazy(
    r"(?:\[[^\]\n]{1,80}\] ?[#$]|[\w.-]{1,64}@[\w.-]{1,64}[^$#%>\n]{0,100}[$#%>]|(?:[\w.:~/-]{1,64} ?)?[$%❯➜»]"
    r"|(?:[\w.-]{1,64}[:~/][\w.:~/-]{0,64} ?|)#)"
    r" {1,4}(?P<command>(?:[a-z./~(\"'][\w./+-]{0,80})(?:\s.*|$)|[a-z]\S{0,200}[;|].*)"
)
# Accepted form: any other prompt, [h] ~ % sudo dmesg, h # lscpu, (venv) h> cat x, before a command that is one.
_LOOSE_PROMPT = lazy(
    r"(?:[\[(][^\])\n]{1,60}[\])] ?)?(?:(?:[\w.:~/@-]{1,64} ?){0,2}[$#%❯➜»]|(?:[\w.:~/@-]{1,64} ?){1,2}>) {1,4}"
    r"(?P<command>(?:sudo )?"
    rf"(?:\.{{0,2}}/\S|(?:for|while) \w|(?:{TOOLS}|virt-\w{{1,32}}|qemu[\w.-]{{0,64}}+(?!:))(?=\s|$)).*)"
)
_EMPTY_PROMPT = lazy(r"(?:\[[^\]\n]{1,80}\] ?[#$]|[\w.-]{1,64}@[\w.-]{1,64}[^$#%>\n]{0,100}[$#%>])")
# Accepted form: a command without a prompt that is longer than a question.
_TYPED = lazy(
    r"(?P<command>(?:sudo )?(?:dmesg|journalctl|cat|grep|lscpu|rdmsr|uname|virsh|systemctl|qemu-system-x86_64|qemu-kvm)"
    r"(?: +[-\w./=|\"':,$(){}*\\]{1,200}){1,40})"
)


def command_of(text: str) -> str:
    """Return the command that was typed on a line, or an empty text.

    >>> command_of("[root@h ~]# dmesg | grep -i tdx"), command_of("virt/tdx: module initialized")
    ('dmesg | grep -i tdx', '')
    """
    stripped = text.strip()
    if not stripped:
        return ""
    if stripped.startswith("##"):
        return question_on(stripped)
    found = (
        _PROMPT.fullmatch(stripped) or _LOOSE_PROMPT.fullmatch(stripped) or (_TYPED.fullmatch(stripped) if len(stripped) > LONG else None)
    )
    return found["command"] if found is not None else question_on(stripped)


def is_empty(text: str) -> bool:
    """Tell whether a line is a prompt behind which nothing was typed."""
    stripped = text.strip()
    return bool(stripped) and _EMPTY_PROMPT.fullmatch(stripped) is not None
