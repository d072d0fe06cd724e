# A private stack in $V: MariaDB, memcached, merkato and a web server, kept
# alive by one supervisor (supervise.sh), whose pid is in $V/run/supervisor.pid.
# Needs say.sh, and the settings TOP V PORT WEB DEMO PROGRAM.

stack_pid() { cat "$V/run/$1.pid" 2>/dev/null || true; }

# A number in a pid file may belong to somebody else by now: ours name $V.
is_ours() {
	local pid=$1
	[ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$V/"
}

stack_is_running() { is_ours "$(stack_pid supervisor)"; }

# Ends what a supervisor that was killed has left behind.
stack_sweep() {
	local name pid
	for name in nginx apache lighttpd jobs merkato memcached mariadbd; do
		pid=$(stack_pid "$name")
		if is_ours "$pid"; then
			end_process "$pid"
		fi
		[ -z "$pid" ] || [ -d "/proc/$pid" ] || end_session "$pid"
		rm -f "$V/run/$name.pid"
	done
	rm -f "$V"/run/*.sock "$V"/run/*/*.sock "$V"/dev.json
}

# TERM, then KILL after 20 seconds.
end_process() {
	local i
	kill -TERM "$1" 2>/dev/null || return 0
	for ((i = 0; i < 200; i++)); do
		[ -d "/proc/$1" ] || return 0
		sleep 0.1
	done
	kill -KILL "$1" 2>/dev/null || true
}

# Workers of a program that was killed live on in its session, and only they:
# a session's number is not given away while it has members.
end_session() { pkill -KILL -s "$1" || true; }

stack_stop() {
	if stack_is_running; then
		end_process "$(stack_pid supervisor)"
	fi
	stack_sweep
	rm -f "$V/run/supervisor.pid"
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

need_port() {
	local who
	port_is_taken "$PORT" || return 0
	who=$(command -v ss >/dev/null && ss -Hltnp "sport = :$PORT" 2>/dev/null | sed -n 's/.*users:((\("[^"]*"\),pid=\([0-9]*\).*/\1, process \2/p' | head -1 || true)
	refuse "port $PORT is taken${who:+ by $who}" "choose another: ./dev up --port $((PORT + 1))"
}

# Sockets' paths may have 107 bytes, and the configurations have no blanks.
need_place() {
	case $V in
	*[!A-Za-z0-9_./+-]*) refuse "the path $TOP holds characters that configuration files do not take; clone elsewhere" ;;
	esac
	[ ${#V} -le 75 ] || refuse "the path $TOP is too long for unix sockets; clone to a shorter one"
}

# Starts the supervisor and waits until the whole answers, saying what it does.
stack_start() {
	local shown=0 n line
	: >"$V/log/up.log"
	setsid bash "$TOP/etc/dev/supervise.sh" "$V/" </dev/null >>"$V/log/up.log" 2>&1 9>&- &
	printf '%s\n' $! >"$V/run/supervisor.pid"
	while :; do
		n=$(wc -l <"$V/log/up.log")
		while [ $shown -lt "$n" ]; do
			shown=$((shown + 1))
			line=$(sed -n "${shown}p" "$V/log/up.log")
			case $line in
			ready) return 0 ;;
			esac
			say "$line"
		done
		stack_is_running || {
			tail -n +$((shown + 1)) "$V/log/up.log" >&2
			return 1
		}
		sleep 0.1
	done
}
