#!/bin/sh
# The whole test command: lint, types, import contracts, tests in random order on two cores, the three agents alone.
set -u
cd "$(dirname "$0")/.."
status=0
step() {
  name=$1; shift
  started=$(date +%s)
  if "$@"; then word=ok; else word=FAILED; status=1; fi
  printf '=== %s: %s (%s s)\n' "$name" "$word" "$(($(date +%s) - started))"
}
step "style" .venv/bin/ruff check --quiet .
step "format" .venv/bin/ruff format --check --quiet .
step "import contracts" .venv/bin/lint-imports --no-cache
step "types" .venv/bin/mypy
step "agents alone" sh tests/slim.sh
step "tests" .venv/bin/pytest -q -n 2 --dist loadgroup -m "not deep and not browser" tests
# In a process of its own: the browser's driver keeps an event loop running, which other tests would trip over.
step "browser" .venv/bin/pytest -q -m browser tests/browser
exit $status
