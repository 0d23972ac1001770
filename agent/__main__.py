"""`python -m agent`: the same as `middlewatch-agent`."""

import sys

from agent.cli import main

sys.exit(main())
