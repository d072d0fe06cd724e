# ./dev bench: brings up a stack of its own in var/bench with the full set of
# demonstration data and measures it beside a null responder behind the same
# web server. Sourced by ./dev.

# shellcheck source=tests/bench/measure.sh
. "$TOP/tests/bench/measure.sh"
# shellcheck source=tests/bench/cases.sh
. "$TOP/tests/bench/cases.sh"
# shellcheck source=tests/bench/writes.sh
. "$TOP/tests/bench/writes.sh"
# shellcheck source=tests/bench/fronts.sh
. "$TOP/tests/bench/fronts.sh"
# shellcheck source=tests/bench/catalog.sh
. "$TOP/tests/bench/catalog.sh"

bench_usage='./dev bench [all|start|memory|requests|fronts|writes|searches|logins|catalog] [--rounds 5] [--demo full|small] [--port 8090]'

# shellcheck disable=SC2034 # for etc/dev
bench() {
	local what=all missed=0
	[ "${1:-}" != catalog ] || { bench_catalog "${@:2}" && return; }
	ROUNDS=5 SECONDS_EACH=2 DEMO=full PORT=8090 WEB=nginx
	while [ $# -gt 0 ]; do
		case $1 in
		all | start | memory | requests | fronts | writes | searches | logins) what=$1 ;;
		--rounds) ROUNDS=${2:?} && shift ;;
		--demo) DEMO=${2:?} && shift ;;
		--port) PORT=${2:?} && shift ;;
		*) refuse "what is $1?" "$bench_usage" ;;
		esac
		shift
	done
	bench_stack
	trap bench_end EXIT
	bench_start_others
	: >"$V/results.txt"
	bench_run "$what"
	say "" "The table is in ${V#"$TOP"/}/results.txt; $missed figures missed their targets."
	[ $missed -eq 0 ] || exit 1
}

# A stack as ./dev up makes it, with limits out of the way, beside the first.
# shellcheck disable=SC2034 # for etc/dev
bench_stack() {
	need_place
	need build run bench apache
	local build=$TOP/var/build
	V=${BENCH_DIR:-$TOP/var/bench}
	PROGRAM=$build/merkato
	take_turn
	stack_is_running || stack_sweep
	is_our_port || need_port
	step 'Building' build "$build" || exit 1
	make -s -C "$build" tests/bench/null_responder tests/bench/hash_rate tests/bench/bare_write tests/bench/photo || exit 1
	EXTRA_CONF='MERKATO_LIMIT_READ=0
MERKATO_LIMIT_WRITE=0
MERKATO_LIMIT_AUTH=0'
	bench_plan
}

bench_plan() {
	[ "$(cat "$V/demo" 2>/dev/null || echo "$DEMO")" = "$DEMO" ] || {
		stack_stop
		rm -rf "$V/mysql" "$V/data" "$V/mail" "$V/demo" "$V/accounts.json"
	}
	stack_stop
	conf_all
	bench_nginx
	plan >"$V/plan"
	stack_start || refuse "it did not start; the logs are in ${V#"$TOP"/}/log"
	exec 9>&-
}

# More servers behind the same nginx: the null responder, the product without
# its cache, and with nginx's own in front of it.
bench_nginx() {
	local port name
	sed -i 's/limit_conn merkato_address .*;//; s/limit_req zone=merkato_login .*;//' "$V/web/merkato.conf"
	{
		for name in null nocache; do
			printf 'upstream %s { server unix:%s/run/%s.sock max_fails=0; }\n' $name "$V" $name
		done
		port=$PORT
		for name in null nocache; do
			port=$((port + 1))
			cat <<-END
				server {
					listen 127.0.0.1:$port;
					server_name localhost;
					access_log $V/log/web.log merkato buffer=64k flush=5s;
					location / { fastcgi_pass $name; include $V/web/fastcgi.conf; }
				}
			END
		done
		cat <<-END
			include $V/web/microcache-zone.conf;
			server {
				listen 127.0.0.1:$((PORT + 3));
				server_name localhost;
				access_log $V/log/web.log merkato buffer=64k flush=5s;
				open_file_cache max=2000 inactive=60s;
				location / {
					fastcgi_pass merkato_fast;
					include $V/web/fastcgi.conf;
					include $V/web/microcache.conf;
				}
			}
		END
	} >"$V/web/bench.conf"
	sed -i "s|include $V/web/merkato.conf;|&\n\t\tinclude $V/web/bench.conf;|" "$V/web/nginx.conf"
	NULL_URL=http://localhost:$((PORT + 1))/
	NOCACHE=http://localhost:$((PORT + 2))
	MICROCACHE=http://localhost:$((PORT + 3))
	URL=http://localhost:$PORT
}

bench_start_others() {
	local build=$TOP/var/build
	"$build/tests/bench/null_responder" "$V/run/null.sock" &
	NULL_PID=$!
	START_FROM=$EPOCHREALTIME
	MERKATO_MEMCACHED='' MERKATO_FAST_SOCKET=$V/run/nocache.sock MERKATO_SLOW_SOCKET=$V/run/nocache-slow.sock \
		MERKATO_PID_FILE='' MERKATO_JOBS=false MERKATO_LOG_FILE=$V/log/nocache.log \
		"$PROGRAM" --config "$V/merkato.conf" serve &
	NOCACHE_PID=$!
	until curl -fsS -o /dev/null "$NOCACHE/readyz" 2>/dev/null; do sleep 0.005; done
	START_SECONDS=$(awk -v a="$START_FROM" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
	MERKATO_PID=$(stack_pid merkato)
	WEB_PIDS=$(tree_of "$(stack_pid nginx)" | tr '\n' ' ')
}

null_pids() { echo "$WEB_PIDS $(tree_of "$NULL_PID" | tr '\n' ' ')"; }
product_pids() {
	echo "$WEB_PIDS $(tree_of "$MERKATO_PID" | tr '\n' ' ') $(tree_of "$NOCACHE_PID" | tr '\n' ' ')" \
		"$(stack_pid memcached) $(stack_pid mariadbd)"
}

# shellcheck disable=SC2317 # called by the trap
bench_end() {
	trap - EXIT
	# shellcheck disable=SC2046
	kill "$NOCACHE_PID" $(tree_of "$NULL_PID") 2>/dev/null || true
	wait "$NULL_PID" "$NOCACHE_PID" 2>/dev/null || true
	stack_stop
}
