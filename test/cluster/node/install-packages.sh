#!/usr/bin/env bash
# Installs what a real node needs under the cluster suite, from Debian's packages, as root. Elsewhere nothing is
# installed: the suite says what is missing, and goes on with our own node agent.
set -euo pipefail

if [[ $(id -u) != 0 ]] || ! command -v apt-get > /dev/null; then
  echo 'no root, or no Debian: nothing is installed' >&2
  exit
fi

missing() {
  local name
  for name; do
    dpkg-query --show --showformat '${Status}' "$name" 2> /dev/null | grep -q 'install ok installed' || echo "$name"
  done
}

install() {
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$@"
}

mapfile -t node < <(missing runc iptables iproute2 containernetworking-plugins busybox-static btrfs-progs)
mapfile -t database < <(missing postgresql-15)
if ((${#node[@]} + ${#database[@]} > 0)); then apt-get update --quiet; fi
if ((${#node[@]} > 0)); then install "${node[@]}"; fi
if ((${#database[@]} > 0)); then
  # Only its programs are wanted: no server is to start.
  mkdir -p /etc/postgresql-common
  [[ -e /etc/postgresql-common/createcluster.conf ]] ||
    echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  install "${database[@]}" || echo 'no PostgreSQL 15 here: the tests with a database are skipped' >&2
fi
