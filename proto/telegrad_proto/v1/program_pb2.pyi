from telegrad_proto.v1 import graph_pb2 as _graph_pb2
from telegrad_proto.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VALUE: _ClassVar[Mode]
    VALUE_AND_GRAD: _ClassVar[Mode]
    VJP: _ClassVar[Mode]
    JVP: _ClassVar[Mode]
    PER_SAMPLE: _ClassVar[Mode]
VALUE: Mode
VALUE_AND_GRAD: Mode
VJP: Mode
JVP: Mode
PER_SAMPLE: Mode

class Tree(_message.Message):
    __slots__ = ("kind", "children", "keys", "value")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ARRAY: _ClassVar[Tree.Kind]
        TUPLE: _ClassVar[Tree.Kind]
        LIST: _ClassVar[Tree.Kind]
        DICT: _ClassVar[Tree.Kind]
        STATIC: _ClassVar[Tree.Kind]
    ARRAY: Tree.Kind
    TUPLE: Tree.Kind
    LIST: Tree.Kind
    DICT: Tree.Kind
    STATIC: Tree.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    kind: Tree.Kind
    children: _containers.RepeatedCompositeFieldContainer[Tree]
    keys: _containers.RepeatedCompositeFieldContainer[_graph_pb2.Attr]
    value: _graph_pb2.Attr
    def __init__(self, kind: _Optional[_Union[Tree.Kind, str]] = ..., children: _Optional[_Iterable[_Union[Tree, _Mapping]]] = ..., keys: _Optional[_Iterable[_Union[_graph_pb2.Attr, _Mapping]]] = ..., value: _Optional[_Union[_graph_pb2.Attr, _Mapping]] = ...) -> None: ...

class Input(_message.Message):
    __slots__ = ("id", "name", "spec", "batched")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    BATCHED_FIELD_NUMBER: _ClassVar[int]
    id: int
    name: str
    spec: _tensor_pb2.TensorSpec
    batched: bool
    def __init__(self, id: _Optional[int] = ..., name: _Optional[str] = ..., spec: _Optional[_Union[_tensor_pb2.TensorSpec, _Mapping]] = ..., batched: _Optional[bool] = ...) -> None: ...

class Output(_message.Message):
    __slots__ = ("id", "batched")
    ID_FIELD_NUMBER: _ClassVar[int]
    BATCHED_FIELD_NUMBER: _ClassVar[int]
    id: int
    batched: bool
    def __init__(self, id: _Optional[int] = ..., batched: _Optional[bool] = ...) -> None: ...

class Operator(_message.Message):
    __slots__ = ("name", "digest")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    name: str
    digest: bytes
    def __init__(self, name: _Optional[str] = ..., digest: _Optional[bytes] = ...) -> None: ...

class Varying(_message.Message):
    __slots__ = ("node", "leaf", "attr", "item", "base", "slope", "divisor_base", "divisor_slope", "square")
    NODE_FIELD_NUMBER: _ClassVar[int]
    LEAF_FIELD_NUMBER: _ClassVar[int]
    ATTR_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    SLOPE_FIELD_NUMBER: _ClassVar[int]
    DIVISOR_BASE_FIELD_NUMBER: _ClassVar[int]
    DIVISOR_SLOPE_FIELD_NUMBER: _ClassVar[int]
    SQUARE_FIELD_NUMBER: _ClassVar[int]
    node: int
    leaf: int
    attr: int
    item: int
    base: float
    slope: float
    divisor_base: float
    divisor_slope: float
    square: float
    def __init__(self, node: _Optional[int] = ..., leaf: _Optional[int] = ..., attr: _Optional[int] = ..., item: _Optional[int] = ..., base: _Optional[float] = ..., slope: _Optional[float] = ..., divisor_base: _Optional[float] = ..., divisor_slope: _Optional[float] = ..., square: _Optional[float] = ...) -> None: ...

