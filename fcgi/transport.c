#include "config.h"

#include "fcgi/transport.h"

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fcgi/base/arena.h"
#include "fcgi/base/buf.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/rc.h"
#include "fcgi/http/request.h"

struct fastcgi {
	FCGX_Request request;
	/* Whether an answer is still owed: read by a signal handler. */
	volatile sig_atomic_t owes;
};

struct fastcgi *fastcgi_open(int fd)
{
	struct fastcgi *f = calloc(1, sizeof(*f));

	if (!f || FCGX_Init() ||
	    FCGX_InitRequest(&f->request, fd, FCGI_FAIL_ACCEPT_ON_INTR)) {
		fputs("merkato: libfcgi does not start\n", stderr);
		abort();
	}
	return f;
}

bool fastcgi_accept(struct fastcgi *f)
{
	if (FCGX_Accept_r(&f->request) < 0)
		return false;
	f->owes = 1;
	return true;
}

/* Web servers pass a repeated header line as a repeated parameter, and the
 * first would be believed: the gate must see that there are two. */
static bool is_repeated(char **envp, const char *name)
{
	size_t n = strlen(name);
	int seen = 0;

	for (; *envp && seen < 2; envp++)
		seen += !strncmp(*envp, name, n) && (*envp)[n] == '=';
	return seen > 1;
}

static const char *variable(void *self, const char *name)
{
	struct fastcgi *f = self;

	if (!strcmp(name, "HTTP_AUTHORIZATION") &&
	    is_repeated(f->request.envp, name))
		return ",";
	return FCGX_GetParam(name, f->request.envp);
}

static ssize_t read_body(void *self, void *out, size_t n)
{
	struct fastcgi *f = self;
	int most = n > 1 << 20 ? 1 << 20 : (int)n;
	int got = FCGX_GetStr(out, most, f->request.in);

	if (got == 0 && n && FCGX_GetError(f->request.in))
		return -1;
	return got;
}

void fastcgi_fill(struct fastcgi *f, struct req *r, struct arena *a)
{
	memset(r, 0, sizeof(*r));
	ctx_init(&r->ctx, a);
	r->from = (struct transport){ variable, read_body, f };
	r->method = variable(f, "REQUEST_METHOD");
	if (!r->method)
		r->method = "";
	r->send_fd = -1;
	buf_init(&r->out, a, 0);
}

static const char *title_of(int status)
{
	static const struct {
		int status;
		const char *title;
	} others[] = { { 201, "Created" },
		       { 202, "Accepted" },
		       { 204, "No content" },
		       { 302, "Found" },
		       { 303, "See other" } };

	for (int rc = 0; rc < RC_N; rc++)
		if (rc_status((enum rc)rc) == status)
			return rc_title((enum rc)rc);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i].status == status)
			return others[i].title;
	return "Other";
}

static void put_header(struct buf *b, const char *name, const char *value)
{
	buf_puts(b, name);
	buf_puts(b, ": ");
	buf_puts(b, value);
	buf_puts(b, "\r\n");
}

static bool has_body(const struct req *r)
{
	return r->status != 204 && r->status != 304;
}

static void put_headers(struct buf *b, const struct req *r, int64_t length)
{
	buf_puts(b, "Status: ");
	buf_int(b, r->status);
	buf_putc(b, ' ');
	buf_puts(b, title_of(r->status));
	buf_puts(b, "\r\n");
	if (r->type && has_body(r))
		put_header(b, "Content-Type", r->type);
	if (has_body(r)) {
		buf_puts(b, "Content-Length: ");
		buf_int(b, length);
		buf_puts(b, "\r\n");
	}
	if (r->etag)
		put_header(b, "ETag", r->etag);
	for (size_t i = 0; i < r->n_headers; i++)
		put_header(b, r->headers[i].name, r->headers[i].value);
	buf_puts(b, "\r\n");
}

static void put_file(FCGX_Stream *out, int fd)
{
	char piece[16384];
	ssize_t n = read(fd, piece, sizeof(piece));

	while (n > 0) {
		if (FCGX_PutStr(piece, (int)n, out) < 0)
			return;
		n = read(fd, piece, sizeof(piece));
	}
}

static int64_t length_of(const struct req *r)
{
	if (r->send_fd < 0)
		return (int64_t)r->out.n;
	off_t end = lseek(r->send_fd, 0, SEEK_END);

	lseek(r->send_fd, 0, SEEK_SET);
	return end;
}

/* FastCGI specification 1.0, section 3.3: records of at most 64 kB, padded. */
enum { HEADER = 8, STDOUT_RECORD = 6, END_RECORD = 3, RECORD_MAX = 65528 };

static void put_record(unsigned char *to, const struct fastcgi *f, int type,
                       size_t n, size_t padding)
{
	const unsigned char head[HEADER] = {
		1,
		(unsigned char)type,
		(unsigned char)(f->request.requestId >> 8),
		(unsigned char)(f->request.requestId & 255),
		(unsigned char)(n >> 8),
		(unsigned char)(n & 255),
		(unsigned char)padding,
	};

	memcpy(to, head, HEADER);
}

