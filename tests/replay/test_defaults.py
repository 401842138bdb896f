"""What a scenario leaves unsaid: one package of two CPUs with two GiB, and memory that the kernel can use."""

from __future__ import annotations

import pytest

from tdxwhy.errors import TdxwhyError
from tdxwhy.replay.memory import PAGE, regions
from tdxwhy.replay.scenario import parse

MIB, GIB = 1 << 20, 1 << 30


def test_a_platform_that_says_nothing() -> None:
    made = parse({"generation": "6.16"})
    assert made.packages == (0, 0)
    assert made.memory == ((0x1000, 0x9F000, 0), (MIB, 0x7F000000, 0), (4 * GIB, 6 * GIB, 0))


@pytest.mark.parametrize(("packages", "each"), [(1, 1), (2, 2), (64, 1), (1, 1024)])
def test_packages_and_their_cpus(packages: int, each: int) -> None:
    made = parse({"generation": "6.16", "platform": {"packages": packages, "cpus_per_package": each}})
    assert made.packages == tuple(number // each for number in range(packages * each))
    assert [node for _, _, node in made.memory] == [0, 0, *range(packages)]


@pytest.mark.parametrize(
    "platform", [{"packages": 0}, {"packages": 65}, {"cpus_per_package": 0}, {"cpus_per_package": 1025}, {"packages": -1}]
)
def test_a_platform_that_no_model_holds(platform: dict[str, int]) -> None:
    with pytest.raises(TdxwhyError, match="1 to 64 packages of 1 to 1024 CPUs"):
        parse({"generation": "6.16", "platform": platform})


@pytest.mark.parametrize(("ids", "fits"), [([0, 63], True), ([0, 64], False), ([-1, 0], False), ([], False)])
def test_ids_of_packages(ids: list[int], fits: bool) -> None:
    wanted = {"generation": "6.16", "platform": {"cpu_to_package": ids}}
    if fits:
        assert parse(wanted).packages == tuple(ids)
    else:
        with pytest.raises(TdxwhyError, match="package ids from 0 to 63"):
            parse(wanted)


def test_regions_are_whole_pages_above_the_first_mib() -> None:
    memory = [
        (0x1000, 0x9F000, 0),
        (MIB, MIB + PAGE, 0),
        (4 * MIB, 4 * MIB, 1),
        (5 * MIB + 1, 5 * MIB + PAGE, 1),
        (8 * MIB + 1, 9 * MIB + 1, 2),
    ]
    assert [(one.start, one.end, one.node) for one in regions(memory, MIB)] == [(MIB, MIB + PAGE, 0), (8 * MIB + PAGE, 9 * MIB, 2)]
