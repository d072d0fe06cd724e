/* How work ended. 0 is success, so calls chain; every value has the HTTP status
 * that dispatch answers with. */
#ifndef MERKATO_RC_H
#define MERKATO_RC_H

/*
 * X(NAME, http status, title). RC_DEADLOCK never leaves the process: dispatch
 * and the job runner repeat the whole piece of work. RC_UNSURE means that a
 * commit or an outside call may or may not have happened: ask again, never
 * guess.
 */
#define RC_TABLE(X)                                                    \
	X(OK, 200, "OK")                                               \
	X(NOT_MODIFIED, 304, "Not modified")                           \
	X(BAD_REQUEST, 400, "The request could not be read")           \
	X(UNAUTHORIZED, 401, "Authentication is needed")               \
	X(FORBIDDEN, 403, "Not allowed")                               \
	X(NOT_FOUND, 404, "Not found")                                 \
	X(METHOD, 405, "Method not allowed")                           \
	X(CONFLICT, 409, "Conflicts with the current state")           \
	X(GONE, 410, "Gone")                                           \
	X(LENGTH, 411, "Content-Length is needed")                     \
	X(PRECONDITION, 412, "The object has changed in the meantime") \
	X(TOO_LARGE, 413, "Too large")                                 \
	X(UNSUPPORTED, 415, "Unsupported media type")                  \
	X(MISDIRECTED, 421, "This host is not served here")            \
	X(INVALID, 422, "Some fields are not right")                   \
	X(TOO_MANY, 429, "Too many requests")                          \
	X(INTERNAL, 500, "Internal error")                             \
	X(UNAVAILABLE, 503, "Temporarily unavailable")                 \
	X(UNSURE, 503, "The outcome is not known yet")                 \
	X(DEADLOCK, 503, "Temporarily unavailable")

enum rc {
#define X(name, status, title) RC_##name,
	RC_TABLE(X)
#undef X
		RC_N
};

#define CHECKED __attribute__((warn_unused_result))

int rc_status(enum rc rc);
const char *rc_title(enum rc rc);
/* "NOT_FOUND": for logs. */
const char *rc_name(enum rc rc);

#endif
