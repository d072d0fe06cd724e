# The rules of the house that a script can see. Each prints what breaks it and
# nothing else; style.md says why they are.

rules=(
	'rule_includes Includes go the way the rooms are laid out'
	'rule_circles Modules do not include one another in a circle'
	'rule_inside No module knows another from inside'
	'rule_sql SQL is written in db/ only'
	'rule_fcgx FastCGI is spoken in fcgi/ only'
	'rule_libraries Each library has the one file that owns it'
	'rule_banned No function that is banned'
	'rule_memory Memory is taken where it is listed'
	'rule_layout Headers have guards, sources begin with config.h'
	'rule_headers Every header compiles alone'
	'rule_pools The web servers and the route table name the same pools'
	'rule_dev What ./dev cannot do it refuses in clear words'
	'rule_scripts Scripts can be read by bash and are clean under shellcheck'
)

# The C files of these folders that git would keep, or all of them in an
# unpacked tarball.
c_files() {
	(cd "$TOP" && { git ls-files -co --exclude-standard "$@" 2>/dev/null || find "$@" -type f; } | grep '\.[ch]$' | sort)
}

# Code without comments and strings, with the numbers of its lines:
# "file:line:code".
c_code() {
	(cd "$TOP" && awk '
	FNR == 1 { inside = 0 }
	{
		s = $0
		out = ""
		while (s != "") {
			if (inside) {
				i = index(s, "*/")
				if (!i) break
				s = substr(s, i + 2)
				inside = 0
			} else if (match(s, /\/\*|\/\/|"([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047/)) {
				t = substr(s, RSTART, RLENGTH)
				out = out substr(s, 1, RSTART - 1)
				s = substr(s, RSTART + RLENGTH)
				if (t == "/*") inside = 1
				else if (t == "//") break
				else out = out "\"\""
			} else {
				out = out s
				s = ""
			}
		}
		if (out ~ /[^ \t]/) print FILENAME ":" FNR ":" out
	}' "$@")
}

# "file included-file", our own includes only.
c_includes() {
	(cd "$TOP" && grep -HoE '^#include "[a-z][^"]*"' "$@" | sed 's/:#include "/ /; s/"$//' | grep -v ' config\.h$')
}

# fcgi/base knows nobody, fcgi/http base, db base, uploads base and the client;
# handlers know all of these. Only the program itself knows handlers, and
# operations, which tell how the processes are, know the program.
rule_includes() {
	c_includes $(c_files fcgi db handlers uploads) | awk '
	function room(f) {
		if (f ~ /^fcgi\/base\//) return "base"
		if (f ~ /^fcgi\/http\//) return "http"
		if (f ~ /^fcgi\//) return "program"
		split(f, p, "/")
		return p[1]
	}
	BEGIN {
		may["base"] = " base "
		may["http"] = " base http "
		may["db"] = " base db "
		may["uploads"] = " base uploads "
		may["program"] = " base http db program "
		may["handlers"] = " base http db uploads handlers "
	}
	{
		from = room($1)
		to = room($2)
		if (index(may[from], " " to " ")) next
		if (from == "uploads" && $2 == "fcgi/http/client.h") next
		if ($1 == "fcgi/main.c" && to == "handlers") next
		if ($1 ~ /^handlers\/operations\// && to == "program") next
		print $1 " includes " $2
	}'
}

# The modules that a module in handlers/ includes: "orders carts".
module_edges() {
	c_includes $(c_files handlers) | awk '
	{
		n = split($1, a, "/")
		m = split($2, b, "/")
		if (n == 3 && m == 3 && b[1] == "handlers" && a[2] != b[2] && a[2] != "console" && a[2] != "operations") print a[2], b[2]
	}' | sort -u
}

rule_circles() { module_edges | tsort 2>&1 >/dev/null | sed 's/^tsort: -: //' | tr '\n' ' ' | sed 's/ $//'; }

# Of another module only <module>.h, and never its _db.h. Queues and audit rows
# are everybody's; discovery is the reading half of catalog.
rule_inside() {
	c_includes $(c_files handlers) | awk '
	{
		n = split($1, a, "/")
		split($2, b, "/")
		if (n == 3 && b[1] == "handlers" && b[3] != "" && a[2] != b[2] && b[3] != b[2] ".h") print $1 " includes " $2
		if (n == 3 && $2 ~ /^db\/.*_db\.h$/) known[$2] = known[$2] " " a[2]
	}
	END {
		for (f in known) {
			split("", seen); n = 0; who = ""
			m = split(known[f], p, " ")
			for (i = 1; i <= m; i++) if (!(p[i] in seen)) { seen[p[i]] = 1; n++; who = who " " p[i] }
			if (n > 1 && f !~ /^db\/(outbox|once|jobs|audit|products)_db\.h$/) print f " is included by several modules:" who
		}
	}'
}

rule_sql() {
	(cd "$TOP" && grep -nE '"[^"]*\b(SELECT .*(FROM|\?)|INSERT (IGNORE )?INTO|UPDATE [a-z_]+ SET|DELETE FROM|REPLACE INTO|ORDER BY|GROUP BY|START TRANSACTION|LOCK TABLES)\b' \
		$(c_files fcgi handlers uploads)) || true
}

rule_fcgx() { c_code $(c_files db handlers uploads) | grep -E '\bFCG[XI]_|fcgiapp|fcgi_stdio' || true; }

# "header owner…": a file that is not an owner may not include it.
libraries='jansson.h fcgi/base/json.h
mysql.h db/mysql.h
libmemcached/memcached.h db/cache.c
fcgiapp.h fcgi/transport.c
fcgi_stdio.h nobody
jwt.h fcgi/http/token.c
curl/curl.h fcgi/http/client.c fcgi/http/mail_smtp.c fcgi/http/mail.c
wand/MagickWand.h uploads/magick.h
MagickWand/MagickWand.h uploads/magick.h
oath.h handlers/accounts/accounts_totp.c
liboath/oath.h handlers/accounts/accounts_totp.c
qrencode.h handlers/accounts/accounts_totp.c handlers/accounts/accounts_qr.c
pcre2.h fcgi/base/pattern.c
idn2.h fcgi/base/text.c fcgi/base/domain.c
csv.h fcgi/base/csv.c'
rule_libraries() {
	local header owners f
	while read -r header owners; do
		for f in $(cd "$TOP" && grep -lE "^#include <$header>" $(c_files fcgi db handlers uploads) || true); do
			[[ " $owners " == *" $f "* ]] || echo "$f includes <$header>, which belongs to $owners"
		done
	done <<<"$libraries"
}

rule_banned() {
	c_code $(c_files fcgi db handlers uploads) |
		grep -E '(^|[^A-Za-z0-9_])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gmtime|localtime|asctime|ctime|rand|srand|random|system|popen|alloca|gets|strncpy|strncat|mktemp|tmpnam|tempnam|setjmp|longjmp|vfork)[ ]*\(' || true
	(cd "$TOP" && grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $(c_files fcgi db handlers uploads tests) dev etc/dev/*.sh tests/support/*.sh |
		grep -v 'check_rules.sh:') || true
}

# Elsewhere memory comes from an arena. Each file here says in it why.
memory_files='fcgi/base/arena.c fcgi/base/settings.c fcgi/base/crypto.c fcgi/base/text.c fcgi/base/words.c fcgi/base/json.c fcgi/scoreboard.c fcgi/master.c fcgi/transport.c fcgi/http/client.c fcgi/http/token.c db/mysql.c db/cache.c handlers/accounts/accounts_totp.c uploads/image_main.c'
rule_memory() {
	local f
	for f in $(c_code $(c_files fcgi db handlers uploads) | grep -E '(^|[^A-Za-z0-9_])(malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf|getline)[ ]*\(' | cut -d: -f1 | sort -u); do
		[[ " $memory_files " == *" $f "* ]] || echo "$f takes or frees memory by itself"
	done
}

rule_layout() {
	local f guards most
	for f in $(c_files fcgi db handlers uploads tests); do
		case $f in
		*.h) guards=$(grep -cE '^#(ifndef|define) MERKATO_[A-Z0-9_]+_H$' "$TOP/$f") && [ "$guards" = 2 ] || echo "$f has no guard MERKATO_…_H" ;;
		*.c) [ "$(grep -m1 '^#include' "$TOP/$f")" = '#include "config.h"' ] || echo "$f does not begin with config.h" ;;
		esac
		case $f in tests/*) most=1000 ;; *) most=800 ;; esac
		[ "$(wc -l <"$TOP/$f")" -le $most ] || echo "$f is longer than $most lines"
	done
}

rule_headers() {
	local flags
	flags=$(sed -n 's/^\(MYSQL_CFLAGS\|LIBS_PKG_CFLAGS\|MAGICK_CFLAGS\) = //p' "$V/build/Makefile" | tr '\n' ' ')
	# shellcheck disable=SC2086,SC2016
	c_files fcgi db handlers uploads tests | grep '\.h$' |
		(cd "$TOP" && xargs -P "$(nproc)" -I{} sh -c 'printf "#include \"config.h\"\n#include \"%s\"\n" "$1" | gcc -std=gnu17 -Wall -Werror -fsyntax-only -I. '"-I$V/build $flags"' -x c - 2>&1 || echo "$1"' _ {})
}

# The expression of the slow pool stands in three files; each path of the route
# table must go where its row says.
rule_pools() {
	local expressions f
	expressions=$(cd "$TOP/etc" && sed -nE 's/.*"(\^\/\([^"]*\)\(\/\|\$\))".*/\1/p' nginx/merkato.conf apache/merkato-proxy.conf lighttpd/merkato.conf | sort -u)
	[ "$(wc -l <<<"$expressions")" = 1 ] || {
		printf 'the files in etc/ disagree:\n%s\n' "$expressions"
		return
	}
	for f in nginx/merkato.conf apache/merkato-proxy.conf lighttpd/merkato.conf; do
		grep -qF "$expressions" "$TOP/etc/$f" || echo "$f does not name the slow pool"
	done
	"$V/build/merkato" routes --json | jq -r '.[] | "\(.pool) \(.path)"' | sort -u >"$V/logs/pools"
	[ -s "$V/logs/pools" ] || echo 'merkato routes --json prints nothing'
	EXPRESSION=$expressions perl -ne 'my ($pool, $path) = split; my $got = $path =~ m/$ENV{EXPRESSION}/ ? "slow" : "fast";
		print "$path: the route table says $pool, the web servers say $got\n" if $got ne $pool' "$V/logs/pools"
}

rule_scripts() {
	local f
	for f in "$TOP"/dev "$TOP"/.ci/run "$TOP"/etc/dev/*.sh "$TOP"/tests/support/*.sh; do
		bash -n "$f" 2>&1 || true
	done
	! command -v shellcheck >/dev/null || (cd "$TOP" && shellcheck -S warning -s bash -e SC1090,SC1091,SC2034,SC2046,SC2154,SC2086,SC2120 dev .ci/run etc/dev/*.sh tests/support/*.sh) || true
}

# "words that must be said|arguments", refused before anything is touched.
refusals='takes a number from 1 to 65535|up --port 0
takes a number from 1 to 65535|up --port 65536
needs a value|up --port
takes small, full or none|up --demo huge
there is no web server|up --web caddy
what is --detatch|up --detatch
there is no area nosuch|check nosuch
./dev down|frob'
rule_dev() {
	local words arguments said elsewhere
	while IFS='|' read -r words arguments; do
		# shellcheck disable=SC2086
		said=$("$TOP/dev" $arguments 2>&1 9>&-) && echo "./dev $arguments does not fail"
		[[ $said == *"$words"* ]] || echo "./dev $arguments says: $said"
	done <<<"$refusals"
	elsewhere=$(mktemp -d "${TMPDIR:-/tmp}/merkato dev.XXXXXX")
	mkdir "$elsewhere/etc"
	cp "$TOP/dev" "$elsewhere/" && cp -r "$TOP/etc/dev" "$elsewhere/etc/"
	said=$(cd / && "$elsewhere/dev" up 2>&1 9>&-) && echo 'a path with a blank does not fail'
	[[ $said == *'clone elsewhere'* ]] || echo "a path with a blank: $said"
	[ ! -e "$elsewhere/var" ] || echo 'a refused start leaves var/'
	rm -rf "$elsewhere"
}
