#include "config.h"

#include "fcgi/http/mail.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"

enum { WORD_BYTES = 45, LINE_MAX_BYTES = 998, BASE64_LINE = 76 };

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* RFC 2047: words of at most 75 characters, cut between code points. */
static void put_encoded(struct buf *b, const char *s)
{
	for (const char *gap = ""; *s; gap = "\r\n ") {
		size_t n = strlen(s);

		if (n > WORD_BYTES) {
			n = WORD_BYTES;
			while (n > 1 && ((unsigned char)s[n] & 0xc0) == 0x80)
				n--;
		}
		buf_puts(b, gap);
		buf_fmt(b, "=?UTF-8?B?%s?=", text_base64(b->arena, s, n));
		s += n;
	}
}

static void put_words(struct buf *b, const char *s)
{
	if (is_ascii(s) && !strstr(s, "=?") && strlen(s) <= 200)
		buf_puts(b, s);
	else
		put_encoded(b, s);
}

/* Name <address>, the name quoted by encoding when it is not plain words. */
static void put_person(struct buf *b, const char *name, size_t n,
                       const char *address)
{
	const char *word = arena_strndup(b->arena, name, n);
	bool plain = is_ascii(word);

	for (size_t i = 0; i < n && plain; i++)
		plain = isalnum((unsigned char)word[i]) || word[i] == ' ';
	if (n && plain)
		buf_fmt(b, "%s ", word);
	else if (n) {
		put_encoded(b, word);
		buf_putc(b, ' ');
	}
	buf_fmt(b, "<%s>", address);
}

/* Splits "Name <address>"; false when the address cannot be one. */
static bool read_person(struct arena *a, const char *s, size_t *n_name,
                        const char **address)
{
	const char *open = strrchr(s, '<');
	const char *close = open ? strchr(open, '>') : NULL;

	*n_name = 0;
	*address = s;
	if (open) {
		if (!close)
			return false;
		*n_name = (size_t)(open - s);
		while (*n_name && s[*n_name - 1] == ' ')
			--*n_name;
		*address =
			arena_strndup(a, open + 1, (size_t)(close - open - 1));
	}
	return strchr(*address, '@') && is_ascii(*address) && !has_control(s) &&
	       !strpbrk(*address, " <>,;:\"\\()[]");
}

static void put_date(struct buf *b, struct when at)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed",
		                        "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr",
		                          "May", "Jun", "Jul", "Aug",
		                          "Sep", "Oct", "Nov", "Dec" };
	struct when_parts p = when_split(at);

	buf_fmt(b, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n",
	        days[p.weekday], p.day, months[p.month - 1], p.year, p.hour,
	        p.minute, p.second);
}

/* Whether every line fits into a mail as it is. */
static bool lines_fit(const char *s)
{
	for (const char *e; *s; s = *e ? e + 1 : e) {
		e = strchrnul(s, '\n');
		if (e - s > LINE_MAX_BYTES)
			return false;
	}
	return true;
}

static void put_base64(struct buf *b, const char *s)
{
	const char *text = text_base64(b->arena, s, strlen(s));

	for (size_t n = strlen(text), i = 0; i < n; i += BASE64_LINE) {
		buf_put(b, text + i, n - i < BASE64_LINE ? n - i : BASE64_LINE);
		buf_puts(b, "\r\n");
	}
}

static void put_lines(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '\r')
			continue;
		if (*s == '\n')
			buf_putc(b, '\r');
		buf_putc(b, *s);
	}
	if (b->n && b->s[b->n - 1] != '\n')
		buf_puts(b, "\r\n");
}

static void put_part(struct buf *b, const char *type, const char *s)
{
	bool fits = lines_fit(s);
	const char *encoding = !fits ? "base64" : is_ascii(s) ? "7bit" : "8bit";

	buf_fmt(b,
	        "Content-Type: %s; charset=utf-8\r\n"
	        "Content-Transfer-Encoding: %s\r\n\r\n",
	        type, encoding);
	if (fits)
		put_lines(b, s);
	else
		put_base64(b, s);
}

