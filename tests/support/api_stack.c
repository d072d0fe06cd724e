#include "config.h"

#include "tests/support/api_stack.h"

#include <dirent.h>
#include <mysql.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "tests/support/api.h"

enum { STEP_MS = 25, MAIL_WAIT_S = 20, REPLACE_WAIT_S = 30 };

/* One program looks at one stack; the connection is opened on first use. */
static struct {
	json_t *dev;
	MYSQL *sql;
} state;

void stack_read(void)
{
	const char *path = getenv("MERKATO_DEV_JSON");

	if (!path || !*path)
		check_skip("no stack is running (MERKATO_DEV_JSON)");
	json_t *dev = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	if (!dev)
		return; /* the stack is writing it anew, or is ending */
	json_decref(state.dev);
	state.dev = dev;
}

static void close_sql(void)
{
	if (state.sql)
		mysql_close(state.sql);
	state.sql = NULL;
}

void stack_close(void)
{
	close_sql();
	mysql_library_end();
	json_decref(state.dev);
	state.dev = NULL;
}

const char *dev_text(const char *path)
{
	const char *s = json_string_value(json_at(state.dev, path));

	NEED_TRUE(s != NULL, FMT("dev.json has %s", path));
	return s;
}

int64_t dev_int(const char *path)
{
	return json_integer_value(json_at(state.dev, path));
}

bool wait_until(bool (*holds)(void *arg), void *arg, int seconds)
{
	int64_t until = when_ticks() + seconds * 1000000LL;

	while (!holds(arg)) {
		if (when_ticks() > until)
			return false;
		check_pause(STEP_MS);
	}
	return true;
}

/* Mails. The files' names begin with the time and contain the address. */

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rbe");
	struct buf b;
	char piece[4096];
	size_t n;

	if (!f)
		return NULL;
	buf_init(&b, tc->arena, 4096);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&b, piece, n);
	fclose(f);
	return b.s;
}

struct search {
	const char *address, *word;
	const char *newest; /* file's name */
	struct mail_found mail;
	int n;
};

static const char *subject_of(const char *raw)
{
	const char *s = strstr(raw, "\nSubject: ");

	return s ? arena_strndup(tc->arena, s + 10, strcspn(s + 10, "\r\n"))
	         : "";
}

static void look_at(struct search *s, const char *name)
{
	const char *raw = read_file(FMT("%s/%s", dev_text("mail_dir"), name));

	if (!raw || (s->word && !strstr(raw, s->word)))
		return;
	s->n++;
	if (s->newest && strcmp(name, s->newest) < 0)
		return;
	const char *body = strstr(raw, "\r\n\r\n");
	s->newest = arena_strdup(tc->arena, name);
	s->mail = (struct mail_found){ .subject = subject_of(raw),
		                       .text = body ? body + 4 : "",
		                       .raw = raw };
}

static bool has_mail(void *arg)
{
	struct search *s = arg;
	DIR *d = opendir(dev_text("mail_dir"));
	const char *part = FMT("-%s-", s->address);

	s->n = 0;
	if (!d)
		return false;
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		if (*e->d_name != '.' && strstr(e->d_name, part))
			look_at(s, e->d_name);
	closedir(d);
	return s->n > 0;
}

struct mail_found mail_to(const char *address, const char *word)
{
	struct search s = { .address = address, .word = word };

	NEED_TRUE(wait_until(has_mail, &s, MAIL_WAIT_S),
	          FMT("a mail to %s about %s", address, word ? word : "*"));
	return s.mail;
}

int mail_count(const char *address, const char *word)
{
	struct search s = { .address = address, .word = word };

	has_mail(&s);
	return s.n;
}

const char *mail_link(const struct mail_found *m, const char *part)
{
	for (const char *s = strstr(m->text, "http"); s;
	     s = strstr(s + 4, "http")) {
		size_t n = strcspn(s, " \t\r\n\"<>)");
		char *link = arena_strndup(tc->arena, s, n);

		if (strstr(link, part))
			return link;
	}
	NEED_TRUE(false, FMT("a link with %s in: %s", part, m->text));
	return NULL;
}

const char *link_value(const char *link, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = strpbrk(link, "?#"); s; s = strpbrk(s, "&?#")) {
		s++;
		if (strncmp(s, name, n) == 0 && s[n] == '=')
			return arena_strndup(tc->arena, s + n + 1,
			                     strcspn(s + n + 1, "&#"));
	}
	return NULL;
}

/* Rows. The operating system's user is the database's, by its socket. */

