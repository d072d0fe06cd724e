#include "config.h"

#include "fcgi/http/html.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fcgi/http/mustache.h"

enum { FILE_MAX = 256 * 1024, NAME_LENGTH_MAX = 200 };

struct entry {
	const char *name;
	struct mustache *template;
	struct entry *next;
};

/* Filled once at start, before fork, and only read afterwards. */
static struct {
	struct arena *arena;
	struct entry *entries;
} loaded;

static const struct mustache *find_template(void *self, const char *name)
{
	(void)self;
	for (const struct entry *e = loaded.entries; e; e = e->next)
		if (!strcmp(e->name, name))
			return e->template;
	return NULL;
}

static bool has_ending(const char *s, const char *ending)
{
	size_t n = strlen(s), n_ending = strlen(ending);

	return n >= n_ending && !strcmp(s + n - n_ending, ending);
}

static unsigned flags_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (has_ending(name, ".txt"))
		return MUSTACHE_PLAIN;
	return strcmp(slash ? slash + 1 : name, "layout.html") == 0
	               ? MUSTACHE_RAW
	               : 0;
}

static bool complain(const char *path, const char *why)
{
	fprintf(stderr, "%s: %s\n", path, why);
	return false;
}

/* The whole file in the templates' arena; NULL with *why. */
static const char *read_all(const char *path, size_t *n, const char **why)
{
	FILE *f = fopen(path, "rbe");

	if (!f) {
		*why = strerror(errno);
		return NULL;
	}
	struct stat st;
	char *text = NULL;
	if (!fstat(fileno(f), &st) && st.st_size <= FILE_MAX) {
		text = arena_alloc(loaded.arena, (size_t)st.st_size + 1);
		*n = fread(text, 1, (size_t)st.st_size, f);
	}
	fclose(f);
	*why = "is larger than 256 kB";
	return text;
}

static bool load_file(const char *path, const char *name)
{
	const char *why = NULL;
	size_t n = 0;
	const char *text = read_all(path, &n, &why);

	if (!text)
		return complain(path, why);
	struct mustache *m =
		mustache_compile(loaded.arena, text, n, flags_of(name), &why);
	if (!m)
		return complain(path, why);
	struct entry *e = arena_new(loaded.arena, struct entry);
	*e = (struct entry){ arena_strdup(loaded.arena, name), m,
		             loaded.entries };
	loaded.entries = e;
	return true;
}

/* There is room: the name was checked to end one byte before its buffer. */
static const char *add_slash(char *name)
{
	size_t n = strlen(name);

	name[n] = '/';
	name[n + 1] = '\0';
	return name;
}

static bool load_folder(const char *dir, const char *prefix, int depth)
{
	DIR *d = opendir(dir);
	bool ok = true;

	if (!d)
		return complain(dir, strerror(errno));
	for (struct dirent *f = readdir(d); f && ok; f = readdir(d)) {
		char path[PATH_MAX], name[NAME_LENGTH_MAX];
		struct stat st;

		if (f->d_name[0] == '.' || !strcmp(f->d_name, "static"))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, f->d_name) >=
		            (int)sizeof(path) ||
		    snprintf(name, sizeof(name), "%s%s", prefix, f->d_name) >=
		            (int)sizeof(name) - 1 ||
		    stat(path, &st))
			ok = complain(f->d_name, "cannot be read");
		else if (S_ISDIR(st.st_mode) && depth < 4)
			ok = load_folder(path, add_slash(name), depth + 1);
		else if (has_ending(name, ".html") || has_ending(name, ".txt"))
			ok = load_file(path, name);
	}
	closedir(d);
	return ok;
}

struct check {
	const char *name;
	bool ok;
};

static void check_partial(void *self, const char *partial)
{
	struct check *check = self;

	if (find_template(NULL, partial))
		return;
	fprintf(stderr, "%s: there is no partial %s\n", check->name, partial);
	check->ok = false;
}

bool html_load(const char *dir)
{
	if (loaded.arena)
		arena_reset(loaded.arena);
	else
		loaded.arena = arena_create(0);
	loaded.entries = NULL;
	if (!load_folder(dir, "", 0))
		return false;
	bool ok = true;
	for (const struct entry *e = loaded.entries; e; e = e->next) {
		struct check check = { e->name, true };

		mustache_partials(e->template, check_partial, &check);
		ok = ok && check.ok;
	}
	return ok;
}

bool html_has(const char *name)
{
	return find_template(NULL, name) != NULL;
}

enum rc html_render(struct ctx *c, const char *name, const json_t *data,
                    struct buf *out)
{
	const struct mustache *m = find_template(NULL, name);
	const char *why = NULL;

	if (!m)
		return fail(c, RC_INTERNAL, "no_template", "no template %s",
		            name);
	if (!mustache_render(m, data, find_template, NULL, out, &why))
		return fail(c, RC_INTERNAL, "bad_template", "%s: %s", name,
		            why);
	return RC_OK;
}

/* The partials of html_render_text: compiled when asked for. */
struct texts {
	struct ctx *c;
	const json_t *partials;
	const char *why;
};

static const struct mustache *compile_partial(void *self, const char *name)
{
	struct texts *t = self;
	const json_t *text = json_object_get(t->partials, name);

	if (!json_is_string(text))
		return NULL;
	return mustache_compile(t->c->arena, json_string_value(text),
	                        json_string_length(text), MUSTACHE_RAW,
	                        &t->why);
}

bool html_render_text(struct ctx *c, const char *text, const json_t *data,
                      const json_t *partials, struct buf *out, const char **why)
{
	struct texts texts = { c, partials, NULL };
	struct mustache *m = mustache_compile(c->arena, text, strlen(text),
	                                      MUSTACHE_RAW, why);

	if (!m || !mustache_render(m, data, compile_partial, &texts, out, why))
		return false;
	*why = texts.why;
	return !texts.why;
}
