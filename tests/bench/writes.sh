# What changes something: a small write and checkouts.

# "PATCH path token body" for rotate.lua, one for each demonstration account, so
# that rows are not waited for.
profile_lines() {
	local who
	for who in customer customer2 vendor vendor2 staff delivery; do
		printf 'PATCH /api/users/me %s {"locale":"en"}\n' "$(access_token "$who")"
	done
}

# Variants with stock, many of them: nobody is to wait for one row.
checkout_lines() {
	local line='POST /api/orders/checkout %s {"items":[{"variant_id":"%s","quantity":1}],"address":{"name":"Bench","phone":"+251911234567","line1":"Bole Road 12","city":"Addis Ababa"}}\n'
	local variants variant i=0
	local -a tokens
	tokens=("$(access_token customer)" "$(access_token customer2)")
	variants=$(sql -N merkato -e "SELECT LOWER(CONCAT_WS('-', SUBSTR(h, 1, 8), SUBSTR(h, 9, 4), SUBSTR(h, 13, 4), SUBSTR(h, 17, 4), SUBSTR(h, 21)))
		FROM (SELECT HEX(w.id) AS h FROM variant w JOIN product p ON p.id = w.product_id
		WHERE p.is_visible = 1 AND w.status = 'active' ORDER BY w.stock DESC, w.id LIMIT 500) AS t")
	for variant in $variants; do
		# shellcheck disable=SC2059
		printf "$line" "${tokens[i++ % 2]}" "$variant"
	done
}

bench_writes() {
	local bare p50 bad
	profile_lines >"$V/paths"
	bare=$("$TOP/var/build/tests/bench/bare_write" "$V/run/mysql/mysql.sock" "$(id -un)" "$SECONDS_EACH")
	read -r _ _ p50 _ bad < <(PATHS=$V/paths run_wrk 1 "$URL" -s "$TOP/tests/bench/rotate.lua")
	[ "$bad" = 0 ] || say "small write: $bad bad answers"
	heading "R = null responder, $ROUNDS rounds"
	figure 'small write to the bare transaction' "$(awk -v a="$p50" -v b="$bare" 'BEGIN { print b ? a / b : 0 }')" x '<= 3'
	PATHS=$V/paths CONNECTIONS=4 compare 'small write with JWT' - 7.5 "$URL" -s "$TOP/tests/bench/rotate.lua"
	checkout_lines >"$V/paths"
	PATHS=$V/paths CONNECTIONS=4 compare 'checkout' - 12 "$URL" -s "$TOP/tests/bench/rotate.lua"
}
