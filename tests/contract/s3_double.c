#include "config.h"

#include "tests/contract/s3_double.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "tests/support/http_double.h"

enum {
	HEAD_MAX = HTTP_HEAD_MAX,
	OBJECTS_MAX = 64,
	WORDS_MAX = 32,
	SKEW_S = 900
};

static struct {
	char access[64], secret[128], region[32];
	struct s3_object objects[OBJECTS_MAX];
	int n_objects, n_answers, n_failures;
	char error[64];
} s3;

static void hex(const unsigned char *p, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void hash_hex(const void *p, size_t n, char out[65])
{
	unsigned char md[32];

	EVP_Digest(p, n, md, NULL, EVP_sha256(), NULL);
	hex(md, sizeof(md), out);
}

static void mac(const unsigned char *key, size_t n_key, const char *text,
                unsigned char out[32])
{
	HMAC(EVP_sha256(), key, (int)n_key, (const unsigned char *)text,
	     strlen(text), out, NULL);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* name=value pieces of the query in order, without the signature. */
static void canonical_query(const char *query, char *out, size_t size)
{
	char copy[2048], *pieces[WORDS_MAX] = { 0 }, *save = NULL;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", query);
	for (char *p = strtok_r(copy, "&", &save); p && n < WORDS_MAX;
	     p = strtok_r(NULL, "&", &save))
		if (strncmp(p, "X-Amz-Signature=", 16) != 0)
			pieces[n++] = p;
	qsort(pieces, (size_t)n, sizeof(*pieces), compare);
	out[0] = '\0';
	for (int i = 0; i < n; i++)
		snprintf(out + strlen(out), size - strlen(out), "%s%s",
		         i ? "&" : "", pieces[i]);
}

/* What an S3 server would have signed. */
static void expected(const struct http_asked *a, const char *signed_headers,
                     const char *payload, const char *date, char out[65])
{
	char text[HEAD_MAX + 4096], query[2048], names[512], sum[65];
	unsigned char key[32];
	char *save = NULL;

	canonical_query(a->query, query, sizeof(query));
	snprintf(text, sizeof(text), "%s\n%s\n%s\n", a->method, a->path, query);
	snprintf(names, sizeof(names), "%s", signed_headers);
	for (char *p = strtok_r(names, ";", &save); p;
	     p = strtok_r(NULL, ";", &save))
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		         "%s:%s\n", p, http_header(a, p));
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "\n%s\n%s",
	         signed_headers, payload);
	hash_hex(text, strlen(text), sum);
	snprintf(text, sizeof(text),
	         "AWS4-HMAC-SHA256\n%s\n%.8s/%s/s3/aws4_request\n%s", date,
	         date, s3.region, sum);
	char first[160], day[9];
	snprintf(first, sizeof(first), "AWS4%s", s3.secret);
	snprintf(day, sizeof(day), "%.8s", date);
	mac((unsigned char *)first, strlen(first), day, key);
	mac(key, 32, s3.region, key);
	mac(key, 32, "s3", key);
	mac(key, 32, "aws4_request", key);
	mac(key, 32, text, key);
	hex(key, 32, out);
}

static int digits(const char *s, int n)
{
	int v = 0;

	while (n--)
		v = v * 10 + (*s++ - '0');
	return v;
}

/* "20130524T000000Z" */
static time_t time_of(const char *date)
{
	struct tm t = { 0 };

	if (strlen(date) != 16 || strspn(date, "0123456789") != 8 ||
	    strspn(date + 9, "0123456789") != 6)
		return 0;
	t.tm_year = digits(date, 4) - 1900;
	t.tm_mon = digits(date + 4, 2) - 1;
	t.tm_mday = digits(date + 6, 2);
	t.tm_hour = digits(date + 9, 2);
	t.tm_min = digits(date + 11, 2);
	t.tm_sec = digits(date + 13, 2);
	return timegm(&t);
}

/* The value of a query parameter with %2F and %3B undone. */
static void query_value(const struct http_asked *a, const char *name, char *out,
                        size_t size)
{
	char want[64];
	size_t n = 0;

	snprintf(want, sizeof(want), "%s=", name);
	const char *p = strstr(a->query, want);
	for (p = p ? p + strlen(want) : ""; *p && *p != '&' && n + 1 < size;
	     p++) {
		if (!strncasecmp(p, "%2F", 3) || !strncasecmp(p, "%3B", 3)) {
			out[n++] = p[1] == '2' ? '/' : ';';
			p += 2;
		} else {
			out[n++] = *p;
		}
	}
	out[n] = '\0';
}

static bool is_scope(const char *credential, const char *date)
{
	char want[256];

	snprintf(want, sizeof(want), "%s/%.8s/%s/s3/aws4_request", s3.access,
	         date, s3.region);
	return !strcmp(credential, want);
}

static const char *check_link(const struct http_asked *a)
{
	char credential[200], date[20], expires[16], names[200], given[80];
	char want[65];

	query_value(a, "X-Amz-Credential", credential, sizeof(credential));
	query_value(a, "X-Amz-Date", date, sizeof(date));
	query_value(a, "X-Amz-Expires", expires, sizeof(expires));
	query_value(a, "X-Amz-SignedHeaders", names, sizeof(names));
	query_value(a, "X-Amz-Signature", given, sizeof(given));
	if (!is_scope(credential, date))
		return "InvalidAccessKeyId";
	expected(a, names, "UNSIGNED-PAYLOAD", date, want);
	if (strcmp(given, want) != 0)
		return "SignatureDoesNotMatch";
	return time_of(date) + strtol(expires, NULL, 10) < time(NULL)
	               ? "AccessDenied"
	               : NULL;
}

