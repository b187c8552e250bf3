"""The known gaps: which variants do not pass, why, and what they say instead. One that changes is red."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.conformance.scoring import MODES, Mode, Score

FILE: Final = Path(__file__).with_name("known_gaps.toml")
HEAD: Final = """\
# Operator variants of PyTorch that telegrad does not pass, by order of differentiation.
#
# reason   Why. Written by a person; one that begins with "sample" is what the first failing sample said.
# error    What the first failing sample must raise: the exception's class and the beginning of its text, a
#          regular expression. "AssertionError: Not equal" means that nothing is raised and numbers differ.
# passed   How many of the samples pass nevertheless.
# entry    PyTorch's own table does not call the operator itself but a function around it, and the samples are
#          made for that. With telegrad in PyTorch's place it must pass.
#
# python -m tests.conformance --write-gaps writes what it finds. A gap that closes, or fails in another way,
# is red until it is taken out of here, or changed.
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """One variant that does not pass.

    Attributes:
        reason: why.
        error: a pattern of what the first failing sample says; "missing" where the operator is.
        passed: how many samples pass.
        entry: PyTorch's own way to call the operator passes.
    """

    reason: str
    error: str
    passed: int = 0
    entry: bool = False


Gaps = Mapping[str, Gap]


def read(mode: Mode, file: Path = FILE) -> Gaps:
    """The gaps of that mode, by variant."""
    if not file.exists():
        return {}
    table: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return {name: Gap(**entry) for name, entry in table.get(mode, {}).items()}


def gaps_of(scores: Iterable[Score]) -> dict[str, Gap]:
    """What a run's gaps are, each with what it said as reason and as pattern."""
    return {s.variant: _gap(s) for s in scores if s.state != "passed"}


def _gap(score: Score) -> Gap:
    said = score.failure or score.state
    kind, _, text = said.partition(": ")[2].partition(": ")
    # What follows the first words are numbers, which differ from run to run.
    words = " ".join(text.split()[:6])
    return Gap(said, re.escape(f"{kind}: {words}").replace("\\ ", " ") if kind else said, score.passed)


def with_written_reasons(found: Gaps, before: Gaps) -> dict[str, Gap]:
    """The gaps found; where a person had written the reason before, with that reason."""
    kept = {
        name: gap
        for name, gap in before.items()
        if gap.reason != "missing" and not gap.reason.startswith("sample")
    }
    return {
        name: Gap(kept[name].reason, gap.error, gap.passed, kept[name].entry) if name in kept else gap
        for name, gap in found.items()
    }


def write(found: Mapping[Mode, Gaps], file: Path = FILE) -> None:
    """Replaces the gaps of the given modes; the others stay."""
    parts = [HEAD]
    for mode in MODES:
        before = read(mode, file)
        gaps = with_written_reasons(found[mode], before) if mode in found else before
        for name, gap in sorted(gaps.items()):
            parts.append(f"\n[{mode}.{quoted(name)}]\nreason = {quoted(gap.reason)}\n")
            parts.append(f"error = {quoted(gap.error)}\npassed = {gap.passed}\n")
            if gap.entry:
                parts.append("entry = true\n")
    file.write_text("".join(parts), encoding="utf-8")


def quoted(text: str) -> str:
    """The text as a basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


@dataclass(frozen=True, slots=True)
class Drift:
    """How a run differs from the known gaps.

    Attributes:
        broken: variants that should pass and do not, with what they said.
        closed: known gaps that pass.
        changed: known gaps that fail in another way than they should, with what they said.
        unknown: known gaps that PyTorch has no variant for.
    """

    broken: Mapping[str, str]
    closed: tuple[str, ...]
    changed: Mapping[str, str]
    unknown: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.broken or self.closed or self.changed or self.unknown)

    def lines(self) -> list[str]:
        """One line a difference, for people."""
        return [
            *(f"broken   {name:48} {said}" for name, said in self.broken.items()),
            *(f"closed   {name:48} passes now: take it out of {FILE.name}" for name in self.closed),
            *(f"changed  {name:48} {said}" for name, said in self.changed.items()),
            *(f"unknown  {name:48} is no variant: take it out of {FILE.name}" for name in self.unknown),
        ]


def drift(
    scores: Iterable[Score],
    known: Gaps,
    *,
    entries: Iterable[Score] = (),
    whole: bool = True,
    exact: bool = True,
) -> Drift:
    """What changed against the known gaps.

    Args:
        scores: a run's.
        known: the gaps of its mode.
        entries: the scores of those that have an entry of PyTorch's own, called that way.
        whole: whether the run was over all variants, so that a gap without a score is unknown.
        exact: whether the samples are those that the numbers of passing ones are of.
    """
    states = {s.variant: s for s in scores}
    passing = {name for name, s in states.items() if s.state == "passed"}
    failing = {name: s for name, s in states.items() if s.state != "passed"}
    broken = {name: s.failure or s.state for name, s in failing.items() if name not in known}
    changed = {
        name: how
        for name, s in failing.items()
        if name in known and (how := _difference(s, known[name], exact=exact)) is not None
    }
    changed |= {s.variant: f"PyTorch's entry: {s.failure}" for s in entries if s.state != "passed"}
    unknown = sorted(set(known) - set(states)) if whole else []
    return Drift(broken, tuple(sorted(passing & set(known))), changed, tuple(unknown))


def _difference(score: Score, gap: Gap, *, exact: bool) -> str | None:
    """In what way a gap is not as it is known; None where it is."""
    said = " ".join(score.failure.partition(": ")[2].split()) or score.state
    if not re.match(gap.error, said):
        return f"should say {gap.error!r}, says {score.failure or score.state}"
    if exact and score.passed != gap.passed:
        return f"{gap.passed} of {score.samples} samples should pass, {score.passed} do"
    return None
