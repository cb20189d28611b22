#!/usr/bin/env bash
# Docker for tests, on a Debian that has none: installs the engine and runs it as root with its own
# data. Where the official images of the servers named cannot be pulled, it builds others.
#
#   eval "$(tooling/servers/docker.sh start redis mongo postgres)" # exports what the tests look for
#   tooling/servers/docker.sh stop                                   # stops what start has started
#
# May be called again, and uses an engine that runs already. So several runs may share one: stop
# leaves it alone while it runs containers, unless told `stop --force`. Logs go to stderr.
set -euo pipefail
cd "$(dirname "$0")"

folder=${SESSIONS_DOCKER_FOLDER:-/var/tmp/sessions-docker}
socket=$folder/docker.sock
pidfile=$folder/docker.pid

is_up() { docker version >/dev/null 2>&1; }

install_missing() {
  local packages=()
  is_up || command -v dockerd >/dev/null || packages+=(docker.io)
  is_up || command -v iptables >/dev/null || packages+=(iptables)
  command -v redis-server >/dev/null || packages+=(redis-server) # tests freeze and kill some
  command -v pgbouncer >/dev/null || packages+=(pgbouncer)       # tests put it before PostgreSQL
  [ ${#packages[@]} -eq 0 ] && return
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
}

# Of ours, not of another process that got the number since.
engine_pid() {
  local pid
  pid=$(cat "$pidfile" 2>/dev/null) || return 1
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q -- "--pidfile $pidfile" || return 1
  echo "$pid"
}

start_engine() {
  export DOCKER_HOST=unix://$socket
  if ! engine_pid >/dev/null; then
    mkdir -p "$folder"
    rm -f "$pidfile" "$socket"
    nohup dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$pidfile" \
      --host "$DOCKER_HOST" >"$folder/dockerd.log" 2>&1 </dev/null &
  fi
  for _ in $(seq 120); do
    is_up && return
    sleep 0.25
  done
  tail -n 30 "$folder/dockerd.log"
  echo 'dockerd did not start'
  return 1
}

# The image that tests look for.
official() { if [ "$1" = postgres ]; then echo postgres:18; else echo "$1:8"; fi; }

start() {
  {
    install_missing
    is_up || start_engine
  } >&2
  if [ -n "${DOCKER_HOST:-}" ]; then echo "export DOCKER_HOST=$DOCKER_HOST"; fi
  for name in "$@"; do
    timeout 60 docker pull -q "$(official "$name")" >/dev/null 2>&1 && continue
    # Prints NAME=value, for the image.
    "./$name-image/build.sh" | sed 's/^/export /'
  done
  # Ryuk, which clears up after testcontainers, is one more image to pull.
  echo 'export TESTCONTAINERS_RYUK_DISABLED=true'
}

stop() {
  local pid
  pid=$(engine_pid) || return 0
  if [ "${1:-}" != --force ] && [ -n "$(DOCKER_HOST=unix://$socket docker ps -q)" ]; then
    echo 'docker.sh: left running, since it runs containers, perhaps of others' >&2
    return 0
  fi
  kill "$pid"
  for _ in $(seq 120); do
    [ -d "/proc/$pid" ] || return 0
    sleep 0.25
  done
  kill -KILL "$pid"
}

command=${1:-}
shift || true
case $command in
start) start "$@" ;;
stop) stop "$@" ;;
*)
  echo "usage: $0 start [server…] | stop [--force]" >&2
  exit 2
  ;;
esac
