"""Prompts of shells, and the commands typed behind them."""

from __future__ import annotations

from tdxwhy.lazy import lazy

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
    r"(?:\.{0,2}/\S|(?:for|while) \w|(?:dmesg|journalctl|cat|echo|grep|ls|lscpu|lsmod|modprobe|insmod|rdmsr|uname|virsh|virt-\w{1,32}|"
    r"systemctl|service|qemu[\w.-]{0,64}+(?!:)|chcpu|kubectl|ss|kexec|kdumpctl|head|tail|tee|cp|dd|xxd|wc|rpm|dpkg|apt|dnf|docker|mkdir|cd|dmidecode|ps|find|free|"
    r"df|strings)\b).*)"
)
_EMPTY_PROMPT = lazy(r"(?:\[[^\]\n]{1,80}\] ?[#$]|[\w.-]{1,64}@[\w.-]{1,64}[^$#%>\n]{0,100}[$#%>])")
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
    if not stripped or stripped.startswith("##"):
        return ""
    found = _PROMPT.fullmatch(stripped) or _TYPED.fullmatch(stripped) or _LOOSE_PROMPT.fullmatch(stripped)
    return found["command"] if found is not None else ""


def is_empty(text: str) -> bool:
    """Tell whether a line is a prompt behind which nothing was typed."""
    stripped = text.strip()
    return bool(stripped) and _EMPTY_PROMPT.fullmatch(stripped) is not None
