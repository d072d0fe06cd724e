#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "db/cache.h"
#include "db/migrate.h"
#include "db/sql.h"
#include "fcgi/base/buf.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/confine.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/openapi.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog.h"
#include "handlers/discovery/discovery.h"
#include "handlers/jobs.h"
#include "handlers/ledger/ledger.h"
#include "handlers/operations/operations.h"
#include "handlers/operations/operations_inside.h"
#include "handlers/routes.h"
#include "handlers/start.h"

/* What `admin create` was given; one command a process. */
static struct {
	const char *email, *password, *name;
} admin;

static const char *const pool_names[POOL_N] = { "fast", "slow" };
static const char *const limit_names[LIMIT_N] = {
	"missing", "none", "read", "write", "auth", "register"
};

static void say_why(const struct ctx *c, enum rc rc, const char *command)
{
	const char *why = rc_title(rc);

	if (c->err.code)
		why = c->err.code;
	if (c->err.detail && *c->err.detail)
		why = c->err.detail;
	fprintf(stderr, "merkato %s: %s", command, why);
	if (rc == RC_CONFLICT && !c->err.code)
		fprintf(stderr, " (%s)", sql_duplicate());
	fputc('\n', stderr);
}

int operations_work(enum rc (*run)(struct ctx *c, struct args *a),
                    struct args *a)
{
	struct arena *arena = arena_create(0);
	struct ctx c;
	enum rc rc = RC_DEADLOCK;

	/* What it writes must be the workers'. */
	if (!start_rooms() || !confine_user(settings->user)) {
		arena_destroy(arena);
		return COMMAND_CONFIG;
	}
	start_process();
	ctx_init(&c, arena);
	c.roles = ROLE_SYSTEM;
	c.request_id = "command";
	for (int i = 0; i < 3 && rc == RC_DEADLOCK; i++) {
		fail_clear(&c);
		rc = run(&c, a);
	}
	if (rc == RC_OK)
		dispatch_flush_touches(&c);
	else
		say_why(&c, rc, a->command->name);
	for (const struct field_fault *f = c.err.fields; f; f = f->next)
		fprintf(stderr, "  %s: %s\n", f->path, f->text);
	sql_reset(&c);
	end_process();
	arena_destroy(arena);
	return rc == RC_OK ? COMMAND_OK : COMMAND_FAILED;
}

static enum rc run_jobs(struct ctx *c, struct args *a)
{
	(void)a;
	return jobs_once(c);
}

static int command_jobs(struct args *a)
{
	bool is_once = args_flag(a, "--once");

	if (!args_end(a, is_once ? "" : NULL))
		return COMMAND_USAGE;
	return operations_work(run_jobs, a);
}

static enum rc run_ledger_verify(struct ctx *c, struct args *a)
{
	(void)a;
	return ledger_verify_print(c);
}

static int command_ledger_verify(struct args *a)
{
	if (!args_end(a, ""))
		return COMMAND_USAGE;
	return operations_work(run_ledger_verify, a);
}

static enum rc run_migrate(struct ctx *c, struct args *a)
{
	(void)a;
	return migrate_run(c, settings->migration_dir);
}

static int command_migrate(struct args *a)
{
	if (!args_end(a, ""))
		return COMMAND_USAGE;
	return operations_work(run_migrate, a);
}

static enum rc run_admin_create(struct ctx *c, struct args *a)
{
	(void)a;
	return accounts_admin_create(c, admin.email, admin.password,
	                             admin.name);
}

/* A line from standard input, without showing it on a terminal. */
static const char *read_password(char *line, size_t n)
{
	struct termios shown, hidden;
	bool is_terminal = tcgetattr(STDIN_FILENO, &shown) == 0;

	if (is_terminal) {
		fputs("Password: ", stderr);
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	}
	const char *got = fgets(line, (int)n, stdin);
	if (is_terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fputc('\n', stderr);
	}
	if (got)
		line[strcspn(line, "\r\n")] = '\0';
	return got;
}

static int command_admin_create(struct args *a)
{
	static char line[512];
	const char *name = args_value(a, "--name");

	admin.email = args_word(a);
	if (!args_end(a, admin.email))
		return COMMAND_USAGE;
	admin.name = name ? name : "Administrator";
	admin.password = read_password(line, sizeof(line));
	if (!admin.password) {
		fputs("merkato admin create: no password on standard input\n",
		      stderr);
		return COMMAND_USAGE;
	}
	return operations_work(run_admin_create, a);
}

