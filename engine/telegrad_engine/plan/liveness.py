"""When an array is last used, so that it is dropped the moment after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def frees(
    reads: Sequence[Sequence[int]], writes: Sequence[Sequence[int]], kept: Iterable[int]
) -> list[tuple[int, ...]]:
    """For each step the slots to drop after it.

    Args:
        reads: slots that each step reads.
        writes: slots that each step writes.
        kept: slots that outlive the last step.
    """
    held = set(kept)
    result: list[tuple[int, ...]] = []
    for step in range(len(reads) - 1, -1, -1):
        touched = dict.fromkeys((*reads[step], *writes[step]))
        gone = tuple(slot for slot in touched if slot not in held)
        held.update(gone)
        result.append(gone)
    result.reverse()
    return result
