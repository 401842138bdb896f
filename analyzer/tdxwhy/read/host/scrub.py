"""Names that say whose machine a log is from, replaced by numbers: the same name becomes the same number everywhere."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable

_UUID = re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_MAC = re.compile(r"\b[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\b")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\w)")
# A public address looks like a version of four numbers: only a word before it, or a port or a prefix behind it, tells.
_CALLED = re.compile(r"(?i)(?:\b(?:ip|ipaddr|addr|address|inet|server|gateway|gw|from|to|peer|host|dns|nfs|via|src|dst)[ =:/]{1,4}|//|@)$")
_BEHIND = re.compile(r"(?::\d{1,5}|/\d{1,2})(?!\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:.])")
_MAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\b")
_SERIAL = re.compile(r"(?i)\b(serial ?(?:number|no\.?)?|service ?tag|asset ?tag)(\s{0,4}[:=#]\s{0,4})([\w.-]{3,64})")
_SET_HOST = re.compile(r"(?i)\b(hostname set to <|hostname[=:] ?|host=)([\w.-]{1,253})")
_NETWORK = re.compile(r"\b(ip|nfsroot|rd\.iscsi\.\w{1,24}|systemd\.hostname|ifname|bootdev|BOOTIF)=[^\s,]{1,256}")


PLURAL = {"MAC address": "MAC addresses", "IP address": "IP addresses", "mail address": "mail addresses"}
# What a bundle still tells, said where it is written.
LEFT = (
    "kept as they are: vendor, model and release of board, BIOS, CPU, kernel and programs; the kernel's lines with PCI addresses, names of "
    "disks, network interfaces and file systems, and the times; parameters of the command line other than those of the network; public IP "
    "addresses that nothing on their line calls so"
)


class Scrubber:
    """Replace host names, UUIDs, machine ids, MAC and IP addresses, mail addresses and serial numbers.

    `counts` says how many different names of each kind were replaced.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        named = {name for host in hosts for name in (host, host.split(".", 1)[0]) if len(name) > 1 and name != "localhost"}
        alternatives = "|".join(re.escape(name) for name in sorted(named, key=lambda name: (-len(name), name)))
        self._host = re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])") if alternatives else None
        self._numbers: dict[str, dict[str, int]] = {}

    def scrub(self, text: str) -> str:
        """Return the text without the names."""
        text = _SET_HOST.sub(lambda found: f"{found[1]}{self._name(found[2])}", text)
        text = _UUID.sub(lambda found: f"00000000-0000-4000-8000-{self._number('UUID', found[0]):012x}", text)
        text = _MAC.sub(lambda found: "00:00:5e:00:53:{:02x}".format(self._number("MAC address", found[0]) & 255), text)
        text = _ID.sub(lambda found: f"{self._number('machine id', found[0]):032x}", text)
        text = _SERIAL.sub(lambda found: f"{found[1]}{found[2]}S{self._number('serial number', found[3])}", text)
        text = _NETWORK.sub(lambda found: f"{found[1]}={self._name(found[0], 'network parameter', 'scrubbed')}", text)
        text = _MAIL.sub(lambda found: f"user{self._number('mail address', found[0])}@example.org", text)
        text = _IPV4.sub(self._ipv4, text)
        text = _IPV6.sub(self._ipv6, text)
        return self._host.sub(lambda found: self._name(found[0]), text) if self._host is not None else text

    @property
    def counts(self) -> Counter[str]:
        """Return how many different names of each kind were replaced."""
        return Counter({kind: len(known) for kind, known in sorted(self._numbers.items())})

    def _number(self, kind: str, name: str) -> int:
        known = self._numbers.setdefault(kind, {})
        return known.setdefault(name.lower(), len(known) + 1)

    def _name(self, name: str, kind: str = "host name", put: str = "host") -> str:
        self._number(kind, name)
        return put

    def _ipv4(self, found: re.Match[str]) -> str:
        try:
            address = ipaddress.IPv4Address(found[0])
        except ValueError:
            return found[0]
        called = _CALLED.search(found.string[max(0, found.start() - 16) : found.start()]) or _BEHIND.match(found.string, found.end())
        if address.is_loopback or address.is_unspecified or not (called or address.is_private):
            return found[0]
        return f"192.0.2.{self._number('IP address', found[0]) & 255}"

    def _ipv6(self, found: re.Match[str]) -> str:
        try:
            address = ipaddress.IPv6Address(found[0])
        except ValueError:
            return found[0]
        if address.is_loopback or address.is_unspecified:
            return found[0]
        return f"2001:db8::{self._number('IP address', found[0]):x}"
