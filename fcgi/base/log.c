#include "config.h"

#include "fcgi/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/base/value.h"

/* One line is one write of at most PIPE_BUF bytes, so that lines of many
 * processes do not mix. */
enum { LINE = 4096 };

static struct {
	int fd;
	enum log_level least;
	char request[80];
} state = { .fd = 2, .least = LOG_INFO_ };

struct line {
	char s[LINE];
	size_t n;
};

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void log_open(const char *path, enum log_level least)
{
	state.least = least;
	if (!path || !*path)
		return;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0) {
		log_error("log", "%s: %s", path, strerror(errno));
		return;
	}
	if (state.fd != 2)
		close(state.fd);
	state.fd = fd;
}

int log_fd(void)
{
	return state.fd;
}

void log_request(const char *request_id)
{
	snprintf(state.request, sizeof(state.request), "%s",
	         request_id ? request_id : "");
}

/* Keeps room for the closing quote, brace and line feed. */
static void put(struct line *l, const char *s, size_t n)
{
	size_t room = LINE - 8 - l->n;

	if (l->n >= LINE - 8)
		return;
	if (n > room)
		n = room;
	memcpy(l->s + l->n, s, n);
	l->n += n;
}

static void put_text(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

static void put_quoted(struct line *l, const char *s)
{
	put(l, "\"", 1);
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;
		char code[8];

		if (ch == '"' || ch == '\\') {
			put(l, "\\", 1);
			put(l, s, 1);
		} else if (ch < 0x20 || ch == 0x7f) {
			put(l, code,
			    (size_t)snprintf(code, sizeof(code), "\\u%04x",
			                     ch));
		} else {
			put(l, s, 1);
		}
	}
	l->s[l->n++] = '"';
}

static void put_member(struct line *l, const char *name, const char *value)
{
	put_text(l, ",\"");
	put_text(l, name);
	put_text(l, "\":");
	put_quoted(l, value);
}

static void put_number(struct line *l, const char *name, int64_t value)
{
	char text[64];

	snprintf(text, sizeof(text), ",\"%s\":%lld", name, (long long)value);
	put_text(l, text);
}

static void begin(struct line *l, enum log_level level)
{
	char at[WHEN_TEXT_MAX];

	l->n = 0;
	put_text(l, "{\"time\":\"");
	put_text(l, when_text(when_now(), at));
	put_text(l, "\",\"level\":\"");
	put_text(l, level_names[level]);
	put_text(l, "\"");
}

static void end(struct line *l)
{
	l->s[l->n++] = '}';
	l->s[l->n++] = '\n';
	/* A full disk must neither block nor kill: the line is lost. */
	ssize_t written = write(state.fd, l->s, l->n);
	(void)written;
}

void log_line(enum log_level level, const char *what, const char *fmt, ...)
{
	struct line l;
	char text[2048];
	va_list ap;

	if (level < state.least)
		return;
	int saved = errno;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	begin(&l, level);
	put_member(&l, "what", what);
	put_member(&l, "text", text);
	if (state.request[0])
		put_member(&l, "request_id", state.request);
	put_number(&l, "pid", getpid());
	end(&l);
	errno = saved;
}

/* 203.0.113.7 → 203.0.113.0; 2001:db8:1:2::3 → 2001:db8:1::. */
static void cut_address(const char *address, char out[64])
{
	char mark = strchr(address, ':') ? ':' : '.';
	int groups = 3;
	size_t n = 0;

	for (; n < 40 && address[n]; n++)
		if (address[n] == mark && --groups == 0)
			break;
	snprintf(out, 64, "%.*s%s", (int)n, address,
	         *address ? (mark == ':' ? "::" : ".0") : "");
}

void log_access(const struct log_access *a)
{
	struct line l;
	char address[64];

	if (state.least > LOG_INFO_)
		return;
	cut_address(a->address, address);
	begin(&l, LOG_INFO_);
	put_text(&l, ",\"what\":\"request\"");
	put_member(&l, "request_id", a->request_id);
	put_member(&l, "method", a->method);
	put_member(&l, "route", a->route);
	put_number(&l, "status", a->status);
	put_number(&l, "us", a->us);
	put_number(&l, "bytes", a->bytes);
	put_number(&l, "statements", a->n_statements);
	put_member(&l, "address", address);
	if (a->user && *a->user)
		put_member(&l, "user", a->user);
	end(&l);
}