static MYSQL *sql(void)
{
	const struct passwd *me = getpwuid(geteuid());

	if (state.sql && mysql_ping(state.sql) == 0)
		return state.sql;
	close_sql();
	state.sql = mysql_init(NULL);
	mysql_options(state.sql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	NEED_TRUE(mysql_real_connect(state.sql, NULL, me ? me->pw_name : "root",
	                             NULL, dev_text("mysql_database"), 0,
	                             dev_text("mysql_socket"), 0) != NULL,
	          mysql_error(state.sql));
	return state.sql;
}

static void run_sql(const char *text)
{
	MYSQL *m = sql();

	NEED_TRUE(mysql_query(m, text) == 0,
	          FMT("%s: %s", text, mysql_error(m)));
}

static const char *value_of(const char *text)
{
	run_sql(text);
	MYSQL_RES *rows = mysql_store_result(state.sql);
	MYSQL_ROW row = rows ? mysql_fetch_row(rows) : NULL;
	const char *s = row ? arena_strdup(tc->arena, row[0]) : NULL;

	mysql_free_result(rows);
	return s;
}

const char *peek(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = arena_vfmt(tc->arena, fmt, ap);
	va_end(ap);
	return value_of(text);
}

int64_t peek_int(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *s = value_of(arena_vfmt(tc->arena, fmt, ap));
	va_end(ap);
	return s ? strtoll(s, NULL, 10) : INT_NONE;
}

void poke(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	run_sql(arena_vfmt(tc->arena, fmt, ap));
	va_end(ap);
}

/* Processes. */

pid_t process_of(const char *name)
{
	stack_read();
	return (pid_t)dev_int(FMT("pids.%s", name));
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[512];
	FILE *f;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	/* "pid (name) state parent …"; the name may hold anything. */
	const char *s = strrchr(text, ')');
	if (s && s[1] && s[2])
		parent = (int)strtol(s + 4, NULL, 10);
	return (pid_t)parent;
}

size_t workers_of(pid_t *out, size_t max)
{
	pid_t master = process_of("merkato");
	pid_t apache = master ? 0 : process_of("apache");
	DIR *d = opendir("/proc");
	size_t n = 0;

	NEED_TRUE(d != NULL && (master || apache), "merkato runs");
	for (struct dirent *e = readdir(d); e && n < max; e = readdir(d)) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		pid_t parent = pid > 0 ? parent_of(pid) : 0;

		if (parent && (parent == master ||
		               (apache && parent_of(parent) == apache)))
			out[n++] = pid;
	}
	closedir(d);
	return n;
}

struct replacement {
	const char *name;
	pid_t old;
};

static bool is_replaced(void *arg)
{
	const struct replacement *r = arg;
	pid_t now = process_of(r->name);

	return now > 0 && now != r->old;
}

void process_replace(const char *name, int signal)
{
	struct replacement r = { name, process_of(name) };

	NEED_TRUE(r.old > 0 && kill(r.old, signal) == 0,
	          FMT("%s can be killed", name));
	NEED_TRUE(wait_until(is_replaced, &r, REPLACE_WAIT_S),
	          FMT("%s is started again", name));
}

static bool is_ready(void *arg)
{
	(void)arg;
	return api_get("/readyz", NULL)->status == 200;
}

bool wait_ready(int seconds)
{
	return wait_until(is_ready, NULL, seconds);
}

/* Shared with the process that does the damage. */
static struct {
	atomic_int *step;
	pid_t child;
} at_work;

enum { NO_MORE_STEPS = 1 << 20 };

void damage_begin(void (*damage)(void))
{
	if (!at_work.step)
		at_work.step = mmap(NULL, sizeof(*at_work.step),
		                    PROT_READ | PROT_WRITE,
		                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED_TRUE(at_work.step != MAP_FAILED, "shared memory");
	atomic_store(at_work.step, 0);
	at_work.child = fork();
	if (at_work.child)
		return;
	damage();
	_exit(0);
}

void damage_step(void)
{
	atomic_fetch_add(at_work.step, 1);
}

void damage_at(int n)
{
	while (atomic_load(at_work.step) < n)
		check_pause(1);
}

void damage_end(void)
{
	atomic_store(at_work.step, NO_MORE_STEPS);
	waitpid(at_work.child, NULL, 0);
}

int64_t times_told(const char *topic, const char *product)
{
	return peek_int(
		"SELECT COUNT(*) FROM (SELECT id FROM outbox"
		" WHERE topic = '%s' AND subject = UNHEX(REPLACE('%s', '-',"
		" '')) UNION SELECT event_id FROM notification"
		" WHERE topic = '%s' AND subject_id = UNHEX(REPLACE('%s', '-',"
		" ''))) AS x",
		topic, product, topic, product);
}
