#!/usr/bin/env bash
# Prints the path of a kubectl of version 1.31 or newer for the tests: the one on PATH, else one that Go
# builds and a cache keeps. Prints nothing if there is neither. Progress goes to stderr.
set -euo pipefail

module="$(cd "$(dirname "${BASH_SOURCE[0]}")/../cluster/programs" && pwd)"

minor_of() {
  "$1" version --client -o json 2> /dev/null | sed -n 's/.*"gitVersion": "v1\.\([0-9]*\).*/\1/p'
}

checksum() {
  if command -v sha256sum > /dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-16
}

if found=$(command -v kubectl); then
  minor=$(minor_of "$found")
  if [[ ${minor:-0} -ge 31 ]]; then
    echo "kubectl 1.$minor: $found" >&2
    echo "$found"
    exit
  fi
  echo "kubectl 1.${minor:-?} is older than 1.31: $found" >&2
fi

if ! command -v go > /dev/null; then
  echo "no kubectl, and no Go to build one: the tests that need it are skipped" >&2
  exit
fi

cd "$module"
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
key=$({ go version && cat go.mod go.sum; } | checksum)
kubectl="${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-stash/kubectl-$version-$key/kubectl"
if [[ ! -x $kubectl ]]; then
  echo "building kubectl $version once; it takes a minute or two" >&2
  minor=${version#v1.}
  stamp=(
    -X "k8s.io/component-base/version.gitVersion=$version"
    -X "k8s.io/component-base/version.gitMajor=1"
    -X "k8s.io/component-base/version.gitMinor=${minor%%.*}"
    -X "k8s.io/client-go/pkg/version.gitVersion=$version"
  )
  mkdir -p "$(dirname "$kubectl")"
  # Build under a temporary name, so that an interrupted build leaves no incomplete kubectl behind.
  CGO_ENABLED=0 go build -ldflags "-s -w ${stamp[*]}" -o "$kubectl.$$" k8s.io/kubernetes/cmd/kubectl >&2
  mv "$kubectl.$$" "$kubectl"
fi
echo "kubectl $version: $kubectl" >&2
echo "$kubectl"
