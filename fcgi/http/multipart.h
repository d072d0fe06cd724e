/*
 * Multipart bodies (RFC 7578, RFC 2046), streamed: files go into a private
 * temporary file that has no name and is gone with the arena. Limits are those
 * of browsers' forms: 20 parts, 4 kB of headers a part, fields up to 64 kB,
 * boundary of 1 to 70 characters, closing boundary needed, no nesting, no
 * transfer encodings.
 */
#ifndef MERKATO_MULTIPART_H
#define MERKATO_MULTIPART_H

#include "fcgi/http/request.h"

#define MULTIPART_PARTS 20
#define MULTIPART_HEADERS_MAX 4096
#define MULTIPART_FIELD_MAX 65536

/*
 * Reads the whole body into r->parts. max is in bytes for the body. RC_LENGTH
 * without Content-Length, RC_TOO_LARGE above max, RC_BAD_REQUEST when malformed
 * or cut off, RC_UNSUPPORTED for another content type, RC_UNAVAILABLE when the
 * temporary directory is full.
 */
CHECKED enum rc multipart_read(struct req *r, size_t max);
/* The part of that name; NULL = absent. */
const struct part *part_find(const struct req *r, const char *name);

#endif
