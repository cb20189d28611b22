#!/usr/bin/env bash
# Makes a Docker image around mongo-java-server, a MongoDB-compatible server, for machines that
# cannot pull mongo:8. It keeps everything in memory, and does less than MongoDB: the tests find out
# what, and skip that by name. Needs Docker running; installs a JDK and Maven with apt where they
# are missing. Does nothing when the image is there. Prints what to put into the environment.
set -euo pipefail
cd "$(dirname "$0")"

IMAGE="sessions-mongo-java:$(cat build.sh ../copy-libraries.sh pom.xml Dockerfile MongoServerImage.java | sha256sum | cut -c1-12)"

packages=()
command -v mvn >/dev/null || packages+=(maven)
command -v jlink >/dev/null || packages+=(default-jdk-headless)
command -v javac >/dev/null || packages+=(default-jdk-headless)

build() {
  if [ ${#packages[@]} -gt 0 ]; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
  fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  root=$work/root
  mkdir -p "$root/app" "$root/tmp"

  mvn -q -B -ntp dependency:copy-dependencies -DoutputDirectory="$root/app"
  javac --release 11 -cp "$root/app/*" -d "$work/classes" MongoServerImage.java
  jar --create --file "$root/app/mongo-image.jar" -C "$work/classes" .

  jlink --add-modules java.base,java.logging,java.management,java.naming,jdk.unsupported \
    --strip-java-debug-attributes --no-header-files --no-man-pages --output "$root/jre"
  find "$root/jre" -type f \( -name '*.so' -o -name java \) -exec ../copy-libraries.sh "$root" {} +

  cp Dockerfile "$work/"
  DOCKER_BUILDKIT=0 docker build -q -t "$IMAGE" "$work"
}

docker image inspect "$IMAGE" >/dev/null 2>&1 || build >&2
echo "SESSIONS_MONGO_IMAGE=$IMAGE"
