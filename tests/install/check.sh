#!/bin/sh
# Installs the build into a scratch prefix, then builds and runs tests/install/consumer and
# examples/embed against it the way a stranger would.
#
#   check.sh WAY BUILD CMAKE CC GENERATOR     WAY = (cmake|pkgconfig)_(shared|static)
set -eu
way=$1 build=$2 cmake=$3 cc=$4 generator=$5
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mstep-install-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix

"$cmake" --install "$build" --prefix "$prefix" >"$scratch/install.log" || {
  cat "$scratch/install.log"
  exit 1
}
libdir=$(dirname "$(find "$prefix" -name libmstep.a)")
example=$here/../../examples/embed/embed.c
programs=$scratch/b
mkdir "$programs"

case $way in
  cmake_*)
    target=mstep::mstep
    [ "$way" = cmake_static ] && target=mstep::mstep_static
    "$cmake" -G "$generator" -S "$here/consumer" -B "$programs" -DCMAKE_PREFIX_PATH="$prefix" \
      -DCMAKE_C_COMPILER="$cc" -DCONSUMER_TARGET="$target" -DCONSUMER_EXAMPLE="$example"
    "$cmake" --build "$programs"
    ;;
  pkgconfig_*)
    export PKG_CONFIG_PATH="$libdir/pkgconfig"
    cflags=$(pkg-config --cflags mstep)
    if [ "$way" = pkgconfig_static ]; then
      libs=$(pkg-config --static --libs mstep | sed 's/-lmstep/-l:libmstep.a/')
    else
      libs=$(pkg-config --libs mstep)
    fi
    "$cc" -std=c99 $cflags "$here/consumer/consumer.c" -o "$programs/consumer" $libs
    "$cc" -std=c99 $cflags "$example" -o "$programs/embed" $libs
    ;;
  *)
    echo "check.sh: unknown way $way" >&2
    exit 2
    ;;
esac

export LD_LIBRARY_PATH="$libdir"
for program in consumer embed; do
  "$programs/$program"
  shared=$(ldd "$programs/$program" | grep -c 'libmstep\.so' || true)
  case $way in
    *_shared) [ "$shared" -eq 1 ] || { echo "$program is not linked with libmstep.so"; exit 1; } ;;
    *_static) [ "$shared" -eq 0 ] || { echo "$program is linked with libmstep.so"; exit 1; } ;;
  esac
done
"$prefix/bin/mstep" version
