#!/bin/sh
# Runs the SDK's tests on every Python 3 at hand: /usr/bin/python3* and pyenv's versions. Exit 1 when one fails.
cd "$(dirname "$0")/../.." || exit 2
seen=""
failed=""
for python in /usr/bin/python3 /usr/bin/python3.[0-9]* "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
    [ -x "$python" ] || continue
    version=$("$python" -c 'import sys; print(sys.executable.split("/bin/")[0], sys.version.split()[0])' 2>/dev/null) || continue
    case "$seen" in *"[$version]"*) continue ;; esac
    seen="$seen[$version]"
    printf '%s: ' "$version"
    if output=$("$python" -W error::ResourceWarning -m unittest discover python/tests 2>&1); then
        printf '%s\n' "$output" | grep '^Ran '
    else
        printf 'FAILED\n%s\n' "$output"
        failed="$failed $version"
    fi
done
[ -n "$seen" ] || { echo "There is no Python 3 here." >&2; exit 2; }
[ -z "$failed" ] || { echo "Failed on:$failed" >&2; exit 1; }
