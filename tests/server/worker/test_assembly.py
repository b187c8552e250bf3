"""A worker over the real engine."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_proto.v1 import session_pb2, tensor_pb2
from telegrad_server.worker.assembly import make_worker
from telegrad_server.worker.server import WorkerSettings
from tests.server.fakes import CLOSE, converse, opening, raw_channel


def test_it_computes() -> None:
    data = np.array([1, 2, 3], "<f4")
    request = session_pb2.Request()
    request.fragment.seq = 1
    spec = tensor_pb2.TensorSpec(dtype=tensor_pb2.FLOAT32, shape=[3])
    request.fragment.leaves.add(id=1, spec=spec, data=data.tobytes())
    request.fragment.nodes.add(op="mul", inputs=[1, 1], output=2)
    request.fragment.fetches.append(2)
    worker = make_worker(WorkerSettings())
    try:
        with raw_channel(worker.start()) as channel:
            _, reply, _ = converse(channel, [opening(), request, CLOSE])
    finally:
        worker.stop()
    assert not reply.outcome.HasField("error"), reply
    np.testing.assert_array_equal(np.frombuffer(reply.outcome.values[0].data, "<f4"), data * data)


def test_a_device_that_is_not_there_is_said_before_anybody_connects() -> None:
    with pytest.raises(Exception, match=r"cuda|device|CuPy|cupy"):
        make_worker(WorkerSettings(device="cuda:99"))
