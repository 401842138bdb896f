"""The levels of kernel messages by their number, as the catalogue and as dmesg, calls and prefixes spell them."""

LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
SHORT = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
