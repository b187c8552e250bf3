"""Who may come in."""

from __future__ import annotations

import pytest

from telegrad_proto.errors import AccessError
from telegrad_server.api.access import Gate

TOKEN = "a-token-of-some-length"
METHOD = "/telegrad.v1.Session/Attach"


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param((), id="none"),
        pytest.param((("authorization", "Bearer wrong"),), id="wrong"),
        pytest.param((("authorization", f"Bearer {TOKEN}x"),), id="longer"),
        pytest.param((("authorization", f"Bearer {TOKEN[:-1]}"),), id="shorter"),
        pytest.param((("authorization", TOKEN),), id="no scheme"),
        pytest.param((("authorization", f"Basic {TOKEN}"),), id="other scheme"),
        pytest.param((("authorization", b"Bearer " + TOKEN.encode()),), id="binary"),
        pytest.param((("x-authorization", f"Bearer {TOKEN}"),), id="other key"),
        pytest.param((("authorization", "Bearer "),), id="empty"),
    ],
)
def test_who_has_not_the_token_stays_out(metadata: tuple[tuple[str, str | bytes], ...]) -> None:
    refusal = Gate(TOKEN).refusal(METHOD, metadata)
    assert isinstance(refusal, AccessError)
    assert TOKEN not in str(refusal)


def test_who_has_it_comes_in() -> None:
    assert Gate(TOKEN).refusal(METHOD, (("other", "x"), ("authorization", f"Bearer {TOKEN}"))) is None


def test_without_a_token_everybody_comes_in() -> None:
    assert Gate(None).refusal(METHOD, ()) is None


def test_health_is_open_but_nothing_that_only_looks_like_it() -> None:
    gate = Gate(TOKEN)
    assert gate.refusal("/grpc.health.v1.Health/Check", ()) is None
    assert gate.refusal("/grpc.health.v1.HealthX/Check", ()) is not None
    assert gate.refusal("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", ()) is not None


def test_the_token_itself_is_not_kept() -> None:
    gate = Gate(TOKEN)
    assert TOKEN not in repr(vars(gate))
