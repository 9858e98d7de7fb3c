"""`python -m mnist_lib`: the command line."""

import sys

from mnist_lib.cli import main

sys.exit(main())
