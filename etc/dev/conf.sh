# Writes the configuration of a private stack into $V. The web servers' files
# are those of etc/ with their paths changed, so that what is tried here is what
# is installed elsewhere.

conf_all() {
	mkdir -p "$V"/{run/mysql,run/memcached,log,mail,data/media,data/tmp,web}
	conf_user
	conf_secrets
	conf_mysql
	conf_merkato
	"conf_${WEB%%-*}"
}

# Who the workers and the web server run as: www-data when we are root and it
# may enter the clone, else ourselves.
conf_user() {
	RUN_AS='' MYSQL_AS=''
	[ "$(id -u)" = 0 ] || return 0
	RUN_AS=root MYSQL_AS=root
	if may_enter www-data; then
		RUN_AS=www-data
		chown www-data: "$V"/mail "$V"/data "$V"/data/* "$V"/web "$V"/run/memcached
	else
		say "$TOP is closed to www-data: the workers run as root. A clone under /srv or /opt would do better."
	fi
	! may_enter mysql || MYSQL_AS=mysql
	chown "$MYSQL_AS" "$V/run/mysql"
}

may_enter() {
	id "$1" >/dev/null 2>&1 && setpriv --reuid="$1" --regid="$1" --clear-groups test -x "$V/run" 2>/dev/null
}

# Random, kept for as long as the data.
conf_secrets() {
	local name
	for name in MYSQL_PASSWORD MYSQL_ADMIN_PASSWORD SECRET PAYMENT_WEBHOOK_SECRET ADMIN_PASSWORD; do
		grep -qs "^$name=" "$V/secrets" ||
			(umask 077 && printf '%s=%s\n' $name "$(openssl rand -hex 24)" >>"$V/secrets")
	done
	# shellcheck disable=SC1091
	. "$V/secrets"
}

conf_mysql() {
	# 100,000 products are to be in memory, and their loading not to wait
	# for pages to be written.
	local pool=256M redo=96M
	[ "$DEMO" != full ] || pool=1G redo=512M
	[ "$DEMO" != million ] || pool=2G redo=1G
	cat >"$V/mysql.cnf" <<-END
		# Small, on a socket only; orders survive a kill (flush at each commit).
		[mariadbd]
		datadir=$V/mysql
		socket=$V/run/mysql/mysql.sock
		pid-file=$V/run/mysql/mysql.pid
		tmpdir=$V/mysql
		${MYSQL_AS:+user=$MYSQL_AS}
		skip-networking
		skip-name-resolve
		character-set-server=utf8mb4
		collation-server=utf8mb4_unicode_520_ci
		default-time-zone=+00:00
		max-connections=120
		performance-schema=OFF
		innodb-buffer-pool-size=$pool
		innodb-log-file-size=$redo
		key-buffer-size=1M
		aria-pagecache-buffer-size=8M
		max-allowed-packet=16M
		[client]
		socket=$V/run/mysql/mysql.sock
		default-character-set=utf8mb4
	END
}

conf_merkato() {
	(
		umask 077
		cat >"$V/merkato.conf.new" <<-END
			# Written by ./dev up.
			MERKATO_BASE_URL=http://localhost:$PORT
			MERKATO_HOSTS=localhost:$PORT,127.0.0.1:$PORT,[::1]:$PORT
			MERKATO_FAST_SOCKET=$V/run/fast.sock
			MERKATO_SLOW_SOCKET=$V/run/slow.sock
			MERKATO_PID_FILE=$V/run/merkato.pid
			MERKATO_LOG_FILE=$V/log/merkato.log
			MERKATO_MYSQL_SOCKET=$V/run/mysql/mysql.sock
			MERKATO_MYSQL_PASSWORD=$MYSQL_PASSWORD
			MERKATO_MYSQL_ADMIN_USER=merkato_admin
			MERKATO_MYSQL_ADMIN_PASSWORD=$MYSQL_ADMIN_PASSWORD
			MERKATO_MEMCACHED=$V/run/memcached/memcached.sock
			MERKATO_SECRET=$SECRET
			MERKATO_PAYMENT_WEBHOOK_SECRET=$PAYMENT_WEBHOOK_SECRET
			MERKATO_TEMPLATE_DIR=$TOP/templates
			MERKATO_STATIC_DIR=$TOP/templates/static
			MERKATO_MIGRATION_DIR=$TOP/db/migrations
			MERKATO_DATA_DIR=$V/data
			MERKATO_MAIL_DIR=$V/mail
			MERKATO_DEMO=true
			MERKATO_LIMIT_READ=${LIMIT_READ:-60000/60}
			MERKATO_LIMIT_WRITE=${LIMIT_WRITE:-6000/60}
			MERKATO_LIMIT_AUTH=${LIMIT_AUTH:-600/60}
			MERKATO_LIMIT_REGISTER=${LIMIT_REGISTER:-3000/3600}
		END
		[ -z "$RUN_AS" ] || printf 'MERKATO_USER=%s\nMERKATO_SOCKET_GROUP=%s\n' "$RUN_AS" "$RUN_AS" >>"$V/merkato.conf.new"
		[ -z "${EXTRA_CONF:-}" ] || printf '%s\n' "$EXTRA_CONF" >>"$V/merkato.conf.new"
	)
	[ -z "$RUN_AS" ] || {
		chgrp "$(id -gn "$RUN_AS")" "$V/merkato.conf.new"
		chmod 640 "$V/merkato.conf.new"
		# Workers that mod_fcgid starts were never root.
		touch "$V/log/merkato.log"
		chown "$RUN_AS" "$V/log/merkato.log"
	}
	mv "$V/merkato.conf.new" "$V/merkato.conf"
}

# The paths that the files in etc/ name, changed to ours.
localise() {
	sed -e "s|/run/merkato/|$V/run/|g" \
		-e "s|/usr/share/merkato/static|$TOP/templates/static|g" \
		-e "s|/var/lib/merkato/media|$V/data/media|g" \
		-e "s|/usr/lib/merkato|$V/web/cgi|g" \
		-e "s|/var/log/[a-z0-9]*/merkato.log|$V/log/web.log|g" \
		-e "s|/etc/lighttpd/problems/|$TOP/etc/lighttpd/problems/|g" \
		-e "s|/etc/nginx/merkato/|$V/web/|g" \
		-e "s|/etc/apache2/sites-available/|$V/web/|g" \
		-e "s|/var/cache/nginx/merkato|$V/web/cache|g" "$1"
}

