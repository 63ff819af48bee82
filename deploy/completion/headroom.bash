# SPDX-License-Identifier: Apache-2.0
# Completion of headroom(1) for bash. Verbs and options are asked of the program itself, so that
# they are never out of date.
_headroom()
{
	local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local words=

	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$("$1" --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p') help --help --version"
	elif [[ $word == -* ]]; then
		words=$("$1" "$verb" --help 2>/dev/null | grep -o -- '--[a-z][a-z_.-]*' | sort -u)
	elif [[ $before == -o || $before == --output ]]; then
		words='table json csv'
	elif [ "$COMP_CWORD" -eq 2 ]; then
		case $verb in
		budget) words='get set' ;;
		node) words='release leave stay restore' ;;
		keys) words='generate show authorize' ;;
		config) words='check print sample manual' ;;
		help) words=$("$1" --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p') ;;
		explain) words=$("$1" status -o csv 2>/dev/null | sed 1d | cut -d, -f1) ;;
		esac
	elif [ "$COMP_CWORD" -eq 3 ] && [ "$verb" = node ]; then
		words=$("$1" status -o csv 2>/dev/null | sed 1d | cut -d, -f1)
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _headroom headroom
