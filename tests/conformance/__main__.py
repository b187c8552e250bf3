"""Measures how much of PyTorch's differentiable operator set telegrad reproduces.

    python -m tests.conformance                       # both orders, against the known gaps
    python -m tests.conformance --mode grad --ops '^(add|matmul)$' --verbose
    python -m tests.conformance --write-gaps          # the gaps found become the known ones

Exit status 1: something that should pass fails, or a known gap passes.
"""

from __future__ import annotations

import argparse
import sys

from tests.conformance import gaps
from tests.conformance.run import PROCESSES, collect, summary
from tests.conformance.scoring import MODES, Mode


def main() -> int:
    """Runs what the command line asks for; the exit status."""
    cli = argparse.ArgumentParser(
        prog="python -m tests.conformance", description="Compares telegrad with PyTorch on PyTorch's samples."
    )
    cli.add_argument("--module", default="telegrad", help="module under test (torch: checks the suite)")
    cli.add_argument("--ops", default="", help="a regular expression over operator names")
    cli.add_argument("--mode", choices=MODES, help="one order only (default: both)")
    cli.add_argument("--processes", type=int, default=PROCESSES)
    cli.add_argument("--verbose", action="store_true", help="tell the known gaps, too")
    cli.add_argument("--write-gaps", action="store_true", help="make the gaps found the known ones")
    options = cli.parse_args()
    if options.write_gaps and (options.ops or options.module != "telegrad"):
        cli.error("--write-gaps wants all operators of telegrad")

    written: dict[Mode, gaps.Gaps] = {}
    drifted = False
    for mode in [options.mode] if options.mode else MODES:
        found, seconds = collect(
            mode, module=options.module, pattern=options.ops, processes=options.processes
        )
        if options.verbose:
            for result in found:
                if result.state != "passed":
                    count = f"{result.passed}/{result.samples}"
                    print(f"{result.state:8} {result.variant:48} {count} {result.failure}")
        known = gaps.read(mode) if options.module == "telegrad" else {}
        drift = gaps.drift(found, known, whole=not options.ops)
        if options.write_gaps:
            written[mode] = gaps.gaps_of(found)
        elif drift:
            drifted = True
            print("\n".join(drift.lines()))
        print(summary(found, mode, seconds), flush=True)
    if options.write_gaps:
        gaps.write(written)
    return int(drifted)


if __name__ == "__main__":
    sys.exit(main())
