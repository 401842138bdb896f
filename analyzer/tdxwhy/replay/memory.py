"""Memory as the kernel cuts it for TDX: regions, TDMRs, PAMTs, reserved areas; and a first-fit page allocator to place PAMTs."""

from __future__ import annotations

from collections.abc import Sequence

from tdxwhy.noun import NamedTuple

PAGE_SIZES = (1 << 12, 1 << 21, 1 << 30)
PAGE = 1 << 12
# Instead of an entry size: a bit for each page.
BITMAP = -1


class Region(NamedTuple):
    """A piece of memory of one NUMA node."""

    start: int
    end: int
    node: int


class Area(NamedTuple):
    """A range [start, end)."""

    start: int
    end: int


class Tdmr(NamedTuple):
    """A TDMR with its PAMT (4K, 2M and 1G parts in one piece) and its reserved areas."""

    base: int
    size: int
    pamt: tuple[Area, ...] = ()
    reserved: tuple[Area, ...] = ()

    @property
    def end(self) -> int:
        """Return the address after the TDMR."""
        return self.base + self.size

    @property
    def pamt_area(self) -> Area:
        """Return the PAMT as one range, as the kernel allocated it."""
        return Area(self.pamt[0].start, self.pamt[-1].end)


class LimitReached(Exception):  # noqa: N818 - a limit, not an error of ours
    """A limit of the module was reached; `base` and `end` name the TDMR if it was one TDMR's."""

    def __init__(self, base: int = 0, end: int = 0) -> None:
        super().__init__()
        self.base = base
        self.end = end


def up(value: int, step: int) -> int:
    """Round up to a multiple of `step`."""
    return (value + step - 1) // step * step


def regions(memory: Sequence[tuple[int, int, int]], low: int) -> tuple[Region, ...]:
    """Return the memory that the kernel gives to TDX: all above the first MiB, in whole pages."""
    whole = (Region(max(up(start, PAGE), low), end // PAGE * PAGE, node) for start, end, node in memory)
    return tuple(region for region in whole if region.start < region.end)


def fill_tdmrs(memory: Sequence[Region], alignment: int, limit: int) -> list[Tdmr]:
    """Cover the regions with TDMRs, one for each unless the last one covers it already; raise LimitReached."""
    tdmrs: list[Tdmr] = []
    for region in memory:
        start, end = region.start // alignment * alignment, up(region.end, alignment)
        if tdmrs:
            last = tdmrs[-1]
            if end <= last.end:
                continue
            start = max(start, last.end)
        if len(tdmrs) >= limit:
            raise LimitReached
        tdmrs.append(Tdmr(start, end - start))
    return tdmrs


def pamt_sizes(tdmr: Tdmr, entry_sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes of the three PAMTs of a TDMR, in whole pages."""
    sized = ((tdmr.size // page, entry) for page, entry in zip(PAGE_SIZES, entry_sizes, strict=True))
    return tuple(up(pages // 8 if entry == BITMAP else pages * entry, PAGE) for pages, entry in sized)


def node_of(tdmr: Tdmr, memory: Sequence[Region]) -> int:
    """Return the node of the first region that ends after the TDMR begins."""
    return next((region.node for region in memory if region.end > tdmr.base), 0)


class Allocator:
    """A first-fit allocator of contiguous memory inside the ranges of a node."""

    def __init__(self, memory: Sequence[tuple[int, int, int]], floor: int, step: int) -> None:
        self._memory = memory
        self._floor = floor
        self._step = step
        self._taken: list[Area] = []

    def allocate(self, size: int, node: int) -> Area | None:
        """Return the first free place of that size on the node, or None."""
        for start, end, owner in self._memory:
            if owner != node:
                continue
            place = self._first(up(max(start, self._floor), self._step), end, size)
            if place is not None:
                self._taken.append(Area(place, place + size))
                return self._taken[-1]
        return None

    def _first(self, place: int, end: int, size: int) -> int | None:
        while place + size <= end:
            clash = max((taken.end for taken in self._taken if taken.start < place + size and place < taken.end), default=0)
            if not clash:
                return place
            place = max(place + self._step, up(clash, self._step))
        return None

    def free(self, tdmrs: Sequence[Tdmr]) -> None:
        """Give the PAMTs of these TDMRs back."""
        gone = {tdmr.pamt_area for tdmr in tdmrs if tdmr.pamt}
        self._taken = [area for area in self._taken if area not in gone]


def with_pamt(tdmr: Tdmr, area: Area, entry_sizes: Sequence[int]) -> Tdmr:
    """Return the TDMR with its PAMT placed in `area`."""
    parts, place = [], area.start
    for size in pamt_sizes(tdmr, entry_sizes):
        parts.append(Area(place, place + size))
        place += size
    return tdmr._replace(pamt=tuple(parts))


def reserve(tdmr: Tdmr, memory: Sequence[Region], tdmrs: Sequence[Tdmr], limit: int) -> Tdmr:
    """Return the TDMR with its holes and everybody's PAMTs reserved; raise LimitReached when the areas are used up."""
    areas = _holes(tdmr, memory) + _pamts(tdmr, tdmrs)
    if len(areas) > limit:
        raise LimitReached(tdmr.base, tdmr.end)
    return tdmr._replace(reserved=tuple(sorted(areas)))


def _holes(tdmr: Tdmr, memory: Sequence[Region]) -> list[Area]:
    areas, last = [], tdmr.base
    for region in memory:
        if region.start >= tdmr.end:
            break
        if region.end < tdmr.base:
            continue
        if region.start > last:
            areas.append(Area(last, region.start))
        last = region.end
    if last < tdmr.end:
        areas.append(Area(last, tdmr.end))
    return areas


def _pamts(tdmr: Tdmr, tdmrs: Sequence[Tdmr]) -> list[Area]:
    inside = (Area(max(one.pamt_area.start, tdmr.base), min(one.pamt_area.end, tdmr.end)) for one in tdmrs)
    return [area for area in inside if area.start < area.end]


def refusal(tdmrs: Sequence[Tdmr], cmrs: Sequence[tuple[int, int]]) -> int | None:
    """Return the status with which TDH.SYS.CONFIG refuses these TDMRs, or None: PAMTs first (1G, 2M, 4K), then the memory itself."""
    convertible = _merged(cmrs)
    for index, tdmr in enumerate(tdmrs):
        for level in (2, 1, 0):
            if not _inside(tdmr.pamt[level], convertible):
                return 0xC0000A11_00000000 | level << 8 | index
        last = tdmr.base
        for area in (*tdmr.reserved, Area(tdmr.end, tdmr.end)):
            if last < area.start and not _inside(Area(last, area.start), convertible):
                return 0xC0000A02_00000000 | index
            last = max(last, area.end)
    return None


def _merged(cmrs: Sequence[tuple[int, int]]) -> list[Area]:
    merged: list[Area] = []
    for start, size in sorted(cmrs):
        if merged and start <= merged[-1].end:
            merged[-1] = Area(merged[-1].start, max(merged[-1].end, start + size))
        else:
            merged.append(Area(start, start + size))
    return merged


def _inside(area: Area, ranges: Sequence[Area]) -> bool:
    return any(one.start <= area.start and area.end <= one.end for one in ranges)
