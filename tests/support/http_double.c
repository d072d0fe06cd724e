#include "config.h"

#include "tests/support/http_double.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	int fd;
	pthread_t thread;
	void (*serve)(int fd, const struct http_asked *a);
} http = { .fd = -1 };

const char *http_header(const struct http_asked *a, const char *name)
{
	for (int i = 0; i < a->n_headers; i++)
		if (!strcasecmp(a->names[i], name))
			return a->values[i];
	return "";
}

void http_answer(int fd, int status, const char *type, const char *p, size_t n)
{
	char head[300];

	snprintf(head, sizeof(head),
	         "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nContent-Type: %s\r\n"
	         "Connection: close\r\n\r\n",
	         status, n, type);
	send(fd, head, strlen(head), MSG_NOSIGNAL);
	for (size_t at = 0; at < n;) {
		ssize_t done = send(fd, p + at, n - at, MSG_NOSIGNAL);

		if (done <= 0)
			return;
		at += (size_t)done;
	}
}

/* Takes head apart in place; false when it is no request. */
static bool parse(struct http_asked *a)
{
	char *save = NULL, *line = strtok_r(a->head, "\r\n", &save);
	char target[3072];

	if (!line || sscanf(line, "%15s %3071s", a->method, target) != 2)
		return false;
	char *mark = strchr(target, '?');
	if (mark)
		*mark++ = '\0';
	snprintf(a->path, sizeof(a->path), "%.1023s", target);
	snprintf(a->query, sizeof(a->query), "%.2047s", mark ? mark : "");
	while ((line = strtok_r(NULL, "\r\n", &save)) &&
	       a->n_headers < HTTP_WORDS_MAX) {
		char *colon = strchr(line, ':');

		if (!colon)
			return false;
		*colon = '\0';
		a->names[a->n_headers] = line;
		a->values[a->n_headers++] = colon + 1 + strspn(colon + 1, " ");
	}
	return true;
}

static bool read_request(int fd, struct http_asked *a)
{
	size_t n = 0;
	char *end = NULL;

	while (!end && n < HTTP_HEAD_MAX - 1) {
		ssize_t got = recv(fd, a->head + n, HTTP_HEAD_MAX - 1 - n, 0);

		if (got <= 0)
			return false;
		n += (size_t)got;
		end = memmem(a->head, n, "\r\n\r\n", 4);
	}
	if (!end)
		return false;
	size_t have = n - (size_t)(end + 4 - a->head);
	char *rest = malloc(have + 1);
	if (!rest)
		return false;
	memcpy(rest, end + 4, have);
	end[2] = '\0';
	bool ok = parse(a);
	a->n_body =
		ok ? strtoul(http_header(a, "content-length"), NULL, 10) : 0;
	a->body = malloc(a->n_body + have + 1);
	if (a->body)
		memcpy(a->body, rest, have);
	free(rest);
	while (ok && a->body && have < a->n_body) {
		ssize_t got = recv(fd, a->body + have, a->n_body - have, 0);

		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	if (a->body)
		a->body[a->n_body] = '\0';
	return ok && a->body;
}

static void *run(void *unused)
{
	int fd;

	(void)unused;
	while ((fd = accept(http.fd, NULL, NULL)) >= 0) {
		struct http_asked *a = calloc(1, sizeof(*a));

		if (a && read_request(fd, a))
			http.serve(fd, a);
		if (a)
			free(a->body);
		free(a);
		close(fd);
	}
	return NULL;
}

int http_double_start(void (*serve)(int fd, const struct http_asked *a))
{
	struct sockaddr_in here = { .sin_family = AF_INET };
	socklen_t n = sizeof(here);

	http.serve = serve;
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	http.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (http.fd < 0 || bind(http.fd, (struct sockaddr *)&here, n) ||
	    listen(http.fd, 8) ||
	    getsockname(http.fd, (struct sockaddr *)&here, &n) ||
	    pthread_create(&http.thread, NULL, run, NULL))
		return 0;
	return ntohs(here.sin_port);
}

void http_double_stop(void)
{
	if (http.fd < 0)
		return;
	shutdown(http.fd, SHUT_RDWR);
	pthread_join(http.thread, NULL);
	close(http.fd);
	http.fd = -1;
}
