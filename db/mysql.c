#include "config.h"

#include "db/mysql.h"

#include <errmsg.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"

enum {
	CONNECT_S = 2,
	READ_S = 6, /* above DEADLINE_S, so that the server gives up first */
	DEADLINE_S = 5,
	SLOW_CONNECT_US = 500 * 1000,
	AWAY_US = 1000 * 1000
};

/*
 * Numbers of the client library (errmsg.h) and of the servers; where MariaDB
 * and MySQL differ both are here.
 */
static const struct {
	unsigned error;
	enum trouble trouble;
} troubles[] = {
	{ CR_SERVER_GONE_ERROR, TROUBLE_NOT_SENT },
	{ CR_CONNECTION_ERROR, TROUBLE_NOT_SENT },
	{ CR_CONN_HOST_ERROR, TROUBLE_NOT_SENT },
	{ 4031, TROUBLE_NOT_SENT }, /* closed by the server for inactivity */
	{ CR_SERVER_LOST, TROUBLE_LOST },
	{ 2055, TROUBLE_LOST },    /* CR_SERVER_LOST_EXTENDED */
	{ 1053, TROUBLE_LOST },    /* server shutdown in progress */
	{ 1927, TROUBLE_LOST },    /* connection was killed */
	{ 1243, TROUBLE_PREPARE }, /* unknown prepared statement */
	{ 1615, TROUBLE_PREPARE }, /* needs to be re-prepared */
	{ 2057, TROUBLE_PREPARE }, /* columns have changed */
	{ 2030, TROUBLE_PREPARE }, /* not prepared */
	{ 1461, TROUBLE_FULL },
	{ 1062, TROUBLE_DUPLICATE },
	{ 1213, TROUBLE_DEADLOCK },
	{ 1020, TROUBLE_DEADLOCK }, /* row changed since it was read */
	{ 1205, TROUBLE_LOCKED },
	{ 3572, TROUBLE_LOCKED }, /* NOWAIT in MySQL */
	{ 1969, TROUBLE_BUSY },   /* statement deadline, MariaDB */
	{ 3024, TROUBLE_BUSY },   /* … MySQL */
	{ 1317, TROUBLE_BUSY },   /* query was killed */
	{ 1290, TROUBLE_BUSY },   /* --read-only */
	{ 1792, TROUBLE_BUSY },
	{ 1836, TROUBLE_BUSY },
	{ 1040, TROUBLE_BUSY }, /* too many connections */
	{ 1203, TROUBLE_BUSY },
	{ 1226, TROUBLE_BUSY },
	{ 1021, TROUBLE_BUSY }, /* disk full */
	{ 1114, TROUBLE_BUSY },
	{ 1047, TROUBLE_BUSY }, /* Galera: not ready */
	{ 1451, TROUBLE_IN_USE },
	{ 1452, TROUBLE_DANGLING },
};

enum trouble mysql_trouble(unsigned error)
{
	if (!error)
		return TROUBLE_NONE;
	for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
		if (troubles[i].error == error)
			return troubles[i].trouble;
	}
	return TROUBLE_BUG;
}

/* Connections whose sockets belong to the parent once it has forked. */
static struct link *known_links[2];

static void forget_after_fork(void)
{
	for (size_t i = 0; i < 2; i++) {
		struct link *l = known_links[i];

		if (!l)
			continue;
		l->mysql = NULL;
		l->n_statements = 0;
	}
}

static void remember_link(struct link *l)
{
	for (size_t i = 0; i < 2; i++) {
		if (known_links[i] == l)
			return;
	}
	if (!known_links[0] && !known_links[1])
		pthread_atfork(NULL, NULL, forget_after_fork);
	known_links[known_links[0] ? 1 : 0] = l;
}

static bool server_is_mariadb(MYSQL *m)
{
	return strstr(mysql_get_server_info(m), "MariaDB") != NULL;
}

/* Every session behaves the same whatever the server's own defaults are. */
static bool start_session(MYSQL *m, bool has_deadline)
{
	static const char common[] =
		"SET SESSION sql_mode='STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,"
		"NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,ONLY_FULL_GROUP_BY,"
		"NO_ENGINE_SUBSTITUTION', time_zone='+00:00',"
		" innodb_lock_wait_timeout=3, group_concat_max_len=1000000";
	static const char isolation[] =
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
	const char *deadline = server_is_mariadb(m)
	                               ? "SET SESSION max_statement_time=5"
	                               : "SET SESSION max_execution_time=5000";

	if (mysql_real_query(m, common, sizeof common - 1))
		return false;
	if (mysql_real_query(m, isolation, sizeof isolation - 1))
		return false;
	return !has_deadline ||
	       !mysql_real_query(m, deadline, strlen(deadline));
}

