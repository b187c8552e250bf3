from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BeatRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Pulse(_message.Message):
    __slots__ = ("name", "serving", "sessions", "capacity", "held_bytes", "limit_bytes", "running", "busy_s", "stalled_s", "device", "pid", "uptime_s", "streams")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SERVING_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    HELD_BYTES_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    BUSY_S_FIELD_NUMBER: _ClassVar[int]
    STALLED_S_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    UPTIME_S_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    name: str
    serving: bool
    sessions: int
    capacity: int
    held_bytes: int
    limit_bytes: int
    running: int
    busy_s: float
    stalled_s: float
    device: str
    pid: int
    uptime_s: float
    streams: int
    def __init__(self, name: _Optional[str] = ..., serving: _Optional[bool] = ..., sessions: _Optional[int] = ..., capacity: _Optional[int] = ..., held_bytes: _Optional[int] = ..., limit_bytes: _Optional[int] = ..., running: _Optional[int] = ..., busy_s: _Optional[float] = ..., stalled_s: _Optional[float] = ..., device: _Optional[str] = ..., pid: _Optional[int] = ..., uptime_s: _Optional[float] = ..., streams: _Optional[int] = ...) -> None: ...

class ListSessionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SessionList(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[SessionInfo]
    def __init__(self, sessions: _Optional[_Iterable[_Union[SessionInfo, _Mapping]]] = ...) -> None: ...

class SessionInfo(_message.Message):
    __slots__ = ("session_id", "attached", "applied_seq", "held_bytes", "running_seq")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_FIELD_NUMBER: _ClassVar[int]
    APPLIED_SEQ_FIELD_NUMBER: _ClassVar[int]
    HELD_BYTES_FIELD_NUMBER: _ClassVar[int]
    RUNNING_SEQ_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    attached: bool
    applied_seq: int
    held_bytes: int
    running_seq: int
    def __init__(self, session_id: _Optional[str] = ..., attached: _Optional[bool] = ..., applied_seq: _Optional[int] = ..., held_bytes: _Optional[int] = ..., running_seq: _Optional[int] = ...) -> None: ...

class LeaveRequest(_message.Message):
    __slots__ = ("grace_s",)
    GRACE_S_FIELD_NUMBER: _ClassVar[int]
    grace_s: float
    def __init__(self, grace_s: _Optional[float] = ...) -> None: ...

class LeaveReply(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: int
    def __init__(self, sessions: _Optional[int] = ...) -> None: ...

class StatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WorkerInfo(_message.Message):
    __slots__ = ("worker", "address", "state", "pulse", "silent_s")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PULSE_FIELD_NUMBER: _ClassVar[int]
    SILENT_S_FIELD_NUMBER: _ClassVar[int]
    worker: str
    address: str
    state: str
    pulse: Pulse
    silent_s: float
    def __init__(self, worker: _Optional[str] = ..., address: _Optional[str] = ..., state: _Optional[str] = ..., pulse: _Optional[_Union[Pulse, _Mapping]] = ..., silent_s: _Optional[float] = ...) -> None: ...

class StatusReply(_message.Message):
    __slots__ = ("workers", "supervised", "desired", "min_workers", "max_workers", "spares", "replaced", "failed_starts", "circuit_open", "reason", "server_version")
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    SUPERVISED_FIELD_NUMBER: _ClassVar[int]
    DESIRED_FIELD_NUMBER: _ClassVar[int]
    MIN_WORKERS_FIELD_NUMBER: _ClassVar[int]
    MAX_WORKERS_FIELD_NUMBER: _ClassVar[int]
    SPARES_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    FAILED_STARTS_FIELD_NUMBER: _ClassVar[int]
    CIRCUIT_OPEN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    workers: _containers.RepeatedCompositeFieldContainer[WorkerInfo]
    supervised: bool
    desired: int
    min_workers: int
    max_workers: int
    spares: int
    replaced: int
    failed_starts: int
    circuit_open: bool
    reason: str
    server_version: str
    def __init__(self, workers: _Optional[_Iterable[_Union[WorkerInfo, _Mapping]]] = ..., supervised: _Optional[bool] = ..., desired: _Optional[int] = ..., min_workers: _Optional[int] = ..., max_workers: _Optional[int] = ..., spares: _Optional[int] = ..., replaced: _Optional[int] = ..., failed_starts: _Optional[int] = ..., circuit_open: _Optional[bool] = ..., reason: _Optional[str] = ..., server_version: _Optional[str] = ...) -> None: ...

class SessionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PlacedSession(_message.Message):
    __slots__ = ("worker", "session")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    worker: str
    session: SessionInfo
    def __init__(self, worker: _Optional[str] = ..., session: _Optional[_Union[SessionInfo, _Mapping]] = ...) -> None: ...

class SessionsReply(_message.Message):
    __slots__ = ("sessions", "silent")
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    SILENT_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[PlacedSession]
    silent: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sessions: _Optional[_Iterable[_Union[PlacedSession, _Mapping]]] = ..., silent: _Optional[_Iterable[str]] = ...) -> None: ...

class DrainRequest(_message.Message):
    __slots__ = ("worker",)
    WORKER_FIELD_NUMBER: _ClassVar[int]
    worker: str
    def __init__(self, worker: _Optional[str] = ...) -> None: ...

class DrainReply(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: int
    def __init__(self, sessions: _Optional[int] = ...) -> None: ...
