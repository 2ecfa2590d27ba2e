#!/bin/sh
# `make image`: the image of the Dockerfile, tagged finlake, then a sample bill to published marts in it, without network.
# By docker, or by buildah, which needs no engine.
#   BASE=registry/python:3.11-slim-bookworm   another base than Docker Hub's
#   BASE=debian                               a base made of Debian's packages (buildah and debootstrap, as root)
#   IMAGE_ARGS="--volume ..."                 more for the build, as the certificates of a company's package index
set -eu

base=${BASE:-docker.io/library/python:3.11-slim-bookworm}
tool=buildah
if [ "$base" != debian ] && docker info >/dev/null 2>&1; then tool=docker; fi
# buildah where no engine runs: nothing but a chroot is asked of the machine.
export BUILDAH_ISOLATION="${BUILDAH_ISOLATION:-chroot}" STORAGE_DRIVER="${STORAGE_DRIVER:-vfs}"

needs() { # needs TOOL...
    for name; do
        command -v "$name" >/dev/null && continue
        echo "finlake: $name is missing (no Docker engine answers either). Nothing was changed." >&2
        echo "  Debian, Ubuntu:  sudo apt-get install -y $*" >&2
        exit 1
    done
}

make_base() { # what stands for Python's own image: Debian with Debian's Python
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    echo "finlake: making a base of Debian's packages"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" >"$work/log" ||
        { tail -n 5 "$work/log" >&2; exit 1; }
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$work/root" / >/dev/null
    buildah run "$container" -- sh -ec "apt-get update -qq; apt-get install -y -qq --no-install-recommends python3.11-venv" >"$work/log" ||
        { tail -n 5 "$work/log" >&2; exit 1; }
    buildah commit --quiet --rm "$container" finlake-base >/dev/null
    base=localhost/finlake-base
}

in_image() { # in_image COMMAND...
    if [ "$tool" = docker ]; then
        docker run --rm --network none finlake "$@"
    else
        buildah run --network none "$container" -- "$@"
    fi
}

[ "$tool" = docker ] || needs buildah
if [ "$base" = debian ]; then
    needs buildah debootstrap
    make_base
fi
echo "finlake: building the image with $tool on $base"
# shellcheck disable=SC2086  # several arguments
"$tool" build --tag finlake --build-arg "BASE=$base" ${IMAGE_ARGS:-} .

[ "$tool" = docker ] || container=$(buildah from finlake)
in_image finlake --version
in_image sh -ec 'cd /tmp; finlake sample bill --months 3 >/dev/null; finlake run --lake lake --source bill; finlake status --lake lake'
in_image sh -ec 'export AIRFLOW__CORE__LOAD_EXAMPLES=False
    airflow db migrate >/dev/null 2>&1; airflow dags reserialize >/dev/null; airflow dags list-import-errors; airflow dags list'
[ "$tool" = docker ] || buildah rm "$container" >/dev/null
