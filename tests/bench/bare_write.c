/*
 * The least that a small write can be: begin, lock a row, change it, commit,
 * over prepared statements on one connection. Prints the median in
 * microseconds. Run as the system user whom the server lets in by its socket.
 *
 *	bare_write SOCKET USER SECONDS
 */
#include "config.h"

#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/value.h"

enum { MOST = 1000000 };

static void must(int ok, MYSQL *m, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bare_write: %s: %s\n", what, mysql_error(m));
	exit(EXIT_FAILURE);
}

static MYSQL_STMT *prepare(MYSQL *m, const char *text)
{
	MYSQL_STMT *s = mysql_stmt_init(m);

	must(s && !mysql_stmt_prepare(s, text, strlen(text)), m, text);
	return s;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fputs("usage: bare_write SOCKET USER SECONDS\n", stderr);
		return 2;
	}
	MYSQL *m = mysql_init(NULL);
	int64_t *took = calloc(MOST, sizeof(*took));
	must(m && took &&
	             mysql_real_connect(m, NULL, argv[2], NULL, "merkato", 0,
	                                argv[1], 0),
	     m, "connect");
	MYSQL_STMT *lock = prepare(m, "SELECT version FROM users ORDER BY id"
	                              " LIMIT 1 FOR UPDATE");
	MYSQL_STMT *change = prepare(m, "UPDATE users SET updated_at = NOW(6)"
	                                " ORDER BY id LIMIT 1");
	int64_t until = when_ticks() + strtol(argv[3], NULL, 10) * 1000000;
	size_t n = 0;

	while (n < MOST && when_ticks() < until) {
		int64_t start = when_ticks();

		must(!mysql_real_query(m, "START TRANSACTION", 17), m, "begin");
		must(!mysql_stmt_execute(lock) &&
		             !mysql_stmt_store_result(lock) &&
		             !mysql_stmt_free_result(lock),
		     m, "lock");
		must(!mysql_stmt_execute(change), m, "change");
		must(!mysql_commit(m), m, "commit");
		took[n++] = when_ticks() - start;
	}
	qsort(took, n, sizeof(*took), by_size);
	printf("%lld\n", n ? (long long)took[n / 2] : 0LL);
	mysql_stmt_close(lock);
	mysql_stmt_close(change);
	mysql_close(m);
	free(took);
	return EXIT_SUCCESS;
}
