"""gRPC's settings on both sides, in one place because they only work as a pair.

Plain tuples: nothing here imports grpc.
"""

from __future__ import annotations

from typing import Final

from telegrad_proto.limits import MAX_MESSAGE_BYTES

Option = tuple[str, int | str]

#: How soon a peer that is gone or frozen is noticed: one ping after 10 s of silence, 5 s for its answer.
#: `keepalive_timeout_ms` alone leaves a frozen process unnoticed for a minute; `http2.ping_timeout_ms` does
#: not.
KEEPALIVE_TIME_MS: Final = 10_000
PING_TIMEOUT_MS: Final = 5_000

_SHARED: Final[tuple[Option, ...]] = (
    ("grpc.keepalive_time_ms", KEEPALIVE_TIME_MS),
    ("grpc.keepalive_timeout_ms", PING_TIMEOUT_MS),
    ("grpc.http2.ping_timeout_ms", PING_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),  # else pings stop after two and a dead peer goes unnoticed
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", 8 * 1024),
)

CHANNEL_OPTIONS: Final[tuple[Option, ...]] = (
    *_SHARED,
    # Equal arguments would make all channels of a process share one connection, and then wait for each other.
    ("grpc.use_local_subchannel_pool", 1),
    # Retrying is the session's business (it knows what may be repeated), so gRPC only has to reconnect soon.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)

SERVER_OPTIONS: Final[tuple[Option, ...]] = (
    *_SHARED,
    # Half of what clients do: a ping that comes early is no attack.
    # gRPC's documents call it min_recv_ping_interval; the option itself has no "recv", and a wrong name is
    # ignored.
    ("grpc.http2.min_ping_interval_without_data_ms", KEEPALIVE_TIME_MS // 2),
    ("grpc.http2.max_ping_strikes", 2),
    # With port sharing on, a second server on a taken port would start silently and take half of the clients.
    ("grpc.so_reuseport", 0),
)

#: Metadata that every call of the session service carries.
SESSION_KEY: Final = "telegrad-session"  # absent: a new session
TOKEN_KEY: Final = "authorization"  # noqa: S105  # a header's name
REQUEST_ID_KEY: Final = "x-request-id"

#: The service's name in health answers.
SERVICE: Final = "telegrad.v1.Session"

#: What a worker tells its supervisor and its gateways, and what a gateway tells of its workers.
WORKER_SERVICE: Final = "telegrad.v1.Worker"
CLUSTER_SERVICE: Final = "telegrad.v1.Cluster"

#: Batch jobs.
JOBS_SERVICE: Final = "telegrad.v1.Jobs"

#: Calls of programs, which belong to no session.
PROGRAMS_SERVICE: Final = "telegrad.v1.Programs"
