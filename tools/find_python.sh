#!/bin/sh
# Prints the path of a Python 3.11 or 3.12 that can make virtual environments; otherwise names what is missing
# and the command that installs it (Debian, macOS). $PYTHON, when set, is the only candidate.
set -u

fits() { # fits PATH: right version?
    "$1" -c 'import sys; raise SystemExit(not ((3, 11) <= sys.version_info[:2] <= (3, 12)))' >/dev/null 2>&1
}

can_make_venv() { # Debian ships `venv` without `ensurepip` unless python3-venv is there
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

real_path() { # the interpreter itself, not a shim that depends on the folder it is called from
    "$1" -c 'import sys; print(sys.executable)' 2>/dev/null
}

candidates() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON"
        return
    fi
    for name in python3.11 python3.12 python3 python; do
        command -v "$name"
    done
    for root in "${PYENV_ROOT:-$HOME/.pyenv}/versions" /opt/homebrew/bin /usr/local/bin; do
        for found in "$root"/3.11*/bin/python "$root"/3.12*/bin/python "$root"/python3.11 "$root"/python3.12; do
            [ -x "$found" ] && echo "$found"
        done
    done
}

without_venv=""
while IFS= read -r candidate; do
    fits "$candidate" || continue
    if can_make_venv "$candidate"; then
        real_path "$candidate"
        exit 0
    fi
    without_venv="$candidate"
done <<LIST
$(candidates)
LIST

if [ -n "$without_venv" ]; then
    version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    cat >&2 <<TEXT
finlake: $without_venv is Python $version but cannot make virtual environments (its ensurepip module is missing).
  Nothing was changed.
  Debian, Ubuntu:  sudo apt-get install -y python$version-venv
  macOS:           brew install python@$version
Then run the same command again.
TEXT
else
    reason="none was found"
    [ -n "${PYTHON:-}" ] && reason="PYTHON=$PYTHON is not one"
    cat >&2 <<TEXT
finlake: Python 3.11 or 3.12 is needed, and $reason.
  Nothing was changed.
  Debian, Ubuntu:  sudo apt-get install -y python3.11 python3.11-venv     (or python3.12 python3.12-venv)
  macOS:           brew install python@3.11
  Already installed somewhere else?  make setup PYTHON=/path/to/python3.11
Then run the same command again.
TEXT
fi
exit 1
