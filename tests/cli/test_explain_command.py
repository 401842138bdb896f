"""`tdxwhy explain`: whatever a report names has a page, and a name that is nearly right is answered with the right one."""

from __future__ import annotations

import pytest

from tdxwhy.check.catalogue import rules_of
from tdxwhy.cli import main
from tdxwhy.incident import tables as incidents
from tdxwhy.know import tables
from tdxwhy.know.decode import leaf_names, statuses


def names() -> list[str]:
    found = [*tables.steps(), *(one.id for one in tables.causes()), *(one.name for one in tables.parameters())]
    found += [one.id for one in (*tables.generations(), *tables.terms())] + [step.name for step in tables.firmware_steps()]
    found += [vendor.name for vendor in tables.firmware_vendors()] + [row.name for row in statuses()] + leaf_names()
    return [*found, *incidents.causes(), *(stage.id for stage in incidents.stages()), *(rule.id for rule in rules_of())]


def test_every_name_has_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    from tdxwhy.cli.pages import pages_on

    without = [name for name in names() if not pages_on(name)]
    assert not without
    assert main(["explain", "package-without-online-cpu", "keyids-exhausted", "kvm-load", "HKIDs", "SEAM loader", "tdx104", "0x2d"]) == 0
    assert "told apart by:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("release", "generation"),
    [
        ("6.12", "6.8"),
        ("6.12.48+deb13-amd64", "6.8"),
        ("6.8.0-1028-intel", "6.8"),
        ("6.17.0-5-generic", "6.16"),
        ("7.3.4-200.fc46.x86_64", "7.1"),
        ("6.12.0-124.8.1.el10_1.x86_64", "6.8"),
        ("6.18.9-arch1-1", "6.16"),
        ("6.16-rc3", "6.16"),
        ("v6.19", "6.16"),
        ("6.4.0-150600.23.38-default", "v8"),
        ("8.0.1", "7.1"),
    ],
)
def test_a_release_leads_to_its_generation(release: str, generation: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", release]) == 0
    assert f"\ngeneration {generation}\n" in "\n" + capsys.readouterr().out
    assert main(["forms", release]) == 0
    said = capsys.readouterr()
    assert main(["forms", generation]) == 0
    assert said.out == capsys.readouterr().out
    assert f"is taken for {generation}" in said.err
    assert main(["model", release]) == 0


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["expalin"], "explain"),
        (["explain", "pakage-without-online-cpu"], "package-without-online-cpu"),
        (["explain", "TDXX104"], "TDX104"),
        (["explain", "kyeids-exhausted"], "keyids-exhausted"),
        (["explain", "TDH.SYS.CONFG"], "TDH.SYS.CONFIG"),
        (["rule", "TDX1O4"], "TDX104"),
        (["model", "6.61"], "6.16"),
        (["decode", "TDX_SYS_NOT_REDY"], "TDX_SYS_NOT_READY"),
        (["ready", "--generation", "v8-as-postd"], "v8-as-posted"),
    ],
)
def test_did_you_mean(words: list[str], meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "did you mean" in (err := capsys.readouterr().err), err
    assert meant in err
