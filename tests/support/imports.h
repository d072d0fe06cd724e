/*
 * CSV imports in tests that have people and goods: made as rows, worked off as
 * the job runner does it.
 */
#ifndef MERKATO_TEST_IMPORTS_H
#define MERKATO_TEST_IMPORTS_H

#include "tests/support/goods.h"

extern const struct check_hooks import_hooks;

/* An import of this CSV file, still to be done. */
struct id an_import(const struct person *owner, const char *text, bool dry);
/* One run as a job of its own, in memory of which ballast is taken already;
 * adds the statements that it took. */
enum rc import_once(size_t ballast, bool *more, int *n_statements);
/* Runs until nothing is left; how many statements that took. */
int import_all(void);
/* GET of it by its store. */
const struct answered *import_report(const struct person *owner, struct id id);
/* All of it in one call. */
const struct answered *imported(const struct person *owner, const char *text);

#endif
