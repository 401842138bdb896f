"""A new rule from a skeleton: `python -m tdxwhy.check.skeleton TDX211 [DIR]`, or make rule ID=TDX211."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tdxwhy.check.catalogue import folder_of
from tdxwhy.errors import TdxwhyError, main_in_one_line
from tdxwhy.shipped import folder

# For each kind of rule an own rule that is short: its predicates and examples show what can be asked.
_MODELS = {"gate": "TDX001", "log": "TDX103", "patch": "TDX203", "thread": "TDX302", "replay": "TDX402", "outcome": "TDX501"}
_FIELDS = {
    "title": "the fault, in words that fit a list",
    "message": "what a finding says; {missing} stands for what is not there",
    "why": "Why it matters to whoever reads the message. Two sentences.\n",
    "fix": "What to do instead. One sentence.\n",
    "gaps": "What this rule cannot see.\n",
    "source": "a Message-ID, a commit, a section of a specification",
}


def skeleton(rule_id: str, kind: str) -> str:
    """Return the text of a new rule: the model's predicates and examples, and its prose to be written."""
    model = _MODELS[kind]
    text = (folder(f"rules/{kind}") / f"{model}.toml").read_text(encoding="utf-8")
    text = re.sub(r"^remedy = .*\n", "", text.replace(f'id = "{model}"', f'id = "{rule_id}"'), flags=re.MULTILINE)
    text = re.sub(r"^status = .*\n", "", text, flags=re.MULTILINE).replace('precision = "high"', 'precision = "medium"')
    for name, words in _FIELDS.items():
        written = f"{name} = '''\n{words}'''" if words.endswith("\n") else f'{name} = "{words}"'
        text = re.sub(rf"^{name} = (?:'''.*?'''|\".*?\"$|'.*?'$)", written, text, count=1, flags=re.MULTILINE | re.DOTALL)
    return text


def main() -> None:
    """Write the new rule file, and never over another."""
    rule_id, *rest = sys.argv[1:] or [""]
    if not re.fullmatch(r"TDX\d{3}", rule_id):
        raise TdxwhyError(f"{rule_id!r} is no rule id", "make rule ID=TDX211")
    kind = folder_of(rule_id) or "log"
    target = Path(rest[0]) if rest else folder(f"rules/{kind}")
    if not rest and folder_of(rule_id) is None:
        raise TdxwhyError(f"{rule_id} is of the users' own range", "name a folder: make rule ID=TDX901 DIR=my-rules")
    path = target / f"{rule_id}.toml"
    if path.exists():
        raise TdxwhyError(f"{path}: is there already")
    target.mkdir(parents=True, exist_ok=True)
    path.write_text(skeleton(rule_id, kind), encoding="utf-8")
    own = f"--rules {target} " if rest else ""
    sys.stdout.write(f"{path}\nthen: edit it, tdxwhy rules test {own}{rule_id}\n")


if __name__ == "__main__":
    main_in_one_line(main)
