/*
 * A search server for tests that speaks as much of OpenSearch's interface as we
 * use, and believes nothing: method, path, headers, form and every member of a
 * body are checked against what the published documents say; what they do not
 * know is refused as a real server does. Documents are kept in memory, checked
 * against the index's mapping, and found only after a refresh; the questions
 * that we send are really answered. Written apart from handlers/discovery.
 */
#ifndef MERKATO_OPENSEARCH_DOUBLE_H
#define MERKATO_OPENSEARCH_DOUBLE_H

#include <stdbool.h>

/* What goes wrong with the next answers. */
enum double_fault {
	FAULT_NONE,
	FAULT_SLOW,      /* none comes in time */
	FAULT_BUSY,      /* 429 for the whole request */
	FAULT_BROKEN,    /* 503 */
	FAULT_NONSENSE,  /* 200, and no JSON */
	FAULT_TORN,      /* the connection ends in the middle */
	FAULT_FORGOTTEN, /* 200 with JSON that has none of what was asked for */
	FAULT_PARTIAL,   /* a shard has failed */
	FAULT_ITEMS,     /* every second item of a bulk is answered 429 */
	FAULT_LARGE      /* 413 for what has more than 4 kB */
};

/* Listens on loopback; the port, 0 when it cannot. authorization is what the
 * header must say, "" = nothing. */
int opensearch_double_start(const char *authorization);
void opensearch_double_stop(void);
/* As if it were new. Call these only while no request runs. */
void opensearch_double_forget(void);
/* The next n requests whose path ends so ("_search", "_bulk", …). */
void opensearch_double_fail(enum double_fault fault, const char *where, int n);
/* How many requests came whose path ends so. */
int opensearch_double_count(const char *where);
/* What was last refused as badly formed (400), or ""; a newer index being
 * there is no such fault. */
const char *opensearch_double_error(void);
/* Documents found under this alias or index, -1 = there is none; and kept. */
int opensearch_double_docs(const char *name);
/* How many indices there are. */
int opensearch_double_indices(void);

#endif
