#!/usr/bin/env bash
# Usage: copy-libraries.sh <root of an image> <program or library>…
# There is nothing else in such an image: every library that these load has to come along.
set -euo pipefail

root=$1
shift
ldd "$@" | sed -n 's/.*\(=> \|^[[:space:]]*\)\(\/[^ ]*\) (0x.*/\2/p' | { grep -v "^$root" || true; } | sort -u |
  while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
