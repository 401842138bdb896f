"""`python -m tdxwhy.replay` proves all of rules/model; `make compile` does it first."""

import sys

from tdxwhy import toml
from tdxwhy.errors import main_in_one_line
from tdxwhy.replay import data


def main() -> None:
    """Read every file of the model as if it were new."""
    toml.forget()
    made = data.generations()
    data.module_data()
    data.platform_data()
    sys.stdout.write(f"{len(made)} generations, module and platform hold\n")


if __name__ == "__main__":
    main_in_one_line(main)
