# ./dev check [area [word…]]: builds with sanitizers, runs the tests, sums what
# they say. Words choose the programs whose names contain one of them. Every
# program has its log in var/check/logs.

check_usage='./dev check [unit|api|browser|web|lint|long] [word…]'

check() {
	local area=${1:-all}
	[[ $area =~ ^(all|unit|api|browser|web|lint|long)$ ]] || refuse "there is no area $area" "$check_usage"
	WORDS=("${@:2}")
	V=$TOP/var/check
	PASSED=0 FAILED=0 SKIPPED=0 STARTED=$EPOCHREALTIME
	need_place
	need_root_or_owner
	need build run check
	take_turn
	check_clear
	trap check_end_stack EXIT
	trap 'exit 130' INT TERM
	# shellcheck source=tests/support/check_rules.sh
	. "$TOP/tests/support/check_rules.sh"
	step 'Building with sanitizers' check_build || exit 1
	case $area in
	all)
		part check_rules
		part check_unit
		part check_api nginx
		part check_browser
		;;
	api) part check_api nginx ;;
	long)
		# shellcheck source=tests/support/check_long.sh
		. "$TOP/tests/support/check_long.sh"
		part check_long
		;;
	*) part "check_$area" ;;
	esac
	check_end_stack
	check_sanitizers
	check_tell
}

# A part of the whole, and how long it took.
part() {
	local from=$EPOCHREALTIME
	"$@"
	say "  ($(seconds_since "$from") s)"
}

# What an earlier run has left.
check_clear() {
	stack_stop
	rm -rf "$V"/logs "$V"/log "$V"/mysql "$V"/data "$V"/mail "$V"/demo "$V"/tmp
	mkdir -p "$V"/logs/sanitizer "$V"/log "$V"/tmp
	chmod 1777 "$V/logs/sanitizer"
	CALLS=$V/logs/calls.jsonl
}

check_build() {
	build "$V/build" --enable-werror --enable-sanitize &&
		make -s -C "$V/build" -j "$(nproc)" compile-tests >>"$V/build/build.log" 2>&1 || {
		show_end "$V/build/build.log" 60
		return 1
	}
}

check_tell() {
	local skipped=''
	[ $SKIPPED -eq 0 ] || skipped=", $SKIPPED skipped"
	say "logs are in var/check/logs; $(seconds_since "$STARTED") s"
	say "$PASSED passed, $FAILED failed$skipped"
	[ $FAILED -eq 0 ] && [ $PASSED -gt 0 ] || exit 1
	exit 0
}

is_chosen() {
	local word
	[ ${#WORDS[@]} -gt 0 ] || return 0
	for word in "${WORDS[@]}"; do
		[[ $1 != *"$word"* ]] || return 0
	done
	return 1
}

# tally NAME LOG STATUS SECONDS: adds a program's CUnit summary. A program that
# ends badly without a failed test, or without a word, has failed once.
tally() {
	local name=$1 log=$2 status=$3 passed failed
	if [ "$status" = 77 ]; then
		SKIPPED=$((SKIPPED + 1))
		printf '  skip  %-34s %s\n' "$name" "$(grep -m1 '^skipped:' "$log" || true)"
		return
	fi
	read -r passed failed < <(awk '$1 == "tests" && NF == 6 { p += $4; f += $5 + $6; n = 1 }
		/^[0-9]+ seeds, each cut and changed$/ && $1 > 0 { p += 1; n = 1 }
		END { if (n) print p + 0, f + 0; else print 0, 1 }' "$log")
	[ "$status" = 0 ] || [ "$failed" -gt 0 ] || failed=1
	PASSED=$((PASSED + passed))
	FAILED=$((FAILED + failed))
	if [ "$failed" -gt 0 ]; then
		printf '  FAIL  %-34s %s passed, %s failed, exit status %s\n' "$name" "$passed" "$failed" "$status"
		tally_why "$log"
	else
		printf '  ok    %-34s %4s passed  %s\n' "$name" "$passed" "$4"
	fi
}

# The failures that CUnit lists, or the end of a log without them.
tally_why() {
	say "        ${1#"$TOP"/}"
	{ grep -E '^ +[0-9]+\. .* - |ERROR: |SUMMARY: |runtime error|could not start' "$1" || tail -n 15 "$1"; } |
		sed 's/^ *[0-9]*\. /  /; s/^ */          /' | awk '!seen[$0]++' | head -n 30
}

# run_program NAME PROGRAM…: with its log, a limit of time, and the tally.
run_program() {
	local name=$1 log=$V/logs/$1.log status=0 from=$EPOCHREALTIME
	shift
	timeout -k 10 "${LIMIT_S:-300}" "$@" >"$log" 2>&1 || status=$?
	[ $status -ne 124 ] || echo "ended after ${LIMIT_S:-300} seconds" >>"$log"
	tally "$name" "$log" $status "$(seconds_since "$from") s"
}

# One of our own rules: a function that prints what breaks it.
run_rule() {
	local what=$1 log=$V/logs/rule_$2.log
	if "${@:2}" >"$log" 2>&1 && [ ! -s "$log" ]; then
		PASSED=$((PASSED + 1))
		printf '  ok    %s\n' "$what"
	else
		FAILED=$((FAILED + 1))
		printf '  FAIL  %s\n' "$what"
		head -n 30 "$log" | sed 's/^/          /'
	fi
}

check_rules() {
	local f
	say 'The rules of the house'
	for f in "${rules[@]}"; do
		run_rule "${f#* }" "${f%% *}"
	done
}

check_lint() {
	check_rules
	# shellcheck source=tests/support/lint.sh
	. "$TOP/tests/support/lint.sh"
	lint_tools
}

check_unit() {
	local log name status
	say 'Unit tests'
	# make's own verdict is in the .trs files; the status says that one failed.
	find "$V/build/tests" -name '*.trs' -delete
	TMPDIR=$V/tmp ASAN_OPTIONS=abort_on_error=0 "$TOP/tests/with-db" make -C "$V/build" -j "$(nproc)" check \
		>"$V/logs/make-check.log" 2>&1 || true
	for log in "$V"/build/tests/*/*.trs; do
		[ -e "$log" ] || refuse "make check ran nothing" "see ${V#"$TOP"/}/logs/make-check.log"
		name=${log##*/}
		name=${name%.trs}
		is_chosen "$name" || continue
		cp "${log%.trs}.log" "$V/logs/$name.log"
		case $(awk '$1 == ":test-result:" { print $2; exit }' "$log") in
		PASS) status=0 ;;
		SKIP) status=77 ;;
		*) status=1 ;;
		esac
		tally "$name" "$V/logs/$name.log" $status ''
	done
}