class Program(_message.Message):
    __slots__ = ("format", "made_by", "name", "operators", "inputs", "outputs", "arguments", "parameters", "result", "leaves", "nodes", "backwards", "length", "varying", "seal")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    MADE_BY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPERATORS_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    LEAVES_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    BACKWARDS_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    VARYING_FIELD_NUMBER: _ClassVar[int]
    SEAL_FIELD_NUMBER: _ClassVar[int]
    format: int
    made_by: str
    name: str
    operators: _containers.RepeatedCompositeFieldContainer[Operator]
    inputs: _containers.RepeatedCompositeFieldContainer[Input]
    outputs: _containers.RepeatedCompositeFieldContainer[Output]
    arguments: Tree
    parameters: _containers.RepeatedScalarFieldContainer[str]
    result: Tree
    leaves: _containers.RepeatedCompositeFieldContainer[_graph_pb2.Leaf]
    nodes: _containers.RepeatedCompositeFieldContainer[_graph_pb2.Node]
    backwards: _containers.RepeatedCompositeFieldContainer[_graph_pb2.Backward]
    length: int
    varying: _containers.RepeatedCompositeFieldContainer[Varying]
    seal: bytes
    def __init__(self, format: _Optional[int] = ..., made_by: _Optional[str] = ..., name: _Optional[str] = ..., operators: _Optional[_Iterable[_Union[Operator, _Mapping]]] = ..., inputs: _Optional[_Iterable[_Union[Input, _Mapping]]] = ..., outputs: _Optional[_Iterable[_Union[Output, _Mapping]]] = ..., arguments: _Optional[_Union[Tree, _Mapping]] = ..., parameters: _Optional[_Iterable[str]] = ..., result: _Optional[_Union[Tree, _Mapping]] = ..., leaves: _Optional[_Iterable[_Union[_graph_pb2.Leaf, _Mapping]]] = ..., nodes: _Optional[_Iterable[_Union[_graph_pb2.Node, _Mapping]]] = ..., backwards: _Optional[_Iterable[_Union[_graph_pb2.Backward, _Mapping]]] = ..., length: _Optional[int] = ..., varying: _Optional[_Iterable[_Union[Varying, _Mapping]]] = ..., seal: _Optional[bytes] = ...) -> None: ...

class CallHeader(_message.Message):
    __slots__ = ("digest", "mode", "wrt", "arrays", "timeout_ms", "program_bytes")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    WRT_FIELD_NUMBER: _ClassVar[int]
    ARRAYS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_BYTES_FIELD_NUMBER: _ClassVar[int]
    digest: bytes
    mode: Mode
    wrt: _containers.RepeatedScalarFieldContainer[int]
    arrays: _containers.RepeatedCompositeFieldContainer[_tensor_pb2.TensorSpec]
    timeout_ms: int
    program_bytes: int
    def __init__(self, digest: _Optional[bytes] = ..., mode: _Optional[_Union[Mode, str]] = ..., wrt: _Optional[_Iterable[int]] = ..., arrays: _Optional[_Iterable[_Union[_tensor_pb2.TensorSpec, _Mapping]]] = ..., timeout_ms: _Optional[int] = ..., program_bytes: _Optional[int] = ...) -> None: ...

class CallPart(_message.Message):
    __slots__ = ("header", "data")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    header: CallHeader
    data: bytes
    def __init__(self, header: _Optional[_Union[CallHeader, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...

class ResultHeader(_message.Message):
    __slots__ = ("outputs", "gradients", "worker", "plan_cached", "execute_ns")
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    GRADIENTS_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    PLAN_CACHED_FIELD_NUMBER: _ClassVar[int]
    EXECUTE_NS_FIELD_NUMBER: _ClassVar[int]
    outputs: _containers.RepeatedCompositeFieldContainer[_tensor_pb2.TensorSpec]
    gradients: _containers.RepeatedCompositeFieldContainer[_tensor_pb2.TensorSpec]
    worker: str
    plan_cached: bool
    execute_ns: int
    def __init__(self, outputs: _Optional[_Iterable[_Union[_tensor_pb2.TensorSpec, _Mapping]]] = ..., gradients: _Optional[_Iterable[_Union[_tensor_pb2.TensorSpec, _Mapping]]] = ..., worker: _Optional[str] = ..., plan_cached: _Optional[bool] = ..., execute_ns: _Optional[int] = ...) -> None: ...

class ResultPart(_message.Message):
    __slots__ = ("header", "data")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    header: ResultHeader
    data: bytes
    def __init__(self, header: _Optional[_Union[ResultHeader, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...
