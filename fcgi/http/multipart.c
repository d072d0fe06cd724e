#include "config.h"

#include "fcgi/http/multipart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"

enum {
	WINDOW = 65536, /* bytes looked at together */
	BOUNDARY_MAX = 70,
	NAME_MAX_BYTES = 100,
	FILENAME_MAX_BYTES = 1000
};

/* The body passes through one window; from…to is what was read and not used. */
struct stream {
	struct req *r;
	size_t left; /* of Content-Length */
	char *window;
	size_t from, to;
	char *end; /* CR LF -- boundary */
	size_t n_end;
};

static enum rc malformed(struct req *r, const char *why)
{
	return fail(&r->ctx, RC_BAD_REQUEST, "bad_multipart",
	            "The form cannot be read: %s.", why);
}

/* Reads until n bytes are in the window or the body ends. */
static enum rc want(struct stream *s, size_t n)
{
	if (s->to - s->from >= n || !s->left)
		return RC_OK;
	memmove(s->window, s->window + s->from, s->to - s->from);
	s->to -= s->from;
	s->from = 0;
	while (s->to < n && s->left) {
		size_t room = WINDOW - s->to;
		size_t most = room < s->left ? room : s->left;
		ssize_t got = s->r->from.read(s->r->from.self,
		                              s->window + s->to, most);

		if (got <= 0 || (size_t)got > most)
			return malformed(s->r,
			                 "it ends before its Content-Length");
		s->to += (size_t)got;
		s->left -= (size_t)got;
	}
	return RC_OK;
}

static bool at(const struct stream *s, const char *text, size_t n)
{
	return s->to - s->from >= n && !memcmp(s->window + s->from, text, n);
}

