"""Run the command line as `python -m tdxwhy`."""

import sys

from tdxwhy.cli import main

sys.exit(main())
