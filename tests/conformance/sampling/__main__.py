"""Draws random calls of every operator and compares with PyTorch.

python -m tests.conformance.sampling --seed 1 --ops '^(add|sum)$' --each 200
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.conformance.sampling.run import counts


def main() -> int:
    """Runs what the command line asks for; 1 where a disagreement was found."""
    cli = argparse.ArgumentParser(prog="python -m tests.conformance.sampling", description=__doc__)
    cli.add_argument("--ops", default="", help="a regular expression over operator names")
    cli.add_argument("--each", type=int, default=28, help="calls of each operator")
    cli.add_argument("--seed", type=int, default=0)
    cli.add_argument("--processes", type=int, default=2)
    options = cli.parse_args()
    total = raised = wrong = operators = 0
    reasons: Counter[str] = Counter()
    natures: Counter[str] = Counter()
    for count in counts(
        per_operator=options.each, seed=options.seed, pattern=options.ops, processes=options.processes
    ):
        operators += 1
        total += count.compared
        raised += count.raised
        wrong += len(count.found)
        reasons.update(count.allowed)
        natures.update(count.natures)
        for call, found in count.found:
            print(f"{call[:300]}\n    {found[:300]}", flush=True)
    print(
        f"{operators} operators, {total} calls, {raised} of them raise in PyTorch; {wrong} disagree; "
        f"seed {options.seed}"
    )
    for nature, times in natures.most_common():
        print(f"  {times}: {nature}")
    for reason, times in reasons.most_common():
        print(f"  allowed {times}: {reason}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
