#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's powercap-info, powercap-set and rapl-info as independent judges of the virtual hardware:
# in a private mount namespace, a virtual node's tree is bound where the kernel's would be.
# Usage: powercap-utils.sh HEADROOM_VHW. Exit 77: skipped, the reason is printed.
set -u

skip() {
	echo "SKIP: $*"
	exit 77
}

die() {
	echo "FAILED: $*" >&2
	exit 1
}

expect() { # what, wanted, found
	[ "$2" = "$3" ] || die "$1: wanted \"$2\", found \"$3\""
	echo "ok: $1"
}

# Everything below runs as root in namespaces of its own, so nothing of it is seen outside.
inside() {
	mount --make-rprivate / || skip "mounting is not permitted"
	aside=$work/class
	mkdir "$aside" && mount --rbind /sys/class "$aside" || skip "/sys/class cannot be bound"
	mount -t tmpfs none /sys/class || skip "a tmpfs cannot be mounted"
	for entry in "$aside"/*; do
		name=$(basename "$entry")
		mkdir "/sys/class/$name" && mount --rbind "$entry" "/sys/class/$name"
	done
	[ -d /sys/class/powercap ] || mkdir /sys/class/powercap
	mount --rbind "$work/rack/n0002/sys/class/powercap" /sys/class/powercap || die "bind"

	all=$(powercap-info intel-rapl) || die "powercap-info: $all"
	expect "zones that powercap-info sees" 4 "$(echo "$all" | grep -c '^ *name: \(package-\|dram\)')"
	expect "name of zone 1" package-1 "$(powercap-info intel-rapl -z 1 -x)"
	expect "name of zone 0:0" dram "$(powercap-info intel-rapl -z 0:0 -x)"
	expect "long-term limit" 165000000 "$(powercap-info intel-rapl -z 0 -c 0 -l)"
	expect "range of the counter" 262143328850 "$(powercap-info intel-rapl -z 0 -J)"
	powercap-set intel-rapl -z 0 -c 0 -l 90000000 -s 10000 || die "powercap-set"
	expect "limit that was set" 90000000 "$(powercap-info intel-rapl -z 0 -c 0 -l)"
	expect "limit in the tree" 90000000 \
		"$(cat "$work/rack/n0002/sys/class/powercap/intel-rapl:0/constraint_0_power_limit_uw")"
	expect "limit of the other node" 165000000 \
		"$(cat "$work/rack/n0001/sys/class/powercap/intel-rapl:0/constraint_0_power_limit_uw")"
	expect "window that was set" 9760 "$(powercap-info intel-rapl -z 0 -c 0 -s)"
	powercap-set intel-rapl -z 0 -e 0 || die "powercap-set -e"
	expect "switched off" 0 "$(powercap-info intel-rapl -z 0 -e)"
	echo "fault n0002 intel-rapl:0 locked" >"$work/rack/control" || die "control"
	powercap-set intel-rapl -z 0 -c 0 -l 80000000 2>/dev/null && die "a locked limit was set"
	expect "locked limit" 90000000 "$(powercap-info intel-rapl -z 0 -c 0 -l)"
	rapl-info >"$work/rapl" || die "rapl-info"
	expect "packages that rapl-info sees" 2 "$(grep -c 'name: package-' "$work/rapl")"
}

if [ "${1-}" = --inside ]; then
	work=$2
	inside
	exit 0
fi

vhw=${1:?usage: powercap-utils.sh HEADROOM_VHW}
[ "$(id -u)" = 0 ] || skip "FUSE bind: private mount namespaces need root"
for tool in powercap-info powercap-set rapl-info unshare; do
	command -v "$tool" >/dev/null || skip "$tool is not installed (package powercap-utils)"
done
unshare -m true 2>/dev/null || skip "unshare -m is not permitted: run as root with CAP_SYS_ADMIN"

work=$(mktemp -d)
mkdir "$work/rack"
mkfifo "$work/said"
"$vhw" --mount "$work/rack" --nodes 2 --parent-pid $$ >"$work/said" 2>&1 &
server=$!
read -r said <"$work/said"
if [ "$said" != READY ]; then
	wait "$server"
	status=$?
	rm -r "$work"
	[ $status = 3 ] && skip "FUSE: $said"
	die "$said"
fi
unshare -m "$0" --inside "$work"
status=$?
kill "$server"
wait "$server"
rm -r "$work"
exit $status
