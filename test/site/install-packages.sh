#!/usr/bin/env bash
# Installs the browser that renders the site in test/site, and a font; needs root on Debian. Elsewhere it installs nothing,
# and the test uses a chromium on the PATH, or says that there is none.
set -euo pipefail

if command -v chromium-headless-shell > /dev/null || command -v chromium > /dev/null; then exit; fi
if [[ $(id -u) != 0 ]] || ! command -v apt-get > /dev/null; then
  echo 'no root, or no Debian: no browser is installed' >&2
  exit
fi
apt-get update --quiet
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends chromium-headless-shell fonts-dejavu-core ||
  echo 'no Chromium here: the test that renders the site is skipped' >&2
