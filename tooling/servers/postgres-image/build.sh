#!/usr/bin/env bash
# Makes a Docker image of Debian's PostgreSQL with an empty cluster of databases, and the libraries
# that it needs, for machines that cannot pull postgres:18. Needs Docker running. Does nothing when
# the image is there. Prints what to put into the environment.
set -euo pipefail
cd "$(dirname "$0")"

newest() { find /usr/lib/postgresql -maxdepth 1 -name '[0-9]*' 2>/dev/null | sort -V | tail -n 1; }

[ -n "$(newest)" ] || {
  apt-get update -q
  # The package makes a cluster of its own and starts it, unless it is told not to.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql
} >&2

lib=$(newest)
share=/usr/share/postgresql/${lib##*/}
IMAGE="sessions-postgres:$(cat build.sh ../copy-libraries.sh Dockerfile "$lib/bin/postgres" | sha256sum | cut -c1-12)"

build() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  root=$work/root
  mkdir -p "$root$lib/bin" "$root$lib/lib" "$root$share" "$root/usr/share/zoneinfo/Etc" "$root/tmp"
  chmod 1777 "$root/tmp"
  programs=("$lib"/bin/{postgres,pg_basebackup})
  libraries=("$lib"/lib/{dict_snowball,libpqwalreceiver,plpgsql}.so)
  cp "${programs[@]}" "$root$lib/bin/"
  cp "${libraries[@]}" "$root$lib/lib/"
  cp -r "$share/." "$root$share/"
  cp -L /usr/share/zoneinfo/Etc/UTC "$root/usr/share/zoneinfo/Etc/"
  ../copy-libraries.sh "$root" "${programs[@]}" "${libraries[@]}"
  # The same path for every version.
  ln -s "${lib##*/}/bin" "$root/usr/lib/postgresql/bin"

  # It refuses to run as root, and so does the server.
  install -d -o nobody "$work/nobody"
  chmod 711 "$work"
  setpriv --reuid=nobody --regid=nogroup --clear-groups "$lib/bin/initdb" -D "$work/nobody/data" \
    --username=postgres --auth=trust --no-locale --encoding=UTF8 --no-instructions >/dev/null
  mkdir "$work/cluster"
  mv "$work/nobody/data" "$work/cluster/data"
  echo 'host all,replication all all trust' >>"$work/cluster/data/pg_hba.conf"
  cat >>"$work/cluster/data/postgresql.conf" <<-END
	listen_addresses = '*'
	unix_socket_directories = ''
	timezone = 'Etc/UTC'
	log_timezone = 'Etc/UTC'
	END

  cp Dockerfile "$work/"
  DOCKER_BUILDKIT=0 docker build -q -t "$IMAGE" "$work"
}

docker image inspect "$IMAGE" >/dev/null 2>&1 || build >&2
echo "SESSIONS_POSTGRES_IMAGE=$IMAGE"
