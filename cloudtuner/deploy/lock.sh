#!/bin/sh
# Resolves the dependencies again and writes the lock files: hashes, no addresses.
set -eu
cd "$(dirname "$0")/../.."
.venv/bin/uv lock --quiet
export_lock() { .venv/bin/uv export --quiet --frozen --no-header --no-annotate --no-emit-project --format requirements-txt "$@"; }
export_lock --extra embedded --no-default-groups > requirements.lock
export_lock --extra embedded --group dev > locks/dev.lock
for agent in node validator verify; do export_lock --only-group "$agent" > "locks/$agent.lock"; done
