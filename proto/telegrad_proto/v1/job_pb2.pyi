from telegrad_proto.v1 import tensor_pb2 as _tensor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class JobMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_MODE_UNSPECIFIED: _ClassVar[JobMode]
    JOB_MODE_SUM: _ClassVar[JobMode]
    JOB_MODE_MEAN: _ClassVar[JobMode]
    JOB_MODE_PER_BATCH: _ClassVar[JobMode]
    JOB_MODE_PER_SAMPLE: _ClassVar[JobMode]

class OnError(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_ERROR_FAIL: _ClassVar[OnError]
    ON_ERROR_SKIP: _ClassVar[OnError]
    ON_ERROR_COLLECT: _ClassVar[OnError]

class ResultFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESULT_FORMAT_PARQUET: _ClassVar[ResultFormat]
    RESULT_FORMAT_NPZ: _ClassVar[ResultFormat]

class JobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_STATE_UNSPECIFIED: _ClassVar[JobState]
    JOB_STATE_QUEUED: _ClassVar[JobState]
    JOB_STATE_PLANNING: _ClassVar[JobState]
    JOB_STATE_RUNNING: _ClassVar[JobState]
    JOB_STATE_FINISHED: _ClassVar[JobState]
    JOB_STATE_FAILED: _ClassVar[JobState]
    JOB_STATE_CANCELLED: _ClassVar[JobState]
JOB_MODE_UNSPECIFIED: JobMode
JOB_MODE_SUM: JobMode
JOB_MODE_MEAN: JobMode
JOB_MODE_PER_BATCH: JobMode
JOB_MODE_PER_SAMPLE: JobMode
ON_ERROR_FAIL: OnError
ON_ERROR_SKIP: OnError
ON_ERROR_COLLECT: OnError
RESULT_FORMAT_PARQUET: ResultFormat
RESULT_FORMAT_NPZ: ResultFormat
JOB_STATE_UNSPECIFIED: JobState
JOB_STATE_QUEUED: JobState
JOB_STATE_PLANNING: JobState
JOB_STATE_RUNNING: JobState
JOB_STATE_FINISHED: JobState
JOB_STATE_FAILED: JobState
JOB_STATE_CANCELLED: JobState

class ColumnInput(_message.Message):
    __slots__ = ("input", "columns", "stacked")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    STACKED_FIELD_NUMBER: _ClassVar[int]
    input: str
    columns: _containers.RepeatedScalarFieldContainer[str]
    stacked: bool
    def __init__(self, input: _Optional[str] = ..., columns: _Optional[_Iterable[str]] = ..., stacked: _Optional[bool] = ...) -> None: ...

class ParameterInput(_message.Message):
    __slots__ = ("input", "spec", "digest", "differentiated")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    DIFFERENTIATED_FIELD_NUMBER: _ClassVar[int]
    input: str
    spec: _tensor_pb2.TensorSpec
    digest: bytes
    differentiated: bool
    def __init__(self, input: _Optional[str] = ..., spec: _Optional[_Union[_tensor_pb2.TensorSpec, _Mapping]] = ..., digest: _Optional[bytes] = ..., differentiated: _Optional[bool] = ...) -> None: ...

class JobSpec(_message.Message):
    __slots__ = ("name", "program_digest", "program_size", "data", "inputs", "parameters", "mode", "output", "batch_rows", "shard_rows", "on_error", "format", "id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_DIGEST_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_SIZE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    BATCH_ROWS_FIELD_NUMBER: _ClassVar[int]
    SHARD_ROWS_FIELD_NUMBER: _ClassVar[int]
    ON_ERROR_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    program_digest: bytes
    program_size: int
    data: _containers.RepeatedScalarFieldContainer[str]
    inputs: _containers.RepeatedCompositeFieldContainer[ColumnInput]
    parameters: _containers.RepeatedCompositeFieldContainer[ParameterInput]
    mode: JobMode
    output: str
    batch_rows: int
    shard_rows: int
    on_error: OnError
    format: ResultFormat
    id: str
    def __init__(self, name: _Optional[str] = ..., program_digest: _Optional[bytes] = ..., program_size: _Optional[int] = ..., data: _Optional[_Iterable[str]] = ..., inputs: _Optional[_Iterable[_Union[ColumnInput, _Mapping]]] = ..., parameters: _Optional[_Iterable[_Union[ParameterInput, _Mapping]]] = ..., mode: _Optional[_Union[JobMode, str]] = ..., output: _Optional[str] = ..., batch_rows: _Optional[int] = ..., shard_rows: _Optional[int] = ..., on_error: _Optional[_Union[OnError, str]] = ..., format: _Optional[_Union[ResultFormat, str]] = ..., id: _Optional[str] = ...) -> None: ...

class JobStatus(_message.Message):
    __slots__ = ("id", "name", "state", "queue_position", "shards_done", "shards_total", "rows_done", "rows_total", "bad_rows", "rows_per_s", "submitted_s", "started_s", "ended_s", "error", "error_reason", "output", "mode", "format", "peak_driver_bytes", "peak_worker_bytes", "restarts", "updated_s", "waiting")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_POSITION_FIELD_NUMBER: _ClassVar[int]
    SHARDS_DONE_FIELD_NUMBER: _ClassVar[int]
    SHARDS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    ROWS_DONE_FIELD_NUMBER: _ClassVar[int]
    ROWS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    BAD_ROWS_FIELD_NUMBER: _ClassVar[int]
    ROWS_PER_S_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_S_FIELD_NUMBER: _ClassVar[int]
    STARTED_S_FIELD_NUMBER: _ClassVar[int]
    ENDED_S_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ERROR_REASON_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PEAK_DRIVER_BYTES_FIELD_NUMBER: _ClassVar[int]
    PEAK_WORKER_BYTES_FIELD_NUMBER: _ClassVar[int]
    RESTARTS_FIELD_NUMBER: _ClassVar[int]
    UPDATED_S_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    state: JobState
    queue_position: int
    shards_done: int
    shards_total: int
    rows_done: int
    rows_total: int
    bad_rows: int
    rows_per_s: float
    submitted_s: float
    started_s: float
    ended_s: float
    error: str
    error_reason: str
    output: str
    mode: JobMode
    format: ResultFormat
    peak_driver_bytes: int
    peak_worker_bytes: int
    restarts: int
    updated_s: float
    waiting: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., state: _Optional[_Union[JobState, str]] = ..., queue_position: _Optional[int] = ..., shards_done: _Optional[int] = ..., shards_total: _Optional[int] = ..., rows_done: _Optional[int] = ..., rows_total: _Optional[int] = ..., bad_rows: _Optional[int] = ..., rows_per_s: _Optional[float] = ..., submitted_s: _Optional[float] = ..., started_s: _Optional[float] = ..., ended_s: _Optional[float] = ..., error: _Optional[str] = ..., error_reason: _Optional[str] = ..., output: _Optional[str] = ..., mode: _Optional[_Union[JobMode, str]] = ..., format: _Optional[_Union[ResultFormat, str]] = ..., peak_driver_bytes: _Optional[int] = ..., peak_worker_bytes: _Optional[int] = ..., restarts: _Optional[int] = ..., updated_s: _Optional[float] = ..., waiting: _Optional[str] = ...) -> None: ...

class SubmitChunk(_message.Message):
    __slots__ = ("header", "data")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    header: JobSpec
    data: bytes
    def __init__(self, header: _Optional[_Union[JobSpec, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...

class ListJobsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class JobList(_message.Message):
    __slots__ = ("jobs",)
    JOBS_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[JobStatus]
    def __init__(self, jobs: _Optional[_Iterable[_Union[JobStatus, _Mapping]]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("id", "follow")
    ID_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    id: str
    follow: bool
    def __init__(self, id: _Optional[str] = ..., follow: _Optional[bool] = ...) -> None: ...

class CancelJobRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ResultRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ResultChunk(_message.Message):
    __slots__ = ("size", "data")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    size: int
    data: bytes
    def __init__(self, size: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class Shard(_message.Message):
    __slots__ = ("number", "file", "first_row", "rows", "first_byte", "end_byte", "first_group", "end_group")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    FIRST_ROW_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    FIRST_BYTE_FIELD_NUMBER: _ClassVar[int]
    END_BYTE_FIELD_NUMBER: _ClassVar[int]
    FIRST_GROUP_FIELD_NUMBER: _ClassVar[int]
    END_GROUP_FIELD_NUMBER: _ClassVar[int]
    number: int
    file: int
    first_row: int
    rows: int
    first_byte: int
    end_byte: int
    first_group: int
    end_group: int
    def __init__(self, number: _Optional[int] = ..., file: _Optional[int] = ..., first_row: _Optional[int] = ..., rows: _Optional[int] = ..., first_byte: _Optional[int] = ..., end_byte: _Optional[int] = ..., first_group: _Optional[int] = ..., end_group: _Optional[int] = ...) -> None: ...

class DataFile(_message.Message):
    __slots__ = ("url", "size_bytes", "version")
    URL_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    url: str
    size_bytes: int
    version: str
    def __init__(self, url: _Optional[str] = ..., size_bytes: _Optional[int] = ..., version: _Optional[str] = ...) -> None: ...

class Manifest(_message.Message):
    __slots__ = ("files", "shards", "rows")
    FILES_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[DataFile]
    shards: _containers.RepeatedCompositeFieldContainer[Shard]
    rows: int
    def __init__(self, files: _Optional[_Iterable[_Union[DataFile, _Mapping]]] = ..., shards: _Optional[_Iterable[_Union[Shard, _Mapping]]] = ..., rows: _Optional[int] = ...) -> None: ...

class BadRow(_message.Message):
    __slots__ = ("file", "row", "reason")
    FILE_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    file: int
    row: int
    reason: str
    def __init__(self, file: _Optional[int] = ..., row: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class LedgerEntry(_message.Message):
    __slots__ = ("shard", "rows", "bad_rows", "result_digest", "seconds", "peak_bytes")
    SHARD_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    BAD_ROWS_FIELD_NUMBER: _ClassVar[int]
    RESULT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    shard: int
    rows: int
    bad_rows: int
    result_digest: bytes
    seconds: float
    peak_bytes: int
    def __init__(self, shard: _Optional[int] = ..., rows: _Optional[int] = ..., bad_rows: _Optional[int] = ..., result_digest: _Optional[bytes] = ..., seconds: _Optional[float] = ..., peak_bytes: _Optional[int] = ...) -> None: ...
