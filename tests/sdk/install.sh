#!/bin/sh
# Installs AWS's clients for JavaScript, which tests/sdk/driver.js drives the server with, into a
# directory: node_modules is there afterwards, as package-lock.json says. Without a network, or without npm,
# it says so, and the tests that need them skip.
#
#   tests/sdk/install.sh DIRECTORY
set -eu

[ $# -eq 1 ] || {
  echo "usage: tests/sdk/install.sh DIRECTORY" >&2
  exit 2
}
from=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
if cmp -s "$from/package-lock.json" node_modules/.installed; then
  exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
  echo "sdk: there is no npm here; tests with AWS's clients for JavaScript will be skipped"
  exit 0
fi
cp "$from/package.json" "$from/package-lock.json" .
echo "sdk: installing AWS's clients for JavaScript with npm"
if timeout 120 npm ci --no-audit --no-fund --ignore-scripts --fetch-retries=1 >npm.log 2>&1; then
  cp package-lock.json node_modules/.installed
else
  tail -n 5 npm.log
  rm -rf node_modules
  echo "sdk: npm could not install them; tests with AWS's clients for JavaScript will be skipped"
fi
