/*
 * Statements that fail on purpose, for programs linked with SQL_FAULTS_LINK.
 */
#ifndef MERKATO_SQL_FAULTS_H
#define MERKATO_SQL_FAULTS_H

#include <stdbool.h>

/* The k-th execution from now fails with this error number, once. */
void fault_at(int k, unsigned error);
/* The k-th execution from now happens, and then the process is killed. */
void fault_kill(int k);
/* The next commit fails with this error; is_done says whether it happened all
 * the same (its answer was lost). */
void fault_commit(unsigned error, bool is_done);
/* No more faults; whether the one asked for has happened. */
bool fault_clear(void);
/* Executions since fault_at. */
int fault_count(void);

#endif
