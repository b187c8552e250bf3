"""A form says the same as the fragment that it was made of, and nothing gets through that it must not say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from telegrad_proto import dtypes
from telegrad_proto.codec import encode_spec
from telegrad_proto.errors import LimitError, PayloadError, StructureError, TelegradError
from telegrad_proto.form import compact, expand
from telegrad_proto.spec import Spec
from telegrad_proto.v1 import session_pb2

F4 = encode_spec(Spec((4,), dtypes.float32))


def plain(base: int, old: tuple[int, int], *, seq: int = 1) -> session_pb2.Fragment:
    """Something of everything, with ids after `base`."""
    fragment = session_pb2.Fragment(
        seq=seq,
        timeout_ms=500,
        fetches=[base + 4, old[1]],
        demands=[base + 6],
        releases=[old[0], base + 3, 2],
    )
    fragment.leaves.add(id=base + 1, spec=F4, data=bytes(range(16)))
    fragment.leaves.add(id=base + 2, spec=F4, digest=b"d" * 32)
    fragment.nodes.add(op="mul", inputs=[base + 1, old[0]], output=base + 3, needs=[0, 1])
    fragment.nodes.add(op="add", inputs=[base + 3, base + 2], output=base + 4)
    fragment.backwards.add(
        after=2,
        roots=[base + 4, old[1]],
        cotangents=[0, old[1]],
        wrt=[base + 1, old[0]],
        gradients=[base + 5, base + 6],
    )
    return fragment


def test_expanding_gives_back_what_was_made_compact() -> None:
    for base, old in ((10, (7, 9)), (1_000_000, (3, 1_000_000)), (300, (300, 299))):
        fragment = plain(base, old)
        made = compact(fragment, base, old)
        again = expand(made)
        # Releases have no order between the form's and the others.
        assert sorted(again.releases) == sorted(fragment.releases)
        again.releases[:] = fragment.releases
        assert again == fragment
        assert session_pb2.Fragment.FromString(made.SerializeToString()) == made


def test_each_turn_of_a_loop_has_the_same_form() -> None:
    forms = {
        compact(plain(base, old, seq=base), base, old).form
        for base, old in ((10, (7, 9)), (20, (13, 2)), (70_000, (65_000, 1)))
    }
    assert len(forms) == 1


def test_a_fragment_without_a_form_is_itself() -> None:
    fragment = plain(10, (7, 9))
    assert expand(fragment) is fragment


def inner(change: Callable[[session_pb2.Fragment], object]) -> Callable[[session_pb2.Fragment], object]:
    def apply(fragment: session_pb2.Fragment) -> None:
        form = session_pb2.Fragment.FromString(fragment.form)
        change(form)
        fragment.form = form.SerializeToString()

    return apply


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (lambda f: f.ClearField("form"), StructureError, "belong to a form"),
        (lambda f: f.nodes.add(op="add"), StructureError, "stand in its form"),
        (lambda f: f.fetches.append(3), StructureError, "stand in its form"),
        (lambda f: setattr(f, "form", b"\xff\xff"), PayloadError, "no Fragment"),
        (lambda f: f.outside.__setitem__(1, f.outside[0]), StructureError, "named twice"),
        (lambda f: f.leaves.add(data=b"1"), StructureError, "announces 2 leaves, got 3"),
        (lambda f: setattr(f.leaves[0], "id", 4), StructureError, "the leaf beside it the bytes"),
        (lambda f: setattr(f, "base", 2**64 - 1), LimitError, "beyond all ids"),
        (inner(lambda f: setattr(f, "seq", 1)), StructureError, "stands beside it"),
        (inner(lambda f: setattr(f, "form", b"1")), StructureError, "stands beside it"),
        (inner(lambda f: f.outside.append(1)), StructureError, "stands beside it"),
        (inner(lambda f: f.releases.append(2)), StructureError, "released beside it"),
        (inner(lambda f: setattr(f.leaves[1], "data", b"1")), StructureError, "the leaf beside it the bytes"),
        (inner(lambda f: f.demands.append(2**64 - 1)), LimitError, "beyond all ids"),
    ],
)
def test_what_is_no_form_is_refused(
    change: Callable[[session_pb2.Fragment], object], error: type[TelegradError], text: str
) -> None:
    made = compact(plain(10, (7, 9)), 10, (7, 9))
    change(made)
    with pytest.raises(error, match=text):
        expand(made)


def test_a_place_of_nothing_names_nothing() -> None:
    """Zero stands for ones among the cotangents; elsewhere the session says that it knows no such value."""
    made = compact(plain(10, (7, 9)), 10, (7, 9))
    inner(lambda f: f.nodes[0].inputs.__setitem__(0, 0))(made)
    assert expand(made).nodes[0].inputs[0] == 0
