#!/usr/bin/env bash
# Prints the directory of a prometheus and a promtool for the tests: the one on PATH, else Debian's package, unpacked into
# a cache. The package is not installed, because that would start a service. Prints nothing if there is neither. Progress
# goes to stderr.
set -euo pipefail

if found=$(command -v prometheus) && command -v promtool > /dev/null; then
  dirname "$found"
  exit
fi

if ! command -v apt-get > /dev/null || ! command -v dpkg-deb > /dev/null; then
  echo 'no prometheus, and no Debian to take one from: the tests that need it are skipped' >&2
  exit
fi

candidate() {
  LC_ALL=C apt-cache policy prometheus | sed -n 's/^  Candidate: //p' | grep -v '(none)' || true
}

version=$(candidate)
if [[ -z $version && $(id -u) == 0 ]]; then
  apt-get update --quiet >&2
  version=$(candidate)
fi
if [[ -z $version ]]; then
  echo 'apt knows no package prometheus (apt-get update): the tests that need it are skipped' >&2
  exit
fi

kept="${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-stash/prometheus-$version"
if [[ ! -x $kept/usr/bin/promtool ]]; then
  echo "unpacking prometheus $version once" >&2
  mkdir -p "$(dirname "$kept")"
  new=$(mktemp -d "$kept.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  # apt's own user cannot write to this directory, so apt downloads as the present user, and warns. An old list names
  # packages that the archive no longer has.
  download() { (cd "$new" && apt-get download --quiet prometheus >&2); }
  if ! download && ! { apt-get update --quiet >&2 && download; }; then
    echo 'apt cannot download prometheus: the tests that need it are skipped' >&2
    exit
  fi
  (cd "$new" && dpkg-deb --extract ./*.deb . && rm ./*.deb)
  rm -rf "$kept"
  mv "$new" "$kept"
fi
echo "prometheus $version: $kept/usr/bin" >&2
echo "$kept/usr/bin"
