/*
 * Where files are kept: a directory of this host, or a bucket on a server that
 * speaks S3. Keys are ours alone ("p/018f…/3f9a….webp"): lower-case letters,
 * digits, and / . - between them. Public files may be read by anyone who has
 * their link; private ones only through a handler.
 */
#ifndef MERKATO_STORE_H
#define MERKATO_STORE_H

#include "fcgi/base/ctx.h"

enum area { AREA_PUBLIC, AREA_PRIVATE };

enum { STORE_KEY_MAX = 200 };

struct store {
	const char *name;
	/* Whole and durable when RC_OK; may be repeated. RC_UNAVAILABLE when
	 * there is no room or no server. type is the media type. */
	enum rc (*put)(struct ctx *c, enum area area, const char *key,
	               const char *type, const void *p, size_t n);
	/* NUL-terminated, in the arena; RC_NOT_FOUND. */
	enum rc (*get)(struct ctx *c, enum area area, const char *key,
	               const char **p, size_t *n);
	/* RC_OK also when there was none. */
	enum rc (*drop)(struct ctx *c, enum area area, const char *key);
	/* A file open for reading; NULL function = see link. RC_NOT_FOUND. */
	enum rc (*open)(struct ctx *c, enum area area, const char *key,
	                int *fd);
	/* A link to the store itself that opens the file for a while; name is
	 * what a browser saves it under (NULL = shown). NULL function = see
	 * open. */
	const char *(*link)(struct ctx *c, enum area area, const char *key,
	                    int seconds, const char *name);
};

/* The one that media_store names. */
const struct store *store(void);
/* Whether the settings of the store make sense; says what not on stderr. */
bool store_check(void);
bool store_is_key(const char *key);

extern const struct store store_disk, store_s3;

#endif
