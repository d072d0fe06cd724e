/*
 * One mail to one person: composed here (RFC 5322, MIME), then written as a
 * file or handed to an SMTP server by libcurl. The same bytes go either way.
 */
#ifndef MERKATO_MAIL_H
#define MERKATO_MAIL_H

#include "fcgi/base/ctx.h"

struct mail {
	const char *from; /* "Name <address>" or an address */
	const char *to;   /* an address */
	const char *name; /* the recipient's; NULL = none */
	const char *subject;
	const char *text; /* lines end with LF */
	const char *html; /* NULL = text only */
	struct id id;     /* names the message: a repeat has the same */
	struct when at;
};

/* The whole message with CRLF line ends, in the arena. RC_INVALID when an
 * address or header holds what it must not. */
CHECKED enum rc mail_compose(struct ctx *c, const struct mail *m,
                             const char **out, size_t *n);

/*
 * By the driver that the settings name. RC_OK: taken. RC_UNAVAILABLE: try again
 * later. RC_INVALID: this address or message will never be taken. RC_FORBIDDEN:
 * the server refuses us (password, certificate): for the operator.
 */
CHECKED enum rc mail_send(struct ctx *c, const struct mail *m);

/* One file in dir, "20261122T120000.000001Z-person@example.org-018f….eml",
 * whole or not at all. */
CHECKED enum rc mail_write(struct ctx *c, const struct mail *m,
                           const char *dir);
/* To settings->smtp_url; TLS is needed but on loopback. */
CHECKED enum rc mail_smtp(struct ctx *c, const struct mail *m);

#endif
