#include "config.h"

#include "fcgi/http/client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"

enum {
	CONNECT_MS = 3000,
	TIMEOUT_MS = 10000,
	ANSWER_MAX = 1024 * 1024,
	HEADERS_MAX = 64 * 1024,
	SERVICES_MAX = 32,
	BREAKER_FAILURES = 5, /* in a row */
};
static const int64_t breaker_us = 10 * INT64_C(1000000);

/* Failures in a row open a breaker for a while; then one call tries again. */
struct breaker {
	const char *service;
	int failures;
	int64_t open_until; /* ticks; 0 = closed */
};

/* One handle for each process keeps its connections; made after fork. */
static struct {
	CURL *curl;
	struct breaker breakers[SERVICES_MAX];
	size_t n_breakers;
} client;

/* What arrives while curl works. */
struct arrival {
	struct ctx *c;
	struct buf body, headers;
	size_t max;
	bool too_large;
	bool refused; /* the address is not public */
};

void client_open(void)
{
	if (client.curl)
		return;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	client.curl = curl_easy_init();
}

void client_close(void)
{
	if (client.curl)
		curl_easy_cleanup(client.curl);
	client.curl = NULL;
	client.n_breakers = 0;
}

static struct breaker *breaker_of(const char *service)
{
	for (size_t i = 0; i < client.n_breakers; i++)
		if (!strcmp(client.breakers[i].service, service))
			return &client.breakers[i];
	if (client.n_breakers == SERVICES_MAX)
		client.n_breakers = 0; /* forgets: breakers are advice */
	struct breaker *b = &client.breakers[client.n_breakers++];
	*b = (struct breaker){ .service = service };
	return b;
}

static void breaker_note(struct breaker *b, bool failed)
{
	if (!failed) {
		b->failures = 0;
		b->open_until = 0;
	} else if (++b->failures >= BREAKER_FAILURES) {
		b->open_until = when_ticks() + breaker_us;
		log_warn("breaker_open", "%s", b->service);
	}
}

static size_t take(struct arrival *a, struct buf *b, size_t max, const char *p,
                   size_t n)
{
	if (b->n + n > max) {
		a->too_large = true;
		return 0;
	}
	buf_put(b, p, n);
	return n;
}

static size_t take_body(char *p, size_t size, size_t n, void *self)
{
	struct arrival *a = self;

	return take(a, &a->body, a->max, p, size * n);
}

static size_t take_header(char *p, size_t size, size_t n, void *self)
{
	struct arrival *a = self;

	if (n > 5 && !memcmp(p, "HTTP/", 5))
		buf_clear(&a->headers); /* after 100 Continue */
	return take(a, &a->headers, HEADERS_MAX, p, size * n);
}

/* IANA special-purpose registry: what a stranger's URL must not reach. */
static bool is_public_v4(uint32_t ip)
{
	static const struct {
		uint32_t net;
		int bits;
	} closed[] = {
		{ 0x00000000, 8 },  /* this network */
		{ 0x0a000000, 8 },  /* private */
		{ 0x64400000, 10 }, /* carrier-grade NAT */
		{ 0x7f000000, 8 },  /* loopback */
		{ 0xa9fe0000, 16 }, /* link-local, metadata */
		{ 0xac100000, 12 }, /* private */
		{ 0xc0000000, 24 }, /* protocol assignments */
		{ 0xc0000200, 24 }, /* documentation */
		{ 0xc0586300, 24 }, /* 6to4 relays */
		{ 0xc0a80000, 16 }, /* private */
		{ 0xc6120000, 15 }, /* benchmarks */
		{ 0xc6336400, 24 }, /* documentation */
		{ 0xcb007100, 24 }, /* documentation */
		{ 0xe0000000, 3 },  /* multicast, reserved, broadcast */
	};

	for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++)
		if ((ip ^ closed[i].net) >> (32 - closed[i].bits) == 0)
			return false;
	return true;
}

static bool is_public_v6(const unsigned char *b)
{
	/* Only global unicast 2000::/3, without documentation, 6to4, Teredo. */
	if ((b[0] & 0xe0) != 0x20)
		return false;
	if (b[0] == 0x20 && b[1] == 0x02)
		return false;
	return !(b[0] == 0x20 && b[1] == 0x01 &&
	         ((b[2] == 0x0d && b[3] == 0xb8) || (b[2] & 0xfe) == 0));
}

static bool is_public(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, a, sizeof(v4));
		return is_public_v4(ntohl(v4.sin_addr.s_addr));
	}
	if (a->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, a, sizeof(v6));
		return is_public_v6(v6.sin6_addr.s6_addr);
	}
	return false;
}

/* Looks at the resolved address, which no trick in the URL's text can hide. */
static curl_socket_t open_public(void *self, curlsocktype purpose,
                                 struct curl_sockaddr *a)
{
	struct arrival *arrival = self;

	if (purpose != CURLSOCKTYPE_IPCXN || !is_public(&a->addr)) {
		arrival->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static bool is_loopback(const char *host)
{
	return !strcasecmp(host, "localhost") || !strcmp(host, "::1") ||
	       !strcmp(host, "[::1]") || !strncmp(host, "127.", 4);
}

/* Scheme and user part: http only where it cannot be overheard. *host gets the
 * name for the log. */
static bool check_url(struct ctx *c, const struct call *call, const char **host)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *name = NULL;
	bool ok = false;

	if (u &&
	    !curl_url_set(u, CURLUPART_URL, call->url, CURLU_DISALLOW_USER) &&
	    !curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) &&
	    !curl_url_get(u, CURLUPART_HOST, &name, 0)) {
		bool is_plain = !strcmp(scheme, "http");

		ok = !strcmp(scheme, "https") ||
		     (is_plain && !call->public_only &&
		      (call->plain_http || is_loopback(name)));
		*host = arena_strdup(c->arena, name);
	}
	curl_free(scheme);
	curl_free(name);
	curl_url_cleanup(u);
	return ok;
}