static const char *must_be_signed(const struct http_asked *a, const char *names)
{
	char list[600];

	snprintf(list, sizeof(list), ";%s;", names);
	for (int i = 0; i < a->n_headers; i++) {
		char want[100];
		const char *name = a->names[i];

		if (strncasecmp(name, "x-amz-", 6) != 0 &&
		    strcasecmp(name, "host") != 0 &&
		    strcasecmp(name, "content-type") != 0)
			continue;
		snprintf(want, sizeof(want), ";%s;", name);
		if (!strcasestr(list, want))
			return "AccessDenied";
	}
	return NULL;
}

static const char *check_headers(const struct http_asked *a)
{
	char credential[200] = "", names[500] = "", given[80] = "";
	char want[65], sum[65];
	const char *date = http_header(a, "x-amz-date");
	const char *payload = http_header(a, "x-amz-content-sha256");

	if (sscanf(http_header(a, "authorization"),
	           "AWS4-HMAC-SHA256 Credential=%199[^,], "
	           "SignedHeaders=%499[^,], Signature=%79s",
	           credential, names, given) != 3)
		return "AccessDenied";
	if (!is_scope(credential, date))
		return "InvalidAccessKeyId";
	long skew = (long)(time(NULL) - time_of(date));
	if (skew > SKEW_S || skew < -SKEW_S)
		return "RequestTimeTooSkewed";
	const char *bad = must_be_signed(a, names);
	if (bad)
		return bad;
	expected(a, names, payload, date, want);
	if (strcmp(given, want) != 0)
		return "SignatureDoesNotMatch";
	hash_hex(a->body, a->n_body, sum);
	return strcmp(sum, payload) ? "XAmzContentSHA256Mismatch" : NULL;
}

static struct s3_object *find(const char *path)
{
	for (int i = 0; i < s3.n_objects; i++)
		if (s3.objects[i].p && !strcmp(s3.objects[i].path, path))
			return &s3.objects[i];
	return NULL;
}

static void put(const struct http_asked *a)
{
	struct s3_object *o = find(a->path);

	if (!o && s3.n_objects < OBJECTS_MAX)
		o = &s3.objects[s3.n_objects++];
	if (!o)
		return;
	free(o->p);
	snprintf(o->path, sizeof(o->path), "%.299s", a->path);
	snprintf(o->type, sizeof(o->type), "%.79s",
	         http_header(a, "content-type"));
	snprintf(o->cache, sizeof(o->cache), "%.79s",
	         http_header(a, "cache-control"));
	snprintf(o->acl, sizeof(o->acl), "%.39s", http_header(a, "x-amz-acl"));
	o->p = malloc(a->n_body + 1);
	o->n = a->n_body;
	if (o->p)
		memcpy(o->p, a->body, a->n_body);
}

static void refuse(int fd, int status, const char *code)
{
	char xml[200];

	snprintf(s3.error, sizeof(s3.error), "%s", code);
	snprintf(xml, sizeof(xml), "<Error><Code>%s</Code></Error>", code);
	http_answer(fd, status, "application/xml", xml, strlen(xml));
}

static void serve(int fd, const struct http_asked *a)
{
	const char *bad = strstr(a->query, "X-Amz-Signature=")
	                          ? check_link(a)
	                          : check_headers(a);
	struct s3_object *o = find(a->path);

	s3.n_answers++;
	s3.error[0] = '\0';
	if (s3.n_failures > 0) {
		s3.n_failures--;
		refuse(fd, 503, "SlowDown");
	} else if (bad) {
		refuse(fd, strstr(bad, "SHA256") ? 400 : 403, bad);
	} else if (!strcmp(a->method, "PUT")) {
		put(a);
		http_answer(fd, 200, "application/xml", "", 0);
	} else if (!strcmp(a->method, "DELETE")) {
		if (o) {
			free(o->p);
			o->p = NULL;
		}
		http_answer(fd, 204, "application/xml", "", 0);
	} else if (!o) {
		refuse(fd, 404, "NoSuchKey");
	} else {
		http_answer(fd, 200, o->type, o->p, o->n);
	}
}

int s3_double_start(const char *access, const char *secret, const char *region)
{
	snprintf(s3.access, sizeof(s3.access), "%s", access);
	snprintf(s3.secret, sizeof(s3.secret), "%s", secret);
	snprintf(s3.region, sizeof(s3.region), "%s", region);
	return http_double_start(serve);
}

void s3_double_stop(void)
{
	http_double_stop();
	for (int i = 0; i < s3.n_objects; i++)
		free(s3.objects[i].p);
}

const struct s3_object *s3_double_find(const char *path)
{
	return find(path);
}

void s3_double_fail(int n)
{
	s3.n_failures = n;
}

int s3_double_count(void)
{
	return s3.n_answers;
}

const char *s3_double_error(void)
{
	return s3.error;
}
