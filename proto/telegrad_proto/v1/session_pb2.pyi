from google.rpc import status_pb2 as _status_pb2
from telegrad_proto.v1 import graph_pb2 as _graph_pb2
from telegrad_proto.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Open(_message.Message):
    __slots__ = ("protocol", "opset_digest", "client_version", "session_id", "answered_seq", "epoch", "client_id", "journal_seq")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    OPSET_DIGEST_FIELD_NUMBER: _ClassVar[int]
    CLIENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_SEQ_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_SEQ_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    opset_digest: bytes
    client_version: str
    session_id: str
    answered_seq: int
    epoch: int
    client_id: bytes
    journal_seq: int
    def __init__(self, protocol: _Optional[int] = ..., opset_digest: _Optional[bytes] = ..., client_version: _Optional[str] = ..., session_id: _Optional[str] = ..., answered_seq: _Optional[int] = ..., epoch: _Optional[int] = ..., client_id: _Optional[bytes] = ..., journal_seq: _Optional[int] = ...) -> None: ...

class Opened(_message.Message):
    __slots__ = ("session_id", "server_version", "device", "applied_seq", "lease_s", "direct_address", "inline_limit_bytes", "epoch", "durable", "notes", "last_id", "live_ids")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    APPLIED_SEQ_FIELD_NUMBER: _ClassVar[int]
    LEASE_S_FIELD_NUMBER: _ClassVar[int]
    DIRECT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    INLINE_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    DURABLE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    LAST_ID_FIELD_NUMBER: _ClassVar[int]
    LIVE_IDS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_version: str
    device: str
    applied_seq: int
    lease_s: float
    direct_address: str
    inline_limit_bytes: int
    epoch: int
    durable: bool
    notes: bytes
    last_id: int
    live_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, session_id: _Optional[str] = ..., server_version: _Optional[str] = ..., device: _Optional[str] = ..., applied_seq: _Optional[int] = ..., lease_s: _Optional[float] = ..., direct_address: _Optional[str] = ..., inline_limit_bytes: _Optional[int] = ..., epoch: _Optional[int] = ..., durable: _Optional[bool] = ..., notes: _Optional[bytes] = ..., last_id: _Optional[int] = ..., live_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class Fragment(_message.Message):
    __slots__ = ("seq", "leaves", "nodes", "backwards", "fetches", "demands", "releases", "timeout_ms", "snapshot", "form", "base", "outside", "notes")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    LEAVES_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    BACKWARDS_FIELD_NUMBER: _ClassVar[int]
    FETCHES_FIELD_NUMBER: _ClassVar[int]
    DEMANDS_FIELD_NUMBER: _ClassVar[int]
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    OUTSIDE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    seq: int
    leaves: _containers.RepeatedCompositeFieldContainer[_graph_pb2.Leaf]
    nodes: _containers.RepeatedCompositeFieldContainer[_graph_pb2.Node]
    backwards: _containers.RepeatedCompositeFieldContainer[_graph_pb2.Backward]
    fetches: _containers.RepeatedScalarFieldContainer[int]
    demands: _containers.RepeatedScalarFieldContainer[int]
    releases: _containers.RepeatedScalarFieldContainer[int]
    timeout_ms: int
    snapshot: bool
    form: bytes
    base: int
    outside: _containers.RepeatedScalarFieldContainer[int]
    notes: bytes
    def __init__(self, seq: _Optional[int] = ..., leaves: _Optional[_Iterable[_Union[_graph_pb2.Leaf, _Mapping]]] = ..., nodes: _Optional[_Iterable[_Union[_graph_pb2.Node, _Mapping]]] = ..., backwards: _Optional[_Iterable[_Union[_graph_pb2.Backward, _Mapping]]] = ..., fetches: _Optional[_Iterable[int]] = ..., demands: _Optional[_Iterable[int]] = ..., releases: _Optional[_Iterable[int]] = ..., timeout_ms: _Optional[int] = ..., snapshot: _Optional[bool] = ..., form: _Optional[bytes] = ..., base: _Optional[int] = ..., outside: _Optional[_Iterable[int]] = ..., notes: _Optional[bytes] = ...) -> None: ...

