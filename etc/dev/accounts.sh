# var/dev.json tells other programs about the demonstration's people, as
# `merkato demo` wrote them down, and about the running stack.

dev_json() {
	local name
	printf '{\n"base_url": "http://localhost:%s",\n"console_url": "http://localhost:%s/console",\n' "$PORT" "$PORT"
	printf '"mail_dir": "%s",\n"accounts": %s,\n' "$V/mail" "$(cat "$V/accounts.json")"
	printf '"payment_webhook_secret": "%s",\n' "$PAYMENT_WEBHOOK_SECRET"
	printf '"mysql_socket": "%s",\n"mysql_database": "merkato",\n' "$V/run/mysql/mysql.sock"
	printf '"memcached": "%s",\n"pids": {"supervisor": %s' "$V/run/memcached/memcached.sock" $$
	for name in "${order[@]}"; do
		printf ', "%s": %s' "$(program_of "$name")" "${pid_of[$name]}"
	done
	printf '}\n}\n'
}

program_of() {
	case $1 in
	mysql) echo mariadbd ;;
	web) echo "${WEB%%-*}" ;;
	*) echo "$1" ;;
	esac
}

# The people in a table for people: key, address, password.
accounts_table() {
	tr -d '\n' <"$V/accounts.json" |
		grep -o '"[a-z0-9_]*"[: ]*{[^}]*}' |
		sed -E 's/"([a-z0-9_]*)".*"email"[: ]*"([^"]*)".*"password"[: ]*"([^"]*)".*/\1 \2 \3/' |
		while read -r key email password; do printf '  %-12s %-28s %s\n' "$key" "$email" "$password"; done
}
