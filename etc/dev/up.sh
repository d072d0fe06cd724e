# ./dev up and ./dev down.

up_usage='./dev up [--port 8080] [--detach] [--demo small|full|none] [--web nginx|apache-proxy|apache-fcgid|lighttpd]'

up_arguments() {
	PORT=8080 DETACH=no DEMO=small WEB=nginx
	while [ $# -gt 0 ]; do
		case $1 in
		--port=* | --demo=* | --web=*)
			set -- "${1%%=*}" "${1#*=}" "${@:2}"
			continue
			;;
		--detach) DETACH=yes ;;
		--port | --demo | --web)
			[ $# -gt 1 ] || refuse "$1 needs a value" "$up_usage"
			case $1 in
			--port) PORT=$2 ;;
			--demo) DEMO=$2 ;;
			--web) WEB=$2 ;;
			esac
			shift
			;;
		*) refuse "what is $1?" "$up_usage" ;;
		esac
		shift
	done
	[[ $PORT =~ ^[1-9][0-9]{0,4}$ ]] && [ "$PORT" -le 65535 ] || refuse "--port takes a number from 1 to 65535" "$up_usage"
	[[ $DEMO =~ ^(small|full|none)$ ]] || refuse "--demo takes small, full or none" "$up_usage"
	[[ $WEB =~ ^(nginx|apache-proxy|apache-fcgid|lighttpd)$ ]] || refuse "there is no web server $WEB here" "$up_usage"
	[ "$PORT" -ge 1024 ] || [ "$(id -u)" = 0 ] || refuse "only root may use ports below 1024"
}

web_packages() {
	case $WEB in
	apache-*) echo apache ;;
	lighttpd) echo lighttpd ;;
	esac
}

# One ./dev works on a state directory at a time; the lock is given back by the
# kernel whatever happens.
take_turn() {
	mkdir -p "$V/run" "$V/log"
	exec 9>"$V/lock"
	flock -n 9 || refuse "another ./dev is at work in ${V#"$TOP"/}"
}

# What makes this stack; another plan means another start.
plan() {
	printf '%s=%q\n' TOP "$TOP" PORT "$PORT" WEB "$WEB" DEMO "$DEMO" PROGRAM "$PROGRAM" RUN_AS "$RUN_AS" MYSQL_AS "$MYSQL_AS"
	printf '# %s\n' "$(cksum <"$PROGRAM")"
}

up() {
	up_arguments "$@"
	need_place
	need_root_or_owner
	# shellcheck disable=SC2046
	need build run $(web_packages)
	PROGRAM=$V/build/merkato
	take_turn
	stack_is_running || stack_sweep
	is_our_port || need_port
	step 'Building' build "$V/build" || exit 1
	stack_up
	exec 9>&-
	up_tell
	[ "$DETACH" = yes ] || up_wait
}

# The stack may be running on the port that is asked for.
is_our_port() { stack_is_running && grep -qx "PORT=$PORT" "$V/plan" 2>/dev/null; }

stack_up() {
	local new
	[ "$(cat "$V/demo" 2>/dev/null || echo "$DEMO")" = "$DEMO" ] || {
		say "Throwing away the data of --demo $(cat "$V/demo")"
		stack_stop
		rm -rf "$V/mysql" "$V/data" "$V/mail" "$V/demo" "$V/accounts.json"
	}
	conf_all
	new=$(plan)
	if stack_is_running && [ "$new" = "$(cat "$V/plan")" ] && [ -s "$V/dev.json" ]; then
		say 'It is running already.'
		return
	fi
	stack_stop
	printf '%s\n' "$new" >"$V/plan"
	stack_start || refuse 'it did not start; the logs are in '"${V#"$TOP"/}/log"
}

# The state, or the folder in which it is to be made, must be ours to write.
need_root_or_owner() {
	local place=$V
	until [ -e "$place" ]; do
		place=${place%/*}
	done
	[ -w "$place" ] || refuse "$place belongs to $(stat -c %U "$place"): run ./dev as that user, or from a clone of your own"
}

up_tell() {
	cat <<-END

		Merkato is up.
		  shop's API     http://localhost:$PORT/api/products
		  its documents  http://localhost:$PORT/api/docs
		  console        http://localhost:$PORT/console
		  mails          ${V#"$PWD"/}/mail
		  for programs   ${V#"$PWD"/}/dev.json
	END
	accounts_table
}

up_wait() {
	local pid
	pid=$(stack_pid supervisor)
	say '' 'Ctrl-C stops it.'
	trap 'say ""; down; exit 0' INT TERM HUP
	while is_ours "$pid"; do
		sleep 0.5 &
		wait $! || true
	done
	refuse 'the stack was stopped by somebody else'
}

down() {
	need_root_or_owner
	if stack_is_running || [ -s "$V/dev.json" ]; then
		step 'Stopping' stack_stop
	else
		stack_sweep
		say 'It is not running.'
	fi
}
