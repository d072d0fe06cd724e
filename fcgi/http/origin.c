#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/gate.h"

enum { AGENT_MAX = 200, REQUEST_ID_MIN = 8, REQUEST_ID_MAX = 64 };

/* [A-Za-z0-9._-]{8,64}: safe in logs and headers. */
static bool is_request_id(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	size_t n = strspn(s, letters);
	return !s[n] && n >= REQUEST_ID_MIN && n <= REQUEST_ID_MAX;
}

/* The next entry of a comma-separated list without its blanks; false at the
 * end. */
static bool next_entry(const char **list, const char **s, size_t *n)
{
	const char *p = *list;

	p += strspn(p, ", \t");
	if (!*p)
		return false;
	*s = p;
	*n = strcspn(p, ",");
	*list = p + *n;
	while (*n && strchr(" \t", p[*n - 1]))
		(*n)--;
	return true;
}

bool gate_list_has(const char *list, const char *word)
{
	const char *s;
	size_t n;

	while (next_entry(&list, &s, &n)) {
		if (strlen(word) == n && !strncmp(s, word, n))
			return true;
	}
	return false;
}

/* An address as 16 bytes (IPv4 mapped, RFC 4291 2.5.5.2); false if it is none.
 */
static bool address_bytes(const char *s, size_t n, unsigned char out[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];

	if (!n || n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, out) == 1)
		return true;
	memcpy(out, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, out + 12) == 1;
}

static bool same_prefix(const unsigned char a[16], const unsigned char b[16],
                        int bits)
{
	int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, (size_t)whole) != 0)
		return false;
	return !rest || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* "10.0.0.1" or "10.0.0.0/8". */
static bool is_in(const unsigned char address[16], const char *s, size_t n)
{
	unsigned char of[16];
	const char *slash = memchr(s, '/', n);
	size_t length = slash ? (size_t)(slash - s) : n;
	int64_t bits = 128;

	if (!address_bytes(s, length, of))
		return false;
	if (slash) {
		if (!text_int(slash + 1, n - length - 1, &bits) || bits < 0)
			return false;
		bits += memchr(s, ':', length) ? 0 : 96;
	}
	return bits <= 128 && same_prefix(address, of, (int)bits);
}

bool gate_address_in(const char *list, const char *address, size_t n_address)
{
	const char *s;
	unsigned char bytes[16];
	size_t n;

	if (!*list || !address_bytes(address, n_address, bytes))
		return false;
	while (next_entry(&list, &s, &n)) {
		if (is_in(bytes, s, n))
			return true;
	}
	return false;
}

static bool is_trusted(const char *address, size_t n_address)
{
	return gate_address_in(settings->trusted_proxies, address, n_address);
}

/* The rightmost entry of X-Forwarded-For that is not one of our proxies; only
 * asked when the connection comes from one. */
static const char *forwarded_for(struct req *r, const char *nearest)
{
	const char *list = req_variable(r, "HTTP_X_FORWARDED_FOR"), *s;
	const char *best = nearest;
	unsigned char bytes[16];
	size_t n;

	while (list && next_entry(&list, &s, &n)) {
		if (!address_bytes(s, n, bytes))
			best = nearest; /* nothing left of garbage counts */
		else if (!is_trusted(s, n))
			best = arena_strndup(r->ctx.arena, s, n);
	}
	return best;
}

static const char *client_address(struct req *r)
{
	const char *nearest = req_variable(r, "REMOTE_ADDR");
	unsigned char bytes[16];

	if (!nearest || !address_bytes(nearest, strlen(nearest), bytes))
		return "";
	if (!is_trusted(nearest, strlen(nearest)))
		return nearest;
	return forwarded_for(r, nearest);
}

void gate_origin(struct req *r)
{
	const char *id = req_variable(r, "HTTP_X_REQUEST_ID");
	const char *agent = req_variable(r, "HTTP_USER_AGENT");

	if (id && is_request_id(id)) {
		r->ctx.request_id = id;
	} else {
		struct id own = id_new();

		r->ctx.request_id = text_hex(r->ctx.arena, own.b, 16);
	}
	r->ctx.address = client_address(r);
	r->ctx.agent = "";
	if (agent) {
		size_t n = strlen(agent);

		n = n < AGENT_MAX ? n : AGENT_MAX;
		while (n && !text_is_utf8(agent, n))
			n--;
		r->ctx.agent = arena_strndup(r->ctx.arena, agent, n);
	}
}

const char *gate_base_origin(struct arena *a)
{
	const char *base = settings->base_url;
	const char *host = strstr(base, "://");

	if (!host)
		return base;
	host += 3;
	return arena_strndup(a, base,
	                     (size_t)(host - base) + strcspn(host, "/"));
}

/* The host of "Name:port", "[::1]:port" or "name." as a plain name in lower
 * case. */
static const char *host_name(struct arena *a, const char *host)
{
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");

	if (n > strlen(host))
		return "";
	if (n && host[n - 1] == '.')
		n--;
	char *name = arena_strndup(a, host, n);
	for (char *p = name; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	return name;
}

static bool is_loopback(const char *name)
{
	return gate_list_has("localhost,127.0.0.1,[::1]", name);
}

enum rc gate_host(struct req *r)
{
	const char *host = req_variable(r, "HTTP_HOST");

	/* Health and metrics are asked by address, and HTTP/1.0 has no Host:
	 * no link is ever made from it. */
	if (!host || (r->route && r->route->limit == LIMIT_NONE))
		return RC_OK;
	const char *name = host_name(r->ctx.arena, host);
	if (settings->demo && is_loopback(name))
		return RC_OK;
	const char *own = gate_base_origin(r->ctx.arena);
	const char *authority = strstr(own, "://");
	if (authority && !strcmp(host_name(r->ctx.arena, authority + 3), name))
		return RC_OK;
	if (gate_list_has(settings->hosts, name))
		return RC_OK;
	return fail(&r->ctx, RC_MISDIRECTED, "unknown_host",
	            "This host is not served here");
}
