from telegrad_proto.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NotedTensor(_message.Message):
    __slots__ = ("name", "value", "spec", "requires_grad", "node", "index", "grad", "counter", "parameter")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    REQUIRES_GRAD_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    GRAD_FIELD_NUMBER: _ClassVar[int]
    COUNTER_FIELD_NUMBER: _ClassVar[int]
    PARAMETER_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: int
    spec: _tensor_pb2.TensorSpec
    requires_grad: bool
    node: int
    index: int
    grad: int
    counter: int
    parameter: bool
    def __init__(self, name: _Optional[str] = ..., value: _Optional[int] = ..., spec: _Optional[_Union[_tensor_pb2.TensorSpec, _Mapping]] = ..., requires_grad: _Optional[bool] = ..., node: _Optional[int] = ..., index: _Optional[int] = ..., grad: _Optional[int] = ..., counter: _Optional[int] = ..., parameter: _Optional[bool] = ...) -> None: ...

class NotedEdge(_message.Message):
    __slots__ = ("node", "index", "leaf", "was")
    NODE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    LEAF_FIELD_NUMBER: _ClassVar[int]
    WAS_FIELD_NUMBER: _ClassVar[int]
    node: int
    index: int
    leaf: int
    was: int
    def __init__(self, node: _Optional[int] = ..., index: _Optional[int] = ..., leaf: _Optional[int] = ..., was: _Optional[int] = ...) -> None: ...

class NotedSave(_message.Message):
    __slots__ = ("counter", "changed", "spec")
    COUNTER_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    counter: int
    changed: bool
    spec: _tensor_pb2.TensorSpec
    def __init__(self, counter: _Optional[int] = ..., changed: _Optional[bool] = ..., spec: _Optional[_Union[_tensor_pb2.TensorSpec, _Mapping]] = ...) -> None: ...

class NotedNode(_message.Message):
    __slots__ = ("op", "label", "outputs", "needs", "edges", "inputs", "output", "freed", "saves", "keeps")
    OP_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    NEEDS_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    FREED_FIELD_NUMBER: _ClassVar[int]
    SAVES_FIELD_NUMBER: _ClassVar[int]
    KEEPS_FIELD_NUMBER: _ClassVar[int]
    op: str
    label: str
    outputs: int
    needs: _containers.RepeatedScalarFieldContainer[int]
    edges: _containers.RepeatedCompositeFieldContainer[NotedEdge]
    inputs: _containers.RepeatedScalarFieldContainer[int]
    output: int
    freed: bool
    saves: _containers.RepeatedCompositeFieldContainer[NotedSave]
    keeps: bool
    def __init__(self, op: _Optional[str] = ..., label: _Optional[str] = ..., outputs: _Optional[int] = ..., needs: _Optional[_Iterable[int]] = ..., edges: _Optional[_Iterable[_Union[NotedEdge, _Mapping]]] = ..., inputs: _Optional[_Iterable[int]] = ..., output: _Optional[int] = ..., freed: _Optional[bool] = ..., saves: _Optional[_Iterable[_Union[NotedSave, _Mapping]]] = ..., keeps: _Optional[bool] = ...) -> None: ...

class Notes(_message.Message):
    __slots__ = ("tensors", "nodes", "format")
    TENSORS_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    tensors: _containers.RepeatedCompositeFieldContainer[NotedTensor]
    nodes: _containers.RepeatedCompositeFieldContainer[NotedNode]
    format: int
    def __init__(self, tensors: _Optional[_Iterable[_Union[NotedTensor, _Mapping]]] = ..., nodes: _Optional[_Iterable[_Union[NotedNode, _Mapping]]] = ..., format: _Optional[int] = ...) -> None: ...