class Fetched(_message.Message):
    __slots__ = ("id", "spec", "data", "by_get")
    ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    BY_GET_FIELD_NUMBER: _ClassVar[int]
    id: int
    spec: _tensor_pb2.TensorSpec
    data: bytes
    by_get: bool
    def __init__(self, id: _Optional[int] = ..., spec: _Optional[_Union[_tensor_pb2.TensorSpec, _Mapping]] = ..., data: _Optional[bytes] = ..., by_get: _Optional[bool] = ...) -> None: ...

class Timings(_message.Message):
    __slots__ = ("apply_ns", "plan_ns", "execute_ns", "steps", "plan_cached")
    APPLY_NS_FIELD_NUMBER: _ClassVar[int]
    PLAN_NS_FIELD_NUMBER: _ClassVar[int]
    EXECUTE_NS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    PLAN_CACHED_FIELD_NUMBER: _ClassVar[int]
    apply_ns: int
    plan_ns: int
    execute_ns: int
    steps: int
    plan_cached: bool
    def __init__(self, apply_ns: _Optional[int] = ..., plan_ns: _Optional[int] = ..., execute_ns: _Optional[int] = ..., steps: _Optional[int] = ..., plan_cached: _Optional[bool] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("seq", "values", "error", "timings", "durable_seq", "held_bytes", "applied")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    DURABLE_SEQ_FIELD_NUMBER: _ClassVar[int]
    HELD_BYTES_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    seq: int
    values: _containers.RepeatedCompositeFieldContainer[Fetched]
    error: _status_pb2.Status
    timings: Timings
    durable_seq: int
    held_bytes: int
    applied: bool
    def __init__(self, seq: _Optional[int] = ..., values: _Optional[_Iterable[_Union[Fetched, _Mapping]]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., timings: _Optional[_Union[Timings, _Mapping]] = ..., durable_seq: _Optional[int] = ..., held_bytes: _Optional[int] = ..., applied: _Optional[bool] = ...) -> None: ...

class Close(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Closed(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Request(_message.Message):
    __slots__ = ("open", "fragment", "close")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    FRAGMENT_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    open: Open
    fragment: Fragment
    close: Close
    def __init__(self, open: _Optional[_Union[Open, _Mapping]] = ..., fragment: _Optional[_Union[Fragment, _Mapping]] = ..., close: _Optional[_Union[Close, _Mapping]] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("opened", "outcome", "closed")
    OPENED_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    opened: Opened
    outcome: Outcome
    closed: Closed
    def __init__(self, opened: _Optional[_Union[Opened, _Mapping]] = ..., outcome: _Optional[_Union[Outcome, _Mapping]] = ..., closed: _Optional[_Union[Closed, _Mapping]] = ...) -> None: ...

class CancelRequest(_message.Message):
    __slots__ = ("session_id", "seq")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    seq: int
    def __init__(self, session_id: _Optional[str] = ..., seq: _Optional[int] = ...) -> None: ...

class CancelReply(_message.Message):
    __slots__ = ("was_running",)
    WAS_RUNNING_FIELD_NUMBER: _ClassVar[int]
    was_running: bool
    def __init__(self, was_running: _Optional[bool] = ...) -> None: ...

class ResidualsRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class Residual(_message.Message):
    __slots__ = ("value_id", "op", "spec", "size_bytes", "decision", "reason")
    VALUE_ID_FIELD_NUMBER: _ClassVar[int]
    OP_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    value_id: int
    op: str
    spec: _tensor_pb2.TensorSpec
    size_bytes: int
    decision: str
    reason: str
    def __init__(self, value_id: _Optional[int] = ..., op: _Optional[str] = ..., spec: _Optional[_Union[_tensor_pb2.TensorSpec, _Mapping]] = ..., size_bytes: _Optional[int] = ..., decision: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ResidualsReply(_message.Message):
    __slots__ = ("residuals", "held_bytes")
    RESIDUALS_FIELD_NUMBER: _ClassVar[int]
    HELD_BYTES_FIELD_NUMBER: _ClassVar[int]
    residuals: _containers.RepeatedCompositeFieldContainer[Residual]
    held_bytes: int
    def __init__(self, residuals: _Optional[_Iterable[_Union[Residual, _Mapping]]] = ..., held_bytes: _Optional[int] = ...) -> None: ...
