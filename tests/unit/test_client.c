/*
 * The HTTP client against a small server of its own: one forked child that
 * answers by path and counts what it saw.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/http/client.h"
#include "tests/support/check.h"

static struct {
	int port;
	pid_t pid;
} server;

static void say(int fd, const char *s)
{
	if (write(fd, s, strlen(s)) < 0)
		_exit(1);
}

static void answer_with(int fd, const char *status, const char *headers,
                        const char *body)
{
	char head[512];

	snprintf(head, sizeof(head),
	         "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status,
	         strlen(body), headers);
	say(fd, head);
	say(fd, body);
}

/* Endless and without a length, as far as the client reads. */
static void answer_endlessly(int fd)
{
	char lump[4096];

	memset(lump, 'x', sizeof(lump));
	say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	for (int i = 0; i < 4096; i++)
		if (write(fd, lump, sizeof(lump)) < 0)
			return;
}

/* True to read another request from the same connection. */
static bool answer_one(int fd, const char *request)
{
	char path[64] = "";

	if (sscanf(request, "%*s %63s", path) != 1)
		return false;
	if (!strcmp(path, "/echo"))
		answer_with(fd, "200 OK", "Content-Type: text/plain\r\n",
		            request);
	else if (!strcmp(path, "/fault"))
		answer_with(fd, "503 Away", "Retry-After: 7\r\n", "sorry");
	else if (!strcmp(path, "/redirect"))
		answer_with(fd, "302 Found", "Location: /echo\r\n", "");
	else if (!strcmp(path, "/endless"))
		answer_endlessly(fd);
	else if (!strcmp(path, "/slow"))
		/* Until the client has had enough. */
		while (read(fd, path, sizeof(path)) > 0)
			;
	else if (strcmp(path, "/hangup") != 0)
		answer_with(fd, "404 Not Found", "", "");
	return !strcmp(path, "/echo");
}

static void serve_connection(int fd)
{
	char request[8192];
	size_t n = 0;

	for (;;) {
		ssize_t k = read(fd, request + n, sizeof(request) - 1 - n);

		if (k <= 0)
			return;
		n += (size_t)k;
		request[n] = '\0';
		const char *end = strstr(request, "\r\n\r\n");
		const char *length = strstr(request, "Content-Length: ");
		size_t body = length ? strtoul(length + 16, NULL, 10) : 0;

		if (!end || (size_t)(end + 4 - request) + body > n)
			continue;
		if (!answer_one(fd, request))
			return;
		n = 0;
	}
}

static void serve(int listener)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		if (fork() == 0) {
			serve_connection(fd);
			_exit(0);
		}
		close(fd);
	}
}

static bool start(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&a, &n))
		return false;
	server.port = ntohs(a.sin_port);
	server.pid = fork();
	if (server.pid == 0)
		serve(fd);
	close(fd);
	return server.pid > 0;
}

static void stop(void)
{
	kill(server.pid, SIGTERM);
	waitpid(server.pid, NULL, 0);
	client_close();
}

static const char *url(const char *path)
{
	return arena_fmt(tc->arena, "http://127.0.0.1:%d%s", server.port, path);
}

static void an_answer_comes_back_whole(void)
{
	static const char *const headers[] = { "X-One: 1", NULL };
	struct call call = { .service = "echo",
		             .method = "POST",
		             .url = url("/echo"),
		             .headers = headers,
		             .body = "{\"a\":1}",
		             .n_body = 7 };
	struct answer a;

	NEED_RC(client_call(tc, &call, &a), RC_OK, "call");
	CHECK_INT(a.status, 200, "status");
	CHECK_TEXT(a.type, "text/plain", "type");
	CHECK_HAS(a.body, "POST /echo HTTP/1.1\r\n", "method and path");
	CHECK_HAS(a.body, "X-One: 1\r\n", "header");
	CHECK_HAS(a.body, "\r\n\r\n{\"a\":1}", "body");
	CHECK_LACKS(a.body, "Expect:", "no 100-continue");
	CHECK_TEXT(answer_header(tc, &a, "content-type"), "text/plain",
	           "header by name");
	CHECK_TEXT(answer_header(tc, &a, "x-none"), NULL, "absent header");
}

static void faults_of_the_service_are_answers(void)
{
	struct call call = { .service = "fault",
		             .method = "GET",
		             .url = url("/fault") };
	struct answer a;

	NEED_RC(client_call(tc, &call, &a), RC_OK, "call");
	CHECK_INT(a.status, 503, "status");
	CHECK_TEXT(answer_header(tc, &a, "Retry-After"), "7", "header");
	CHECK_TEXT(a.body, "sorry", "body");
}

