/*
 * A server for tests that speaks as much S3 as we use, and believes nothing: it
 * computes every signature itself (written apart from uploads/s3_sign.c), and
 * checks payload hash, clock, expiry and content type. Objects are in memory.
 */
#ifndef MERKATO_S3_DOUBLE_H
#define MERKATO_S3_DOUBLE_H

#include <stddef.h>

struct s3_object {
	char path[300]; /* as sent: "/bucket/key" */
	char type[80], cache[80], acl[40];
	char *p;
	size_t n;
};

/* Listens on loopback in a thread of its own; the port, 0 when it cannot. */
int s3_double_start(const char *access, const char *secret, const char *region);
void s3_double_stop(void);
/* NULL = there is none. Call only while no request runs. */
const struct s3_object *s3_double_find(const char *path);
/* The next n requests are answered 503 SlowDown. */
void s3_double_fail(int n);
/* Requests answered so far, and the last error's code
 * ("SignatureDoesNotMatch");
 * "" after a success. */
int s3_double_count(void);
const char *s3_double_error(void);

#endif
