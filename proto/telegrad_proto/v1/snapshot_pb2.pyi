from telegrad_proto.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StoredArray(_message.Message):
    __slots__ = ("spec", "digest", "size_bytes", "order", "flipped", "repeated_axes")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FLIPPED_FIELD_NUMBER: _ClassVar[int]
    REPEATED_AXES_FIELD_NUMBER: _ClassVar[int]
    spec: _tensor_pb2.TensorSpec
    digest: bytes
    size_bytes: int
    order: _containers.RepeatedScalarFieldContainer[int]
    flipped: _containers.RepeatedScalarFieldContainer[int]
    repeated_axes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, spec: _Optional[_Union[_tensor_pb2.TensorSpec, _Mapping]] = ..., digest: _Optional[bytes] = ..., size_bytes: _Optional[int] = ..., order: _Optional[_Iterable[int]] = ..., flipped: _Optional[_Iterable[int]] = ..., repeated_axes: _Optional[_Iterable[int]] = ...) -> None: ...

class StoredNode(_message.Message):
    __slots__ = ("op", "inputs", "attrs", "needs", "freed", "origin", "saved", "cells", "dropped")
    OP_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    ATTRS_FIELD_NUMBER: _ClassVar[int]
    NEEDS_FIELD_NUMBER: _ClassVar[int]
    FREED_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    SAVED_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    op: str
    inputs: _containers.RepeatedScalarFieldContainer[int]
    attrs: bytes
    needs: _containers.RepeatedScalarFieldContainer[int]
    freed: bool
    origin: int
    saved: _containers.RepeatedScalarFieldContainer[int]
    cells: _containers.RepeatedScalarFieldContainer[int]
    dropped: bool
    def __init__(self, op: _Optional[str] = ..., inputs: _Optional[_Iterable[int]] = ..., attrs: _Optional[bytes] = ..., needs: _Optional[_Iterable[int]] = ..., freed: _Optional[bool] = ..., origin: _Optional[int] = ..., saved: _Optional[_Iterable[int]] = ..., cells: _Optional[_Iterable[int]] = ..., dropped: _Optional[bool] = ...) -> None: ...

class StoredValue(_message.Message):
    __slots__ = ("spec", "node", "index", "array", "id", "tracked", "held")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ARRAY_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TRACKED_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    spec: _tensor_pb2.TensorSpec
    node: int
    index: int
    array: int
    id: int
    tracked: bool
    held: bool
    def __init__(self, spec: _Optional[_Union[_tensor_pb2.TensorSpec, _Mapping]] = ..., node: _Optional[int] = ..., index: _Optional[int] = ..., array: _Optional[int] = ..., id: _Optional[int] = ..., tracked: _Optional[bool] = ..., held: _Optional[bool] = ...) -> None: ...

class StoredName(_message.Message):
    __slots__ = ("id", "value", "array")
    ID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ARRAY_FIELD_NUMBER: _ClassVar[int]
    id: int
    value: int
    array: int
    def __init__(self, id: _Optional[int] = ..., value: _Optional[int] = ..., array: _Optional[int] = ...) -> None: ...

class StoredPending(_message.Message):
    __slots__ = ("node", "region")
    NODE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    node: int
    region: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, node: _Optional[int] = ..., region: _Optional[_Iterable[int]] = ...) -> None: ...

class StoredGraph(_message.Message):
    __slots__ = ("arrays", "nodes", "values", "names", "pending", "last_id")
    ARRAYS_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    LAST_ID_FIELD_NUMBER: _ClassVar[int]
    arrays: _containers.RepeatedCompositeFieldContainer[StoredArray]
    nodes: _containers.RepeatedCompositeFieldContainer[StoredNode]
    values: _containers.RepeatedCompositeFieldContainer[StoredValue]
    names: _containers.RepeatedCompositeFieldContainer[StoredName]
    pending: _containers.RepeatedCompositeFieldContainer[StoredPending]
    last_id: int
    def __init__(self, arrays: _Optional[_Iterable[_Union[StoredArray, _Mapping]]] = ..., nodes: _Optional[_Iterable[_Union[StoredNode, _Mapping]]] = ..., values: _Optional[_Iterable[_Union[StoredValue, _Mapping]]] = ..., names: _Optional[_Iterable[_Union[StoredName, _Mapping]]] = ..., pending: _Optional[_Iterable[_Union[StoredPending, _Mapping]]] = ..., last_id: _Optional[int] = ...) -> None: ...

class StoredOutcome(_message.Message):
    __slots__ = ("digest", "outcome")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    digest: bytes
    outcome: bytes
    def __init__(self, digest: _Optional[bytes] = ..., outcome: _Optional[bytes] = ...) -> None: ...

class Snapshot(_message.Message):
    __slots__ = ("format", "opset_digest", "key", "epoch", "seq", "graph", "outcomes", "notes")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    OPSET_DIGEST_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    GRAPH_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    format: int
    opset_digest: bytes
    key: str
    epoch: int
    seq: int
    graph: StoredGraph
    outcomes: _containers.RepeatedCompositeFieldContainer[StoredOutcome]
    notes: bytes
    def __init__(self, format: _Optional[int] = ..., opset_digest: _Optional[bytes] = ..., key: _Optional[str] = ..., epoch: _Optional[int] = ..., seq: _Optional[int] = ..., graph: _Optional[_Union[StoredGraph, _Mapping]] = ..., outcomes: _Optional[_Iterable[_Union[StoredOutcome, _Mapping]]] = ..., notes: _Optional[bytes] = ...) -> None: ...

class StoredClaim(_message.Message):
    __slots__ = ("worker", "client_id", "base_epoch", "base_seq")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    BASE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    BASE_SEQ_FIELD_NUMBER: _ClassVar[int]
    worker: str
    client_id: bytes
    base_epoch: int
    base_seq: int
    def __init__(self, worker: _Optional[str] = ..., client_id: _Optional[bytes] = ..., base_epoch: _Optional[int] = ..., base_seq: _Optional[int] = ...) -> None: ...
