"""Forwards: what a kernel prints, returns and asks the module in a scenario."""

from __future__ import annotations

from tdxwhy.noun import NamedTuple
from tdxwhy.replay.conditions import CONDITIONS
from tdxwhy.replay.data import generation
from tdxwhy.replay.kernel import Kernel
from tdxwhy.replay.nouns import Failure, Printed
from tdxwhy.replay.platform import Platform, Traced
from tdxwhy.replay.scenario import Scenario
from tdxwhy.replay.steps import DOES


class Simulation(NamedTuple):
    """What came of a scenario: the lines, what every operation returned, every SEAMCALL, what failed, and the state at the end.

    The module `came_up` at some time, and is `lost` if a module update took it away.
    """

    lines: tuple[Printed, ...]
    returns: tuple[int, ...]
    trace: tuple[Traced, ...]
    failures: tuple[Failure, ...]
    state: dict[str, object]
    came_up: bool = False
    lost: bool = False


def simulate(scenario: Scenario) -> Simulation:
    """Run a scenario on its kernel generation."""
    machine = Platform(scenario)
    kernel = Kernel(generation(scenario.generation), machine, DOES, CONDITIONS)
    returns = tuple(kernel.ask(words) for words in scenario.operations)
    module = machine.module
    state: dict[str, object] = {
        "kernel": dict(sorted(kernel.state.items())),
        "module": module.state,
        "online": sorted(machine.online),
        "cpus_initialized": sorted(module.cpu_package),
        "packages_keyed": sorted(module.keyed),
    }
    end = kernel.state.get("module")
    outcome = end in ("initialized", "lost"), end == "lost"
    return Simulation(tuple(kernel.lines), returns, tuple(machine.trace), tuple(kernel.failures), state, *outcome)
