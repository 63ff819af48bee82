#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The meters' library must not even name a call that writes to a file; the actuators' must, else
# this test would see nothing. Arguments: the two libraries.
writers='^(pwrite|pwrite64|write|writev|pwritev|pwritev64|ftruncate|ftruncate64|truncate|fwrite|rename|unlink)$'
symbols() {
	nm -u "$1" | awk 'NF == 2 { print $2 }' | grep -E "$writers"
}

echo 1..2
found=$(symbols "$1" | tr '\n' ' ')
if [ -z "$found" ]; then echo 'ok 1 - meters link no write'; else echo "not ok 1 - meters link $found"; fi
if symbols "$2" | grep -q pwrite; then echo 'ok 2 - actuators do'; else echo 'not ok 2 - actuators do not'; fi
