#!/usr/bin/env bash
# Installs the Debian packages that the cluster suite needs for a real node; needs root. On other systems it
# installs nothing: the suite reports what is missing and uses our own node agent.
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
  # Only the programs are needed: do not start a server.
  mkdir -p /etc/postgresql-common
  [[ -e /etc/postgresql-common/createcluster.conf ]] ||
    echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  install "${database[@]}" || echo 'no PostgreSQL 15 here: the tests with a database are skipped' >&2
fi
