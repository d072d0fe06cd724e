/*
 * A request from memory for readers that need no dispatch: variables by name
 * and a body that arrives in slices.
 */
#ifndef MERKATO_FAKE_REQUEST_H
#define MERKATO_FAKE_REQUEST_H

#include "fcgi/http/request.h"

struct fake_request {
	const char *variables[8]; /* name, value, …; ends with NULL */
	const char *body;
	size_t n;    /* bytes left of the body */
	size_t step; /* most bytes given at once; 0 = all */
};

/* A req over f (which must live as long) with c's arena and clock. */
struct req fake_request(struct fake_request *f, const struct ctx *c);

#endif
