#include "config.h"

#include "tests/support/sql_faults.h"

#include <mysql.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef HAVE_MY_BOOL
typedef my_bool db_bool;
#else
typedef bool db_bool;
#endif

/* The linker sends calls of mysql_x to __wrap_mysql_x: the names are its own.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __real_mysql_stmt_execute(MYSQL_STMT *st);
unsigned __real_mysql_stmt_errno(MYSQL_STMT *st);
db_bool __real_mysql_commit(MYSQL *m);
unsigned __real_mysql_errno(MYSQL *m);
int __wrap_mysql_stmt_execute(MYSQL_STMT *st);
unsigned __wrap_mysql_stmt_errno(MYSQL_STMT *st);
db_bool __wrap_mysql_commit(MYSQL *m);
unsigned __wrap_mysql_errno(MYSQL *m);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static struct {
	int k, n;
	unsigned error, commit_error;
	bool commit_is_done, has_happened;
	bool kills;
	const MYSQL_STMT *broken;
	const MYSQL *broken_commit;
} f;

void fault_at(int k, unsigned error)
{
	f.k = k;
	f.n = 0;
	f.error = error;
	f.broken = NULL;
	f.has_happened = false;
	f.kills = false;
}

void fault_kill(int k)
{
	fault_at(k, 0);
	f.kills = true;
}

void fault_commit(unsigned error, bool is_done)
{
	f.commit_error = error;
	f.commit_is_done = is_done;
	f.has_happened = false;
}

bool fault_clear(void)
{
	f.k = 0;
	f.commit_error = 0;
	f.broken = NULL;
	f.broken_commit = NULL;
	return f.has_happened;
}

int fault_count(void)
{
	return f.n;
}

int __wrap_mysql_stmt_execute(MYSQL_STMT *st)
{
	f.broken = NULL;
	if (++f.n != f.k)
		return __real_mysql_stmt_execute(st);
	if (f.kills) {
		if (__real_mysql_stmt_execute(st))
			abort();
		kill(getpid(), SIGKILL);
	}
	f.broken = st;
	f.has_happened = true;
	return 1;
}

unsigned __wrap_mysql_stmt_errno(MYSQL_STMT *st)
{
	return st == f.broken ? f.error : __real_mysql_stmt_errno(st);
}

db_bool __wrap_mysql_commit(MYSQL *m)
{
	f.broken_commit = NULL;
	if (!f.commit_error)
		return __real_mysql_commit(m);
	if (f.commit_is_done && __real_mysql_commit(m))
		return 1;
	f.broken_commit = m;
	f.has_happened = true;
	return 1;
}

unsigned __wrap_mysql_errno(MYSQL *m)
{
	if (m != f.broken_commit)
		return __real_mysql_errno(m);
	unsigned error = f.commit_error;
	f.commit_error = 0;
	return error;
}
