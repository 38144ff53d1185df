#!/bin/sh
# From a bare Debian to a Python that can do the rest (octavia_local.toolchain). Safe to repeat; quick when done.
set -eu
cd "$(dirname "$0")/../.."

usable() {
    command -v python3 >/dev/null 2>&1 &&
        python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if ! usable; then
    echo "Installing Python (python3, python3-venv)"
    if [ "$(id -u)" -eq 0 ]; then
        root=""
    elif command -v sudo >/dev/null 2>&1; then
        root="sudo"
    else
        echo "Python with its venv module is missing: as root, run: apt-get install python3 python3-venv" >&2
        exit 1
    fi
    command -v apt-get >/dev/null 2>&1 || {
        echo "Python 3.11 or newer with its venv module is missing, and there is no apt-get: install it by hand." >&2
        exit 1
    }
    $root apt-get update -qq >/dev/null
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        python3 python3-venv >/dev/null
    usable || {
        echo "This system's Python is older than 3.11: use Debian 12 or newer, or put a newer python3 first on PATH." >&2
        exit 1
    }
fi

PYTHONPATH=deploy/local exec python3 -m octavia_local.toolchain
