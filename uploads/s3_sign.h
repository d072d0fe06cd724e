/*
 * AWS Signature Version 4 for S3, by headers and by query. One canonical
 * routine serves both. Times come from the ctx.
 */
#ifndef MERKATO_S3_SIGN_H
#define MERKATO_S3_SIGN_H

#include "fcgi/base/ctx.h"

struct s3_pair {
	const char *name, *value;
};

struct s3_keys {
	const char *access, *secret, *region;
};

struct s3_request {
	const char *method;
	const char *path; /* as sent: s3_path */
	const struct s3_pair *query;
	size_t n_query;
	/* All that are to be signed, names in lower case, host among them. */
	const struct s3_pair *headers;
	size_t n_headers;
	const char *payload; /* hex SHA-256, or UNSIGNED-PAYLOAD */
};

/* "/bucket/a%20b": each byte but A-Za-z0-9-._~ and / encoded once. */
const char *s3_path(struct ctx *c, const char *raw);
/* "20130524T000000Z" */
const char *s3_time(struct ctx *c);
/* Value of the Authorization header. */
const char *s3_authorization(struct ctx *c, const struct s3_keys *k,
                             const struct s3_request *r);
/* The whole query string (without '?') of a link that works for 1 to 604,800
 * seconds; r's headers are host alone, its query what the link adds. */
const char *s3_presigned_query(struct ctx *c, const struct s3_keys *k,
                               const struct s3_request *r, int seconds);

#endif
