#!/bin/sh
# Creates a database cluster in $PGDATA if there is none, and serves it. Implements the part of
# docker.io/library/postgres that the guide for databases uses: PGDATA, POSTGRES_PASSWORD,
# POSTGRES_HOST_AUTH_METHOD and POSTGRES_INITDB_WALDIR.
set -eu
export PGDATA="${PGDATA:-/var/lib/postgresql/data}"
wal=${POSTGRES_INITDB_WALDIR:-}
[ "${1:-postgres}" = postgres ] || [ "${1#-}" != "$1" ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  for directory in "$PGDATA" $wal; do
    mkdir -p "$directory"
    chown -R postgres: "$directory"
    chmod 700 "$directory"
  done
  exec su -m -s "$0" postgres "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo 'set POSTGRES_PASSWORD: no database without a superuser password' >&2
    exit 1
  fi
  password=$(mktemp)
  echo "${POSTGRES_PASSWORD:-}" > "$password"
  initdb --username=postgres ${POSTGRES_PASSWORD:+--pwfile="$password"} ${wal:+--waldir="$wal"}
  rm "$password"
  echo "host all all all ${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >> "$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
fi
[ "${1:-}" != postgres ] || shift
exec postgres "$@"