/* An empty record ends the stream; then the request ends, with status 0. */
static void put_end(unsigned char to[3 * HEADER], const struct fastcgi *f)
{
	memset(to, 0, (size_t)3 * HEADER);
	put_record(to, f, STDOUT_RECORD, 0, 0);
	put_record(to + HEADER, f, END_RECORD, HEADER, 0);
}

static bool send_all(int fd, struct iovec *parts, int n)
{
	while (n) {
		ssize_t sent = writev(fd, parts, n);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		for (; n && (size_t)sent >= parts->iov_len; parts++, n--)
			sent -= (ssize_t)parts->iov_len;
		if (n) {
			parts->iov_base = (char *)parts->iov_base + sent;
			parts->iov_len -= (size_t)sent;
		}
	}
	return true;
}

/*
 * Head and body as they lie, each record in one write and the last one with
 * the request's end: the library would copy them through its 8 kB and wake the
 * web server for each of these. It is told that its stream is closed.
 */
static void put_text(struct fastcgi *f, const struct buf *head,
                     const struct buf *body)
{
	static unsigned char padding[HEADER];
	unsigned char first[HEADER], end[3 * HEADER];
	size_t at = 0, n_head = head->n;

	put_end(end, f);
	do {
		size_t n = body->n - at;

		/* No web server takes a head of half a record. */
		n_head = n_head > RECORD_MAX / 2 ? RECORD_MAX / 2 : n_head;
		n = n_head + n > RECORD_MAX ? RECORD_MAX - n_head : n;
		size_t pad = (size_t) - (n_head + n) % HEADER;
		bool is_last = at + n == body->n;
		struct iovec parts[] = {
			{ first, HEADER },
			{ head->s, n_head },
			{ body->s + at, n },
			{ padding, pad },
			{ end, is_last ? sizeof(end) : 0 },
		};

		put_record(first, f, STDOUT_RECORD, n_head + n, pad);
		/* Nobody is there any more: the rest is for nobody. */
		if (!send_all(f->request.ipcFd, parts, 5))
			break;
		at += n;
		n_head = 0;
	} while (at < body->n);
	f->request.out->isClosed = 1;
	f->request.out->wasFCloseCalled = 1;
}

void fastcgi_answer(struct fastcgi *f, struct req *r)
{
	static const struct buf nothing;
	struct buf head;
	bool with_body = has_body(r) && strcmp(r->method, "HEAD") != 0;

	buf_init(&head, r->ctx.arena, 1024);
	put_headers(&head, r, length_of(r));
	f->owes = 0;
	if (r->send_fd < 0) {
		put_text(f, &head, with_body ? &r->out : &nothing);
		return;
	}
	FCGX_PutStr(head.s, (int)head.n, f->request.out);
	if (with_body)
		put_file(f->request.out, r->send_fd);
	close(r->send_fd);
	r->send_fd = -1;
}

void fastcgi_finish(struct fastcgi *f)
{
	char waste[8192];

	f->owes = 0;
	while (FCGX_GetStr(waste, sizeof(waste), f->request.in) > 0)
		;
	/* Without it the close waits for the web server's, up to 2 s. */
	FCGX_Detach(&f->request);
	FCGX_Finish_r(&f->request);
}

void fastcgi_close(struct fastcgi *f)
{
	FCGX_Free(&f->request, 1);
	free(f);
}

/* Appends text to a fixed buffer, cut at its end. */
static size_t append(char *to, size_t n, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length > size - n)
		length = size - n;
	memcpy(to + n, text, length);
	return n + length;
}

void fastcgi_give_up(struct fastcgi *f, const char *request_id)
{
	static unsigned char record[1024];
	char *text = (char *)record + HEADER;
	size_t size = sizeof(record) - 4UL * HEADER;
	size_t n = 0;

	if (!f->owes || f->request.ipcFd < 0)
		return;
	f->owes = 0;
	n = append(text, n, size,
	           "Status: 503 Temporarily unavailable\r\n"
	           "Content-Type: application/problem+json\r\n"
	           "Cache-Control: no-store\r\n"
	           "Retry-After: 1\r\nX-Request-Id: ");
	n = append(text, n, size, request_id);
	n = append(text, n, size,
	           "\r\n\r\n{\"type\":\"about:blank\",\"title\":\"Temporarily "
	           "unavailable\",\"status\":503,\"detail\":\"The request took "
	           "too long.\",\"request_id\":\"");
	n = append(text, n, size, request_id);
	n = append(text, n, size, "\"}");

	put_record(record, f, STDOUT_RECORD, n, 0);
	put_end(record + HEADER + n, f);
	ssize_t sent = write(f->request.ipcFd, record, n + (size_t)4 * HEADER);
	(void)sent;
}
