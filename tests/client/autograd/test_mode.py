"""Switching gradients off and on."""

from __future__ import annotations

import threading

import pytest

import telegrad as tg
from telegrad.autograd.mode import asked_later


def tracked() -> bool:
    return bool((tg.ones(1, requires_grad=True) * 2).requires_grad)


def test_contexts_nest_and_are_left_on_errors() -> None:
    with tg.no_grad():
        assert not tracked()
        with tg.enable_grad():
            assert tracked()
            with pytest.raises(ValueError, match="x"), tg.no_grad():
                raise ValueError("x")
            assert tracked()
        assert not tracked()
    assert tracked()
    assert tg.is_grad_enabled()


def test_one_context_may_be_entered_again() -> None:
    quiet = tg.no_grad()
    with quiet, quiet:
        assert not tracked()
    assert tracked()


def test_decorators_work_with_and_without_parentheses() -> None:
    @tg.no_grad()
    def with_parentheses() -> bool:
        """Kept."""
        return tracked()

    @tg.no_grad
    def without() -> bool:
        return tracked()

    @tg.enable_grad()
    def again() -> bool:
        return tracked()

    @tg.inference_mode()
    def inferring() -> bool:
        return tracked()

    assert (with_parentheses(), without(), inferring()) == (False, False, False)  # type: ignore[call-arg]
    assert with_parentheses.__doc__ == "Kept."
    with tg.no_grad():
        assert again()
    assert tracked()


def test_setting_is_at_once_and_a_context_sets_back() -> None:
    with tg.set_grad_enabled(False):
        assert not tracked()
    assert tracked()
    tg.set_grad_enabled(False)
    assert not tracked()
    tg.set_grad_enabled(True)
    assert tracked()

    @tg.set_grad_enabled(False)
    def quiet() -> bool:
        return tracked()

    assert tracked()
    assert not quiet()
    assert repr(tg.set_grad_enabled(True)) == "set_grad_enabled(mode=True)"


def test_inference_mode() -> None:
    with tg.inference_mode():
        assert tg.is_inference_mode_enabled()
        assert not tracked()
        with tg.inference_mode(False):
            assert not tg.is_inference_mode_enabled()
    assert not tg.is_inference_mode_enabled()
    assert tracked()


def test_modes_are_a_threads_own() -> None:
    seen: list[bool] = []
    with tg.no_grad():
        thread = threading.Thread(target=lambda: seen.append(tracked()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_a_pass_that_is_asked_later_goes_with_the_next_look() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    log = tg.current_session().log
    with asked_later() as gradients:
        with asked_later() as same:
            (x * x).sum().backward()
        assert same is gradients
        before = log.count
    assert len(gradients) == 1
    assert log.count == before == 0
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 4.0]
    assert log.count == before + 1
