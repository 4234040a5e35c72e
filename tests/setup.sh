#!/bin/sh
# Installs what Moonstep needs, on Debian 12 or its like, and says what it does: the one list of
# packages of the project. Used by examples/quickstart (build) and tests/run (tests).
#
#   tests/setup.sh build    compiler, cmake, libraries
#   tests/setup.sh tests    the same and what the tests need
#   tests/setup.sh bench    what only measuring needs: a load generator, queues to compare with
#
# Does nothing, and needs no rights, when all of it is there.
set -eu

build_packages="gcc libc6-dev cmake ninja-build pkg-config liblua5.4-dev lua-cjson libevent-dev libsqlite3-dev libssl-dev libpcre2-dev libcurl4-openssl-dev zlib1g-dev"
test_packages="g++ lua5.4 lua-busted openssl awscli curl zip"
# A node from elsewhere brings its npm along, and is not to be replaced.
command -v npm >/dev/null 2>&1 || test_packages="$test_packages nodejs npm"
bench_packages="wrk curl beanstalkd redis-server rabbitmq-server librabbitmq-dev"

case ${1-} in
  build) packages=$build_packages ;;
  tests) packages="$build_packages $test_packages" ;;
  bench) packages="$build_packages $bench_packages" ;;
  *)
    echo "usage: tests/setup.sh build|tests|bench" >&2
    exit 2
    ;;
esac

if ! command -v apt-get >/dev/null 2>&1; then
  echo "setup: no apt-get here; going on with what is installed. Needed, under Debian's names:"
  echo "setup:   $packages"
  exit 0
fi

missing=
for package in $packages; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "setup: missing:$missing" >&2
    echo "setup: run this as root, or: apt-get install$missing" >&2
    exit 1
  fi
  sudo=sudo
fi

echo "setup: installing with apt-get:$missing"
log=$(mktemp "${TMPDIR:-/tmp}/mstep-setup-XXXXXX")
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of words
if ! { $sudo apt-get update &&
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "setup: apt-get failed" >&2
  exit 1
fi
