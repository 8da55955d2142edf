#!/bin/sh
# Moves a stack to the images of this release, or to one that is named, and leaves every other parameter as it is:
#
#   ./update-images.sh lakerunner-services services
#   ./update-images.sh lakerunner-setup setup --image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/lakewright:0.1.0
#
# It shows the change set and asks; --yes does not. `lakewright aws update-images --help` tells the rest.
set -eu

usage() {
  echo 'usage: update-images.sh STACK services|migration|setup [--image REFERENCE] [--set NAME=VALUE] [--yes]' >&2
  exit 2
}

[ $# -ge 2 ] || usage
case $1 in '' | -*) usage ;; esac
case $2 in services | migration | setup) ;; *) usage ;; esac

if command -v lakewright >/dev/null; then exec lakewright aws update-images "$@"; fi

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if [ ! -d "$here/node_modules" ]; then
  echo "update-images.sh: lakewright is not on PATH, and not installed here; run npm ci in $here" >&2
  exit 1
fi
exec "$here/packages/cli/bin/lakewright.js" aws update-images "$@"
