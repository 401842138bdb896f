"""The KeyIDs of guests: which are taken, by which TD, and which one the current operation is about."""

from __future__ import annotations


class KeyIds:
    """What the kernel knows of its guests' KeyIDs; a leaked one stays taken although no TD has it."""

    def __init__(self, guests: range) -> None:
        self.guests = guests
        self.taken: list[int] = []
        self.tds: list[int] = []
        self.current: int | None = None
        self.control_pages = 0
        self.pages = 0

    def take(self) -> int | None:
        """Take the lowest free KeyID, or return None if there is none."""
        self.current = next((number for number in self.guests if number not in self.taken), None)
        self.control_pages = 0
        if self.current is not None:
            self.taken.append(self.current)
        return self.current

    def give(self) -> None:
        """Give the current KeyID back."""
        if self.current in self.taken:
            self.taken.remove(self.current)
        self.current = None

    def live(self) -> None:
        """Note that the current KeyID's TD lives."""
        if self.current is not None:
            self.tds.append(self.current)

    def end(self) -> bool:
        """Turn to the last TD that lives, and tell whether there is one."""
        self.current = self.tds.pop() if self.tds else None
        return self.current is not None

    def page(self) -> int:
        """Return the number of the next page that a TD gets from the page allocator, from 1."""
        self.pages += 1
        return self.pages
