#!/bin/bash
# tidy_one.sh FILE: clang-tidy's findings in one file; see lint.sh.
set -u
file=$1
read -ra flags <<<"$TIDY_FLAGS"
read -ra deps < <(clang "${flags[@]}" -MM "$file" 2>/dev/null | tr -d '\\\n' | sed 's/^[^:]*://')
sum=$(cat .clang-tidy "${deps[@]}" tests/support/tidy_one.sh 2>/dev/null | sha256sum | cut -c1-40)
[ ! -e "$TIDY_KEPT/$sum" ] || exit 0
found=$(clang-tidy --quiet "$file" -- "${flags[@]}" 2>/dev/null | grep -E '(warning|error):' | sort -u)
if [ -n "$found" ]; then
	sed "s|^$PWD/||" <<<"$found"
else
	: >"$TIDY_KEPT/$sum"
fi
