#!/bin/sh
# Installs the Debian 12 packages that building and testing needs, if any of them is missing (root or sudo).
set -eu
packages="build-essential cmake ninja-build pkg-config python3-pip unzip ca-certificates
libfftw3-dev libpng-dev libfreetype-dev libjpeg-dev libsndfile1-dev libjansson-dev libssl-dev libpcre2-dev libutf8proc-dev libcmocka-dev
zlib1g-dev libexpat1-dev libhiredis-dev libsqlite3-dev fonts-dejavu-core"
missing=
for p in $packages "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
sudo=
if [ "$(id -u)" != 0 ]; then
    sudo=sudo
    command -v sudo >/dev/null || {
        echo "packages.sh: not root, and there is no sudo; as root run: apt-get install"$missing >&2
        exit 1
    }
fi
command -v apt-get >/dev/null || {
    echo "packages.sh: no apt-get here: this is for Debian 12; install what corresponds to:"$missing >&2
    exit 1
}
echo "packages.sh: ${sudo:+sudo }apt-get installs:"$missing >&2
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
