#include "config.h"

#include "tests/support/check.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SKIPPED 77    /* automake's word for it */
#define SHOWN_MAX 400 /* bytes of a text that a failure shows */

struct ctx *tc;

/* One program runs one suite: what its hooks are and what the last check
 * found. */
static struct {
	struct arena *arena;
	struct ctx ctx;
	const struct check_hooks *hooks;
	char said[3 * SHOWN_MAX];
} state;

static void before_each(void)
{
	ctx_init(&state.ctx, state.arena);
	tc = &state.ctx;
	if (state.hooks && state.hooks->before)
		state.hooks->before();
}

static void after_each(void)
{
	if (state.hooks && state.hooks->after)
		state.hooks->after();
	arena_reset(state.arena);
}

static bool is_wanted(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (strstr(name, argv[i]))
			return true;
	return argc < 2;
}

static int run(int argc, char **argv, const char *suite,
               const struct check_test *tests, size_t n)
{
	if (CU_initialize_registry())
		return 1;
	CU_pSuite s = CU_add_suite_with_setup_and_teardown(
		suite, NULL, NULL, before_each, after_each);
	for (size_t i = 0; s && i < n; i++)
		if (is_wanted(argc, argv, tests[i].name))
			CU_add_test(s, tests[i].name, tests[i].run);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	int failed = CU_get_number_of_failures() ||
	             CU_get_number_of_suites_failed() || CU_get_error() ||
	             !CU_get_number_of_tests_run();
	CU_cleanup_registry();
	return failed;
}

int check_main(int argc, char **argv, const char *suite,
               const struct check_hooks *hooks, const struct check_test *tests,
               size_t n)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	state.hooks = hooks;
	state.arena = arena_create(0);
	ctx_init(&state.ctx, state.arena);
	tc = &state.ctx;
	if (hooks && hooks->start && !hooks->start()) {
		fprintf(stderr, "%s: could not start\n", suite);
		return 1;
	}
	int failed = run(argc, argv, suite, tests, n);
	if (hooks && hooks->stop)
		hooks->stop();
	arena_destroy(state.arena);
	return failed;
}

void check_pause(int ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&ts, NULL);
}

bool check_waits(int64_t until_us)
{
	check_pause(10);
	return when_ticks() < until_us;
}

void check_skip(const char *why)
{
	printf("skipped: %s\n", why);
	exit(SKIPPED);
}

static const char *shown(const char *s)
{
	return s ? s : "(null)";
}

bool check_int(int64_t got, int64_t want, const char *what)
{
	snprintf(state.said, sizeof(state.said), "%s: got %lld, want %lld",
	         what, (long long)got, (long long)want);
	return got == want;
}

bool check_real(double got, double want, double within, const char *what)
{
	snprintf(state.said, sizeof(state.said), "%s: got %.12g, want %.12g",
	         what, got, want);
	return fabs(got - want) <= within;
}

bool check_text(const char *got, const char *want, const char *what)
{
	snprintf(state.said, sizeof(state.said),
	         "%s: got \"%.*s\", want \"%.*s\"", what, SHOWN_MAX, shown(got),
	         SHOWN_MAX, shown(want));
	return got && want ? !strcmp(got, want) : got == want;
}

bool check_has(const char *text, const char *part, bool want, const char *what)
{
	snprintf(state.said, sizeof(state.said), "%s: \"%.*s\" %s \"%.*s\"",
	         what, SHOWN_MAX, shown(text), want ? "lacks" : "contains",
	         SHOWN_MAX, part);
	return (text && strstr(text, part)) == want;
}

bool check_bytes(const void *got, const void *want, size_t n, const char *what)
{
	const unsigned char *a = got, *b = want;
	size_t i = 0;

	while (i < n && a[i] == b[i])
		i++;
	if (i < n)
		snprintf(state.said, sizeof(state.said),
		         "%s: byte %zu of %zu is 0x%02x, want 0x%02x", what, i,
		         n, a[i], b[i]);
	return i == n;
}

bool check_true(bool holds, const char *condition, const char *what)
{
	snprintf(state.said, sizeof(state.said), "%s: %s", what, condition);
	return holds;
}

bool check_rc(enum rc got, enum rc want, const char *what)
{
	snprintf(state.said, sizeof(state.said),
	         "%s: got %s, want %s (%s: %.*s)", what, rc_name(got),
	         rc_name(want), shown(tc->err.code), SHOWN_MAX,
	         shown(tc->err.detail));
	return got == want;
}

bool check_id(struct id got, struct id want, const char *what)
{
	char a[ID_TEXT_MAX], b[ID_TEXT_MAX];

	snprintf(state.said, sizeof(state.said), "%s: got %s, want %s", what,
	         id_text(got, a), id_text(want, b));
	return id_equal(got, want);
}

bool check_money(struct money got, const char *want_text, const char *what)
{
	char a[MONEY_TEXT_MAX];

	return check_text(money_is_none(got) ? NULL : money_text(got, a),
	                  want_text, what);
}

const char *check_said(void)
{
	return state.said;
}

bool check_as(bool holds, const char *said, const char *file, int line,
              bool fatal)
{
	/* CUnit copies the sentence. */
	return CU_assertImplementation(holds ? CU_TRUE : CU_FALSE,
	                               (unsigned)line, said, file, "",
	                               fatal ? CU_TRUE : CU_FALSE) == CU_TRUE;
}

void check_leave(const char *condition, const char *what, const char *file,
                 int line)
{
	check_as(check_true(false, condition, what), state.said, file, line,
	         true);
	abort(); /* CUnit has left by longjmp */
}

const char *check_top(void)
{
	const char *top = getenv("top_srcdir");

	return top ? top : ".";
}

static void close_file(void *f)
{
	fclose(f);
}

char *check_file(const char *path, size_t *n)
{
	FILE *f = fopen(arena_fmt(tc->arena, "%s/%s", check_top(), path), "rb");

	NEED_TRUE(f != NULL, path);
	arena_defer(tc->arena, close_file, f);
	fseek(f, 0, SEEK_END);
	size_t size = (size_t)ftell(f);
	rewind(f);
	char *s = arena_alloc(tc->arena, size + 1);
	NEED_TRUE(fread(s, 1, size, f) == size, path);
	if (n)
		*n = size;
	return s;
}
