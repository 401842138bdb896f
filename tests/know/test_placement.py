"""The package of an offline CPU is inferred where the numbering leaves no choice, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.know.placement import place

N = None


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ([0, 0, 0, N], [0, 0, 0, 0]),  # one package
        ([0, 1, 0, N], [0, 1, 0, 1]),  # packages take turns
        ([0, 0, 0, 1, 1, N], [0, 0, 0, 1, 1, 1]),
        ([0, 4, N, 12, 0, 4, 8, 12], [0, 4, 8, 12, 0, 4, 8, 12]),  # threads numbered behind all cores
        ([0, 0, N, N, 2, 2], [0, 0, N, N, 2, 2]),  # a gap in the ids proves nothing
        ([0, 1, N, 3, 0, 1, N, 3], [0, 1, N, 3, 0, 1, N, 3]),
        ([0, 0, 1, 1, 2, 2, N, N], [0, 0, 1, 1, 2, 2, N, N]),
        ([0, 0, N, N], [0, 0, N, N]),  # one package of four or two of two
        ([0, N], [0, N]),
        ([N, N], [N, N]),
        ([5, 5, N, N, 9, 9], [5, 5, N, N, 9, 9]),  # any id may be missing
    ],
)
def test_place(stated: list[int | None], expected: list[int | None]) -> None:
    assert [where.package for where in place(stated)] == expected


@pytest.mark.parametrize(
    ("stated", "count", "expected"),
    [
        ([0, 0, N, N, 2, 2], 3, [0, 0, 1, 1, 2, 2]),
        ([0, 1, N, 3, 0, 1, N, 3], 4, [0, 1, 2, 3, 0, 1, 2, 3]),
        ([0, 0, 1, 1, 2, 2, N, N], 4, [0, 0, 1, 1, 2, 2, 3, 3]),
        ([0, 0, N, N, 2, 2], 2, [0, 0, 0, 2, 2, 2]),  # two packages of three, with ids 0 and 2
        ([0, 0, N, N], 1, [0, 0, 0, 0]),
        ([3, 3, 0, 0, N, N, 1, 1], 4, [3, 3, 0, 0, N, N, 1, 1]),  # in no order: any id may be missing
        ([1, 1, 2, 2, N, N], 3, [1, 1, 2, 2, N, N]),
    ],
)
def test_the_count_of_packages_settles_what_is_open(stated: list[int | None], count: int, expected: list[int | None]) -> None:
    assert [where.package for where in place(stated, count)] == expected


def test_the_cpus_of_a_package_without_an_id_are_kept_together() -> None:
    assert [where.group for where in place([0, 0, N, N], 2)][2:] == [1, 1]


def test_how_it_is_known() -> None:
    assert [where.known for where in place([0, 0, N, N, 2, 2], 3)] == ["stated", "stated", "inferred", "inferred", "stated", "stated"]


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 2), st.data())
def test_what_is_inferred_is_right_on_every_regular_machine(packages: int, block: int, turns: int, data: st.DataObject) -> None:
    truth = [package for _ in range(turns) for package in range(packages) for _ in range(block)]
    offline = data.draw(st.sets(st.integers(1, len(truth)), max_size=len(truth)))
    stated = [None if cpu in offline else package for cpu, package in enumerate(truth)]
    for count in (packages, None):
        for where, package in zip(place(stated, count), truth, strict=True):
            assert where.package in (None, package)


def test_one_package_left_proves_nothing_about_the_others() -> None:
    assert [where.package for where in place([0, N, N])] == [0, N, N]
    assert [where.package for where in place([0, 0, N, N, N, N])] == [0, 0, N, N, N, N]
