#!/bin/bash
# supervise.sh DIR/: starts the stack that DIR/plan describes and keeps it
# alive: what ends is started again. TERM ends all of it. Progress goes to
# standard output, the last line of a good start is "ready".
set -eu
V=${1%/}
# shellcheck disable=SC1091
. "$V/plan" # TOP PORT WEB DEMO PROGRAM RUN_AS MYSQL_AS and the secrets' file
. "$TOP/etc/dev/say.sh"
. "$TOP/etc/dev/accounts.sh"
. "$TOP/etc/dev/stack.sh"
# shellcheck disable=SC1091
. "$V/secrets"
unset MERKATO_CONF

declare -A pid_of=() started_at=()
order=(mysql memcached merkato web)
[ "$WEB" != apache-fcgid ] || order=(mysql memcached web jobs)

# Each program becomes its own session, so that Ctrl-C reaches only ./dev.
run() { exec setsid "$@" </dev/null; }
run_mysql() { run mariadbd --defaults-file="$V/mysql.cnf" >>"$V/log/mariadbd.log" 2>&1; }
run_memcached() {
	rm -f "$V/run/memcached/memcached.sock"
	local as=()
	[ -z "$RUN_AS" ] || as=(-u "$RUN_AS")
	# Its LRU maintainer would wake a thousand times a second while anything
	# is written: more work than the writing.
	run memcached "${as[@]}" -s "$V/run/memcached/memcached.sock" -a 0660 -m 64 -o no_lru_maintainer >>"$V/log/memcached.log" 2>&1
}
run_merkato() { run "$PROGRAM" --config "$V/merkato.conf" serve >>"$V/log/merkato.err" 2>&1; }
# What cron does beside mod_fcgid, only oftener.
run_jobs() {
	# shellcheck disable=SC2016  # for the inner shell
	run bash -c 'while "$1" --config "$2" jobs --once || :; do sleep 1; done' "$V/jobs" "$PROGRAM" "$V/merkato.conf" >>"$V/log/merkato.err" 2>&1
}
run_web() {
	case $WEB in
	nginx) run nginx -e "$V/log/nginx.log" -c "$V/web/nginx.conf" >>"$V/log/nginx.log" 2>&1 ;;
	apache-*) run apache2 -X -f "$V/web/apache.conf" -D FOREGROUND >>"$V/log/apache.log" 2>&1 ;;
	lighttpd) run lighttpd -D -f "$V/web/lighttpd.conf" >>"$V/log/lighttpd.log" 2>&1 ;;
	esac
}

start() {
	"run_$1" &
	pid_of[$1]=$!
	started_at[$1]=$SECONDS
	printf '%s\n' $! >"$V/run/$(program_of "$1").pid"
}

# Waits up to SECONDS for a condition while the program is alive.
await() {
	local what=$1 seconds=$2 until
	shift 2
	until=$((SECONDS + seconds))
	while ! "$@" >/dev/null 2>&1; do
		if ! kill -0 "${pid_of[$what]}" 2>/dev/null || [ $SECONDS -gt $until ]; then
			give_up "$what did not start" "$V/log/$(program_of "$what").log" "$V/log/merkato.err"
		fi
		sleep 0.05
	done
}

# give_up WORDS LOG…: what was tried, and where it is said why it failed.
give_up() {
	local log
	for log in "${@:2}"; do
		show_end "$log" 20
	done
	echo "$1" >&2
	exit 1
}

