# What is measured, with the targets it is held against.

bench_run() {
	local part
	# Writes last: the rules against misuse notice so many orders of few people.
	for part in start memory requests fronts searches logins writes; do
		case $1 in
		all | "$part") "bench_$part" ;;
		esac
	done
}

bench_start() {
	figure 'start to first answer' "$START_SECONDS" s '<= 0.3'
	bench_migration
}

# All migrations in a database of their own.
bench_migration() {
	local from seconds name=merkato_empty
	sql <<-END
		CREATE OR REPLACE DATABASE $name CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
		GRANT ALL ON $name.* TO merkato_admin@localhost;
	END
	from=$EPOCHREALTIME
	MERKATO_MYSQL_DATABASE=$name "$PROGRAM" --config "$V/merkato.conf" migrate >"$V/log/migrate-empty.log" 2>&1 ||
		refuse "the migrations failed, see ${V#"$TOP"/}/log/migrate-empty.log"
	seconds=$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
	sql -e "DROP DATABASE $name; REVOKE ALL ON $name.* FROM merkato_admin@localhost"
	figure 'migration of an empty database' "$seconds" s '<= 3'
}

sql() { mariadb --defaults-file="$V/mysql.cnf" --user="$(id -un)" "$@"; }

# Proportional set size in MB of these processes; smaps_rollup is for root.
pss_mb() {
	local pid
	for pid in "$@"; do
		awk '/^Pss:/ { print $2 / 1024 }' "/proc/$pid/smaps_rollup" 2>/dev/null
	done | awk '{ s += $1; if ($1 > m) m = $1 } END { print s + 0, m + 0 }'
}

bench_memory() {
	local all largest
	[ "$(id -u)" = 0 ] || {
		say 'memory: only root can see it'
		return
	}
	# shellcheck disable=SC2046
	read -r all largest < <(pss_mb $(tree_of "$MERKATO_PID"))
	figure 'whole product idle' "$all" MB '<= 24'
	figure 'largest process idle' "$largest" MB '<= 3'
	SECONDS_EACH=10 run_wrk 32 "$URL/api/products?page_size=20" >/dev/null
	# shellcheck disable=SC2046
	read -r all largest < <(pss_mb $(tree_of "$MERKATO_PID"))
	figure 'largest process after load' "$largest" MB '<= 8'
}

from_json() { sed -n "s/.*\"$1\": *\"\\([^\"]*\\)\".*/\\1/p" | head -1; }

# The JSON body of a login as this person.
login_body() {
	sed -n "s/.*\"$1\": \\({[^}]*}\\).*/\\1/p" "$V/accounts.json"
}

access_token() {
	curl -fsS -H 'Content-Type: application/json' -d "$(login_body "$1")" "$URL/api/auth/login" | sed 's/.*"access":"\([^"]*\)".*/\1/'
}

first_product() { curl -fsS "$URL/api/products?page_size=1&fields=slug" | sed 's/.*"slug":"\([^"]*\)".*/\1/'; }

heading() {
	printf '\n%-34s %-16s %-16s %-11s %-11s %s\n' "$1" 'requests/s to R' 'CPU to R' CPU p50 p99 | tee -a "$V/results.txt"
}

bench_requests() {
	local token product etag
	token=$(access_token customer)
	product=$(first_product)
	etag=$(curl -fsS -D - -o /dev/null "$URL/api/products?page_size=20" | sed -n 's/^[Ee][Tt]ag: *\(.*\)\r$/\1/p')
	heading "R = null responder, $ROUNDS rounds"
	compare 'health' 0.85 1.2 "$URL/healthz"
	compare 'cached listing' 0.55 2.0 "$URL/api/products?page_size=20"
	compare 'cached listing with JWT' 0.48 2.2 "$URL/api/products?page_size=20" -H "Authorization: Bearer $token"
	difference 'authenticated over anonymous' 15 "$URL/api/products?page_size=20" -H "Authorization: Bearer $token"
	compare '304' 0.58 1.9 "$URL/api/products?page_size=20" -H "If-None-Match: $etag"
	compare 'product detail cached' 0.55 2.0 "$URL/api/products/$product"
	compare 'one row with JWT' 0.40 3.2 "$URL/api/users/me" -H "Authorization: Bearer $token"
	compare 'product detail uncached' 0.16 7.0 "$NOCACHE/api/products/$product"
	compare 'listing of 20 uncached' 0.20 5.5 "$NOCACHE/api/products?page_size=20"
}