static enum rc run_flush(struct ctx *c, struct args *a)
{
	(void)a;
	if (cache_flush(c))
		return RC_OK;
	return fail(c, RC_UNAVAILABLE, "cache_away",
	            "the cache does not answer, or none is configured");
}

static int command_cache_flush(struct args *a)
{
	if (!args_end(a, ""))
		return COMMAND_USAGE;
	return operations_work(run_flush, a);
}

static int print_routes_json(void)
{
	struct arena *arena = arena_create(0);
	struct buf b;

	buf_init(&b, arena, 65536);
	buf_putc(&b, '[');
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);

		buf_puts(&b, i ? ",\n{\"method\":" : "\n{\"method\":");
		buf_json(&b, r->method);
		buf_puts(&b, ",\"path\":");
		buf_json(&b, r->path);
		buf_fmt(&b, ",\"pool\":\"%s\",\"limit\":\"%s\",\"who\":",
		        pool_names[r->pool], limit_names[r->limit]);
		openapi_roles(&b, r->who);
		buf_fmt(&b,
		        ",\"cache_s\":%d,\"once\":%s,\"list\":%s,"
		        "\"multipart\":%s,\"summary\":",
		        route_cache_s(r), r->once ? "true" : "false",
		        r->list ? "true" : "false",
		        r->body_kind == BODY_MULTIPART ? "true" : "false");
		buf_json(&b, r->summary);
		buf_putc(&b, '}');
	}
	buf_puts(&b, "\n]\n");
	fwrite(b.s, 1, b.n, stdout);
	arena_destroy(arena);
	return COMMAND_OK;
}

static int print_routes(void)
{
	struct arena *arena = arena_create(0);

	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);
		struct buf who;

		buf_init(&who, arena, 64);
		openapi_roles(&who, r->who);
		printf("%-6s %-46s %-4s %-8s %-30s %s%s%s\n", r->method,
		       r->path, pool_names[r->pool], limit_names[r->limit],
		       who.s, r->cache ? "[cached] " : "",
		       r->once ? "[once] " : "", r->summary);
	}
	arena_destroy(arena);
	return COMMAND_OK;
}

static int command_routes(struct args *a)
{
	bool is_json = args_flag(a, "--json");

	if (!args_end(a, ""))
		return COMMAND_USAGE;
	routes_use(all_routes);
	return is_json ? print_routes_json() : print_routes();
}

static int command_openapi(struct args *a)
{
	size_t n;

	if (!args_end(a, ""))
		return COMMAND_USAGE;
	routes_use(all_routes);
	const char *text = openapi_text(&n);
	fwrite(text, 1, n, stdout);
	putchar('\n');
	return COMMAND_OK;
}

static int command_check_config(struct args *a)
{
	bool is_sample = args_flag(a, "--sample");

	if (!args_end(a, ""))
		return COMMAND_USAGE;
	if (is_sample) {
		settings_sample();
		return COMMAND_OK;
	}
	bool is_right = start_rooms();
	int weak = settings_print();
	return !is_right ? COMMAND_CONFIG : weak ? COMMAND_FAILED : COMMAND_OK;
}

bool operations_is_migrated(void)
{
	enum { DONE, PENDING, AWAY };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct ctx c;
		int n = 0;

		ctx_init(&c, arena_create(0));
		enum rc rc = migrate_pending(&c, settings->migration_dir, &n);
		if (rc == RC_CONFLICT)
			fprintf(stderr, "merkato: %s\n", c.err.detail);
		_exit(rc == RC_CONFLICT || n ? PENDING : rc ? AWAY : DONE);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return false;
	if (WEXITSTATUS(status) == AWAY)
		log_warn("serve", "the database does not answer: starting "
		                  "without having looked at its migrations");
	if (WEXITSTATUS(status) == PENDING)
		fputs("merkato: the database lacks migrations; run: merkato "
		      "migrate\n",
		      stderr);
	return WEXITSTATUS(status) != PENDING;
}

static enum rc run_categories_verify(struct ctx *c, struct args *a)
{
	int64_t n = 0;
	enum rc rc = catalog_categories_verify(c, &n);

