#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs the packages of tools/packages.txt that are missing, and nothing else. It does not
# upgrade, remove, or start anything. Run by "make setup".
set -eu

here=${0%/*}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "setup: this is not a Debian system, so nothing is installed: what is needed is listed in tools/packages.txt" >&2
	exit 0
fi

mapfile -t wanted < <(sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$here/packages.txt")

missing=()
for package in "${wanted[@]}"; do
	state=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1) || true
	[ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
	echo "setup: all ${#wanted[@]} packages are there"
	exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null || { ! sudo -n true 2>/dev/null && [ ! -t 0 ]; }; then
		echo "setup: packages are missing and installing them needs root: run as root \"apt-get install ${missing[*]}\", then make again" >&2
		exit 1
	fi
	as_root=(sudo)
fi

# Debian's way to keep packages from starting their services; somebody's own policy is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap '"${as_root[@]}" rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
	"${as_root[@]}" chmod 755 "$policy"
fi

apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null
}
update() {
	echo "setup: reading the package lists"
	apt update
}

echo "setup: installing ${missing[*]}"
updated=no
for package in "${missing[@]}"; do
	if ! apt-cache show "$package" >/dev/null 2>&1; then
		update
		updated=yes
		break
	fi
done
if ! apt install --no-install-recommends --no-upgrade "${missing[@]}"; then
	# Lists that are older than the archive name files that are gone.
	[ "$updated" = no ] || exit 1
	update
	apt install --no-install-recommends --no-upgrade "${missing[@]}"
fi
echo "setup: done"
