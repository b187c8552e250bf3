"""What Ray finds in the environment: a token, and no place where it would leave one."""

from __future__ import annotations

import pytest

from telegrad_server.cluster.environment import prepare


def test_a_ray_of_our_own_gets_a_token() -> None:
    one: dict[str, str] = {}
    two: dict[str, str] = {}
    prepare(one)
    prepare(two)
    assert one["RAY_AUTH_MODE"] == "token"
    assert len(one["RAY_AUTH_TOKEN"]) == 64
    assert one["RAY_AUTH_TOKEN"] != two["RAY_AUTH_TOKEN"]
    assert one["RAY_USAGE_STATS_ENABLED"] == "0"


@pytest.mark.parametrize(
    "given",
    [
        {"RAY_AUTH_MODE": "disabled"},
        {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "mine"},
        {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": "/mine"},
    ],
)
def test_what_was_chosen_is_left(given: dict[str, str]) -> None:
    environment = dict(given)
    prepare(environment)
    assert {name: value for name, value in environment.items() if name.startswith("RAY_AUTH")} == given


def test_a_token_file_is_used() -> None:
    environment = {"RAY_AUTH_TOKEN_PATH": "/mine"}
    prepare(environment)
    assert environment["RAY_AUTH_MODE"] == "token"
    assert "RAY_AUTH_TOKEN" not in environment


def test_a_ray_that_is_joined_has_its_own_ways() -> None:
    environment = {"RAY_ADDRESS": "head:6379"}
    prepare(environment)
    assert environment == {"RAY_ADDRESS": "head:6379"}