static void drop_list(void *p)
{
	curl_slist_free_all(p);
}

/* False if a header holds a line end. */
static bool set_headers(struct ctx *c, CURL *curl, const struct call *call)
{
	/* No 100-continue: it costs a round trip and some servers ignore it. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	bool ok = list != NULL;

	for (size_t i = 0; ok && call->headers && call->headers[i]; i++) {
		struct curl_slist *more =
			strpbrk(call->headers[i], "\r\n")
				? NULL
				: curl_slist_append(list, call->headers[i]);

		ok = more != NULL;
		list = more ? more : list;
	}
	arena_defer(c->arena, drop_list, list);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	return ok;
}

static void set_limits(CURL *curl, const struct call *call)
{
	int timeout = call->timeout_ms ? call->timeout_ms : TIMEOUT_MS;
	int connect = call->connect_ms ? call->connect_ms : CONNECT_MS;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
	                 (long)(timeout < connect ? timeout : connect));
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "Merkato/" PACKAGE_VERSION);
	if (call->path_as_is)
		curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	if (call->ca && *call->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, call->ca);
}

static void set_question(CURL *curl, const struct call *call)
{
	curl_easy_setopt(curl, CURLOPT_URL, call->url);
	if (call->body || !strcmp(call->method, "POST")) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		                 (curl_off_t)call->n_body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
		                 call->body ? call->body : "");
	}
	if (!strcmp(call->method, "HEAD"))
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
}

static void set_answer(CURL *curl, const struct call *call, struct arrival *a)
{
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
	if (!call->public_only)
		return;
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_public);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, a);
	/* A kept connection was not looked at by this filter. */
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
}

/* Whether any byte of the request left: then its effect is unknown. */
static enum rc why_failed(struct ctx *c, const struct call *call,
                          const struct arrival *a, CURLcode code)
{
	long sent = 0;

	curl_easy_getinfo(client.curl, CURLINFO_REQUEST_SIZE, &sent);
	if (a->refused)
		return fail(c, RC_UNAVAILABLE, "address_refused",
		            "the address is not a public one");
	if (a->too_large)
		return fail(c, RC_UNSURE, "answer_too_large",
		            "%s answered too much", call->service);
	if (sent > 0)
		return fail(c, RC_UNSURE, "answer_lost",
		            "no answer came from %s", call->service);
	return fail(c, RC_UNAVAILABLE,
	            code == CURLE_PEER_FAILED_VERIFICATION
	                    ? "certificate_refused"
	                    : "service_away",
	            "%s could not be reached", call->service);
}

static void fill(struct ctx *c, struct arrival *a, struct answer *out)
{
	long status = 0;
	char *type = NULL;

	curl_easy_getinfo(client.curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(client.curl, CURLINFO_CONTENT_TYPE, &type);
	*out = (struct answer){ .status = (int)status,
		                .type = arena_strdup(c->arena,
		                                     type ? type : ""),
		                .body = a->body.s,
		                .n_body = a->body.n,
		                .headers = a->headers.s };
}

enum rc client_call(struct ctx *c, const struct call *call, struct answer *out)
{
	struct breaker *b = breaker_of(call->service);
	struct arrival a = { .c = c,
		             .max = call->answer_max ? call->answer_max
		                                     : ANSWER_MAX };
	const char *host = "";

	client_open();
	if (!client.curl || !check_url(c, call, &host))
		return fail(c, call->public_only ? RC_UNAVAILABLE : RC_INTERNAL,
		            "bad_url", "the address is not usable");
	if (b->open_until && when_ticks() < b->open_until)
		return fail(c, RC_UNAVAILABLE, "service_away",
		            "%s is away for the moment", call->service);
	buf_init(&a.body, c->arena, 4096);
	buf_init(&a.headers, c->arena, 1024);
	curl_easy_reset(client.curl);
	set_limits(client.curl, call);
	set_question(client.curl, call);
	set_answer(client.curl, call, &a);
	if (!set_headers(c, client.curl, call))
		return fail(c, RC_INTERNAL, "bad_header",
		            "a header holds a line end");

	int64_t began = when_ticks();
	CURLcode code = curl_easy_perform(client.curl);
	int64_t ms = (when_ticks() - began) / 1000;
	bool failed = code != CURLE_OK;
	count(COUNTER_OUTGOING_CALLS);
	if (!failed)
		fill(c, &a, out);
	if (failed || out->status >= 500)
		count(COUNTER_OUTGOING_ERRORS);
	/* A user's address that is wrong says nothing about a service. */
	if (!call->public_only)
		breaker_note(b, failed && !a.too_large);
	log_info("outgoing", "%s %s %s %s %d %lld ms", call->service,
	         call->method, host,
	         failed ? curl_easy_strerror(code) : "answered",
	         failed ? 0 : out->status, (long long)ms);
	return failed ? why_failed(c, call, &a, code) : RC_OK;
}

const char *answer_header(struct ctx *c, const struct answer *a,
                          const char *name)
{
	size_t n = strlen(name);

	for (const char *s = a->headers; s && *s;) {
		const char *e = strchr(s, '\n');
		const char *end = e ? e : s + strlen(s);

		if (!strncasecmp(s, name, n) && s[n] == ':') {
			s += n + 1;
			while (s < end && (*s == ' ' || *s == '\t'))
				s++;
			while (end > s && strchr("\r\n \t", end[-1]))
				end--;
			return arena_strndup(c->arena, s, (size_t)(end - s));
		}
		s = e ? e + 1 : NULL;
	}
	return NULL;
}
