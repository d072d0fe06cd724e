/* A stored answer of an idempotent POST: what db/once_db.h keeps and dispatch
 * replays. */
#ifndef MERKATO_ONCE_ANSWER_H
#define MERKATO_ONCE_ANSWER_H

#include <stddef.h>

struct once_answer {
	int status;
	const char *type, *location, *body; /* location, body may be NULL */
	size_t n_body;
};

#endif
