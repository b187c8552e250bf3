"""How jobs are done, from the server's settings: what they may use depends on who can reach the server."""

from __future__ import annotations

from pathlib import Path

from telegrad_server.app import job_settings
from telegrad_server.config import Settings
from telegrad_server.jobs.settings import JobSettings


def test_on_loopback_jobs_may_use_what_the_server_can() -> None:
    assert job_settings(Settings()) == JobSettings(jobs="", roots=(), device="cpu", at_once=1, most=0)


def test_elsewhere_only_what_is_named(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("0123456789abcdef")
    away = {"host": "192.0.2.1", "token_file": token, "jobs": "s3://bucket/jobs"}
    assert job_settings(Settings(**away)).roots == ("s3://bucket/jobs",)  # type: ignore[arg-type]
    named = job_settings(Settings(**away, job_data="s3://data,/mnt/data", jobs_at_once=2, job_processes=8))  # type: ignore[arg-type]
    assert named.roots == ("s3://data", "/mnt/data")
    assert (named.at_once, named.most) == (2, 8)
