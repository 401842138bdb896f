"""Names that say whose machine a log is from, replaced by numbers: the same name becomes the same number everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable

_UUID = re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_MAC = re.compile(r"\b[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\b")
_SERIAL = re.compile(r"(?i)\b(serial ?(?:number|no\.?)?|service ?tag|asset ?tag)(\s{0,4}[:=#]\s{0,4})([\w.-]{3,64})")
_SET_HOST = re.compile(r"(?i)\b(hostname set to <|hostname[=:] ?|host=)([\w.-]{1,253})")
_NETWORK = re.compile(r"\b(ip|nfsroot|rd\.iscsi\.\w{1,24}|systemd\.hostname|ifname|bootdev|BOOTIF)=[^\s,]{1,256}")


class Scrubber:
    """Replace host names, UUIDs, machine ids, MAC addresses and serial numbers."""

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        named = {name for host in hosts for name in (host, host.split(".", 1)[0]) if len(name) > 1 and name != "localhost"}
        alternatives = "|".join(re.escape(name) for name in sorted(named, key=lambda name: (-len(name), name)))
        self._host = re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])") if alternatives else None
        self._numbers: dict[str, dict[str, int]] = {}

    def scrub(self, text: str) -> str:
        """Return the text without the names."""
        text = _SET_HOST.sub(lambda found: f"{found[1]}host", text)
        text = _UUID.sub(lambda found: f"00000000-0000-4000-8000-{self._number('uuid', found[0]):012x}", text)
        text = _MAC.sub(lambda found: "00:00:5e:00:53:{:02x}".format(self._number("mac", found[0]) & 255), text)
        text = _ID.sub(lambda found: f"{self._number('id', found[0]):032x}", text)
        text = _SERIAL.sub(lambda found: f"{found[1]}{found[2]}S{self._number('serial', found[3])}", text)
        text = _NETWORK.sub(lambda found: f"{found[1]}=scrubbed", text)
        return self._host.sub("host", text) if self._host is not None else text

    def _number(self, kind: str, name: str) -> int:
        known = self._numbers.setdefault(kind, {})
        return known.setdefault(name.lower(), len(known) + 1)
