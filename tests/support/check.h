/*
 * Tests in few lines: CUnit with macros that print values, a table of tests,
 * and an arena and ctx of their own for each test.
 *
 *	static void an_order_moves_once(void)
 *	{
 *		struct order o = an_order(tc);
 *
 *		CHECK_RC(orders_db_move(tc, &o, ORDER_PAID), RC_OK, "first");
 *		CHECK_TEXT(tc->err.code, "order_moved", "why");
 *	}
 *
 *	CHECK_MAIN("orders", TEST(an_order_moves_once))
 *
 * A failed check is counted and the test goes on; NEED_* leave the test. What a
 * test needs hangs on tc->arena, so that leaving loses nothing.
 */
#ifndef MERKATO_CHECK_H
#define MERKATO_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/base/ctx.h"

/* The running test's: made before it, reset after it. now is the wall clock
 * unless the test sets it. */
extern struct ctx *tc;

struct check_test {
	const char *name;
	void (*run)(void);
};

/* Any may be NULL. start: false ends the program as failed. before and after
 * surround each test (after runs also when it was left). */
struct check_hooks {
	bool (*start)(void);
	void (*stop)(void);
	void (*before)(void);
	void (*after)(void);
};

/* Runs all (or, given arguments, the tests whose names contain one of them);
 * the exit status of main. */
int check_main(int argc, char **argv, const char *suite,
               const struct check_hooks *hooks, const struct check_test *tests,
               size_t n);
/* Ends the program with automake's exit status for "skipped": says why. */
_Noreturn void check_skip(const char *why);

#define TEST(function)              \
	{                           \
#function, function \
	}
#define CHECK_MAIN(suite, ...) CHECK_MAIN_WITH(suite, NULL, __VA_ARGS__)
#define CHECK_MAIN_WITH(suite, hooks, ...)                                \
	static const struct check_test check_tests_[] = { __VA_ARGS__ };  \
	int main(int argc, char **argv)                                   \
	{                                                                 \
		return check_main(argc, argv, suite, hooks, check_tests_, \
		                  sizeof(check_tests_) /                  \
		                          sizeof(check_tests_[0]));       \
	}

/* what is text for people that names the case; it may be built with
 * arena_fmt. */
#define CHECK_(call, fatal) \
	((void)check_as((call), check_said(), __FILE__, __LINE__, fatal))
#define CHECK_INT(got, want, what) \
	CHECK_(check_int((int64_t)(got), (int64_t)(want), what), false)
#define CHECK_REAL(got, want, within, what) \
	CHECK_(check_real(got, want, within, what), false)
/* NULL equals NULL only. */
#define CHECK_TEXT(got, want, what) CHECK_(check_text(got, want, what), false)
#define CHECK_HAS(text, part, what) \
	CHECK_(check_has(text, part, true, what), false)
#define CHECK_LACKS(text, part, what) \
	CHECK_(check_has(text, part, false, what), false)
#define CHECK_BYTES(got, want, n, what) \
	CHECK_(check_bytes(got, want, n, what), false)
#define CHECK_TRUE(condition, what) \
	CHECK_(check_true((condition), #condition, what), false)
#define CHECK_FALSE(condition, what) \
	CHECK_(check_true(!(condition), "!(" #condition ")", what), false)
/* An enum rc by name, with tc's fault beside it. */
#define CHECK_RC(got, want, what) CHECK_(check_rc(got, want, what), false)
#define CHECK_ID(got, want, what) CHECK_(check_id(got, want, what), false)
#define CHECK_MONEY(got, want_text, what) \
	CHECK_(check_money(got, want_text, what), false)
/* The same, but the test ends where they fail. */
#define NEED_TRUE(condition, what)                                      \
	((condition) ? CHECK_(check_true(true, #condition, what), true) \
	             : check_leave(#condition, what, __FILE__, __LINE__))
#define NEED_RC(got, want, what) CHECK_(check_rc(got, want, what), true)
#define NEED_INT(got, want, what) \
	CHECK_(check_int((int64_t)(got), (int64_t)(want), what), true)

/* For what other processes do in their own time: asked again and again until it
 * holds, for WAIT_S at most. */
#define CHECK_SOON(condition, what) AWAIT_(condition, what, false)
#define NEED_SOON(condition, what) AWAIT_(condition, what, true)
#define AWAIT_(condition, what, fatal)                                 \
	do {                                                           \
		int64_t until_ = when_ticks() + WAIT_S * 1000000LL;    \
		bool holds_ = (condition);                             \
		while (!holds_ && check_waits(until_))                 \
			holds_ = (condition);                          \
		CHECK_(check_true(holds_, #condition, what), (fatal)); \
	} while (0)
enum { WAIT_S = 30 };
/* A short pause before the next look; false when the time is over. */
bool check_waits(int64_t until_us);
/* What a slow peer or a moment's hesitation is made of; a test never waits by
 * it for something to have happened. */
void check_pause(int ms);

/* Behind the macros: whether it holds, and the sentence that says what came
 * out. */
bool check_int(int64_t got, int64_t want, const char *what);
bool check_real(double got, double want, double within, const char *what);
bool check_text(const char *got, const char *want, const char *what);
bool check_has(const char *text, const char *part, bool want, const char *what);
bool check_bytes(const void *got, const void *want, size_t n, const char *what);
bool check_true(bool holds, const char *condition, const char *what);
bool check_rc(enum rc got, enum rc want, const char *what);
bool check_id(struct id got, struct id want, const char *what);
bool check_money(struct money got, const char *want_text, const char *what);
const char *check_said(void);
bool check_as(bool holds, const char *said, const char *file, int line,
              bool fatal);
/* Fails the test and leaves it. */
_Noreturn void check_leave(const char *condition, const char *what,
                           const char *file, int line);

/* A whole file, NUL-terminated, in tc's arena; the test ends if it cannot be
 * read. The path is relative to the source tree's top. */
char *check_file(const char *path, size_t *n);
/* The source tree's top, from automake's environment. */
const char *check_top(void);

#endif
