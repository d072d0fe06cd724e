/* SMTP by libcurl; what each answer means is in RFC 5321 section 4.2. */
#include "config.h"

#include <curl/curl.h>
#include <string.h>

#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/client.h"
#include "fcgi/http/mail.h"

enum { CONNECT_S = 5, TIMEOUT_S = 30 };

struct upload {
	const char *s;
	size_t n;
};

static size_t give(char *out, size_t size, size_t n, void *self)
{
	struct upload *u = self;
	size_t k = size * n < u->n ? size * n : u->n;

	memcpy(out, u->s, k);
	u->s += k;
	u->n -= k;
	return k;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's form */
static size_t ignore(char *p, size_t size, size_t n, void *self)
{
	(void)p;
	(void)self;
	return size * n;
}

/* A mail server on this host is reached without passing a network. */
static bool is_on_loopback(const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return !strncmp(host, "127.", 4) || !strncmp(host, "localhost:", 10) ||
	       !strcmp(host, "localhost") || !strncmp(host, "[::1]", 5);
}

static void set_server(struct ctx *c, CURL *curl)
{
	const char *domain = strchr(settings->base_url, ':');
	const char *host = domain ? domain + 3 : "localhost";

	/* The path is the name that EHLO gives. */
	curl_easy_setopt(curl, CURLOPT_URL,
	                 arena_fmt(c->arena, "%s/%.*s", settings->smtp_url,
	                           (int)strcspn(host, ":/"), host));
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_USE_SSL,
	                 (long)(is_on_loopback(settings->smtp_url)
	                                ? CURLUSESSL_TRY
	                                : CURLUSESSL_ALL));
	if (*settings->smtp_ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, settings->smtp_ca);
	if (*settings->smtp_user) {
		curl_easy_setopt(curl, CURLOPT_USERNAME, settings->smtp_user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD,
		                 settings->smtp_password);
		curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN");
	}
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
}

static enum rc outcome(struct ctx *c, CURLcode code, long answer)
{
	if (code == CURLE_OK)
		return RC_OK;
	log_warn("smtp", "%s, answer %ld", curl_easy_strerror(code), answer);
	if (code == CURLE_LOGIN_DENIED ||
	    code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_USE_SSL_FAILED || answer == 530 || answer == 535)
		return fail(c, RC_FORBIDDEN, "mail_refused",
		            "the mail server does not take mail from us");
	if (answer >= 500)
		return fail(c, RC_INVALID, "mail_undeliverable",
		            "the mail server refuses it for good (%ld)",
		            answer);
	return fail(c, RC_UNAVAILABLE, "mail_away",
	            "the mail server could not take it (%ld)", answer);
}

/* The address between < and >, or the whole. */
static const char *bare(struct ctx *c, const char *person)
{
	const char *open = strrchr(person, '<');

	return open ? arena_strdup(c->arena, open)
	            : arena_fmt(c->arena, "<%s>", person);
}

enum rc mail_smtp(struct ctx *c, const struct mail *m)
{
	struct upload u;
	long answer = 0;
	enum rc rc = mail_compose(c, m, &u.s, &u.n);

	if (rc)
		return rc;
	client_open();
	CURL *curl = curl_easy_init();
	struct curl_slist *to = curl_slist_append(NULL, bare(c, m->to));
	if (!curl || !to)
		return fail(c, RC_UNAVAILABLE, "mail_away", "no memory");
	set_server(c, curl);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, bare(c, m->from));
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(curl, CURLOPT_READDATA, &u);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
	rc = outcome(c, code, answer);
	curl_slist_free_all(to);
	curl_easy_cleanup(curl);
	return rc;
}
