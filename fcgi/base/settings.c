#include "config.h"

#include "fcgi/base/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fcgi/base/arena.h"
#include "fcgi/base/text.h"

extern char **environ;

enum type { TYPE_TEXT, TYPE_SECRET, TYPE_INT, TYPE_BOOL };

struct row {
	const char *name; /* lower case, without MERKATO_ */
	enum type type;
	size_t at;
	const char *fallback;
	int64_t min, max;
	const char *help;
};

#define AT(name) offsetof(struct settings, name)
#define ROW_TEXT(name, fallback, help) \
	{ #name, TYPE_TEXT, AT(name), fallback, 0, 0, help },
#define ROW_SECRET(name, help) { #name, TYPE_SECRET, AT(name), "", 0, 0, help },
#define ROW_INT(name, fallback, min, max, help) \
	{ #name, TYPE_INT, AT(name), #fallback, min, max, help },
#define ROW_BOOL(name, fallback, help) \
	{ #name, TYPE_BOOL, AT(name), #fallback, 0, 0, help },
static const struct row rows[] = { SETTINGS_TABLE(ROW_TEXT, ROW_SECRET, ROW_INT,
	                                          ROW_BOOL) };
enum { N_ROWS = sizeof(rows) / sizeof(*rows) };

#define DEFAULT_TEXT(name, fallback, help) .name = fallback,
#define DEFAULT_SECRET(name, help) .name = "",
#define DEFAULT_INT(name, fallback, min, max, help) .name = fallback,
#define DEFAULT_BOOL(name, fallback, help) .name = fallback,
static const struct settings defaults = { SETTINGS_TABLE(
	DEFAULT_TEXT, DEFAULT_SECRET, DEFAULT_INT, DEFAULT_BOOL) };
static struct settings current = { SETTINGS_TABLE(DEFAULT_TEXT, DEFAULT_SECRET,
	                                          DEFAULT_INT, DEFAULT_BOOL) };
const struct settings *const settings = &current;

/* Values live as long as the process. */
static struct arena *memory;
static bool was_set[N_ROWS];
/* Secrets that came by the environment, which has forgotten them since: for a
 * reload. */
static const char *kept[N_ROWS];

static const char PREFIX[] = "MERKATO_";
enum { PREFIX_LENGTH = sizeof(PREFIX) - 1, KEY_MAX = 64, FILE_MAX = 65536 };

/* Where a value comes from, for messages. */
struct source {
	const char *file; /* "environment" when not a file */
	int line;
};

static bool complain(const struct source *from, const char *key,
                     const char *what)
{
	if (from->line)
		fprintf(stderr, "%s:%d: %s: %s\n", from->file, from->line, key,
		        what);
	else
		fprintf(stderr, "%s: %s: %s\n", from->file, key, what);
	return false;
}

/* name without MERKATO_, any case; -1 = unknown. */
static int find_row(const char *name, size_t n)
{
	for (int i = 0; i < N_ROWS; i++)
		if (strlen(rows[i].name) == n &&
		    strncasecmp(rows[i].name, name, n) == 0)
			return i;
	return -1;
}

static bool store_int(const struct row *row, const char *value, char why[160])
{
	int64_t v;

	if (!text_int(value, strlen(value), &v) || v < row->min ||
	    v > row->max) {
		snprintf(why, 160, "must be a whole number from %lld to %lld",
		         (long long)row->min, (long long)row->max);
		return false;
	}
	*(int64_t *)(void *)((char *)&current + row->at) = v;
	return true;
}

static bool store_bool(const struct row *row, const char *value, char why[160])
{
	static const char *const yes[] = { "1", "true", "yes", "on" };
	static const char *const no[] = { "0", "false", "no", "off" };

	for (size_t i = 0; i < 4; i++) {
		bool is_yes = strcasecmp(value, yes[i]) == 0;

		if (is_yes || strcasecmp(value, no[i]) == 0) {
			*(bool *)((char *)&current + row->at) = is_yes;
			return true;
		}
	}
	snprintf(why, 160, "must be true or false");
	return false;
}

static bool store(int i, const char *value, const struct source *from)
{
	char why[160];
	const struct row *row = &rows[i];
	bool ok = true;

	if (row->type == TYPE_INT)
		ok = store_int(row, value, why);
	else if (row->type == TYPE_BOOL)
		ok = store_bool(row, value, why);
	else
		*(const char **)(void *)((char *)&current + row->at) =
			arena_strdup(memory, value);
	was_set[i] = true;
	return ok || complain(from, row->name, why);
}

/* All of a file without the line feeds at its end; NULL with a message. */
static char *read_all(const char *path, const struct source *from,
                      const char *key)
{
	FILE *f = fopen(path, "re");
	char *text = arena_alloc(memory, FILE_MAX + 1);

	if (!f) {
		fprintf(stderr, "%s:%d: %s: %s: %s\n", from->file, from->line,
		        key, path, strerror(errno));
		return NULL;
	}
	size_t n = fread(text, 1, FILE_MAX + 1, f);
	fclose(f);
	if (n > FILE_MAX) {
		complain(from, key, "the file is too large");
		return NULL;
	}
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	text[n] = '\0';
	return text;
}

/* key with its prefix; MERKATO_X_FILE names a file that holds the value of X.
 */
static bool take(const char *key, const char *value, const struct source *from)
{
	size_t n = strlen(key);

	if (n > KEY_MAX || strncmp(key, PREFIX, PREFIX_LENGTH) != 0)
		return complain(from, key,
		                "unknown key (keys begin with MERKATO_)");
	const char *name = key + PREFIX_LENGTH;
	n -= PREFIX_LENGTH;
	int i = find_row(name, n);
	if (i >= 0)
		return store(i, value, from);
	if (n > 5 && strcasecmp(name + n - 5, "_FILE") == 0) {
		i = find_row(name, n - 5);
		if (i >= 0 && rows[i].type <= TYPE_SECRET) {
			char *text = read_all(value, from, key);

			return text && store(i, text, from);
		}
	}
	return complain(from, key, "unknown key");
}

static char *trim(char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	size_t n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

/* KEY=VALUE, with "…" or '…' around a value that keeps its blanks. */
static bool take_line(char *line, const struct source *from)
{
	char *s = trim(line);

	if (!*s || *s == '#')
		return true;
	char *equals = strchr(s, '=');
	if (!equals)
		return complain(from, s, "a line is KEY=VALUE");
	*equals = '\0';
	char *value = trim(equals + 1);
	size_t n = strlen(value);
	if (n >= 2 && (*value == '"' || *value == '\'') &&
	    value[n - 1] == *value) {
		value[n - 1] = '\0';
		value++;
	}
	return take(trim(s), value, from);
}

static bool load_file(const char *path)
{
	struct source from = { path, 0 };
	struct stat st;
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;
	bool ok = true;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	if (fstat(fileno(f), &st) == 0 && (st.st_mode & S_IRWXO)) {
		fclose(f);
		return complain(&from, "permissions",
		                "others may read it; chmod 0640 it");
	}
	while (getline(&line, &capacity, f) >= 0) {
		from.line++;
		ok = take_line(line, &from) && ok;
	}
	free(line);
	fclose(f);
	return ok;
}

static bool load_environment(void)
{
	static const struct source from = { "environment", 0 };
	bool ok = true;

	for (char **e = environ; e && *e; e++) {
		const char *equals = strchr(*e, '=');

		if (!equals || strncmp(*e, PREFIX, PREFIX_LENGTH) != 0)
			continue;
		char *key = arena_strndup(memory, *e, (size_t)(equals - *e));
		/* The dev script's and the tests' own variables are none of the
		 * program's. */
		if (strncmp(key, "MERKATO_DEV_", 12) == 0 ||
		    strcmp(key, "MERKATO_CONF") == 0)
			continue;
		ok = take(key, equals + 1, &from) && ok;
	}
	return ok;
}

/* Children and /proc must not show what was read. */
static void forget_environment(void)
{
	for (int i = 0; i < N_ROWS; i++) {
		char key[PREFIX_LENGTH + KEY_MAX + 1];

		if (rows[i].type != TYPE_SECRET)
			continue;
		int n = snprintf(key, sizeof(key), "%s%s", PREFIX,
		                 rows[i].name);
		for (int k = 0; k < n; k++)
			key[k] = (char)toupper((unsigned char)key[k]);
		const char *value = getenv(key);
		if (value)
			kept[i] = arena_strdup(memory, value);
		unsetenv(key);
	}
}

static void recall_environment(void)
{
	static const struct source again = { .file = "environment" };

	for (int i = 0; i < N_ROWS; i++)
		if (kept[i])
			store(i, kept[i], &again);
}

/* An empty path becomes tail below base. */
static void derive(const char **value, const char *base, const char *tail)
{
	if (!**value)
		*value = arena_fmt(memory, "%s%s", base, tail);
}

static void derive_all(void)
{
	derive(&current.template_dir, MERKATO_DATADIR, "/templates");
	derive(&current.migration_dir, MERKATO_DATADIR, "/migrations");
	derive(&current.static_dir, current.template_dir, "/static");
	derive(&current.temp_dir, current.data_dir, "/tmp");
	derive(&current.mail_dir, current.data_dir, "/mail");
	derive(&current.media_base_url, current.base_url, "/media");
	derive(&current.mysql_admin_user, current.mysql_user, "");
	if (!*current.mysql_admin_password)
		current.mysql_admin_password = current.mysql_password;
}

static bool is_example(const char *secret)
{
	static const char *const examples[] = { "change", "example", "secret",
		                                "password", "default" };
	size_t n = sizeof(examples) / sizeof(*examples);
	char run = secret[0];
	bool is_run = true;

	for (const char *s = secret; *s; s++)
		is_run = is_run && *s == run;
	for (size_t i = 0; i < n; i++)
		if (strcasestr(secret, examples[i]))
			return true;
	return is_run;
}

static bool refuse(const char *key, const char *what)
{
	fprintf(stderr, "configuration: %s: %s\n", key, what);
	return false;
}

static bool check_secret(const char *key, const char *value)
{
	if (!*value)
		return true;
	if (strlen(value) < 32)
		return refuse(key, "must have at least 32 bytes");
	if (is_example(value))
		return refuse(
			key,
			"is no secret; make one with: openssl rand -hex 32");
	return true;
}

static bool is_url(const char *s)
{
	bool ok = text_starts(s, "https://") || text_starts(s, "http://");

	return ok && s[strlen(s) - 1] != '/' && !strpbrk(s, " \t\"<>");
}

static bool check_all(void)
{
	bool ok = check_secret("secret", current.secret);

	ok = check_secret("payment_webhook_secret",
	                  current.payment_webhook_secret) &&
	     ok;
	if (*current.secret &&
	    strcmp(current.secret, current.payment_webhook_secret) == 0)
		ok = refuse("payment_webhook_secret",
		            "must differ from secret");
	if (!is_url(current.base_url))
		ok = refuse(
			"base_url",
			"must begin with https:// or http:// and not end with /");
	if (!is_url(current.media_base_url))
		ok = refuse(
			"media_base_url",
			"must begin with https:// or http:// and not end with /");
	if (strlen(current.currency) != 3)
		ok = refuse("currency", "must be an ISO 4217 code such as ETB");
	return ok;
}

bool settings_load(const char *file)
{
	struct settings before = current;

	if (!memory)
		memory = arena_create(0);
	current = defaults;
	memset(was_set, 0, sizeof(was_set));
	bool ok = !file || load_file(file);
	recall_environment();
	ok = load_environment() && ok;
	derive_all();
	ok = check_all() && ok;
	forget_environment();
	if (!ok)
		current = before;
	return ok;
}

bool settings_set(const char *key, const char *value)
{
	static const struct source from = { "setting", 0 };

	if (!memory)
		memory = arena_create(0);
	int i = find_row(key, strlen(key));
	return i >= 0 ? store(i, value, &from)
	              : complain(&from, key, "unknown key");
}

static void print_row(int i)
{
	const struct row *row = &rows[i];
	const char *at = (const char *)&current + row->at;

	printf("MERKATO_");
	for (const char *s = row->name; *s; s++)
		putchar(toupper((unsigned char)*s));
	putchar('=');
	if (row->type == TYPE_INT)
		printf("%lld", (long long)*(const int64_t *)(const void *)at);
	else if (row->type == TYPE_BOOL)
		fputs(*(const bool *)at ? "true" : "false", stdout);
	else if (row->type == TYPE_SECRET)
		fputs(**(const char *const *)(const void *)at ? "(set)" : "",
		      stdout);
	else
		fputs(*(const char *const *)(const void *)at, stdout);
	printf("%s\n", was_set[i] ? "" : "    # default");
}

static bool has_no_secret(void)
{
	return !*current.secret;
}

static bool has_few_rounds(void)
{
	return current.password_rounds < 600000;
}

static bool is_plain_http(void)
{
	return !text_starts(current.base_url, "https://");
}

static bool has_no_cache(void)
{
	return !*current.memcached;
}

static bool is_demo(void)
{
	return current.demo;
}

static const struct weakness {
	bool (*is_weak)(void);
	const char *text;
} weaknesses[] = {
	{ has_no_secret, "MERKATO_SECRET is not set: serve will not start" },
	{ has_few_rounds, "MERKATO_PASSWORD_ROUNDS is below 600000" },
	{ is_plain_http,
	  "MERKATO_BASE_URL is not https: cookies travel in clear" },
	{ has_no_cache,
	  "MERKATO_MEMCACHED is not set: every answer asks the database" },
	{ is_demo, "MERKATO_DEMO is on: for trying out only" },
	{ NULL, NULL },
};

int settings_print(void)
{
	int n = 0;

	for (int i = 0; i < N_ROWS; i++)
		print_row(i);
	for (const struct weakness *w = weaknesses; w->text; w++)
		if (w->is_weak()) {
			printf("# weak: %s\n", w->text);
			n++;
		}
	return n;
}

void settings_sample(void)
{
	puts("# Merkato's settings with their defaults: this file is what\n"
	     "# `merkato check-config --sample` prints. Copy it to\n"
	     "# /etc/merkato/merkato.conf, owner root, group merkato, mode 0640, and\n"
	     "# take the # off what you change; MERKATO_SECRET is the one that must\n"
	     "# be set. Lines are KEY=VALUE as systemd, docker and shells read them.\n"
	     "# An environment variable of the same name goes over the file, and\n"
	     "# MERKATO_X_FILE reads X from a file. `merkato check-config` tells\n"
	     "# what is set and what is weak.");
	for (int i = 0; i < N_ROWS; i++) {
		const struct row *row = &rows[i];

		printf("\n# %s", row->help);
		if (row->type == TYPE_INT)
			printf(" (%lld to %lld)", (long long)row->min,
			       (long long)row->max);
		printf("\n#MERKATO_");
		for (const char *s = row->name; *s; s++)
			putchar(toupper((unsigned char)*s));
		printf("=%s\n", row->fallback);
	}
}
