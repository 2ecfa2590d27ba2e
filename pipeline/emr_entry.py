"""What EMR's Spark starts: the finlake command line in the driver. Packed as entry.py by `make emr-package`."""

from __future__ import annotations

import sys

from pipeline.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
