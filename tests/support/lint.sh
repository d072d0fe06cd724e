# ./dev lint: layout by clang-format, warnings of clang, findings of clang-tidy
# (.clang-tidy says which) and cppcheck, and the rules of the house. Any finding fails. Files that
# were clean and have not changed since are not read again by clang-tidy.

lint() {
	V=$TOP/var/check
	PASSED=0 FAILED=0 SKIPPED=0 STARTED=$EPOCHREALTIME WORDS=()
	need_place
	need_root_or_owner
	need build run check
	take_turn
	mkdir -p "$V/logs" "$V/log"
	# shellcheck source=tests/support/check.sh
	. "$TOP/tests/support/check.sh"
	# shellcheck source=tests/support/check_rules.sh
	. "$TOP/tests/support/check_rules.sh"
	step 'Building with sanitizers' check_build || exit 1
	part check_rules
	part lint_tools
	check_tell
}

lint_tools() {
	say 'Tools'
	exec 8>&1
	run_rule 'clang-format: the layout is as .clang-format says' lint_format
	run_rule 'clang: no warning, as gcc gives none' lint_clang
	run_rule 'clang-tidy: no finding' lint_tidy
	run_rule 'cppcheck: no finding' lint_cppcheck
}

c_rooms='fcgi db handlers uploads tests'

lint_format() {
	(cd "$TOP" && c_files $c_rooms | xargs -r clang-format --dry-run -Werror 2>&1 | grep -E 'error:' | cut -d: -f1,2 | sort -u) || true
}

# What the compiler is told, without gcc's own words.
lint_flags() {
	local flags
	flags=$(sed -n 's/^\(MYSQL_CFLAGS\|LIBS_PKG_CFLAGS\|MAGICK_CFLAGS\|CUNIT_CFLAGS\) = //p' "$V/build/Makefile" | tr '\n' ' ' | sed 's/-I/-isystem/g')
	echo "-std=gnu17 -I. -I$V/build $flags -DMERKATO_DATADIR=\"/usr/share/merkato\" -DMERKATO_LIBEXECDIR=\"/usr/libexec/merkato\" -DMERKATO_SYSCONFDIR=\"/etc\" -DMERKATO_CONF_FILE=\"/etc/merkato.conf\""
}

lint_clang() {
	local warnings
	warnings=$(sed -n 's/^MERKATO_CFLAGS = //p' "$V/build/Makefile" | grep -oE -- '-W[a-z][^ ]*' | tr '\n' ' ')
	# shellcheck disable=SC2046,SC2086
	(
		cd "$TOP"
		c_files $c_rooms | grep '\.c$' |
			xargs -r -P "$(nproc)" -n 8 clang -fsyntax-only $warnings -Wno-error -Wno-unknown-warning-option -DHAVE_CONFIG_H $(lint_flags) 2>&1 |
			grep -E '(warning|error):'
	) || true
}

# A file's findings depend on it, on what it includes, and on the checks asked
# for; the sum of these is the name under which a clean verdict is kept.
lint_tidy() {
	mkdir -p "$V/tidy"
	(
		cd "$TOP"
		TIDY_FLAGS=$(lint_flags) TIDY_KEPT=$V/tidy
		export TIDY_FLAGS TIDY_KEPT
		c_files $c_rooms | grep '\.c$' >"$V/tidy.list"
		xargs -r -P "$(nproc)" -n 1 nice bash tests/support/tidy_one.sh <"$V/tidy.list" |
			lint_progress "$(wc -l <"$V/tidy.list")"
	) || true
}

# Takes out the lines that say "=file" and shows people (fd 8) how far it is: on
# a terminal each file, else now and then.
lint_progress() {
	local line n=0 shown=$SECONDS
	while IFS= read -r line; do
		if [[ $line != =* ]]; then
			printf '%s\n' "$line"
			continue
		fi
		n=$((n + 1))
		if [ -t 8 ]; then
			printf '\r\033[K  %s of %s files, %s' "$n" "$1" "${line#=}" >&8
		elif [ $((SECONDS - shown)) -ge 30 ]; then
			shown=$SECONDS
			printf '        %s of %s files\n' "$n" "$1" >&8
		fi
	done
	[ ! -t 8 ] || printf '\r\033[K' >&8
}

lint_cppcheck() {
	mkdir -p "$V/cppcheck"
	# shellcheck disable=SC2046
	(cd "$TOP" && cppcheck -q -j "$(nproc)" --cppcheck-build-dir="$V/cppcheck" --enable=warning,performance,portability \
		--library=gnu --library=posix --inline-suppr --std=c11 --suppressions-list=tests/support/cppcheck.txt --template='{file}:{line}: {id}: {message}' -I. -I"$V/build" -DHAVE_CONFIG_H \
		$(c_files $c_rooms | grep '\.c$') 2>&1) || true
}
