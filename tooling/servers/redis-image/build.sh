#!/usr/bin/env bash
# Makes a Docker image of Debian's redis-server and the libraries that it needs, for machines that
# cannot pull redis:8. Needs Docker running. Does nothing when the image is there. Prints what to
# put into the environment.
set -euo pipefail
cd "$(dirname "$0")"

command -v redis-server >/dev/null || {
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends redis-server
} >&2

program=$(readlink -f "$(command -v redis-server)")
IMAGE="sessions-redis:$(cat build.sh ../copy-libraries.sh Dockerfile "$program" | sha256sum | cut -c1-12)"

build() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  root=$work/root
  mkdir -p "$root/data" "$root/tmp" "$root/usr/bin"
  cp "$program" "$root/usr/bin/redis-server"
  ../copy-libraries.sh "$root" "$program"
  cp Dockerfile "$work/"
  DOCKER_BUILDKIT=0 docker build -q -t "$IMAGE" "$work"
}

docker image inspect "$IMAGE" >/dev/null 2>&1 || build >&2
echo "SESSIONS_REDIS_IMAGE=$IMAGE"
