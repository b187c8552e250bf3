"""One pass: what it asks the server for."""

from __future__ import annotations

import telegrad as tg
from telegrad.autograd import task
from telegrad.recording.session import Session


def test_a_request_names_roots_leaves_and_new_ids(session: Session) -> None:
    x, w = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)
    y = (x * w).sum()
    one = task.Pass([y], [None], create_graph=False)
    gradients = one.run(one.leaves(), retain_graph=True)
    (request,) = session.recorder.backwards
    assert (request.after, request.roots, request.cotangents) == (4, (y._value.id,), (0,))
    assert set(request.wrt) == {x._value.id, w._value.id}
    assert request.gradients == tuple(g._value.id for g in gradients if g is not None)
    assert (request.retain_graph, request.create_graph) == (True, False)


def test_accumulation_goes_along(session: Session) -> None:
    x = tg.ones(2000, requires_grad=True)
    x.sum().backward()
    x.sum().backward()
    last = session.log.messages[-1]
    # The sum, its gradient, and the addition to what was there.
    assert (last.nodes, last.backwards, last.demands, last.fetches) == (2, 1, 1, 1)
    assert x.grad.numpy().tolist() == [2.0] * 2000


def test_only_so_much_comes_along_unasked(session: Session) -> None:
    leaves = [tg.ones(200, requires_grad=True) for _ in range(20)]
    total = leaves[0].sum()
    for leaf in leaves[1:]:
        total = total + leaf.sum()
    total.backward()
    last = session.log.messages[-1]
    assert last.fetches == 1 + task.EAGER_TOTAL_BYTES // 800
    assert last.fetches + last.demands == 21


def test_hooks_that_only_look_change_nothing(session: Session) -> None:
    x = tg.ones(2, requires_grad=True)
    y = x * 2
    seen: list[bool] = []
    y.register_hook(lambda g: seen.append(g.requires_grad))
    (y * y).sum().backward()
    assert seen == [False]
    assert x.grad.tolist() == [8.0, 8.0]
    # One request for the hook's gradient, one for the leaves'; still one message.
    assert session.log.messages[-1].backwards == 2
