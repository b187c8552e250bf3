"""The node that stands for a backward pass."""

from __future__ import annotations

from telegrad_engine.plan.gradient import GRADIENT, Request, gradient_node, request_of
from telegrad_proto import dtypes
from telegrad_proto.codec import attr_key
from telegrad_proto.ir import Value
from telegrad_proto.opset import OPSET
from telegrad_proto.spec import Spec


def values(count: int) -> list[Value]:
    return [Value(Spec((i,), dtypes.float32)) for i in range(count)]


def test_a_request_comes_back_from_its_node() -> None:
    a, b, c, ct, x, y = values(6)
    request = Request((a, b, c), (None, ct, None), (x, y))
    node = gradient_node(request.roots, request.cotangents, request.wrt)
    assert request_of(node) == request
    assert node.specs == (x.spec, y.spec)
    assert node.needs == ()


def test_which_cotangents_are_given_is_part_of_the_key() -> None:
    a, b, ct, x = values(4)
    keys = {
        attr_key(gradient_node((a, b), cts, (x,))) for cts in ((None, None), (ct, None), (None, ct), (ct, ct))
    }
    keys.add(attr_key(gradient_node((a,), (None,), (x,))))
    assert len(keys) == 5


def test_it_is_no_word_of_the_wire() -> None:
    assert GRADIENT.name not in OPSET.ops


def test_a_batch_of_cotangents_is_part_of_the_key_and_of_the_gradients() -> None:
    a, ct, x = values(3)
    node = gradient_node((a,), (ct,), (x,), batch=5)
    assert request_of(node).batch == 5
    assert node.specs == (Spec((5, *x.spec.shape), x.spec.dtype),)
    keys = {attr_key(gradient_node((a,), (ct,), (x,), batch=n)) for n in (None, 0, 1, 11)}
    assert len(keys) == 4