	(void)a;
	if (rc)
		return rc;
	if (n)
		return fail(c, RC_CONFLICT, "unsound",
		            "%lld nodes or counts are not what they should be",
		            (long long)n);
	puts("the category tree is sound");
	return RC_OK;
}

static int command_categories_verify(struct args *a)
{
	if (!args_end(a, ""))
		return COMMAND_USAGE;
	return operations_work(run_categories_verify, a);
}

static enum rc run_search_rebuild(struct ctx *c, struct args *a)
{
	int64_t n = 0;
	enum rc rc = catalog_rebuild(c, &n);

	(void)a;
	if (rc)
		return rc;
	printf("%lld products\n", (long long)n);
	if (!discovery_has_server())
		return RC_OK;
	rc = discovery_rebuild_server(c, &n);
	if (!rc)
		printf("%lld of them on the search server\n", (long long)n);
	return rc;
}

static int command_search_rebuild(struct args *a)
{
	if (!args_end(a, ""))
		return COMMAND_USAGE;
	return operations_work(run_search_rebuild, a);
}

const struct command operations_commands[] = {
	{ .name = "migrate",
	  .usage = "",
	  .summary = "Bring the database's tables up to date",
	  .help = "Runs the migrations that are missing, in order, under a lock; "
	          "old\nworkers may go on meanwhile. As MERKATO_MYSQL_ADMIN_USER "
	          "if one is set.",
	  .run = command_migrate },
	{ .name = "ledger verify",
	  .usage = "",
	  .summary = "Check that the books add up",
	  .help = "Every transaction must sum to zero, and every balance be the "
	          "sum of its\nentries. Exits with 1 when they do not.",
	  .run = command_ledger_verify },
	{ .name = "admin create",
	  .usage = "EMAIL [--name NAME]",
	  .summary = "Create the first super admin",
	  .help = "The password is read from standard input, never from the "
	          "command line.",
	  .run = command_admin_create },
	{ .name = "demo",
	  .usage = "[--full | --size small|full|million] [--accounts FILE]",
	  .summary = "Fill an empty database with a marketplace to look at",
	  .help = "small: 14 stores, 300 products. full: 1,000 stores, 100,000 "
	          "products.\nmillion: 1,000,000 products. Who can log in is "
	          "written to FILE or\nstandard output, with new passwords.",
	  .run = command_demo },
	{ .name = "jobs",
	  .usage = "--once",
	  .summary = "Do the timed work that is due",
	  .help = "For cron, on hosts where no job runner stays alive.",
	  .run = command_jobs },
	{ .name = "categories verify",
	  .usage = "",
	  .summary = "Check the category tree and its counts",
	  .help = "Exit status 1 = some nodes or counts are not what they "
	          "should be.",
	  .run = command_categories_verify },
	{ .name = "search rebuild",
	  .usage = "",
	  .summary = "Make the search words of all products anew",
	  .help = "Also price bounds, visibility and counts; then the index of "
	          "the search\nserver, if one is set. May run while workers "
	          "serve.",
	  .run = command_search_rebuild },
	{ .name = "keys rotate",
	  .usage = "[--after 300]",
	  .summary =
	          "Print a new MERKATO_JWT_KEYS: a new key, and the last one",
	  .help = "Tokens signed with the key in use stay valid until they "
	          "expire. The new key signs after so many seconds, when all "
	          "hosts have been reloaded.",
	  .run = command_keys_rotate },
	{ .name = "rules replay",
	  .usage = "[--days N]",
	  .summary = "Try the rules of suspicious activity on past events",
	  .help = "Prints how often each rule would have fired in the last N "
	          "days (30\nunless told) as it is set now. Nothing is done.",
	  .run = command_rules_replay },
	{ .name = "cache flush",
	  .usage = "",
	  .summary = "Empty the cache",
	  .run = command_cache_flush },
	{ .name = "routes",
	  .usage = "[--json]",
	  .summary = "Print every endpoint with its access, limits and pool",
	  .is_bare = true,
	  .run = command_routes },
	{ .name = "openapi",
	  .usage = "",
	  .summary = "Print the OpenAPI document",
	  .run = command_openapi },
	{ .name = "check-config",
	  .usage = "[--sample]",
	  .summary = "Print every setting, and which are weak",
	  .help = "--sample prints a commented file of all settings.\n"
	          "Exit status 1 = something is weak, 3 = serve would not start.",
	  .run = command_check_config },
	{ NULL },
};
