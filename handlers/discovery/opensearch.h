/*
 * The driver "opensearch": OpenSearch 1 and up, and Elasticsearch 7.10 and up,
 * by the part of their REST interface that both share. Documents hold a
 * product's words as words_cut makes them, in fields that are cut at blanks
 * alone, so that neither side needs to know the other's rules of language; each
 * word that stands in a field adds the field's weight to the score, which is
 * therefore MySQL's relevance.
 */
#ifndef MERKATO_OPENSEARCH_H
#define MERKATO_OPENSEARCH_H

#include "fcgi/base/buf.h"
#include "fcgi/base/json.h"
#include "fcgi/http/client.h"
#include "handlers/discovery/engine.h"
#include "handlers/discovery/listing.h"

/* Fields of words and what a word weighs there; ends with a NULL name. */
struct opensearch_field {
	const char *name;
	int weight;
};
extern const struct opensearch_field opensearch_fields[];

/* Lucene's sphere is larger than ours: its kilometres for one of ours. */
#define OPENSEARCH_KM (6371.0087714 / 6370.986)

bool opensearch_check(void);
/* The alias that is searched; the one that an index has while it is built. */
const char *opensearch_alias(void);
const char *opensearch_next(struct ctx *c);

struct opensearch_call {
	const char *method, *path;
	const struct buf *body; /* NULL = none; lines of JSON when is_lines */
	bool is_lines;
	int timeout_ms;
};
/* RC_OK whenever an answer came, whatever its status. */
CHECKED enum rc opensearch_call(struct ctx *c, const struct opensearch_call *q,
                                struct answer *out);
/* The answer was not what it should have been: RC_UNAVAILABLE with its reason,
 * RC_TOO_LARGE when too much was sent. */
CHECKED enum rc opensearch_fault(struct ctx *c, const struct answer *a);
/* The JSON of an answer with a status below 300, and otherwise a fault; lives
 * as long as the arena. */
CHECKED enum rc opensearch_read(struct ctx *c, const struct answer *a,
                                json_t **out);
/* Call and read at once. */
CHECKED enum rc opensearch_ask(struct ctx *c, const struct opensearch_call *q,
                               json_t **out);

/* The body of a search. */
CHECKED enum rc opensearch_question(struct ctx *c, const struct search *s,
                                    struct buf *b);
/* Whether the distance is one of the values that the hits are sorted by, and
 * which. */
int opensearch_place_of(const struct search *s, const char *name);
/* What a search was answered; counts only when facets are wanted. */
CHECKED enum rc opensearch_take(struct ctx *c, const struct search *s,
                                const struct answer *a, struct found *out,
                                struct facet_counts *counts);
CHECKED enum rc opensearch_find(struct ctx *c, const struct search *s,
                                struct found *out);

/* Writes to these aliases. */
void opensearch_write_to(struct ctx *c, const char *const *aliases,
                         size_t n_aliases, struct index_doc *docs, size_t n);
CHECKED enum rc opensearch_write(struct ctx *c, struct index_doc *docs,
                                 size_t n);
CHECKED enum rc opensearch_refresh(struct ctx *c, const char *index);
CHECKED enum rc opensearch_rebuild(struct ctx *c, int64_t *n);

/* Puts a comma where one is due. */
void opensearch_next_item(struct buf *b);

#endif
