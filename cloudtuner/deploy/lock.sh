#!/bin/sh
# Resolves the dependencies again and writes the lock files: hashes, no addresses.
set -eu
cd "$(dirname "$0")/../.."
.venv/bin/uv lock --quiet
export_lock() { .venv/bin/uv export --quiet --frozen --no-header --no-annotate --no-emit-project --format requirements-txt "$@"; }
export_lock --extra embedded --no-default-groups > requirements.lock
export_lock --extra embedded --group dev > locks/dev.lock
for group in node validator verify installer nodejs; do export_lock --only-group "$group" > "locks/$group.lock"; done