static void put_body(struct buf *b, const struct mail *m, const char *id)
{
	if (!m->html) {
		put_part(b, "text/plain", m->text);
		return;
	}
	buf_fmt(b,
	        "Content-Type: multipart/alternative; boundary=\"=_%s\"\r\n\r\n"
	        "--=_%s\r\n",
	        id, id);
	put_part(b, "text/plain", m->text);
	buf_fmt(b, "--=_%s\r\n", id);
	put_part(b, "text/html", m->html);
	buf_fmt(b, "--=_%s--\r\n", id);
}

enum rc mail_compose(struct ctx *c, const struct mail *m, const char **out,
                     size_t *n)
{
	const char *from, *to;
	size_t n_from, n_to;
	char id[ID_TEXT_MAX];
	struct buf b;

	if (!read_person(c->arena, m->from, &n_from, &from))
		return fail(c, RC_INTERNAL, "bad_sender",
		            "the sender is no mail address");
	if (!read_person(c->arena, m->to, &n_to, &to) || n_to ||
	    has_control(m->subject) || (m->name && has_control(m->name)))
		return fail(c, RC_INVALID, "bad_recipient",
		            "the recipient or the subject is not usable");
	id_text(m->id, id);
	buf_init(&b, c->arena, 8192);
	put_date(&b, m->at);
	buf_puts(&b, "From: ");
	put_person(&b, m->from, n_from, from);
	buf_puts(&b, "\r\nTo: ");
	put_person(&b, m->name ? m->name : "", m->name ? strlen(m->name) : 0,
	           to);
	buf_puts(&b, "\r\nSubject: ");
	put_words(&b, m->subject);
	buf_fmt(&b,
	        "\r\nMessage-ID: <%s@%s>\r\n"
	        "Auto-Submitted: auto-generated\r\n"
	        "MIME-Version: 1.0\r\n",
	        id, strchr(from, '@') + 1);
	put_body(&b, m, id);
	*out = b.s;
	*n = b.n;
	return RC_OK;
}

/* Sorts by time; only what is harmless in a file name is kept of the address.
 */
static const char *file_name(struct ctx *c, const struct mail *m)
{
	struct when_parts p = when_split(m->at);
	char *person = arena_strdup(c->arena, m->to);
	char id[ID_TEXT_MAX];

	for (char *s = person; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("@.-_+", *s))
			*s = '_';
	return arena_fmt(c->arena, "%04d%02d%02dT%02d%02d%02d.%06dZ-%s-%s.eml",
	                 p.year, p.month, p.day, p.hour, p.minute, p.second,
	                 p.microsecond, person, id_text(m->id, id));
}

static bool write_whole(int fd, const char *s, size_t n)
{
	while (n) {
		ssize_t done = write(fd, s, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		s += done;
		n -= (size_t)done;
	}
	return fsync(fd) == 0;
}

enum rc mail_write(struct ctx *c, const struct mail *m, const char *dir)
{
	const char *text = NULL, *name;
	size_t n = 0;
	enum rc rc = mail_compose(c, m, &text, &n);

	if (rc)
		return rc;
	name = file_name(c, m);
	/* Readers look for .eml: they never see half a file. */
	const char *partly = arena_fmt(c->arena, "%s/.%s.part", dir, name);
	mkdir(dir, 0750);
	int fd = open(partly, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return fail(c, RC_UNAVAILABLE, "mail_dir", "%s: %s", dir,
		            strerror(errno));
	bool ok = write_whole(fd, text, n);
	ok = close(fd) == 0 && ok;
	ok = ok && !rename(partly, arena_fmt(c->arena, "%s/%s", dir, name));
	if (ok)
		return RC_OK;
	rc = fail(c, RC_UNAVAILABLE, "mail_dir", "%s: %s", dir,
	          strerror(errno));
	unlink(partly);
	return rc;
}

enum rc mail_send(struct ctx *c, const struct mail *m)
{
	enum rc rc = !strcmp(settings->mail, "smtp")
	                     ? mail_smtp(c, m)
	                     : mail_write(c, m, settings->mail_dir);

	if (!rc)
		count(COUNTER_MAILS_SENT);
	return rc;
}
