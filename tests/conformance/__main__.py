"""Measures how much of PyTorch's differentiable operator set telegrad reproduces.

    python -m tests.conformance                       # both orders, against the known gaps
    python -m tests.conformance --mode grad --ops '^(add|matmul)$' --verbose
    python -m tests.conformance --seed 1              # other samples
    python -m tests.conformance --place standalone    # against a server, started for it
    python -m tests.conformance --write-gaps          # the gaps found become the known ones

Exit status 1: something that should pass fails, or a known gap passes.
"""

from __future__ import annotations

import argparse
import sys

from tests.conformance import gaps
from tests.conformance.run import PROCESSES, collect, scores, summary
from tests.conformance.scoring import MODES, Mode
from tests.places import serving


def main() -> int:
    """Runs what the command line asks for; the exit status."""
    cli = argparse.ArgumentParser(
        prog="python -m tests.conformance", description="Compares telegrad with PyTorch on PyTorch's samples."
    )
    cli.add_argument("--module", default="telegrad", help="module under test (torch: checks the suite)")
    cli.add_argument("--ops", default="", help="a regular expression over operator names")
    cli.add_argument("--mode", choices=MODES, help="one order only (default: both)")
    cli.add_argument("--seed", type=int, default=0, help="of PyTorch's samples (default: 0)")
    cli.add_argument("--address", default="embedded", help="where telegrad computes, host:port")
    cli.add_argument("--place", choices=("embedded", "standalone"), help="standalone: start a server for it")
    cli.add_argument("--processes", type=int, default=PROCESSES)
    cli.add_argument("--verbose", action="store_true", help="tell the known gaps, too")
    cli.add_argument("--write-gaps", action="store_true", help="make the gaps found the known ones")
    options = cli.parse_args()
    if options.write_gaps and (options.ops or options.module != "telegrad" or options.seed):
        cli.error("--write-gaps wants all operators of telegrad, and seed 0")
    if options.place != "standalone":
        return run(options)
    with serving() as (address, _):
        options.address = address
        return run(options)


def run(options: argparse.Namespace) -> int:
    """Scores, compares with the known gaps and tells; 1 where they differ."""
    written: dict[Mode, gaps.Gaps] = {}
    drifted = False
    where = {"processes": options.processes, "seed": options.seed, "address": options.address}
    for mode in [options.mode] if options.mode else MODES:
        found, seconds = collect(mode, module=options.module, pattern=options.ops, **where)
        if options.verbose:
            for result in found:
                if result.state != "passed":
                    count = f"{result.passed}/{result.samples}"
                    print(f"{result.state:8} {result.variant:48} {count} {result.failure}")
        known = gaps.read(mode) if options.module == "telegrad" else {}
        around = [s.variant for s in found if s.variant in known and known[s.variant].entry]
        entries = list(scores(mode, module=options.module, entries=around, **where)) if around else []
        drift = gaps.drift(found, known, entries=entries, whole=not options.ops, exact=not options.seed)
        if options.write_gaps:
            written[mode] = gaps.gaps_of(found)
        elif drift:
            drifted = True
            print("\n".join(drift.lines()))
        print(summary(found, mode, seconds))
        if entries:
            passed = sum(s.state == "passed" for s in entries)
            print(f"of the gaps {passed} of {len(entries)} pass in the form that PyTorch's table has them in")
        sys.stdout.flush()
    if options.write_gaps:
        gaps.write(written)
    return int(drifted)


if __name__ == "__main__":
    sys.exit(main())
