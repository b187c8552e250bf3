"""A fragment's form: what is the same in each turn of a loop, as bytes that are the same in each turn.

A training loop sends the same operators again and again, under new ids and on new numbers. In the form every
id is written as a place: 1 to n are the fragment's `outside`, the values from before that it names; what is
above counts on from its `base`. So what repeats has equal bytes, and an engine that has seen them looks them
up instead of reading them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from google.protobuf.message import DecodeError

from telegrad_proto.errors import LimitError, PayloadError, StructureError
from telegrad_proto.v1 import session_pb2

#: What a form may have; any other field of a fragment stands beside it.
_FORM: Final = frozenset(("leaves", "nodes", "backwards", "fetches", "demands", "releases"))


def compact(plain: session_pb2.Fragment, base: int, outside: Sequence[int]) -> session_pb2.Fragment:
    """The same fragment with a form.

    Args:
        plain: a fragment as it would be without one.
        base: all ids that it defines are larger, all others that it names are not.
        outside: those others but for what it only releases, each once.
    """
    count = len(outside)
    known = {id_: place for place, id_ in enumerate(outside, 1)}
    shift = count - base

    def places(ids: Iterable[int]) -> list[int]:
        return [id_ + shift if id_ > base else known[id_] if id_ else 0 for id_ in ids]

    form = session_pb2.Fragment()
    made = session_pb2.Fragment()
    form.CopyFrom(plain)
    made.CopyFrom(plain)
    for field, _ in plain.ListFields():
        (made if field.name in _FORM else form).ClearField(field.name)
    _rename(form, places)
    form.releases[:] = places([id_ for id_ in plain.releases if id_ > base])
    for leaf in form.leaves:
        leaf.ClearField("data")
        leaf.ClearField("digest")
    made.form = form.SerializeToString(deterministic=True)
    made.base = base
    made.outside[:] = outside
    made.releases[:] = [id_ for id_ in plain.releases if id_ <= base]
    for leaf in plain.leaves:
        content = made.leaves.add()
        if leaf.WhichOneof("content") == "digest":
            content.digest = leaf.digest
        else:
            content.data = leaf.data
    return made


def expand(fragment: session_pb2.Fragment) -> session_pb2.Fragment:
    """The same fragment without a form; itself, if it has none.

    Raises:
        PayloadError: a form that is no Fragment.
        StructureError: something beside the form that belongs into it, or the other way round; a value from
            before that is named twice; other leaves than the form announces.
        LimitError: a place beyond all ids.
    """
    if not fragment.form:
        if fragment.base or fragment.outside:
            raise StructureError("fragment: base and outside belong to a form, and there is none")
        return fragment
    if fragment.nodes or fragment.backwards or fragment.fetches or fragment.demands:
        raise StructureError(
            "fragment: nodes, backwards, fetches and demands stand in its form, if it has one"
        )
    try:
        form = session_pb2.Fragment.FromString(fragment.form)
    except DecodeError as error:
        raise PayloadError(f"fragment: a form of {len(fragment.form)} bytes that is no Fragment") from error
    for field, _ in form.ListFields():
        if field.name not in _FORM:
            raise StructureError(f"form: {field.name} stands beside it")
    outside = fragment.outside[:]
    count = len(outside)
    if len(set(outside)) != count:
        raise StructureError("fragment: a value from before is named twice in outside")
    if any(place <= count for place in form.releases):
        raise StructureError("form: releases what it defines; values from before are released beside it")
    shift = fragment.base - count

    def ids(places: Iterable[int]) -> list[int]:
        return [place + shift if place > count else outside[place - 1] if place else 0 for place in places]

    try:
        _rename(form, ids)
        form.releases[:] = ids(form.releases)
    except ValueError as error:  # more than the field holds
        raise LimitError(f"form: a place beyond all ids, counted from {fragment.base}") from error
    form.releases.extend(fragment.releases)
    _fill(form, fragment)
    plain = session_pb2.Fragment()
    plain.CopyFrom(fragment)
    for name in ("form", "base", "outside", "leaves", "releases"):
        plain.ClearField(name)
    plain.MergeFrom(form)
    return plain


def _rename(fragment: session_pb2.Fragment, new: Callable[[Iterable[int]], list[int]]) -> None:
    """Gives every id but the releases its new name."""
    for leaf in fragment.leaves:
        leaf.id = new((leaf.id,))[0]
    for node in fragment.nodes:
        node.inputs[:] = new(node.inputs)
        node.output = new((node.output,))[0]
    for request in fragment.backwards:
        for field in (request.roots, request.cotangents, request.wrt, request.gradients):
            field[:] = new(field)
    for field in (fragment.fetches, fragment.demands):
        field[:] = new(field)


def _fill(plain: session_pb2.Fragment, fragment: session_pb2.Fragment) -> None:
    """Gives the form's leaves their bytes."""
    if len(plain.leaves) != len(fragment.leaves):
        raise StructureError(
            f"fragment: its form announces {len(plain.leaves)} leaves, got {len(fragment.leaves)}"
        )
    for leaf, content in zip(plain.leaves, fragment.leaves, strict=True):
        if content.id or content.HasField("spec") or leaf.WhichOneof("content"):
            raise StructureError("fragment: a form's leaf has id and spec, and the leaf beside it the bytes")
        kind = content.WhichOneof("content")
        if kind == "data":
            leaf.data = content.data
        elif kind == "digest":
            leaf.digest = content.digest
