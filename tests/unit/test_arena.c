/* Memory with one lifetime, and the text that grows in it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/arena.h"
#include "fcgi/base/buf.h"
#include "tests/support/check.h"

static void memory_is_zeroed_and_aligned_even_when_used_before(void)
{
	struct arena *a = arena_create(0);

	for (int round = 0; round < 3; round++) {
		for (size_t n = 1; n < 3000; n += 7) {
			unsigned char *p = arena_alloc(a, n);

			CHECK_INT((uintptr_t)p % 16, 0, "alignment");
			for (size_t i = 0; i < n; i++)
				if (p[i])
					CHECK_INT(p[i], 0, "zeroed");
			memset(p, 0xff, n);
		}
		CHECK_TRUE(arena_used(a) > 600000, "used");
		arena_reset(a);
		CHECK_INT(arena_used(a), 0, "after reset");
	}
	arena_destroy(a);
}

static char order[8];

static void note(void *arg)
{
	strcat(order, arg); /* NOLINT: a test's own eight bytes */
}

static void deferred_calls_run_newest_first_and_once(void)
{
	struct arena *a = arena_create(0);
	char one[] = "1", two[] = "2", three[] = "3";

	order[0] = '\0';
	arena_defer(a, note, one);
	arena_defer(a, note, two);
	arena_reset(a);
	arena_defer(a, note, three);
	arena_destroy(a);
	CHECK_TEXT(order, "213", "order");
}

static void a_request_above_its_ceiling_ends_the_process(void)
{
	pid_t child = fork();

	if (child == 0) {
		struct arena *a = arena_create(100000);

		close(2);
		for (;;)
			arena_alloc(a, 1000);
	}
	int status = 0;
	CHECK_INT(waitpid(child, &status, 0), child, "waited");
	CHECK_TRUE(WIFEXITED(status), "by exit, not by a signal");
	CHECK_INT(WEXITSTATUS(status), 70, "status");
}

static void texts_are_formatted_at_any_length(void)
{
	char *x = arena_alloc(tc->arena, 5001);

	memset(x, 'x', 5000);
	CHECK_TEXT(arena_fmt(tc->arena, "%d-%s", 7, "a"), "7-a", "short");
	CHECK_INT(strlen(arena_fmt(tc->arena, "<%s>", x)), 5002, "long");
	CHECK_TEXT(arena_strdup(tc->arena, NULL), NULL, "NULL stays NULL");
}

static void a_buffer_escapes_for_json_html_and_urls(void)
{
	struct buf b;

	buf_init(&b, tc->arena, 0);
	buf_json(&b, "a\"b\\c\n\t\x01\x7f ቡና </script>");
	CHECK_TEXT(b.s, "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f ቡና </script>\"",
	           "json");
	buf_clear(&b);
	buf_json(&b, NULL);
	CHECK_TEXT(b.s, "null", "NULL");
	buf_clear(&b);
	buf_html(&b, "<a href='x'>\"&\"</a>", 19);
	CHECK_TEXT(b.s, "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;",
	           "html");
	buf_clear(&b);
	buf_url(&b, "a b/ቡ?~");
	CHECK_TEXT(b.s, "a%20b%2F%E1%89%A1%3F~", "url");
	buf_clear(&b);
	buf_int(&b, INT64_MIN);
	buf_putc(&b, ' ');
	buf_int(&b, 0);
	CHECK_TEXT(b.s, "-9223372036854775808 0", "numbers");
}

static void a_buffer_grows_without_losing_text(void)
{
	struct buf b;

	buf_init(&b, tc->arena, 0);
	for (int i = 0; i < 20000; i++)
		buf_fmt(&b, "%05d", i);
	CHECK_INT(b.n, 100000, "length");
	CHECK_INT(memcmp(b.s + 5L * 12345, "12345", 5), 0, "content");
	CHECK_INT(b.s[b.n], 0, "ends with NUL");
}

CHECK_MAIN("arena", TEST(memory_is_zeroed_and_aligned_even_when_used_before),
           TEST(deferred_calls_run_newest_first_and_once),
           TEST(a_request_above_its_ceiling_ends_the_process),
           TEST(texts_are_formatted_at_any_length),
           TEST(a_buffer_escapes_for_json_html_and_urls),
           TEST(a_buffer_grows_without_losing_text))
