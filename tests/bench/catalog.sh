# ./dev bench catalog [--million]: the catalog's figures, each beside its target
# of performance.md, on the full set; with --million also how they grow on ten
# times as many products, in a stack of its own (var/bench-million, about
# 15 GB, loaded once). Reads are uncached, over one connection; their CPU is that
# of all the server's processes, which tells more than the clock does on a
# machine that others use. Sourced by bench.sh.

catalog_usage='./dev bench catalog [--million] [--rounds 3] [--port 8090] [--demo full|small]'

# shellcheck disable=SC2034 # for etc/dev and measure.sh
bench_catalog() {
	local missed=0 million=no
	ROUNDS=3 SECONDS_EACH=2 DEMO=full PORT=8090 WEB=nginx
	while [ $# -gt 0 ]; do
		case $1 in
		--million) million=yes ;;
		--rounds) ROUNDS=${2:?} && shift ;;
		--demo) DEMO=${2:?} && shift ;;
		--port) PORT=${2:?} && shift ;;
		*) refuse "what is $1?" "$catalog_usage" ;;
		esac
		shift
	done
	catalog_on full
	catalog_ratios
	catalog_reads
	catalog_depth
	catalog_import
	catalog_picture
	bench_end
	if [ "$million" = yes ]; then
		DEMO=million
		catalog_on million
		catalog_reads
		catalog_depth
		catalog_growth
		bench_end
	fi
	say "" "The tables are in var/bench*/results.txt; $missed figures missed their targets."
	[ $missed -eq 0 ] || exit 1
}

# Brings up the stack of a set, and says how fast the machine is just now.
catalog_on() {
	# shellcheck disable=SC2034 # for bench_stack
	[ "$1" = full ] || BENCH_DIR=$TOP/var/bench-$1
	bench_stack
	trap bench_end EXIT
	bench_start_others
	: >"$V/results.txt"
	: >"$V/reads.txt"
	say "" "The $1 set, load $(cut -d' ' -f1 /proc/loadavg), password hashes per second of one core: $("$TOP/var/build/tests/bench/hash_rate")"
}

catalog_ratios() {
	local product
	product=$(first_product)
	heading "R = null responder, $ROUNDS rounds"
	compare 'cached listing' 0.55 2.0 "$URL/api/products?page_size=20"
	compare 'listing of 20 uncached' 0.20 5.5 "$NOCACHE/api/products?page_size=20"
	compare 'product page cached' 0.55 2.0 "$URL/api/products/$product"
	compare 'product page uncached' 0.16 7.0 "$NOCACHE/api/products/$product"
	compare 'search with facets, cached' 0.55 2.0 "$URL/api/products?q=coffee&facets=1&page_size=20"
}

# How many matches the answers count, which they do up to 10,000.
catalog_hits() {
	local path sum=0 n
	for path in "$@"; do
		n=$(curl -fsS "$NOCACHE$path" | sed -n 's/^{"count":\([0-9]*\).*/\1/p')
		sum=$((sum + ${n:-0}))
	done
	echo $sum
}

# catalog_read NAME TARGET-MS PATH…: median of one connection and CPU. A target of
# - is for reads that only their growth is held against.
catalog_read() {
	local name=$1 target=$2 us p50 bad verdict=ok
	shift 2
	printf '%s\n' "$@" >"$V/paths"
	PATHS=$V/paths run_wrk 1 "$NOCACHE" -s "$TOP/tests/bench/rotate.lua" >/dev/null
	read -r us _ p50 _ bad < <(PATHS=$V/paths round product_pids 1 "$NOCACHE" -s "$TOP/tests/bench/rotate.lua")
	[ "$target" = - ] || holds "$(awk -v us="$p50" 'BEGIN { print us / 1000 }')" "<= $target" || verdict=MISSED
	[ "$bad" = 0 ] || verdict="$bad BAD ANSWERS"
	[ "$verdict" = ok ] || missed=$((missed + 1))
	printf '%s\t%s\t%s\t%s\n' "$name" "$us" "$p50" "$(catalog_hits "$@")" >>"$V/reads.txt"
	awk -v n="$name" -v us="$us" -v p="$p50" -v t="$target" -v v="$verdict" 'BEGIN {
		printf "%-34s %8.2f ms %10.2f ms CPU  target %-8s %s\n", n, p / 1000, us / 1000, t == "-" ? "-" : "<= " t, v }' |
		tee -a "$V/results.txt"
}