has_ipv6() { grep -qs '^0\{31\}1 ' /proc/net/if_inet6; }

conf_nginx() {
	local f six
	for f in "$TOP"/etc/nginx/merkato/*.conf; do
		localise "$f" >"$V/web/${f##*/}"
	done
	has_ipv6 && six="listen [::1]:$PORT\\1;" || six=''
	# Everybody comes from one address here: the limit for one is out of the way.
	localise "$TOP/etc/nginx/merkato.conf" |
		sed -e "s|listen 8080\(.*\);|listen 127.0.0.1:$PORT\1; $six|" \
			-e 's|rate=50r/s|rate=5000r/s|' -e 's|burst=200|burst=5000|' >"$V/web/merkato.conf"
	cat >"$V/web/nginx.conf" <<-END
		${RUN_AS:+user $RUN_AS $(id -gn "$RUN_AS");}
		daemon off;
		worker_processes auto;
		pid $V/run/nginx.pid;
		error_log $V/log/nginx.log warn;
		events { worker_connections 1024; }
		http {
		include /etc/nginx/mime.types;
		client_body_temp_path $V/web/body;
		fastcgi_temp_path $V/web/fastcgi;
		proxy_temp_path $V/web/proxy;
		scgi_temp_path $V/web/scgi;
		uwsgi_temp_path $V/web/uwsgi;
		include $V/web/merkato.conf;
		}
	END
}

conf_apache() {
	local f m
	for f in "$TOP"/etc/apache/*.conf; do
		localise "$f" | sed "s|<VirtualHost .*>|<VirtualHost *:$PORT>|" >"$V/web/${f##*/}"
	done
	mkdir -p "$V/web/cgi"
	printf '#!/bin/sh\nexec %s --config %s serve\n' "$PROGRAM" "$V/merkato.conf" >"$V/web/cgi/merkato.fcgi"
	chmod 755 "$V/web/cgi/merkato.fcgi"
	{
		printf 'ServerRoot %s\nPidFile %s\nDefaultRuntimeDir %s\nMutex file:%s default\n' "$V" "$V/run/apache.pid" "$V/run" "$V/run"
		[ -z "$RUN_AS" ] || printf 'User %s\nGroup %s\n' "$RUN_AS" "$(id -gn "$RUN_AS")"
		printf 'Listen 127.0.0.1:%s\n' "$PORT"
		! has_ipv6 || printf 'Listen [::1]:%s\n' "$PORT"
		printf 'ErrorLog %s\nLogLevel warn\nServerName localhost\n' "$V/log/apache.log"
		for m in mpm_event authz_core alias headers setenvif reqtimeout filter deflate mime env proxy proxy_fcgi fcgid; do
			printf 'LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n' $m $m
		done
		printf 'TypesConfig /etc/mime.types\nStartServers 2\nThreadsPerChild 32\nMaxRequestWorkers 128\n'
		printf 'FcgidIPCDir %s\nFcgidProcessTableFile %s\n' "$V/run/fcgid" "$V/run/fcgid.shm"
		printf '<Directory />\nRequire all denied\n</Directory>\n'
		printf 'Include %s\n' "$V/web/merkato-${WEB#apache-}.conf"
	} >"$V/web/apache.conf"
}

conf_lighttpd() {
	touch "$V/log/web.log" "$V/log/lighttpd.log"
	[ -z "$RUN_AS" ] || chown "$RUN_AS" "$V/log/web.log" "$V/log/lighttpd.log"
	localise "$TOP/etc/lighttpd/merkato.conf" >"$V/web/merkato.conf"
	{
		printf 'server.port = %s\nserver.bind = "127.0.0.1"\n' "$PORT"
		printf 'server.document-root = "%s"\nserver.pid-file = "%s"\nserver.errorlog = "%s"\n' \
			"$V/data/media" "$V/run/lighttpd.pid" "$V/log/lighttpd.log"
		printf 'server.upload-dirs = ( "%s" )\naccesslog.filename = "%s"\n' "$V/data/tmp" "$V/log/web.log"
		[ -z "$RUN_AS" ] || printf 'server.username = "%s"\nserver.groupname = "%s"\n' "$RUN_AS" "$(id -gn "$RUN_AS")"
		! has_ipv6 || printf '$SERVER["socket"] == "[::1]:%s" { }\n' "$PORT"
		printf 'mimetype.assign = ( ".css" => "text/css", ".js" => "text/javascript", ".svg" => "image/svg+xml", ".png" => "image/png", ".jpg" => "image/jpeg", ".webp" => "image/webp", ".gif" => "image/gif" )\n'
		printf 'include "%s"\n' "$V/web/merkato.conf"
	} >"$V/web/lighttpd.conf"
}
