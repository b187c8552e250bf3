"""What an operator says about workers."""

from __future__ import annotations

from telegrad_server.cluster.wanted import Wanted


def test_a_number_of_any_kind_sizes_the_cluster() -> None:
    assert not Wanted(device="cuda").sized
    for name in ("workers", "least", "most", "spares"):
        assert Wanted(**{name: 0}).sized  # type: ignore[arg-type]
