"""Every benchmark, one after the other.

python -m tests.bench [NAME ...]
"""

from __future__ import annotations

import os
import platform
import sys

from tests.bench import recording, round_trip

BENCHMARKS = {"round_trip": round_trip.main, "recording": recording.main}


def main() -> None:
    """Runs the named benchmarks, or all."""
    unknown = set(sys.argv[1:]) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"no benchmark named {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