/* RFC 2046 section 5.1.1. */
static bool is_boundary(const char *s, size_t n)
{
	if (!n || n > BOUNDARY_MAX || s[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++) {
		bool is_alnum = (s[i] >= '0' && s[i] <= '9') ||
		                (s[i] >= 'A' && s[i] <= 'Z') ||
		                (s[i] >= 'a' && s[i] <= 'z');

		if (!is_alnum && !(s[i] && strchr("'()+_,-./:=? ", s[i])))
			return false;
	}
	return true;
}

static bool is_token_char(char ch)
{
	return ch > ' ' && ch < 0x7f && !strchr("()<>@,;:\\\"/[]?=", ch);
}

/*
 * One "; name=value" of a header's parameters; *p moves behind it. Values are
 * tokens or quoted; a backslash in quotes hides a quote or a backslash (older
 * browsers send paths with single ones).
 */
static bool next_param(struct arena *a, const char **p, const char **name,
                       const char **value)
{
	const char *s = *p;

	s += strspn(s, " \t");
	if (*s++ != ';')
		return false;
	s += strspn(s, " \t");
	const char *from = s;
	while (is_token_char(*s))
		s++;
	if (s == from || *s != '=')
		return false;
	*name = arena_strndup(a, from, (size_t)(s - from));
	from = ++s;
	if (*s != '"') {
		while (is_token_char(*s))
			s++;
		*value = arena_strndup(a, from, (size_t)(s - from));
		*p = s;
		return s > from;
	}
	char *out = arena_alloc(a, strlen(s) + 1);
	size_t n = 0;
	for (s++; *s && *s != '"'; s++) {
		if (*s == '\\' && (s[1] == '"' || s[1] == '\\'))
			s++;
		out[n++] = *s;
	}
	if (*s != '"')
		return false;
	*value = out;
	*p = s + 1;
	return true;
}

static bool at_end(const char *p)
{
	return !p[strspn(p, " \t")];
}

static enum rc find_boundary(struct req *r, const char **out)
{
	static const char form[] = "multipart/form-data";
	const char *type = req_variable(r, "CONTENT_TYPE");
	const char *name, *value, *boundary = NULL;

	if (!type || strncasecmp(type, form, sizeof(form) - 1) != 0)
		return fail(&r->ctx, RC_UNSUPPORTED, "unsupported_type",
		            "The body must be multipart/form-data.");
	type += sizeof(form) - 1;
	while (!at_end(type)) {
		if (!next_param(r->ctx.arena, &type, &name, &value))
			return malformed(r, "the Content-Type is malformed");
		if (strcasecmp(name, "boundary") != 0)
			continue;
		if (boundary)
			return malformed(r, "there are two boundaries");
		boundary = value;
	}
	if (!boundary || !is_boundary(boundary, strlen(boundary)))
		return malformed(r, "the boundary is missing or malformed");
	*out = boundary;
	return RC_OK;
}

static enum rc take_disposition(struct req *r, const char *s, struct part *part)
{
	const char *name, *value;

	if (part->name)
		return malformed(r, "a part has two dispositions");
	if (strncasecmp(s, "form-data", 9) != 0)
		return malformed(r, "a part is not form-data");
	s += 9;
	while (!at_end(s)) {
		if (!next_param(r->ctx.arena, &s, &name, &value))
			return malformed(r, "a disposition is malformed");
		if (!text_is_utf8(value, strlen(value)))
			return malformed(r, "a name is not UTF-8");
		if (!strcasecmp(name, "name") && !part->name)
			part->name = value;
		else if (!strcasecmp(name, "filename") && !part->filename)
			part->filename = value;
		else
			return malformed(r,
			                 "a disposition has other parameters");
	}
	if (!part->name || !*part->name || strlen(part->name) > NAME_MAX_BYTES)
		return malformed(r, "a part has no usable name");
	if (part->filename && strlen(part->filename) > FILENAME_MAX_BYTES)
		return malformed(r, "a file name is too long");
	return RC_OK;
}

static enum rc take_header(struct req *r, char *line, struct part *part)
{
	char *colon = strchr(line, ':');

	for (const char *p = line; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return malformed(r, "a header has control characters");
	/* A line that begins with a blank would continue another (obsolete). */
	if (!colon || colon == line || *line == ' ' || *line == '\t')
		return malformed(r, "a header is malformed");
	*colon = '\0';
	const char *value = colon + 1 + strspn(colon + 1, " \t");
	if (!strcasecmp(line, "Content-Disposition"))
		return take_disposition(r, value, part);
	if (!strcasecmp(line, "Content-Transfer-Encoding"))
		return malformed(r, "transfer encodings are not taken");
	if (strcasecmp(line, "Content-Type") != 0)
		return RC_OK;
	if (part->type)
		return malformed(r, "a part has two types");
	if (!strncasecmp(value, "multipart/", 10))
		return malformed(r, "parts may not hold parts");
	part->type = arena_strdup(r->ctx.arena, value);
	return RC_OK;
}

static enum rc read_headers(struct stream *s, struct part *part)
{
	struct req *r = s->r;

	enum rc rc = want(s, MULTIPART_HEADERS_MAX);
	if (rc)
		return rc;
	size_t have = s->to - s->from;
	if (have > MULTIPART_HEADERS_MAX)
		have = MULTIPART_HEADERS_MAX;
	char *from = s->window + s->from;
	char *end = memmem(from, have, "\r\n\r\n", 4);
	if (!end)
		return malformed(r, "the headers of a part do not end");
	if (memchr(from, '\0', (size_t)(end - from)))
		return malformed(r, "a header has control characters");
	s->from += (size_t)(end - from) + 4;
	end[2] = '\0';
	while (*from) {
		char *line = from;
		char *next = strstr(from, "\r\n");

		*next = '\0';
		from = next + 2;
		rc = take_header(r, line, part);
		if (rc)
			return rc;
	}
	return part->name ? RC_OK : malformed(r, "a part has no disposition");
}

static void close_part(void *arg)
{
	const struct part *part = arg;

	close(part->fd);
}

/* A file that no other process can name. */
static int open_nameless(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	/* A file system without O_TMPFILE: nameless a moment later. */
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/upload.XXXXXX", dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static enum rc open_file(struct req *r, struct part *part)
{
	const char *dir = *settings->temp_dir ? settings->temp_dir : "/tmp";

	part->fd = open_nameless(dir);
	if (part->fd < 0 && errno == ENOENT && !mkdir(dir, 0700))
		part->fd = open_nameless(dir);
	if (part->fd < 0) {
		log_error("upload", "no temporary file in %s: %s", dir,
		          strerror(errno));
		return fail(&r->ctx, RC_UNAVAILABLE, "no_space",
		            "Uploads are not possible at the moment.");
	}
	arena_defer(r->ctx.arena, close_part, part);
	return RC_OK;
}

static enum rc keep_file(struct req *r, struct part *part, const char *p,
                         size_t n)
{
	while (n) {
		ssize_t done = write(part->fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			log_error("upload", "temporary file: %s",
			          strerror(errno));
			return fail(&r->ctx, RC_UNAVAILABLE, "no_space",
			            "Uploads are not possible at the moment.");
		}
		p += done;
		n -= (size_t)done;
	}
	return RC_OK;
}

static enum rc keep(struct req *r, struct part *part, struct buf *field,
                    const char *p, size_t n)
{
	part->n += n;
	if (part->filename)
		return keep_file(r, part, p, n);
	if (part->n > MULTIPART_FIELD_MAX)
		return fail(&r->ctx, RC_TOO_LARGE, "too_large",
		            "A field of the form is too large.");
	buf_put(field, p, n);
	return RC_OK;
}

/* Everything up to the delimiter belongs to the part. */
static enum rc read_content(struct stream *s, struct part *part)
{
	struct req *r = s->r;
	struct buf field;

	part->fd = -1;
	enum rc rc = part->filename ? open_file(r, part) : RC_OK;
	buf_init(&field, r->ctx.arena, 0);
	while (!rc) {
		rc = want(s, WINDOW);
		if (rc)
			break;
		char *from = s->window + s->from;
		size_t have = s->to - s->from;
		char *end = memmem(from, have, s->end, s->n_end);
		if (!end && !s->left)
			return malformed(r, "the closing boundary is missing");
		/* The delimiter may have begun in the last bytes. */
		size_t n = end ? (size_t)(end - from) : have - s->n_end + 1;
		rc = keep(r, part, &field, from, n);
		s->from += n;
		if (end) {
			s->from += s->n_end;
			break;
		}
	}
	if (rc)
		return rc;
	part->data = part->filename ? NULL : field.s;
	if (part->filename && lseek(part->fd, 0, SEEK_SET) != 0)
		return RC_INTERNAL;
	return RC_OK;
}

/* Behind a delimiter: another part, or the end of all. */
static enum rc read_turn(struct stream *s, bool *is_last)
{
	enum rc rc = want(s, 2);
	if (rc)
		return rc;
	*is_last = at(s, "--", 2);
	if (!*is_last && !at(s, "\r\n", 2))
		return malformed(s->r, "a boundary is malformed");
	s->from += 2;
	if (!*is_last)
		return RC_OK;
	rc = want(s, 3);
	if (rc)
		return rc;
	/* Nothing may hide behind the end. */
	size_t rest = s->to - s->from + s->left;
	if (rest && !(rest == 2 && at(s, "\r\n", 2)))
		return malformed(s->r, "there is something behind its end");
	return RC_OK;
}

static enum rc read_parts(struct stream *s)
{
	struct req *r = s->r;
	bool is_last = false;

	enum rc rc = want(s, s->n_end);
	if (rc)
		return rc;
	/* The first delimiter has no line end before it. */
	if (!at(s, s->end + 2, s->n_end - 2))
		return malformed(r, "it does not begin with the boundary");
	s->from += s->n_end - 2;
	rc = read_turn(s, &is_last);
	r->parts = arena_new_array(r->ctx.arena, struct part, MULTIPART_PARTS);
	while (!rc && !is_last) {
		if (r->n_parts == MULTIPART_PARTS)
			return fail(&r->ctx, RC_TOO_LARGE, "too_many_parts",
			            "The form has too many parts.");
		struct part *part = &r->parts[r->n_parts];

		rc = read_headers(s, part);
		if (!rc)
			rc = read_content(s, part);
		if (!rc)
			rc = read_turn(s, &is_last);
		r->n_parts += !rc;
	}
	return rc;
}

enum rc multipart_read(struct req *r, size_t max)
{
	struct arena *a = r->ctx.arena;
	struct stream s = { .r = r };
	const char *boundary = NULL;

	enum rc rc = find_boundary(r, &boundary);
	if (!rc)
		rc = body_length(r, max, &s.left);
	if (rc)
		return rc;
	if (!r->from.read)
		return malformed(r, "there is no body");
	s.end = arena_fmt(a, "\r\n--%s", boundary);
	s.n_end = strlen(s.end);
	s.window = arena_alloc(a, WINDOW);
	return read_parts(&s);
}

const struct part *part_find(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->n_parts; i++)
		if (!strcmp(r->parts[i].name, name))
			return &r->parts[i];
	return NULL;
}
