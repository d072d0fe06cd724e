#include "config.h"

#include "tests/support/fastcgi_client.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6, HEADER = 8 };

int fastcgi_connect(const char *socket_path)
{
	static const struct timeval patience = { 20, 0 };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", socket_path);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

struct message {
	unsigned char s[65536];
	size_t n;
};

static void put_record(struct message *m, int type, const void *p, size_t n)
{
	const unsigned char head[HEADER] = {
		1, (unsigned char)type,     0,
		1, (unsigned char)(n >> 8), (unsigned char)(n & 255)
	};

	if (m->n + HEADER + n > sizeof(m->s))
		abort();
	memcpy(m->s + m->n, head, HEADER);
	if (n)
		memcpy(m->s + m->n + HEADER, p, n);
	m->n += HEADER + n;
}

static size_t put_pair(unsigned char *to, const char *name, const char *value)
{
	size_t a = strlen(name), b = strlen(value), n = 2;

	to[0] = (unsigned char)a;
	to[1] = (unsigned char)b;
	if (b > 127) {
		to[1] = (unsigned char)(0x80 | (b >> 24));
		to[2] = (unsigned char)(b >> 16);
		to[3] = (unsigned char)(b >> 8);
		to[4] = (unsigned char)b;
		n = 5;
	}
	memcpy(to + n, name, a);
	memcpy(to + n + a, value, b);
	return n + a + b;
}

int fastcgi_send(int fd, const char *method, const char *uri, const char *body)
{
	static const unsigned char begin[8] = { 0, 1 };
	static struct message m;
	unsigned char pairs[8192];
	size_t n = 0, n_body = body ? strlen(body) : 0;
	char length[24];

	snprintf(length, sizeof(length), "%zu", n_body);
	n += put_pair(pairs + n, "REQUEST_METHOD", method);
	n += put_pair(pairs + n, "REQUEST_URI", uri);
	n += put_pair(pairs + n, "REMOTE_ADDR", "127.0.0.1");
	n += put_pair(pairs + n, "SERVER_PROTOCOL", "HTTP/1.1");
	n += put_pair(pairs + n, "HTTP_HOST", "localhost");
	if (body) {
		n += put_pair(pairs + n, "CONTENT_LENGTH", length);
		n += put_pair(pairs + n, "CONTENT_TYPE", "application/json");
	}
	m.n = 0;
	put_record(&m, BEGIN, begin, sizeof(begin));
	put_record(&m, PARAMS, pairs, n);
	put_record(&m, PARAMS, NULL, 0);
	if (n_body)
		put_record(&m, STDIN, body, n_body);
	put_record(&m, STDIN, NULL, 0);
	return send(fd, m.s, m.n, MSG_NOSIGNAL) == (ssize_t)m.n ? 0 : -1;
}

static bool read_all(int fd, void *out, size_t n)
{
	unsigned char *p = out;

	while (n) {
		ssize_t got = read(fd, p, n);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

void fastcgi_receive(int fd, struct fastcgi_answer *out)
{
	unsigned char head[HEADER], data[65536 + 256];
	bool ended = false;

	out->status = 0;
	out->n = 0;
	while (!ended && read_all(fd, head, HEADER)) {
		size_t n = (size_t)head[4] << 8 | head[5];

		if (!read_all(fd, data, n + head[6]))
			break;
		ended = head[1] == END;
		if (head[1] != STDOUT || out->n + n >= sizeof(out->text))
			continue;
		memcpy(out->text + out->n, data, n);
		out->n += n;
	}
	close(fd);
	out->text[out->n] = '\0';
	/* Without its end an answer may be cut. */
	if (ended && strncmp(out->text, "Status: ", 8) == 0)
		out->status = (int)strtol(out->text + 8, NULL, 10);
}

int fastcgi_ask(const char *socket_path, const char *method, const char *uri,
                const char *body, struct fastcgi_answer *out)
{
	int fd = fastcgi_connect(socket_path);

	out->status = 0;
	out->n = 0;
	out->text[0] = '\0';
	if (fd < 0)
		return 0;
	if (fastcgi_send(fd, method, uri, body)) {
		close(fd);
		return 0;
	}
	fastcgi_receive(fd, out);
	return out->status;
}
