#!/bin/sh
# Installs the build into a scratch prefix and builds tests/install/consumer against it the way a
# stranger would: check.sh WAY BUILD CMAKE CC, WAY = (cmake|pkgconfig)_(shared|static).
set -eu
way=$1 build=$2 cmake=$3 cc=$4
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mstep-install-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix

"$cmake" --install "$build" --prefix "$prefix" >"$scratch/install.log" || {
  cat "$scratch/install.log"
  exit 1
}
libdir=$(dirname "$(find "$prefix" -name libmstep.a)")
consumer=$scratch/consumer

case $way in
  cmake_*)
    target=mstep::mstep
    [ "$way" = cmake_static ] && target=mstep::mstep_static
    "$cmake" -S "$here/consumer" -B "$scratch/b" -DCMAKE_PREFIX_PATH="$prefix" \
      -DCMAKE_C_COMPILER="$cc" -DCONSUMER_TARGET="$target"
    "$cmake" --build "$scratch/b"
    consumer=$scratch/b/consumer
    ;;
  pkgconfig_*)
    export PKG_CONFIG_PATH="$libdir/pkgconfig"
    cflags=$(pkg-config --cflags mstep)
    if [ "$way" = pkgconfig_static ]; then
      libs=$(pkg-config --static --libs mstep | sed 's/-lmstep/-l:libmstep.a/')
    else
      libs=$(pkg-config --libs mstep)
    fi
    "$cc" -std=c99 $cflags "$here/consumer/consumer.c" -o "$consumer" $libs
    ;;
  *)
    echo "check.sh: unknown way $way" >&2
    exit 2
    ;;
esac

LD_LIBRARY_PATH=$libdir "$consumer"
shared=$(LD_LIBRARY_PATH=$libdir ldd "$consumer" | grep -c 'libmstep\.so' || true)
case $way in
  *_shared) [ "$shared" -eq 1 ] || { echo "not linked with libmstep.so"; exit 1; } ;;
  *_static) [ "$shared" -eq 0 ] || { echo "linked with libmstep.so"; exit 1; } ;;
esac
"$prefix/bin/mstep" version