static void redirects_are_not_followed(void)
{
	struct call call = { .service = "redirect",
		             .method = "GET",
		             .url = url("/redirect") };
	struct answer a;

	NEED_RC(client_call(tc, &call, &a), RC_OK, "call");
	CHECK_INT(a.status, 302, "status");
}

static void what_was_sent_and_not_answered_is_unsure(void)
{
	static const char *const paths[] = { "/hangup", "/slow", "/endless" };
	static const char *const codes[] = { "answer_lost", "answer_lost",
		                             "answer_too_large" };

	for (size_t i = 0; i < 3; i++) {
		struct call call = { .service = "unsure",
			             .method = "POST",
			             .url = url(paths[i]),
			             .timeout_ms = 300,
			             .answer_max = 10000 };
		struct answer a;

		CHECK_RC(client_call(tc, &call, &a), RC_UNSURE, paths[i]);
		CHECK_TEXT(tc->err.code, codes[i], paths[i]);
		fail_clear(tc);
	}
}

/* A port where nobody listens: bound and not listening. */
static const char *closed_url(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	NEED_TRUE(!bind(fd, (struct sockaddr *)&a, n) &&
	                  !getsockname(fd, (struct sockaddr *)&a, &n),
	          "a port");
	close(fd);
	return arena_fmt(tc->arena, "http://127.0.0.1:%d/", ntohs(a.sin_port));
}

static void a_breaker_opens_after_five_failures(void)
{
	struct call call = { .service = "breaker",
		             .method = "GET",
		             .url = closed_url() };
	struct answer a;

	for (int i = 0; i < 5; i++) {
		CHECK_RC(client_call(tc, &call, &a), RC_UNAVAILABLE, "closed");
		CHECK_TEXT(tc->err.detail, "breaker could not be reached",
		           "tried");
		fail_clear(tc);
	}
	call.url = url("/echo");
	CHECK_RC(client_call(tc, &call, &a), RC_UNAVAILABLE, "open");
	CHECK_TEXT(tc->err.detail, "breaker is away for the moment",
	           "not tried");
	fail_clear(tc);
	call.service = "another";
	CHECK_RC(client_call(tc, &call, &a), RC_OK, "others are not meant");
}

static void addresses_of_strangers_must_be_public(void)
{
	static const char *const urls[] = {
		"https://127.0.0.1/",
		"https://2130706433/",
		"https://[::1]/",
		"https://[::ffff:127.0.0.1]/",
		"https://10.1.2.3/",
		"https://172.16.0.1/",
		"https://192.168.1.1/",
		"https://169.254.169.254/",
		"https://100.64.0.1/",
		"https://224.0.0.1/",
		"https://[fd00::1]/",
		"https://[fe80::1]/",
		"https://[2002:7f00:1::1]/",
		"https://localhost/",
		"http://192.0.2.1/",
		"file:///etc/passwd",
		"https://user@192.0.2.1/",
		"ftp://example.org/",
		"https://0/",
		"",
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		struct call call = { .service = "webhook",
			             .method = "POST",
			             .url = urls[i],
			             .timeout_ms = 1000,
			             .public_only = true };
		struct answer a;

		CHECK_RC(client_call(tc, &call, &a), RC_UNAVAILABLE, urls[i]);
		CHECK_TRUE(
			!strcmp(tc->err.code, "address_refused") ||
				!strcmp(tc->err.code, "bad_url"),
			arena_fmt(tc->arena, "%s: %s", urls[i], tc->err.code));
		fail_clear(tc);
	}
}

static void plain_http_stays_on_this_host_unless_allowed(void)
{
	struct call call = { .service = "plain",
		             .method = "GET",
		             .url = "http://192.0.2.1/" };
	struct answer a;

	CHECK_RC(client_call(tc, &call, &a), RC_INTERNAL, "far");
	CHECK_TEXT(tc->err.code, "bad_url", "why");
}

static void headers_with_line_ends_are_refused(void)
{
	static const char *const headers[] = { "X-A: 1\r\nX-B: 2", NULL };
	struct call call = { .service = "headers",
		             .method = "GET",
		             .url = url("/echo"),
		             .headers = headers };
	struct answer a;

	CHECK_RC(client_call(tc, &call, &a), RC_INTERNAL, "line end");
	CHECK_TEXT(tc->err.code, "bad_header", "why");
}

static const struct check_hooks hooks = { .start = start, .stop = stop };

CHECK_MAIN_WITH("client", &hooks, TEST(an_answer_comes_back_whole),
                TEST(faults_of_the_service_are_answers),
                TEST(redirects_are_not_followed),
                TEST(what_was_sent_and_not_answered_is_unsure),
                TEST(a_breaker_opens_after_five_failures),
                TEST(addresses_of_strangers_must_be_public),
                TEST(plain_http_stays_on_this_host_unless_allowed),
                TEST(headers_with_line_ends_are_refused))
