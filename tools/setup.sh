#!/bin/sh
# Makes .venv exactly as requirements.lock says (every file checked against its hash) with `finlake` in it.
# Called by `make setup` when the lock, the bootstrap lock or pyproject.toml changed since the last time.
set -eu

export UV_PYTHON_DOWNLOADS=never PIP_DISABLE_PIP_VERSION_CHECK=1
python=$(sh tools/find_python.sh)
bin=.venv/bin

if ! "$bin/python" -c 'import sys; raise SystemExit(not ((3, 11) <= sys.version_info[:2] <= (3, 12)))' 2>/dev/null; then
    echo "finlake: making .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv
fi
if ! "$bin/python" -m pip --version >/dev/null 2>&1; then
    "$bin/python" -m ensurepip --upgrade >/dev/null
fi
echo "finlake: installing the locked packages (about 250; a minute the first time, downloads aside)"
"$bin/python" -m pip install --quiet --no-deps --only-binary :all: --require-hashes -r requirements-uv.lock
VIRTUAL_ENV="$PWD/.venv" "$bin/uv" pip sync --quiet --require-hashes requirements.lock requirements-uv.lock
VIRTUAL_ENV="$PWD/.venv" "$bin/uv" pip install --quiet --no-deps --no-build-isolation -e .
echo "finlake: ready: $bin/finlake --help"
