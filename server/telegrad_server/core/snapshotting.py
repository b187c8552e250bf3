"""When a session is stored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """How much work may be lost with a worker, at the most; its client then sends it again.

    Attributes:
        fragments: after so many.
        period_s: or after so long, if there was anything new.
        pause_s: but never sooner than that.
        retry_s: after a store that failed, not sooner than that.
    """

    fragments: int = 2_000
    period_s: float = 10.0
    pause_s: float = 0.5
    retry_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a session is, and how far it is stored.

    Attributes:
        applied_seq: its last fragment.
        stored_seq: the last one in the store; 0: none.
        tried_s: when it was last stored, or that was tried; at first when the session began here.
        failed: whether that failed.
        wanted: whether its client asks for it, or has gone.
    """

    applied_seq: int
    stored_seq: int
    tried_s: float
    failed: bool = False
    wanted: bool = False


def is_due(progress: Progress, policy: Policy, now: float) -> bool:
    """Whether the session is to be stored now."""
    new = progress.applied_seq - progress.stored_seq
    if new <= 0:
        return False
    since_s = now - progress.tried_s
    if progress.failed:
        return since_s >= policy.retry_s
    if progress.wanted:
        return True
    return since_s >= policy.pause_s and (new >= policy.fragments or since_s >= policy.period_s)
