/*
 * The shop of people.h with a search server beside it (opensearch_double.h), so
 * that one test can ask MySQL and the server. As hooks of CHECK_MAIN_WITH:
 * searching_start, searching_stop, NULL, searching_after. A test begins with
 * MySQL.
 */
#ifndef MERKATO_SEARCHING_H
#define MERKATO_SEARCHING_H

#include "tests/support/goods.h"
#include "tests/support/opensearch_double.h"

#define SEARCH_USER "merkato"
#define SEARCH_PASSWORD "a password: with more"

bool searching_start(void);
void searching_stop(void);
void searching_after(void);

/* From now on this driver is asked; nothing is in the cache. */
void search_with(const char *driver);
/* The same, and the server has an index of all products. */
void search_with_server(void);
/* What has changed is on the server. */
void search_settle(void);
/* An address where nobody listens, and back. */
void search_is_down(bool is_down);

/* The slugs of the results with commas between them. */
const char *slugs_of(const struct answered *a);

#endif
