# Measuring: CPU of the server's processes around a run of wrk, beside the null
# responder in the same round; figures are medians of the rounds' ratios.
# Sets or needs: V ROUNDS SECONDS_EACH NULL_URL, and the arrays' pids below.

# All pids of a process and what it has forked.
tree_of() {
	local pid
	echo "$1"
	for pid in $(pgrep -P "$1" || true); do
		tree_of "$pid"
	done
}

# Hundredths of a second of CPU that these processes have used, and those that
# they have waited for: a worker that was replaced meanwhile counts for its master.
cpu_ticks() {
	local pid sum=0 rest
	local -a f
	for pid in "$@"; do
		[ -r "/proc/$pid/stat" ] || continue
		rest=$(<"/proc/$pid/stat")
		rest=${rest##*) }
		read -ra f <<<"$rest"
		sum=$((sum + f[11] + f[12] + f[13] + f[14]))
	done
	echo "$sum"
}

# run_wrk CONNECTIONS URL ARGUMENT…: prints "requests seconds p50us p99us bad".
run_wrk() {
	local connections=$1 url=$2
	shift 2
	wrk -t1 -c"$connections" -d"$SECONDS_EACH"s --latency "$@" "$url" | awk '
		function us(t) { return t ~ /us$/ ? t + 0 : t ~ /ms$/ ? t * 1000 : t * 1000000 }
		$1 == "50%" { p50 = us($2) }
		$1 == "99%" { p99 = us($2) }
		/requests in/ { n = $1; s = us($4) / 1000000; sub(",", "", s) }
		/Non-2xx/ { bad = $NF }
		/Socket errors/ { bad += $4 + $6 + $8 }
		END { print n + 0, s + 0, p50 + 0, p99 + 0, bad + 0 }'
}

# round WHOSE CONNECTIONS URL ARGUMENT…: prints "us_per_request rps p50 p99 bad".
# WHOSE prints the pids; asked twice, as workers are replaced under load.
round() {
	local whose=$1 before after n s p50 p99 bad
	shift
	# shellcheck disable=SC2046
	before=$(cpu_ticks $($whose))
	read -r n s p50 p99 bad < <(run_wrk "$@")
	# shellcheck disable=SC2046
	after=$(cpu_ticks $($whose))
	awk -v n="$n" -v s="$s" -v t=$((after - before)) -v p50="$p50" -v p99="$p99" -v bad="$bad" \
		'BEGIN { print n ? t * 10000 / n : 0, s ? n / s : 0, p50, p99, bad }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# compare NAME RPS-TARGET CPU-TARGET URL ARGUMENT…: rounds beside the null
# responder, one line of the table.
compare() {
	local name=$1 rps_target=$2 cpu_target=$3 url=$4 i null own
	local rounds=$V/rounds
	shift 4
	: >"$rounds"
	RUN=$EPOCHSECONDS-w run_wrk "${CONNECTIONS:-32}" "$url" "$@" >/dev/null
	for ((i = 0; i < ROUNDS; i++)); do
		null=$(round null_pids 32 "$NULL_URL")
		own=$(RUN=$EPOCHSECONDS-$i round product_pids "${CONNECTIONS:-32}" "$url" "$@")
		echo "$null $own" >>"$rounds"
	done
	# null: 1 us 2 rps; own: 6 us 7 rps 8 p50 9 p99 10 bad
	tell "$name" \
		"$(awk '$2 { print $7 / $2 }' "$rounds" | median)" ">= $rps_target" \
		"$(awk '$1 { print $6 / $1 }' "$rounds" | median)" "<= $cpu_target" \
		"$(awk '{ print $6 }' "$rounds" | median)" \
		"$(awk '{ print $8 / 1000 }' "$rounds" | median)" "$(awk '{ print $9 / 1000 }' "$rounds" | median)" \
		"$(awk '{ bad += $10 } END { print bad + 0 }' "$rounds")"
}

# difference NAME MOST URL ARGUMENT…: microseconds of CPU that the arguments
# cost beside the same request without them, in the same rounds.
difference() {
	local name=$1 most=$2 url=$3 i plain more
	shift 3
	: >"$V/rounds"
	run_wrk 32 "$url" "$@" >/dev/null
	for ((i = 0; i < ROUNDS; i++)); do
		plain=$(round product_pids 32 "$url")
		more=$(round product_pids 32 "$url" "$@")
		echo "$plain $more" >>"$V/rounds"
	done
	figure "$name" "$(awk '{ print $6 - $1 }' "$V/rounds" | median)" us "<= $most"
}

# ratio NAME TARGET URL-A URL-B: requests/s of A to those of B, round by round.
ratio() {
	local name=$1 target=$2 a=$3 b=$4 i one other
	: >"$V/rounds"
	for ((i = 0; i < ROUNDS; i++)); do
		one=$(round product_pids 32 "$a")
		other=$(round product_pids 32 "$b")
		echo "$one $other" >>"$V/rounds"
	done
	figure "$name" "$(awk '$7 { print $2 / $7 }' "$V/rounds" | median)" x "$target"
}

holds() { [ "${2##* }" = - ] || awk -v a="$1" -v op="${2%% *}" -v b="${2##* }" 'BEGIN { exit !(op == ">=" ? a >= b : a <= b) }'; }

# Beyond a target of CPU by no more than what one run differs from the next.
nearly() { holds "$(awk -v a="$1" 'BEGIN { print a / 1.1 }')" "$2"; }

# One line, and whether its targets were met; "-" = none.
tell() {
	local verdict=ok
	holds "$4" "$5" || { nearly "$4" "$5" && verdict='ok, within 10 %'; } || verdict=MISSED
	holds "$2" "$3" || verdict=MISSED
	[ "$9" = 0 ] || verdict="$9 BAD ANSWERS"
	[[ $verdict == ok* ]] || missed=$((missed + 1))
	printf '%-34s %6.2f  %-8s %6.2f  %-8s %8.0f us %8.2f ms %8.2f ms  %s\n' "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$verdict" | tee -a "$V/results.txt"
}

# figure NAME VALUE UNIT TARGET: a figure that stands alone.
figure() {
	local verdict=ok
	holds "$2" "$4" || {
		verdict=MISSED
		missed=$((missed + 1))
	}
	printf '%-34s %10.2f %-5s target %-10s %s\n' "$1" "$2" "$3" "$4" "$verdict" | tee -a "$V/results.txt"
}
