"""The tree of errors and its table."""

from __future__ import annotations

import copy
import pickle

import pytest

from telegrad_proto import errors
from telegrad_proto.errors import BY_REASON, TABLE, TelegradError

KINDS = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, TelegradError)]


def test_every_class_has_a_row_and_every_row_a_reason_of_its_own() -> None:
    assert set(TABLE) == set(KINDS)
    assert len(BY_REASON) == len(TABLE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_a_row(kind: type[TelegradError]) -> None:
    entry = TABLE[kind]
    assert kind.reason == entry.reason
    assert entry.reason == entry.reason.upper()
    assert entry.reason.replace("_", "").isalpha()
    assert BY_REASON[entry.reason] is kind
    assert 1 <= entry.code <= 16
    assert kind.__doc__


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_errors_survive_copying_and_pickling(kind: type[TelegradError]) -> None:
    error = kind("what was required", shape=(2, 3), node=7, message="of the details", kind="x", self=1)
    for twin in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is kind
        assert str(twin) == twin.message == "what was required"
        assert twin.details == error.details
        assert twin.args == ("what was required",)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.ShapeError, RuntimeError),
        (errors.DTypeError, TypeError),
        (errors.AxisError, IndexError),
        (errors.ArgumentError, ValueError),
        (errors.GradientError, RuntimeError),
        (errors.UnknownOperatorError, LookupError),
        (errors.ArityError, TypeError),
        (errors.AttributeTypeError, TypeError),
        (errors.StructureError, ValueError),
        (errors.LimitError, ValueError),
        (errors.IndexRangeError, IndexError),
        (errors.OutOfMemoryError, MemoryError),
        (errors.DeadlineError, TimeoutError),
        (errors.LinAlgError, RuntimeError),
        (errors.PayloadError, ValueError),
        (errors.DigestError, ValueError),
        (errors.ProtocolError, RuntimeError),
        (errors.SessionError, RuntimeError),
        (errors.AccessError, PermissionError),
        (errors.CapacityError, RuntimeError),
        (errors.ServerUnavailableError, ConnectionError),
        (errors.InternalError, RuntimeError),
    ],
)
def test_each_is_the_builtin_that_torch_raises(kind: type[TelegradError], builtin: type[Exception]) -> None:
    with pytest.raises(builtin):
        raise kind("x")


def test_the_tree_that_the_module_draws_is_the_tree() -> None:
    assert errors.__doc__ is not None
    for kind in KINDS:
        assert kind.__name__ in errors.__doc__


def test_what_may_be_tried_again_is_not_a_wrong_graph() -> None:
    for kind, entry in TABLE.items():
        if issubclass(kind, errors.GraphError):
            assert not entry.retry
