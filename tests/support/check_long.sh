# ./dev check long: what takes its time. Each reader is fuzzed by libFuzzer from
# its seeds, S3 is spoken with a real server, a product is looked at 50,000
# times, and the API tests storm one stack again and again. Sourced by check.sh; FUZZ_S seconds for each reader, STORMS rounds.

check_long() {
	check_s3
	check_views
	check_fuzz
	check_storm
}

# Our requests before a real server that checks signatures.
check_s3() {
	local port
	! is_chosen s3_server || {
		# shellcheck source=tests/support/radosgw.sh
		. "$TOP/tests/support/radosgw.sh"
		need long
		check_port
		port=$PORT PORT=
		export S3_SERVER_ENDPOINT=http://127.0.0.1:$port
		export S3_SERVER_ACCESS=MERKATOCHECK S3_SERVER_SECRET=a-secret/of+the=check
		if radosgw_start "$port" >"$V/logs/radosgw.log" 2>&1; then
			run_program s3_server "$V/build/tests/contract/s3_server"
		else
			FAILED=$((FAILED + 1))
			say '  FAIL  the Ceph object gateway did not start'
			show_end "$V/logs/radosgw.log" 20
		fi
		radosgw_stop
	}
}

# All the looks that every run makes some of.
check_views() {
	! is_chosen api_views_many || {
		check_stack nginx || return 0
		API_VIEWS=1000 LIMIT_S=1800 run_program api_views_many "$V/build/tests/api/api_views"
	}
}

# clang's own build, as tests/fuzz/fuzz.h says.
fuzz_build() {
	mkdir -p "$V/fuzz"
	(
		cd "$V/fuzz"
		[ -e Makefile ] || "$TOP/configure" -q CC=clang --enable-sanitize CPPFLAGS=-fsanitize=fuzzer-no-link
		make -s -j "$(nproc)" all
		for f in "$TOP"/tests/fuzz/fuzz_*.c; do
			f=${f##*/}
			[ "$f" = fuzz_ctx.c ] || make -s "tests/fuzz/${f%.c}" REPLAY= LDFLAGS=-fsanitize=fuzzer
		done
	) >"$V/logs/fuzz-build.log" 2>&1 || {
		show_end "$V/logs/fuzz-build.log" 30
		return 1
	}
}

# New inputs go to a folder of their own, so that the seeds stay as they are.
check_fuzz() {
	local p name found
	step 'Building the fuzz targets' fuzz_build || {
		FAILED=$((FAILED + 1))
		return 0
	}
	for p in "$V"/fuzz/tests/fuzz/fuzz_*; do
		name=${p##*/}
		if [ ! -x "$p" ] || [[ $name == *.* ]] || ! is_chosen "$name"; then
			continue
		fi
		found=$V/fuzz/found/$name
		mkdir -p "$found"
		run_rule "$name finds nothing in ${FUZZ_S:-120} s" fuzz_one "$p" "$found" "$TOP/tests/fuzz/seeds/${name#fuzz_}"
	done
}

# Prints only when something was found.
fuzz_one() {
	local log=$V/logs/${1##*/}-long.log
	"$1" -max_total_time="${FUZZ_S:-120}" -artifact_prefix="$2/crash-" "$2" "$3" >"$log" 2>&1 || tail -n 30 "$log"
}

check_storm() {
	local i p
	say "API tests, ${STORMS:-5} times on one stack"
	check_stack nginx || return 0
	for i in $(seq "${STORMS:-5}"); do
		for p in $(programs_in api); do
			[ "${p##*/}" != replies ] || continue
			run_program "${p##*/}.$i" "$p"
		done
	done
}
