"""The command ``python -m tests.fuzz``."""

import sys

from tests.fuzz.many import main

# Processes that are started anew cannot import what is in this file.
sys.exit(main())
