"""The engine in this process."""

from __future__ import annotations

import builtins
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from telegrad.transport.embedded import EmbeddedTransport
from telegrad_proto.errors import CancelledError, ProtocolError, ServerUnavailableError
from telegrad_proto.payload import digest_of
from telegrad_proto.status import from_status
from telegrad_proto.v1 import session_pb2, tensor_pb2


@pytest.fixture
def transport() -> Iterator[EmbeddedTransport]:
    transport = EmbeddedTransport()
    transport.open()
    yield transport
    transport.close()


def square(seq: int, data: np.ndarray[Any, np.dtype[np.float32]]) -> session_pb2.Fragment:
    """A fragment that asks for the square of an array that was put before."""
    fragment = session_pb2.Fragment(seq=seq, fetches=[10 * seq + 1])
    spec = tensor_pb2.TensorSpec(dtype=tensor_pb2.FLOAT32, shape=data.shape)
    fragment.leaves.add(id=10 * seq, spec=spec, digest=digest_of(data.tobytes()))
    fragment.nodes.add(op="mul", inputs=[10 * seq, 10 * seq], output=10 * seq + 1)
    return fragment


def test_values_small_and_large(transport: EmbeddedTransport) -> None:
    for seq, size in enumerate((3, 100_000), start=1):
        data = np.arange(size, dtype="<f4")
        digest = digest_of(data.tobytes())
        assert transport.missing([digest]) == [digest]
        transport.put(digest, memoryview(data.tobytes()))
        assert transport.send(square(seq, data)) > 0
        (value,) = transport.receive().values
        if value.by_get:
            spec, raw = transport.get(value.id)
            assert spec.shape == (size,)
        else:
            raw = memoryview(value.data)
        np.testing.assert_array_equal(np.frombuffer(raw, "<f4"), data * data)
    assert (transport.traffic.fragments, transport.traffic.outcomes) == (2, 2)
    assert transport.traffic.sent_bytes > 400_000
    assert transport.traffic.received_bytes > 400_000


def test_receiving_more_than_was_sent(transport: EmbeddedTransport) -> None:
    with pytest.raises(ProtocolError):
        transport.receive()


def test_residuals_and_cancel(transport: EmbeddedTransport) -> None:
    assert transport.residuals().held_bytes == 0
    assert not transport.cancel(1)


def test_a_closed_session_says_so(transport: EmbeddedTransport) -> None:
    transport.close()
    with pytest.raises(ProtocolError, match="not open"):
        transport.send(session_pb2.Fragment(seq=1))


def test_without_the_engine_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("telegrad_engine"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.startswith("telegrad_engine")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ServerUnavailableError, match=r"telegrad\[embedded\]"):
        EmbeddedTransport().open()


def test_ctrl_c_stops_the_fragment_and_leaves_the_session_usable(
    transport: EmbeddedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    engine = transport._engine
    assert engine is not None
    real = engine.apply

    def interrupted(fragment: session_pb2.Fragment) -> session_pb2.Outcome:
        os.kill(os.getpid(), signal.SIGINT)
        # The handler has run when the next line has; the engine was told from another thread.
        while fragment.seq not in engine._cancelled:
            pass
        return real(fragment)

    data = np.arange(3, dtype="<f4")
    transport.put(digest_of(data.tobytes()), memoryview(data.tobytes()))
    monkeypatch.setattr(engine, "apply", interrupted)
    with pytest.raises(KeyboardInterrupt):
        transport.send(square(1, data))
    monkeypatch.setattr(engine, "apply", real)
    assert isinstance(from_status(transport.receive().error), CancelledError)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again = session_pb2.Fragment(seq=2, fetches=[11])
    transport.send(again)
    outcome = transport.receive()
    np.testing.assert_array_equal(np.frombuffer(outcome.values[0].data, "<f4"), data * data)


def test_another_handler_of_ctrl_c_is_left_alone(transport: EmbeddedTransport) -> None:
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    try:
        transport.send(session_pb2.Fragment(seq=1))
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert caught == [signal.SIGINT]
