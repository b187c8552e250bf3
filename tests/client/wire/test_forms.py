"""A batch is found again by its form, and by nothing that only looks like it."""

from __future__ import annotations

import math

import numpy as np
import pytest

import telegrad as tg
from telegrad.recording.session import Session
from telegrad.wire.forms import Forms, Shape
from telegrad.wire.fragments import Batch, fragments_of
from telegrad.wire.values import Value
from telegrad_proto.form import expand
from telegrad_proto.v1 import session_pb2


def no_upload(value: Value, data: memoryview) -> bytes:
    raise AssertionError("nothing here is large")


def message(forms: Forms, batch: Batch, fetches: list[int]) -> session_pb2.Fragment:
    ((fragment, _),) = fragments_of(
        batch, inline_bytes=1024, upload=no_upload, forms=forms, fetches=fetches, demands=[]
    )
    return fragment


def test_a_turn_that_is_found_says_the_same_as_one_that_is_written(session: Session) -> None:
    forms = Forms()
    w = tg.ones(3)
    (w * 1.5).tolist()
    seen = []
    for turn in range(3):
        x = tg.tensor([float(turn), 1.0, 2.0])
        y = (x * w).sum() + 1.5
        batch = session._take()
        found = message(forms, batch, [y._value.id])
        written = message(Forms(), batch, [y._value.id])
        assert found == written
        assert expand(found) == expand(written)
        seen.append(found.form)
        session._put_back(batch)
        assert y.item() == turn + 4.5
    assert len(set(seen)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda x: tg.full_like(x, 0.0), lambda x: tg.full_like(x, -0.0)),
        (lambda x: x.sum(0), lambda x: x.sum(0, keepdim=True)),
        (lambda x: tg.full((2,), 1), lambda x: tg.full((2,), True)),
        (lambda x: x + x, lambda x: x * x),
        (lambda x: x + x, lambda x: x + tg.tensor([1.0, 2.0])),
        (lambda x: x + tg.tensor([1.0, 2.0]), lambda x: tg.tensor([1.0, 2.0]) + x),
        (lambda x: x + tg.tensor([1.0, 2.0]), lambda x: x + tg.tensor([[1.0, 2.0]])),
    ],
)
def test_what_differs_has_another_form(session: Session, one: object, other: object) -> None:
    x = tg.ones(2)
    x.tolist()
    forms = []
    for make in (one, other):
        assert callable(make)
        y = make(x)
        batch = session._take()
        forms.append(message(Forms(), batch, [y._value.id]).form)
        assert Shape(batch, [y._value.id], []).key != Shape(batch, [], [y._value.id]).key
    assert forms[0] != forms[1]


def test_a_number_that_changes_is_no_part_of_the_form(session: Session) -> None:
    x = tg.ones(4, requires_grad=True)
    sent = []
    for rate in (0.5, 0.25, math.inf, -0.0):
        loss = (x * tg.tensor(rate)).sum()
        loss.backward()
        assert x.grad is not None
        assert np.array_equal(x.grad.numpy(), np.full(4, rate, np.float32))
        x.grad = None
        sent.append(session.log.messages[-1].plan_cached)
    assert sent[2:] == [True, True]