static void use_tls(MYSQL *m)
{
	if (!*settings->mysql_ca)
		return;
	mysql_options(m, MYSQL_OPT_SSL_CA, settings->mysql_ca);
#ifdef MARIADB_BASE_VERSION
	db_bool yes = 1;

	mysql_options(m, MYSQL_OPT_SSL_ENFORCE, &yes);
	mysql_options(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
#else
	unsigned mode = SSL_MODE_VERIFY_IDENTITY;

	mysql_options(m, MYSQL_OPT_SSL_MODE, &mode);
#endif
}

struct place {
	const char *host, *socket, *user, *password;
	unsigned port;
	bool has_deadline;
};

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

/* A connection that is ready for statements, or NULL and *error. */
static MYSQL *place_connect(const struct place *p, unsigned *error)
{
	unsigned connect_s = CONNECT_S;
	unsigned io_s = p->has_deadline ? READ_S : 3600;
	unsigned no = 0;
	MYSQL *m = mysql_init(NULL);

	*error = CR_OUT_OF_MEMORY;
	if (!m)
		return NULL;
	mysql_options(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(m, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(m, MYSQL_OPT_READ_TIMEOUT, &io_s);
	mysql_options(m, MYSQL_OPT_WRITE_TIMEOUT, &io_s);
	mysql_options(m, MYSQL_OPT_LOCAL_INFILE, &no);
	use_tls(m);
	bool ok = mysql_real_connect(m, or_null(p->host), or_null(p->user),
	                             p->password ? p->password : "",
	                             settings->mysql_database, p->port,
	                             or_null(p->socket), CLIENT_FOUND_ROWS) &&
	          start_session(m, p->has_deadline);
	*error = ok ? 0 : mysql_errno(m);
	/* The library may fall back to plain text; that is no connection. */
	if (ok && *settings->mysql_ca && !or_null(p->socket) &&
	    !mysql_get_ssl_cipher(m)) {
		*error = CR_SSL_CONNECTION_ERROR;
		ok = false;
	}
	if (ok)
		return m;
	log_error("sql.connect", "error %u", *error);
	mysql_close(m);
	return NULL;
}

static struct place primary_place(void)
{
	return (struct place){
		settings->mysql_host,           settings->mysql_socket,
		settings->mysql_user,           settings->mysql_password,
		(unsigned)settings->mysql_port, true
	};
}

static struct place replica_place(void)
{
	return (struct place){ settings->replica_host,
		               settings->replica_socket,
		               settings->mysql_user,
		               settings->mysql_password,
		               (unsigned)settings->replica_port,
		               true };
}

static enum rc is_away(struct ctx *c)
{
	enum rc rc = fail(c, RC_UNAVAILABLE, "database_away",
	                  "The database does not answer. Try again.");

	if (!c->err.retry_after_s)
		c->err.retry_after_s = 1;
	return rc;
}

enum rc link_open(struct ctx *c, struct link *l, bool is_replica)
{
	if (l->mysql)
		return RC_OK;
	int64_t start = when_ticks();
	if (start < l->away_until)
		return is_away(c);
	struct place p = is_replica ? replica_place() : primary_place();
	unsigned error;
	remember_link(l);
	l->mysql = place_connect(&p, &error);
	int64_t end = when_ticks();
	if (!l->mysql) {
		count(COUNTER_SQL_ERRORS);
		if (end - start > SLOW_CONNECT_US)
			l->away_until = end + AWAY_US;
		return is_away(c);
	}
	l->used_at = end;
	if (l->was_open)
		count(COUNTER_SQL_RECONNECTS);
	l->was_open = true;
	return RC_OK;
}

enum rc link_open_admin(struct ctx *c, MYSQL **out)
{
	struct place p = primary_place();
	unsigned error;

	if (*settings->mysql_admin_user) {
		p.user = settings->mysql_admin_user;
		p.password = settings->mysql_admin_password;
	}
	p.has_deadline = false;
	MYSQL *m = place_connect(&p, &error);
	if (!m)
		return is_away(c);
	*out = m;
	return RC_OK;
}

static void statement_destroy(struct statement *st)
{
	mysql_stmt_close(st->stmt);
	free(st->text);
	free(st);
}

void link_close(struct link *l)
{
	for (int i = 0; i < l->n_statements; i++)
		statement_destroy(l->statements[i]);
	l->n_statements = 0;
	if (l->mysql)
		mysql_close(l->mysql);
	l->mysql = NULL;
}

void link_forget(struct link *l, struct statement *st)
{
	for (int i = 0; i < l->n_statements; i++) {
		if (l->statements[i] != st)
			continue;
		l->statements[i] = l->statements[--l->n_statements];
		statement_destroy(st);
		return;
	}
}

/* FNV-1a over eight bytes a step: only speed and spread matter. */
static uint64_t text_hash(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u ^ n;

	for (; n >= 8; s += 8, n -= 8) {
		uint64_t w;

		memcpy(&w, s, 8);
		h = (h ^ w) * 0x100000001b3u;
		h ^= h >> 29;
	}
	for (; n; s++, n--)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return h;
}

static void evict_oldest(struct link *l)
{
	int oldest = 0;

	for (int i = 1; i < l->n_statements; i++) {
		if (l->statements[i]->used < l->statements[oldest]->used)
			oldest = i;
	}
	link_forget(l, l->statements[oldest]);
}

static struct statement *statement_create(MYSQL_STMT *stmt, const char *text,
                                          size_t n, uint64_t hash)
{
	struct statement *st = calloc(1, sizeof(*st));
	char *copy = malloc(n + 1);

	if (!st || !copy)
		abort();
	memcpy(copy, text, n);
	copy[n] = '\0';
	st->stmt = stmt;
	st->text = copy;
	st->n_text = n;
	st->hash = hash;
	st->n_params = mysql_stmt_param_count(stmt);
	st->n_columns = mysql_stmt_field_count(stmt);
	return st;
}

struct statement *link_prepare(struct link *l, const char *text, size_t n,
                               unsigned *error)
{
	uint64_t hash = text_hash(text, n);

	l->tick++;
	for (int i = 0; i < l->n_statements; i++) {
		struct statement *st = l->statements[i];

		if (st->hash == hash && st->n_text == n &&
		    !memcmp(st->text, text, n)) {
			st->used = l->tick;
			return st;
		}
	}
	if (l->n_statements == STATEMENTS_MAX)
		evict_oldest(l);
	MYSQL_STMT *stmt = mysql_stmt_init(l->mysql);
	if (!stmt)
		abort();
	if (mysql_stmt_prepare(stmt, text, n)) {
		*error = mysql_stmt_errno(stmt);
		if (mysql_trouble(*error) == TROUBLE_BUG)
			log_error("sql.prepare", "error %u %s in %.300s",
			          *error, mysql_stmt_error(stmt), text);
		mysql_stmt_close(stmt);
		return NULL;
	}
	struct statement *st = statement_create(stmt, text, n, hash);
	st->used = l->tick;
	l->statements[l->n_statements++] = st;
	return st;
}

/* Where arguments are put for the library; each run fills it anew. */
static struct {
	MYSQL_BIND binds[ARGS_MAX];
	MYSQL_TIME times[ARGS_MAX];
	unsigned long lengths[ARGS_MAX];
} params;

/* The library only reads arguments, but does not say so. */
static void *unconst(const void *p)
{
	union {
		const void *in;
		void *out;
	} u = { p };

	return u.out;
}

static void bind_bytes(size_t i, enum enum_field_types type, const void *p,
                       size_t n)
{
	MYSQL_BIND *b = &params.binds[i];

	params.lengths[i] = (unsigned long)n;
	b->buffer_type = type;
	b->buffer = unconst(p);
	b->buffer_length = (unsigned long)n;
	b->length = &params.lengths[i];
}

static void bind_when(size_t i, struct when when)
{
	struct when_parts p = when_split(when);
	MYSQL_TIME *t = &params.times[i];
	MYSQL_BIND *b = &params.binds[i];

	memset(t, 0, sizeof(*t));
	t->year = (unsigned)p.year;
	t->month = (unsigned)p.month;
	t->day = (unsigned)p.day;
	t->hour = (unsigned)p.hour;
	t->minute = (unsigned)p.minute;
	t->second = (unsigned)p.second;
	t->second_part = (unsigned)p.microsecond;
	t->time_type = MYSQL_TIMESTAMP_DATETIME;
	b->buffer_type = MYSQL_TYPE_DATETIME;
	b->buffer = t;
}

static void bind_arg(size_t i, const struct arg *a)
{
	MYSQL_BIND *b = &params.binds[i];

	memset(b, 0, sizeof(*b));
	switch (a->kind) {
	case ARG_NULL:
		b->buffer_type = MYSQL_TYPE_NULL;
		break;
	case ARG_INT:
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		b->buffer = unconst(&a->i);
		break;
	case ARG_REAL:
		b->buffer_type = MYSQL_TYPE_DOUBLE;
		b->buffer = unconst(&a->real);
		break;
	case ARG_TEXT:
		bind_bytes(i, MYSQL_TYPE_STRING, a->text, strlen(a->text));
		break;
	case ARG_ID:
		bind_bytes(i, MYSQL_TYPE_BLOB, a->id.b, sizeof a->id.b);
		break;
	case ARG_WHEN:
		bind_when(i, a->when);
		break;
	case ARG_BLOB:
		bind_bytes(i, MYSQL_TYPE_BLOB, a->blob.p, a->blob.n);
		break;
	}
}

unsigned link_run(struct ctx *c, struct link *l, struct statement *st,
                  struct work *w, enum rc *rc)
{
	if (w->n_args != st->n_params || w->n_args > ARGS_MAX) {
		log_error("sql.arguments", "%zu given in %.300s", w->n_args,
		          w->text);
		*rc = fail(c, RC_INTERNAL, "internal", "Internal error");
		return 0;
	}
	for (size_t i = 0; i < w->n_args; i++)
		bind_arg(i, &w->args[i]);
	if (w->n_args && mysql_stmt_bind_param(st->stmt, params.binds))
		return mysql_stmt_errno(st->stmt);
	if (mysql_stmt_execute(st->stmt))
		return mysql_stmt_errno(st->stmt);
	l->used_at = when_ticks();
	if (w->want == WANT_CHANGE) {
		w->number = (int64_t)mysql_stmt_affected_rows(st->stmt);
		return 0;
	}
	return rows_read(c, st, w, rc);
}
