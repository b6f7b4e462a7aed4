"""Production starts only with real parts, and says everything that is wrong at once."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

GOOD = {
    "CLOUDTUNER_MODE": "production",
    "CLOUDTUNER_SECRET_KEY": "abcdefghij" * 6,
    "CLOUDTUNER_BASE_DOMAIN": "cloudtuner.example",
    "CLOUDTUNER_WEB_PORT": "443",
    "CLOUDTUNER_CHAIN_ID": "137",
    "DATABASE_URL": "postgresql://app:x@db.example:5432/cloudtuner",
    "DATABASE_OWNER_URL": "postgresql://owner:x@db.example:5432/cloudtuner",
    "CELERY_BROKER_URL": "redis://broker.example:6379/0",
    "RPC_URL": "https://rpc.example",
    "OBJECT_STORE_URL": "s3://bucket/prefix",
    "EMAIL_HOST": "mail.example",
}


def _start(root, tmp_path, **changed: str | None) -> subprocess.CompletedProcess[str]:
    environment = {**GOOD, "PATH": "/usr/bin:/bin", "CLOUDTUNER_DATA_DIR": str(tmp_path), **changed}
    environment = {key: value for key, value in environment.items() if value is not None}
    command = [sys.executable, "manage.py", "check", "--deploy"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_production__everything_named__passes_the_deployment_checks(root, tmp_path):
    done = _start(root, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "no issues" in done.stdout + done.stderr, done.stdout + done.stderr


def test_production__nothing_named__names_everything_at_once(root, tmp_path):
    done = _start(root, tmp_path, **{name: None for name in GOOD if name != "CLOUDTUNER_MODE"})
    assert done.returncode != 0
    for name in (
        "CLOUDTUNER_SECRET_KEY",
        "DATABASE_URL",
        "CELERY_BROKER_URL",
        "CLOUDTUNER_BASE_DOMAIN",
        "RPC_URL",
        "OBJECT_STORE_URL",
    ):
        assert f"{name}: not set" in done.stderr


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"CLOUDTUNER_BASE_DOMAIN": "cloudtuner.localhost"}, "a localhost name"),
        ({"CLOUDTUNER_CHAIN_ID": "31337"}, "31337 is the embedded chain"),
        ({"DATABASE_URL": "postgresql://owner:x@db.example:5432/cloudtuner"}, "names the owner's role"),
        ({"CLOUDTUNER_SECRET_KEY": "short"}, "shorter than 50"),
        ({"CELERY_BROKER_URL": "memory://"}, "not a Redis, Valkey or RabbitMQ URL"),
        ({"DATABASE_URL": "sqlite:///x"}, "not a PostgreSQL URL"),
        ({"DJANGO_SETTINGS_MODULE": "cloudtuner.settings.embedded"}, "names the embedded settings"),
        ({"CLOUDTUNER_MODE": "prod"}, "'prod' is no mode"),
    ],
)
def test_production__stand_in_or_contradiction__is_refused(root, tmp_path, changed, said):
    done = _start(root, tmp_path, **changed)
    assert done.returncode != 0
    assert said in done.stderr


def test_production__embedded_servers_and_keys__are_recognised(root, tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "server.json").write_text(json.dumps({"port": "55001"}))
    (tmp_path / "valkey").mkdir()
    (tmp_path / "valkey" / "valkey.conf").write_text("bind 127.0.0.1\nport 55002\n")
    done = _start(
        root,
        tmp_path,
        DATABASE_URL="postgresql://app:x@127.0.0.1:55001/cloudtuner",
        CELERY_BROKER_URL="redis://127.0.0.1:55002/0",
        CLOUDTUNER_MASTER_KEY_FILE=str(tmp_path / "keys" / "master.key"),
    )
    assert done.returncode != 0
    for said in ("DATABASE_URL: it names the embedded", "CELERY_BROKER_URL: it names the embedded", "was made for development"):
        assert said in done.stderr
