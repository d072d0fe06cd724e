#!/bin/bash
# tidy_one.sh FILE: clang-tidy's findings in one file, and at its end the line
# "=FILE"; see lint.sh. No verdict is a finding, too.
set -u
file=$1
read -ra flags <<<"$TIDY_FLAGS"
read -ra deps < <(clang "${flags[@]}" -MM "$file" 2>/dev/null | tr -d '\\\n' | sed 's/^[^:]*://')
sum=$(cat .clang-tidy "${deps[@]}" tests/support/tidy_one.sh 2>/dev/null | sha256sum | cut -c1-40)
if [ ! -e "$TIDY_KEPT/$sum" ]; then
	status=0
	said=$(clang-tidy --quiet "$file" -- "${flags[@]}" 2>/dev/null) || status=$?
	found=$(grep -E '(warning|error):' <<<"$said" | sort -u)
	if [ -n "$found" ]; then
		sed "s|^$PWD/||" <<<"$found"
	elif [ $status -ne 0 ]; then
		echo "$file: clang-tidy ended with status $status"
	else
		: >"$TIDY_KEPT/$sum"
	fi
fi
echo "=$file"
