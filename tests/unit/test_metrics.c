/* Counters of several processes in one sum, and text that Prometheus reads. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "tests/support/check.h"

static bool start(void)
{
	metrics_create(3, 2);
	return true;
}

static void in_child(size_t slot, void (*work)(void))
{
	fflush(NULL);
	pid_t pid = fork();

	if (pid == 0) {
		metrics_take_slot(slot);
		work();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void work_a(void)
{
	count(COUNTER_LOGIN_OK);
	count_request(0, 200, 900);
	count_request(1, 404, 3000);
}

static void work_b(void)
{
	count_n(COUNTER_LOGIN_OK, 4);
	count_request(1, 404, 60000000);
	count_request(99, 404, 10);
}

static void name(size_t i, const char **method, const char **path)
{
	*method = "GET";
	*path = i ? "/api/b/{id}" : "/api/a";
}

static void counts_of_all_processes_are_added_up(void)
{
	struct buf b;

	in_child(1, work_a);
	in_child(2, work_b);
	in_child(2, work_b); /* restarted: its slot goes on counting */
	CHECK_INT(counter_read(COUNTER_LOGIN_OK), 9, "1 + 4 + 4");
	buf_init(&b, tc->arena, 0);
	metrics_write(&b, name);
	metrics_gauge(&b, "merkato_workers", "Workers", 6);
	CHECK_HAS(b.s, "\nmerkato_logins_total 9\n", "counter");
	CHECK_HAS(
		b.s,
		"merkato_requests_total{method=\"GET\",route=\"/api/a\",status=\"2xx\"} 1\n",
		"route a");
	CHECK_HAS(
		b.s,
		"merkato_requests_total{method=\"GET\",route=\"/api/b/{id}\",status=\"4xx\"} 3\n",
		"route b");
	CHECK_HAS(b.s, "merkato_requests_unrouted_total 2\n", "no route");
	CHECK_HAS(b.s, "merkato_workers 6\n", "gauge");
}

/* promtool does not see these three: buckets that fall, +Inf unlike the count,
 * names twice. */
static void the_histogram_only_grows_and_ends_at_its_count(void)
{
	struct buf b;
	long last = 0, buckets = 0;

	buf_init(&b, tc->arena, 0);
	metrics_write(&b, name);
	for (char *s = b.s; (s = strstr(s, "_bucket{le=\"")) != NULL; s++) {
		long v = strtol(strchr(s, '}') + 1, NULL, 10);

		CHECK_TRUE(v >= last, "not below the one before");
		last = v;
		buckets++;
	}
	CHECK_INT(buckets, 11, "buckets");
	CHECK_HAS(b.s,
	          arena_fmt(tc->arena,
	                    "merkato_request_duration_seconds_count %ld\n",
	                    last),
	          "+Inf = count");
	CHECK_HAS(b.s, "merkato_request_duration_seconds_sum 120.003920\n",
	          "sum in seconds");
}

static void a_log_line_is_one_json_object_whatever_the_text(void)
{
	char path[] = "/tmp/merkato-log-XXXXXX";
	int fd = mkstemp(path);
	char text[9000];

	NEED_TRUE(fd >= 0, path);
	close(fd);
	log_open(path, LOG_INFO_);
	log_request("req-1");
	log_info("test", "quote \" slash \\ line\nfeed %s", "\x01");
	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_warn("test", "%s", text);
	log_debug("test", "not shown");
	log_access(&(struct log_access){ .request_id = "r2",
	                                 .method = "GET",
	                                 .route = "/api/a",
	                                 .address = "203.0.113.77",
	                                 .status = 200,
	                                 .us = 5 });
	FILE *f = fopen(path, "re");
	NEED_TRUE(f != NULL, path);
	char line[5000];
	CHECK_TRUE(fgets(line, sizeof(line), f) != NULL, "first");
	CHECK_HAS(
		line,
		"\"text\":\"quote \\\" slash \\\\ line\\u000afeed \\u0001\",\"request_id\":\"req-1\"",
		"escaped");
	CHECK_TRUE(fgets(line, sizeof(line), f) != NULL, "second");
	CHECK_TRUE(strlen(line) <= 4096 && line[strlen(line) - 1] == '\n',
	           "cut, but whole");
	CHECK_TRUE(fgets(line, sizeof(line), f) != NULL, "third");
	CHECK_HAS(line, "\"address\":\"203.0.113.0\"", "address is cut");
	CHECK_LACKS(line, "113.77", "address is cut");
	CHECK_TRUE(fgets(line, sizeof(line), f) == NULL,
	           "debug is below the level");
	fclose(f);
	unlink(path);
}

static const struct check_hooks hooks = { .start = start };

CHECK_MAIN_WITH("metrics", &hooks, TEST(counts_of_all_processes_are_added_up),
                TEST(the_histogram_only_grows_and_ends_at_its_count),
                TEST(a_log_line_is_one_json_object_whatever_the_text))
