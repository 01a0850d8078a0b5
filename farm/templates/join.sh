#!/bin/sh
# Makes this machine a worker of {{ title }}: sh -s -- TOKEN [OPTIONS of farm worker join]
set -eu
url='{{ url }}'
pin='{{ pin }}'
place=${FARM_WORKER_HOME:-/opt/farm-worker}
[ $# -ge 1 ] || { echo "farm: the token of an invitation is missing" >&2; exit 2; }
token=$1
shift
[ "$(id -u)" = 0 ] || { echo "farm: run this as root" >&2; exit 1; }

python=python3
. /etc/os-release
case " $ID ${ID_LIKE:-} " in
*" debian "* | *" ubuntu "*)
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        apt-get -q update
        DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install python3 python3-venv
    fi ;;
*" rhel "* | *" centos "*)
    python=python3.11
    command -v $python >/dev/null || dnf -q -y install python3.11 ;;
*" fedora "*)
    command -v $python >/dev/null || dnf -q -y install python3 ;;
*)
    echo "farm: $PRETTY_NAME is neither Debian, Ubuntu, Fedora nor Enterprise Linux" >&2
    exit 1 ;;
esac

$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "farm: $PRETTY_NAME has $($python --version), and the farm needs Python 3.11" >&2
    exit 1
}

fetch() {
    curl -fsS --insecure --pinnedpubkey "$pin" -o "$2" "$url/join/packages/$1"
}
[ -x "$place/bin/python" ] || $python -m venv "$place"
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
fetch LIST "$packages/LIST"
while read -r sum name; do
    fetch "$name" "$packages/$name"
    echo "$sum  $packages/$name" | sha256sum --check --quiet
done <"$packages/LIST"
"$place/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$packages/requirements.txt"
"$place/bin/pip" install -q --disable-pip-version-check --no-deps --force-reinstall "$packages"/*.whl
"$place/bin/farm" worker join "$url" --pin "$pin" --token "$token" "$@"
