# What stands in front: nginx's own cache, and Apache.

bench_fronts() {
	heading "R = null responder, $ROUNDS rounds"
	compare 'listing from the microcache' 2.4 0.4 "$MICROCACHE/api/products?page_size=20"
	ratio '… to a static file of nginx' '>= 0.75' "$MICROCACHE/api/products?page_size=20" "$URL/static/$(static_file)"
	bench_apache
}

# The style sheet or script nearest to the listing's size.
static_file() {
	find "$TOP/templates/static" -type f -size -32k -size +7k -printf '%P\n' | sort | head -1
}

# Apache with mod_proxy_fcgi before the same sockets, and beside it before the
# null responder: the same CPU ratios are asked of it.
bench_apache() {
	local WEB_PIDS NULL_URL URL=$URL token apache port=$((PORT + 4))
	token=$(access_token customer)
	apache_conf "$port"
	apache2 -f "$V/web/apache.conf" -D FOREGROUND 2>>"$V/log/apache.log" &
	apache=$!
	URL=http://localhost:$port
	NULL_URL=http://localhost:$((port + 1))/
	until curl -fsS -o /dev/null "$URL/healthz" 2>/dev/null && curl -fsS -o /dev/null "$NULL_URL" 2>/dev/null; do
		kill -0 $apache 2>/dev/null || refuse "Apache did not start, see ${V#"$TOP"/}/log/apache.log"
		sleep 0.1
	done
	# shellcheck disable=SC2034 # for null_pids and product_pids
	WEB_PIDS=$(tree_of $apache | tr '\n' ' ')
	heading 'R = null responder behind Apache'
	compare 'Apache: health' 0.85 1.2 "$URL/healthz"
	compare 'Apache: cached listing' 0.55 2.0 "$URL/api/products?page_size=20"
	compare 'Apache: one row with JWT' 0.40 3.2 "$URL/api/users/me" -H "Authorization: Bearer $token"
	kill $apache
	wait $apache 2>/dev/null || true
}

# shellcheck disable=SC2034 # PORT and WEB are for conf_apache
apache_conf() {
	local PORT=$1 WEB=apache-proxy
	conf_apache
	cat >>"$V/web/apache.conf" <<-END
		Listen 127.0.0.1:$((PORT + 1))
		<VirtualHost *:$((PORT + 1))>
		<Location "/">
		Require all granted
		</Location>
		ProxyPass "/" "unix:$V/run/null.sock|fcgi://null/" enablereuse=off
		</VirtualHost>
	END
}