stop_all() {
	local i name pid
	trap '' TERM INT EXIT
	for ((i = ${#order[@]} - 1; i >= 0; i--)); do
		name=${order[i]}
		pid=${pid_of[$name]:-}
		[ -n "$pid" ] || continue
		kill -CONT "$pid" 2>/dev/null || true
		kill -TERM "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		end_session "$pid"
		rm -f "$V/run/$(program_of "$name").pid"
	done
	rm -f "$V/dev.json" "$V/run/supervisor.pid"
}

sql() { mariadb --defaults-file="$V/mysql.cnf" --user="$(id -un)" "$@"; }

first_data() {
	[ -d "$V/mysql/mysql" ] && return
	say 'Making the database'
	rm -rf "$V/mysql"
	mkdir "$V/mysql"
	[ -z "$MYSQL_AS" ] || chown "$MYSQL_AS": "$V/mysql"
	mariadb-install-db --no-defaults --datadir="$V/mysql" ${MYSQL_AS:+--user="$MYSQL_AS"} --skip-test-db --force \
		--auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" >"$V/log/install-db.log" 2>&1 || give_up 'the database could not be made' "$V/log/install-db.log"
}

database() {
	sql <<-END
		CREATE DATABASE IF NOT EXISTS merkato CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
		CREATE OR REPLACE USER merkato@localhost IDENTIFIED BY '$MYSQL_PASSWORD';
		GRANT SELECT, INSERT, UPDATE, DELETE ON merkato.* TO merkato@localhost;
		CREATE OR REPLACE USER merkato_admin@localhost IDENTIFIED BY '$MYSQL_ADMIN_PASSWORD';
		GRANT ALL ON merkato.* TO merkato_admin@localhost;
	END
}

merkato() { "$PROGRAM" --config "$V/merkato.conf" "$@"; }

demo_data() {
	local made=(demo --size "$DEMO" --accounts "$V/accounts.json")
	[ ! -e "$V/demo" ] || return 0
	[ "$DEMO" != none ] || made=(admin create admin@demo.example)
	[ "$DEMO" = none ] || say "Loading the demonstration data ($DEMO)"
	: >"$V/demo.begun"
	merkato "${made[@]}" <<<"$ADMIN_PASSWORD" >"$V/log/demo.log" 2>&1 ||
		give_up 'the demonstration data could not be loaded' "$V/log/demo.log"
	[ "$DEMO" != none ] ||
		printf '{"admin": {"email": "admin@demo.example", "password": "%s"}}\n' "$ADMIN_PASSWORD" >"$V/accounts.json"
	printf '%s\n' "$DEMO" >"$V/demo"
	rm -f "$V/demo.begun"
}

# A loading that was interrupted has left half a set, which is of no use.
forget_half() {
	[ -e "$V/demo.begun" ] || return 0
	[ ! -e "$V/demo" ] || return 0
	say 'The demonstration data was not loaded to its end: beginning again'
	sql -e 'DROP DATABASE IF EXISTS merkato'
	rm -rf "$V"/data/media/* "$V/accounts.json" "$V/demo.begun"
}

answers() { curl -fsS -m 2 -o "$V/log/readyz.json" "http://127.0.0.1:$PORT/readyz"; }

write_json() {
	dev_json >"$V/dev.json.new"
	chmod 600 "$V/dev.json.new"
	mv "$V/dev.json.new" "$V/dev.json"
}

begin() {
	first_data
	say 'Starting MariaDB and memcached'
	start mysql
	start memcached
	await mysql 60 sql -e 'SELECT 1'
	forget_half
	database
	say 'Bringing the tables up to date'
	merkato migrate >"$V/log/migrate.log" 2>&1 || give_up 'the migrations failed; without '"$V"' it would begin anew' "$V/log/migrate.log"
	demo_data
	say "Starting Merkato and $WEB"
	local name
	for name in "${order[@]:2}"; do
		start "$name"
	done
	await web 30 answers
	write_json
	say ready
}

# What has ended is started again, a program that ends at once after a pause.
look_after() {
	local dead name
	while :; do
		wait -n -p dead || true
		for name in "${order[@]}"; do
			[ "${pid_of[$name]}" = "${dead:-}" ] || continue
			say "$(date -u +%T) $name ended and is started again"
			end_session "$dead"
			[ $((SECONDS - started_at[$name])) -gt 1 ] || sleep 1
			start "$name"
			write_json
		done
	done
}

# However it ends, it leaves nothing running.
trap stop_all EXIT
trap 'exit 0' TERM INT
begin
look_after