catalog_reads() {
	local product store
	product=$(first_product)
	store=$(curl -fsS "$URL/api/vendors?page_size=1&fields=slug" | sed 's/.*"slug":"\([^"]*\)".*/\1/')
	say '' 'Uncached, one connection: median by the clock, CPU of all processes'
	catalog_read 'listing, newest' - '/api/products'
	catalog_read 'listing by price' 15 '/api/products?ordering=price'
	catalog_read 'listing by rating, in stock' - '/api/products?ordering=-rating&in_stock=true'
	catalog_read 'category with descendants' - '/api/categories/coffee-and-tea/products'
	catalog_read 'store' - "/api/vendors/$store/products"
	catalog_read 'product page' - "/api/products/$product"
	catalog_read 'search with filters and facets' 25 \
		'/api/products?q=coffee&min_price=100&facets=1' '/api/products?q=leather+bag&rating=3&facets=1' \
		'/api/products?q=honey&in_stock=true&facets=1' '/api/products?q=solar+lamp&facets=1'
	catalog_read 'search of a frequent word' 25 '/api/products?q=coffee&facets=1'
	catalog_read 'search in a category' 25 '/api/products?q=leather&category=shoes-and-leather&facets=1'
	catalog_read 'search in Amharic' 25 '/api/products?q=%E1%8C%A5%E1%88%AB%E1%89%B1&facets=1'
	catalog_read 'search by a SKU' 25 '/api/products?q=M0000123-1'
	catalog_read 'search by a beginning' 25 '/api/products?q=yirgach'
	catalog_read 'suggestions' 25 '/api/products/suggest?q=cof' '/api/products/suggest?q=le'
	catalog_read 'listing with facets' - '/api/products?facets=1'
	catalog_read 'radius 50 km, dense' 15 '/api/products?lat=9.03&lng=38.74&radius=50'
	catalog_read 'radius 50 km, countryside' 4 '/api/products?lat=6.0333&lng=37.55&radius=50'
	catalog_read 'facets near a place' 25 '/api/products?lat=9.03&lng=38.74&radius=50&facets=1'
	catalog_read 'near a place, by price' 25 '/api/products?lat=9.03&lng=38.74&radius=50&ordering=price'
	catalog_read 'near a place, filtered' 25 '/api/products?lat=9.03&lng=38.74&radius=50&min_price=100&in_stock=true'
	catalog_read 'near a place, by cursor' 25 '/api/products?lat=9.03&lng=38.74&radius=50&cursor='
	catalog_read 'stores nearby' 15 '/api/vendors?lat=9.03&lng=38.74&radius=50'
}

