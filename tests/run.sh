#!/bin/sh
# The whole test command: lint, types, import contracts, tests in random order on two cores, the three agents alone.
set -u
cd "$(dirname "$0")/.."
rm -rf test-results
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
step "tests" .venv/bin/pytest -q -n 2 --dist loadgroup -m "not deep and not browser" --junitxml test-results/tests.xml tests
# In a process of its own: the browser's driver keeps an event loop running, which other tests would trip over.
step "browser" .venv/bin/pytest -q -m browser --junitxml test-results/browser.xml tests/browser
.venv/bin/python - "$status" <<'SUMMARY'
import sys
import xml.etree.ElementTree as tree

total = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
for name in ("tests", "browser"):
    try:
        for suite in tree.parse(f"test-results/{name}.xml").getroot().iter("testsuite"):
            for key in total:
                total[key] += int(suite.get(key, 0))
    except OSError:
        print(f"no result of {name}")
failed = total["failures"] + total["errors"]
print("" if sys.argv[1] == "0" else "A step FAILED; see above.")
print(f"{total['tests'] - failed - total['skipped']} passed, {failed} failed, {total['skipped']} skipped")
SUMMARY
exit $status