# A stack of the sanitized program with small data, cheap passwords and wide
# limits; WEB says which web server.
check_stack() {
	if stack_is_running; then
		[ "$WEB" != "$1" ] || return 0
		stack_stop
	fi
	WEB=$1 DEMO=small PROGRAM=$V/build/merkato
	[ -n "${PORT:-}" ] || check_port
	check_provider
	EXTRA_CONF="MERKATO_PASSWORD_ROUNDS=1000
MERKATO_OIDC_PROVIDERS=$(check_providers)"
	LIMIT_READ=0 LIMIT_WRITE=0 LIMIT_AUTH=0 LIMIT_REGISTER=0
	conf_all
	plan >"$V/plan"
	export ASAN_OPTIONS="log_path=$V/logs/sanitizer/stack:detect_leaks=0:abort_on_error=0"
	export UBSAN_OPTIONS="log_path=$V/logs/sanitizer/stack:print_stacktrace=1"
	stack_start || {
		FAILED=$((FAILED + 1))
		return 1
	}
	unset ASAN_OPTIONS UBSAN_OPTIONS
	export MERKATO_DEV_JSON=$V/dev.json
}

check_port() {
	PORT=${CHECK_PORT:-$((20000 + RANDOM % 10000))}
	while port_is_taken "$PORT"; do
		PORT=$((PORT + 1))
	done
}

# The certified OpenID provider that api_oidc signs in at comes from npm's
# registry, in the versions of its lock file. Where that cannot be reached the
# program is skipped, and the last line counts it.
check_provider() {
	local from=$TOP/tests/contract/oidc
	[ -z "${TEST_OIDC_PORT:-}" ] && is_chosen api_oidc || return 0
	OIDC_PORT=$((PORT + 1))
	while port_is_taken "$OIDC_PORT" || port_is_taken "$((OIDC_PORT + 1))"; do
		OIDC_PORT=$((OIDC_PORT + 2))
	done
	if ! cmp -s "$from/package-lock.json" "$V/npm/package-lock.json" || [ ! -e "$V/npm/installed" ]; then
		provider_install "$from" "$V/npm" >"$V/logs/npm.log" 2>&1 || {
			say "  npm could not install the OpenID provider; api_oidc is skipped (logs/npm.log)"
			return 0
		}
	fi
	cp "$from/provider.mjs" "$V/npm/"
	export TEST_OIDC_DIR=$V/npm TEST_OIDC_PORT=$OIDC_PORT
}

provider_install() {
	command -v npm || (need oidc) || return 1
	rm -rf "$2"
	mkdir -p "$2"
	cp -R "$1"/. "$2"/
	(cd "$2" && HOME=$2 timeout 180 npm ci) && touch "$2/installed"
}

# The same providers, there or not: two issuers of one client.
check_providers() {
	local port=${OIDC_PORT:-9} client='merkato & sons|a secret: 100% of it'
	printf 'one=http://127.0.0.1:%s|%s;two=http://127.0.0.1:%s|%s' "$port" "$client" $((port + 1)) "$client"
}

check_end_stack() {
	[ "${WEB:-}" = '' ] || stack_stop
}

programs_in() {
	local p
	for p in "$V/build/tests/$1"/*; do
		[ ! -x "$p" ] || [ -d "$p" ] || [ "${p%.*}" != "$p" ] || ! is_chosen "${p##*/}" || echo "$p"
	done
}

check_api() {
	local p
	say "API tests behind $1"
	check_stack "$1" || return 0
	for p in $(programs_in api); do
		API_RECORD=$CALLS run_program "${p##*/}${2:-}" "$p"
		stack_is_running || {
			FAILED=$((FAILED + 1))
			say '  FAIL  the stack has ended'
			return
		}
	done
}

check_web() {
	local web
	for web in ${CHECK_WEB:-nginx apache-proxy apache-fcgid lighttpd}; do
		check_api $web ".$web"
	done
}

check_browser() {
	local p
	say 'Browser tests'
	check_stack nginx || return 0
	for p in $(programs_in browser); do
		run_program "${p##*/}" "$p"
	done
}

# What a sanitizer said about the stack's processes, each once.
check_sanitizers() {
	local f
	for f in "$V"/logs/sanitizer/*; do
		[ -s "$f" ] || continue
		FAILED=$((FAILED + 1))
		say "  FAIL  ${f#"$TOP"/}"
		grep -vE '^(=+|)$' "$f" | head -n 20 | sed 's/^/          /'
	done
}