# next_of URL: the page behind it, on the uncached server; nothing at the end.
next_of() {
	local next
	next=$(curl -fsS "$1" 2>/dev/null | sed -n 's/.*"next":"\([^"]*\)".*/\1/p')
	[ -n "$next" ] || return 0
	next=${next//\\u0026/&}
	echo "$NOCACHE/api/${next#*/api/}"
}

# catalog_deep NAME PATH ROWS: a page at the front and one so many rows behind.
catalog_deep() {
	local name=$1 path=$2 rows=$3 next front far i ratio
	next="$NOCACHE$path?page_size=100&fields=id&cursor="
	for ((i = 0; i < rows / 100; i++)); do
		next=$(next_of "$next")
		[ -n "$next" ] || break
	done
	[ -n "$next" ] || {
		say "$name: the set has no $rows rows there"
		return 0
	}
	next=${next/page_size=100/page_size=20}
	read -r front _ < <(round product_pids 1 "$NOCACHE$path?page_size=20&fields=id&cursor=")
	read -r far _ < <(round product_pids 1 "$next")
	ratio=$(awk -v a="$far" -v b="$front" 'BEGIN { print a / b }')
	figure "$name, CPU to page 1" "$ratio" x '<= 1.3'
}

catalog_depth() {
	catalog_deep 'listing 50,000 rows deep' /api/products 50000
	catalog_deep 'category 5,000 rows deep' /api/categories/coffee-and-tea/products 5000
	catalog_deep 'category 50,000 rows deep' /api/categories/coffee-and-tea/products 50000
}

# What ten times as many products make of each read: CPU, to that of the full
# set in its last run. Where the same question has more matches than it had, and
# each is counted or filtered, the read is another: it is judged by its CPU for
# each match.
catalog_growth() {
	local name us p50 n was was_n growth hits
	[ -s "$TOP/var/bench/reads.txt" ] || return 0
	say '' 'Growth from the full to the million set, CPU:'
	while IFS=$'\t' read -r name us p50 n; do
		IFS=$'\t' read -r was was_n < <(awk -F'\t' -v n="$name" '$1 == n { print $2 "\t" $4 }' "$TOP/var/bench/reads.txt")
		[ -n "$was" ] || continue
		growth=$(awk -v a="$us" -v b="$was" 'BEGIN { printf "%.2f", b ? a / b : 0 }')
		hits=$(awk -v a="$n" -v b="$was_n" 'BEGIN { printf "%.2f", b ? a / b : 1 }')
		if holds "$growth" '<= 1.5' || ! holds "$hits" '>= 1.5'; then
			figure "$name" "$growth" x '<= 1.5'
		else
			figure "$name: $growth x with $hits x the matches, each" "$(awk -v a="$growth" -v b="$hits" 'BEGIN { print a / b }')" x '<= 1.5'
		fi
	done <"$V/reads.txt"
}

# 10,000 products of one store, from the upload to the last row.
catalog_import() {
	local token id from status rows n=10000
	token=$(access_token vendor)
	awk -v n=$n -v run="$RANDOM$RANDOM" 'BEGIN {
		print "product,name,category,sku,price,stock,options,description"
		for (i = 0; i < n; i++)
			printf "imported-%s-%d,Imported thing %s %d,coffee-beans-sidama-beans,I%s-%d,%d.00,%d,\"{\"\"Weight\"\": \"\"250 g\"\"}\",Some words about what was imported\n", \
				run, i, run, i, run, i, 100 + i % 50, i % 9 }' >"$V/import.csv"
	from=$EPOCHREALTIME
	id=$(curl -fsS -H "Authorization: Bearer $token" -F "file=@$V/import.csv;type=text/csv" \
		"$URL/api/vendor/products/import" | sed 's/.*"id":"\([^"]*\)".*/\1/')
	for ((i = 0; i < 1200; i++)); do
		status=$(curl -fsS -H "Authorization: Bearer $token" "$URL/api/vendor/imports/$id")
		case $status in
		*'"status":"done"'* | *'"status":"failed"'*) break ;;
		esac
		sleep 0.2
	done
	rows=${status##*\"n_created\":}
	rows=${rows%%,*}
	[ "$rows" = $n ] || say "import: $rows of $n rows"
	figure 'CSV import' "$(awk -v n="$rows" -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { print n / (b - a) }')" rows/s '>= 500'
}

# The most memory that any process of a name had while the upload was worked on.
watch_decoder() {
	local kb most=0 pid
	while [ -e "$V/watching" ]; do
		for pid in $(pgrep -x merkato-image || true); do
			kb=$(awk '/^VmHWM:/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo 0)
			[ "${kb:-0}" -le "$most" ] || most=$kb
		done
		echo "$most" >"$V/decoder"
		sleep 0.005
	done
}

catalog_picture() {
	local token product id answer from ready pid i k
	"$TOP/var/build/tests/bench/photo" "$V/photo.jpg" || return 0
	token=$(access_token vendor)
	product=$(curl -fsS -H "Authorization: Bearer $token" "$URL/api/vendor/products?page_size=1&fields=id" | sed 's/.*"id":"\([^"]*\)".*/\1/')
	: >"$V/watching"
	watch_decoder &
	pid=$!
	: >"$V/pictures.txt"
	for ((i = 0; i < 5; i++)); do
		from=$EPOCHREALTIME
		answer=$(curl -fsS -o "$V/picture.json" -w '%{time_total}' -H "Authorization: Bearer $token" -F "product_id=$product" \
			-F "image=@$V/photo.jpg;type=image/jpeg" "$URL/api/product-images/") || break
		id=$(sed 's/^[^}]*"id":"\([0-9a-f-]*\)".*/\1/' "$V/picture.json")
		for ((k = 0; k < 500; k++)); do
			curl -fsS -H "Authorization: Bearer $token" "$URL/api/product-images/$id" | grep -q '"status":"processing"' || break
			sleep 0.02
		done
		ready=$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
		echo "$answer $ready" >>"$V/pictures.txt"
		curl -fsS -X DELETE -H "Authorization: Bearer $token" "$URL/api/product-images/$id"
	done
	rm -f "$V/watching"
	wait $pid
	[ -s "$V/pictures.txt" ] || refuse 'no picture was taken' "$(cat "$V/picture.json")"
	figure '12 MP picture, answer' "$(awk '{ print $1 * 1000 }' "$V/pictures.txt" | median)" ms '<= 60'
	figure '12 MP picture, ready' "$(awk '{ print $2 }' "$V/pictures.txt" | median)" s '<= 1'
	figure 'decoder, most memory' "$(awk '{ print $1 / 1024 }' "$V/decoder")" MB '<= 150'
}
