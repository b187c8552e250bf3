"""Whether operators are recorded for differentiation: a setting of the thread, switched by contexts and
decorators.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from telegrad.recording.batching import Level

F = TypeVar("F", bound=Callable[..., Any])


class _Mode(threading.local):
    grad = True
    inference = False
    levels: tuple[Level, ...] = ()  # the running vmaps, outermost first
    deferred: list[Any] | None = None  # inside a pass: gradients that inner passes have added to leaves
    task: Any = None  # the backward pass whose hooks are being called
    pushing = False  # gradients are made for their transpose, forward mode


MODE = _Mode()


class Anomaly:
    """Whether backward passes look for NaN; a setting of the process, as torch's.

    Attributes:
        enabled: nodes hold their values, so that a pass can be looked into.
        check_nan: a pass in which a function returns NaN raises.
    """

    __slots__ = ("check_nan", "enabled")

    def __init__(self) -> None:
        self.enabled = False
        self.check_nan = True


ANOMALY = Anomaly()


@contextmanager
def asked_later() -> Iterator[list[Any]]:
    """Inside, backward passes are recorded and not sent: they go with the next look.

    Gives the list that their gradients come to, to be kept by whoever looks.
    """
    before = MODE.deferred
    gradients: list[Any] = [] if before is None else before
    MODE.deferred = gradients
    try:
        yield gradients
    finally:
        MODE.deferred = before


def is_grad_enabled() -> bool:
    """Whether operators are recorded for differentiation."""
    return MODE.grad


def is_inference_mode_enabled() -> bool:
    """Whether inference mode is on."""
    return MODE.inference


class _Switch:
    """A context, or a decorator, inside which gradient mode has a fixed value."""

    def __init__(self, mode: bool) -> None:
        self.mode = mode
        self.previous: list[bool] = []

    def __enter__(self) -> None:
        self.previous.append(MODE.grad)
        MODE.grad = self.mode

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        MODE.grad = self.previous.pop()

    def __call__(self, function: F) -> F:
        mode = self.mode

        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            before, MODE.grad = MODE.grad, mode
            try:
                return function(*args, **kwargs)
            finally:
                MODE.grad = before

        return switched  # type: ignore[return-value]


class no_grad(_Switch):
    """Inside, nothing is recorded for differentiation; `@no_grad` without parentheses works too."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        if function is None:
            return super().__new__(cls)
        return cls()(function)

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        super().__init__(False)


class enable_grad(_Switch):
    """Inside, operators are recorded for differentiation again."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        if function is None:
            return super().__new__(cls)
        return cls()(function)

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        super().__init__(True)


class set_grad_enabled(_Switch):
    """Switches at once, as a function; as a context it switches back at the end."""

    def __init__(self, mode: bool) -> None:
        super().__init__(bool(mode))
        self.before = MODE.grad
        MODE.grad = self.mode

    def __call__(self, function: F) -> F:
        # As a decorator it must not switch where it is written, only while the function runs.
        MODE.grad = self.before
        return super().__call__(function)

    def __enter__(self) -> None:
        self.previous.append(self.before)
        MODE.grad = self.mode

    def __repr__(self) -> str:
        return f"set_grad_enabled(mode={self.mode})"


class inference_mode(_Switch):
    """Inside, nothing is recorded for differentiation; what is made there counts as ordinary tensors here."""

    def __new__(cls, mode: bool | Callable[..., Any] = True) -> Any:
        if callable(mode):
            return cls()(mode)
        return super().__new__(cls)

    def __init__(self, mode: bool | Callable[..., Any] = True) -> None:
        super().__init__(not mode)
        self.inference: list[bool] = []

    def __enter__(self) -> None:
        self.inference.append(MODE.inference)
        MODE.inference = not self.mode
        self.previous.append(MODE.grad)
        if MODE.inference:
            MODE.grad = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        MODE.inference = self.inference.pop()
