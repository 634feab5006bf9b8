# shellcheck shell=sh
# What all parts of ./dev use: words on the terminal, quiet steps with a log.

say() { printf '%s\n' "$*"; }

fail() { # what, what to do next
  printf '%s\n' "$@" >&2
  exit 1
}

# step TITLE COMMAND…: run it quietly, its output in a log; while it runs, a terminal shows the log's last line.
step() {
  title=$1
  shift
  mkdir -p build/log
  log=build/log/$(printf '%s' "$title" | tr -cs 'A-Za-z0-9' '-').log
  began=$(date +%s)
  if [ -t 1 ]; then
    show_progress "$title" "$log" &
    ticker=$!
    trap 'kill "$ticker" 2>/dev/null || true' EXIT
  else
    say "$title …"
  fi
  status=0
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ -t 1 ]; then
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    trap - EXIT
    printf '\r\033[K'
  fi
  if [ "$status" -ne 0 ]; then
    tail -n 40 "$log" >&2
    printf '\n%s: failed. All of its output is in %s\n' "$title" "$log" >&2
    return "$status"
  fi
  took=$(($(date +%s) - began))
  [ "$took" -lt 2 ] || say "$title: done in $took s"
}

show_progress() {
  while kill -0 $$ 2>/dev/null; do
    printf '\r\033[K%s … %s' "$1" "$(tail -n 1 "$2" 2>/dev/null | tr -d '\r' | cut -c 1-60)"
    sleep 0.3
  done
}
