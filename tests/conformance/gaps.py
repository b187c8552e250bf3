"""The known gaps: which variants do not pass yet, and why. A gap that closes has to be taken out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conformance.scoring import MODES, Mode, Score

FILE: Final = Path(__file__).with_name("known_gaps.toml")
HEAD: Final = """\
# Operator variants of PyTorch that telegrad does not pass, by order of differentiation, with the reason.
# Generated: python -m tests.conformance --write-gaps. A gap that closes is red until it is taken out of here.
# A reason written by a person stays; one that begins with "sample" is what the first failing sample said.
"""

Gaps = Mapping[str, str]


def read(mode: Mode, file: Path = FILE) -> Gaps:
    """The gaps of that mode: variant and reason."""
    if not file.exists():
        return {}
    table: dict[str, dict[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return table.get(mode, {})


def gaps_of(scores: Iterable[Score]) -> Gaps:
    """What a run's gaps are."""
    return {s.variant: s.failure or s.state for s in scores if s.state != "passed"}


def with_written_reasons(found: Gaps, before: Gaps) -> Gaps:
    """The gaps found; where a person had written the reason before, with that reason."""
    written = {
        name: text for name, text in before.items() if text != "missing" and not text.startswith("sample")
    }
    return {name: written.get(name, reason) for name, reason in found.items()}


def write(found: Mapping[Mode, Gaps], file: Path = FILE) -> None:
    """Replaces the gaps of the given modes; the others stay."""
    kept: dict[Mode, Gaps] = {}
    for mode in MODES:
        before = read(mode, file)
        kept[mode] = with_written_reasons(found[mode], before) if mode in found else before
    parts = [HEAD]
    for mode, gaps in kept.items():
        parts.append(f"\n[{mode}]\n")
        parts += [f"{quoted(name)} = {quoted(reason)}\n" for name, reason in sorted(gaps.items())]
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
        unknown: known gaps that PyTorch has no variant for.
    """

    broken: Gaps
    closed: tuple[str, ...]
    unknown: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.broken or self.closed or self.unknown)

    def lines(self) -> list[str]:
        """One line a difference, for people."""
        return [
            *(f"broken   {name:48} {reason}" for name, reason in self.broken.items()),
            *(f"closed   {name:48} passes now: take it out of {FILE.name}" for name in self.closed),
            *(f"unknown  {name:48} is no variant: take it out of {FILE.name}" for name in self.unknown),
        ]


def drift(scores: Iterable[Score], known: Gaps, *, whole: bool = True) -> Drift:
    """What changed against the known gaps.

    Args:
        scores: a run's.
        known: the gaps of its mode.
        whole: whether the run was over all variants, so that a gap without a score is unknown.
    """
    states = {s.variant: s for s in scores}
    passing = {name for name, s in states.items() if s.state == "passed"}
    broken = {name: reason for name, reason in gaps_of(states.values()).items() if name not in known}
    unknown = sorted(set(known) - set(states)) if whole else []
    return Drift(broken, tuple(sorted(passing & set(known))), tuple(unknown))
