# Words for people: what is being done, and why it cannot go on.

say() { printf '%s\n' "$*"; }
# A step that takes a while; its end says how long.
step() {
	local from=$EPOCHREALTIME
	printf '%s … ' "$1"
	shift
	if "$@"; then
		printf '%s s\n' "$(seconds_since "$from")"
	else
		printf 'failed\n'
		return 1
	fi
}
seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }
refuse() {
	printf '%s: %s\n' "${COMMAND:-./dev}" "$1" >&2
	shift
	[ $# -eq 0 ] || printf '  %s\n' "$@" >&2
	exit 1
}
# The end of a log beside the words that it failed.
show_end() {
	[ ! -s "$1" ] || { say "--- the end of $1:"; tail -n "${2:-25}" "$1"; say '---'; } >&2
}
