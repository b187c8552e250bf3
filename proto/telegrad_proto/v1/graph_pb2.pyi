from telegrad_proto.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Ints(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, values: _Optional[_Iterable[int]] = ...) -> None: ...

class Floats(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class Bools(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[bool]
    def __init__(self, values: _Optional[_Iterable[bool]] = ...) -> None: ...

class Complex(_message.Message):
    __slots__ = ("real", "imag")
    REAL_FIELD_NUMBER: _ClassVar[int]
    IMAG_FIELD_NUMBER: _ClassVar[int]
    real: float
    imag: float
    def __init__(self, real: _Optional[float] = ..., imag: _Optional[float] = ...) -> None: ...

class Attr(_message.Message):
    __slots__ = ("b", "i", "f", "c", "s", "dtype", "ints", "floats", "bools")
    B_FIELD_NUMBER: _ClassVar[int]
    I_FIELD_NUMBER: _ClassVar[int]
    F_FIELD_NUMBER: _ClassVar[int]
    C_FIELD_NUMBER: _ClassVar[int]
    S_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    INTS_FIELD_NUMBER: _ClassVar[int]
    FLOATS_FIELD_NUMBER: _ClassVar[int]
    BOOLS_FIELD_NUMBER: _ClassVar[int]
    b: bool
    i: int
    f: float
    c: Complex
    s: str
    dtype: _tensor_pb2.DType
    ints: Ints
    floats: Floats
    bools: Bools
    def __init__(self, b: _Optional[bool] = ..., i: _Optional[int] = ..., f: _Optional[float] = ..., c: _Optional[_Union[Complex, _Mapping]] = ..., s: _Optional[str] = ..., dtype: _Optional[_Union[_tensor_pb2.DType, str]] = ..., ints: _Optional[_Union[Ints, _Mapping]] = ..., floats: _Optional[_Union[Floats, _Mapping]] = ..., bools: _Optional[_Union[Bools, _Mapping]] = ...) -> None: ...

class Attrs(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedCompositeFieldContainer[Attr]
    def __init__(self, values: _Optional[_Iterable[_Union[Attr, _Mapping]]] = ...) -> None: ...

class Leaf(_message.Message):
    __slots__ = ("id", "spec", "data", "digest")
    ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    id: int
    spec: _tensor_pb2.TensorSpec
    data: bytes
    digest: bytes
    def __init__(self, id: _Optional[int] = ..., spec: _Optional[_Union[_tensor_pb2.TensorSpec, _Mapping]] = ..., data: _Optional[bytes] = ..., digest: _Optional[bytes] = ...) -> None: ...

class Node(_message.Message):
    __slots__ = ("op", "inputs", "attrs", "output", "needs")
    OP_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    ATTRS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    NEEDS_FIELD_NUMBER: _ClassVar[int]
    op: str
    inputs: _containers.RepeatedScalarFieldContainer[int]
    attrs: bytes
    output: int
    needs: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, op: _Optional[str] = ..., inputs: _Optional[_Iterable[int]] = ..., attrs: _Optional[bytes] = ..., output: _Optional[int] = ..., needs: _Optional[_Iterable[int]] = ...) -> None: ...

class Backward(_message.Message):
    __slots__ = ("after", "roots", "cotangents", "wrt", "gradients", "retain_graph", "create_graph", "batched")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    ROOTS_FIELD_NUMBER: _ClassVar[int]
    COTANGENTS_FIELD_NUMBER: _ClassVar[int]
    WRT_FIELD_NUMBER: _ClassVar[int]
    GRADIENTS_FIELD_NUMBER: _ClassVar[int]
    RETAIN_GRAPH_FIELD_NUMBER: _ClassVar[int]
    CREATE_GRAPH_FIELD_NUMBER: _ClassVar[int]
    BATCHED_FIELD_NUMBER: _ClassVar[int]
    after: int
    roots: _containers.RepeatedScalarFieldContainer[int]
    cotangents: _containers.RepeatedScalarFieldContainer[int]
    wrt: _containers.RepeatedScalarFieldContainer[int]
    gradients: _containers.RepeatedScalarFieldContainer[int]
    retain_graph: bool
    create_graph: bool
    batched: bool
    def __init__(self, after: _Optional[int] = ..., roots: _Optional[_Iterable[int]] = ..., cotangents: _Optional[_Iterable[int]] = ..., wrt: _Optional[_Iterable[int]] = ..., gradients: _Optional[_Iterable[int]] = ..., retain_graph: _Optional[bool] = ..., create_graph: _Optional[bool] = ..., batched: _Optional[bool] = ...) -> None: ...