# latency NAME TARGET-MS PATH…: one connection, the median.
latency() {
	local name=$1 target=$2 p50 bad
	shift 2
	printf '%s\n' "$@" >"$V/paths"
	read -r _ _ p50 _ bad < <(PATHS=$V/paths run_wrk 1 "$NOCACHE" -s "$TOP/tests/bench/rotate.lua")
	[ "$bad" = 0 ] || say "$name: $bad bad answers"
	figure "$name" "$(awk -v us="$p50" 'BEGIN { print us / 1000 }')" ms "<= $target"
}

bench_searches() {
	say '' 'Uncached, one connection, median:'
	latency 'search with filters and facets' 25 \
		'/api/products?q=coffee&min_price=100&facets=1' '/api/products?q=leather+bag&rating=3&facets=1' \
		'/api/products?q=honey&in_stock=true&facets=1' '/api/products?q=solar+lamp&facets=1'
	latency 'search in Amharic' 25 '/api/products?q=%E1%8C%A5%E1%88%AB%E1%89%B1&facets=1'
	latency 'suggestions' 25 '/api/products/suggest?q=cof' '/api/products/suggest?q=le'
	latency 'radius 50 km, dense' 15 '/api/products?lat=9.03&lng=38.74&radius=50'
	latency 'radius 50 km, countryside' 4 '/api/products?lat=6.0333&lng=37.55&radius=50'
	latency 'stores nearby' 15 '/api/vendors?lat=9.03&lng=38.74&radius=50'
	latency 'by price' 15 '/api/products?ordering=price'
	bench_depth
}

# A page and one far behind it, by cursor, at nearly one cost.
bench_depth() {
	local next="$NOCACHE/api/products?page_size=100&fields=id&cursor=" i first far
	for ((i = 0; i < 100; i++)); do
		next=$(curl -fsS "$next" 2>/dev/null | sed -n 's/.*"next":"\([^"]*\)".*/\1/p')
		[ -n "$next" ] || break
		next=${next//\\u0026/&}
		next=$NOCACHE/api/${next#*/api/}
	done
	[ -n "$next" ] || {
		say 'depth: the set is too small'
		return
	}
	read -r _ _ first _ _ < <(run_wrk 1 "$NOCACHE/api/products?page_size=20&cursor=")
	read -r _ _ far _ _ < <(run_wrk 1 "${next/page_size=100&fields=id/page_size=20}")
	figure 'page 10,000 rows deep to the first' "$(awk -v a="$far" -v b="$first" 'BEGIN { print a / b }')" x '<= 1.3'
}

bench_logins() {
	local raw n s rps own p99 pid bad
	raw=$("$TOP/var/build/tests/bench/hash_rate")
	read -r n s _ _ bad < <(BODY=$(login_body customer) SECONDS_EACH=6 run_wrk 2 "$URL/api/auth/login" -s "$TOP/tests/bench/login.lua")
	[ "$bad" = 0 ] || say "logins: $bad bad answers, which count for nothing"
	rps=$(awk -v n="$n" -v bad="$bad" -v s="$s" 'BEGIN { print (n - bad) / s }')
	figure 'logins to raw hashing (one core)' "$(awk -v a="$rps" -v b="$raw" 'BEGIN { print a / b }')" x '>= 0.9'
	read -r n s _ < <(run_wrk 32 "$URL/api/products?page_size=20")
	own=$(awk -v n="$n" -v s="$s" 'BEGIN { print n / s }')
	BODY=$(login_body customer2) SECONDS_EACH=6 run_wrk 8 "$URL/api/auth/login" -s "$TOP/tests/bench/login.lua" >/dev/null &
	pid=$!
	sleep 1
	read -r n s _ p99 _ < <(run_wrk 32 "$URL/api/products?page_size=20")
	wait $pid
	figure 'listing while people log in' "$(awk -v n="$n" -v s="$s" -v own="$own" 'BEGIN { print n / s / own }')" x '>= 0.7'
	figure '… its 99th percentile' "$(awk -v us="$p99" 'BEGIN { print us / 1000 }')" ms '<= 10'
}
