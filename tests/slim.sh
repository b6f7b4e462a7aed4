#!/bin/sh
# Installs each agent from its own lock into an empty environment, the wheel itself without dependencies, and starts it.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
.venv/bin/uv build -q --wheel --out-dir "$work/wheel" . 
for agent in node validator verify; do
  .venv/bin/uv venv -q --python .venv/bin/python "$work/$agent"
  .venv/bin/uv pip install -q --python "$work/$agent/bin/python" --require-hashes -r "locks/$agent.lock"
  .venv/bin/uv pip install -q --python "$work/$agent/bin/python" --no-deps "$work"/wheel/*.whl
  .venv/bin/uv pip list -q --python "$work/$agent/bin/python" --format freeze > "$work/$agent.txt"
  if grep -qiE '^(django|weasyprint)==' "$work/$agent.txt"; then echo "$agent installs Django or WeasyPrint"; exit 1; fi
  count=$(grep -cv '^cloudtuner==' "$work/$agent.txt")
  if [ "$agent" = verify ] && [ "$count" -gt 25 ]; then echo "verify installs $count distributions, more than 25"; exit 1; fi
  # `pip check` without pip: uv reads the same metadata. The wheel's own base dependencies are absent by design.
  .venv/bin/uv pip uninstall -q --python "$work/$agent/bin/python" cloudtuner
  .venv/bin/uv pip check -q --python "$work/$agent/bin/python"
  .venv/bin/uv pip install -q --python "$work/$agent/bin/python" --no-deps "$work"/wheel/*.whl
  (cd "$work" && "$work/$agent/bin/cloudtuner-$agent" --help >/dev/null)
  echo "cloudtuner-$agent: $count distributions, starts without Django"
done
