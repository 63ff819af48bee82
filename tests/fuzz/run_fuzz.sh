#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run_fuzz.sh corpus|fresh PROGRAM CORPUS: one fuzz target over its committed corpus, or for
# HR_FUZZ_SECONDS on inputs made from it. A failing input is kept beside the program.
set -eu
mode=$1 program=$2 corpus=$3

if [ -z "$(ls -A "$corpus")" ]; then
	echo "$corpus is empty: a fuzz target needs at least one input to start from" >&2
	exit 1
fi
# libFuzzer's own exit status for a crash, 77, would be taken for a skip.
common=(-error_exitcode=1 -timeout_exitcode=1 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$program-")
case $mode in
corpus)
	exec "$program" "${common[@]}" -runs=0 "$corpus"
	;;
fresh)
	grown=$(mktemp -d)
	trap 'rm -rf "$grown"' EXIT
	"$program" "${common[@]}" -max_total_time="${HR_FUZZ_SECONDS:-5}" -verbosity=1 \
		-print_final_stats=1 "$grown" "$corpus" 2>&1 | grep -v -E '^#[0-9]+.*(NEW|REDUCE|pulse)'
	exit "${PIPESTATUS[0]}"
	;;
esac
