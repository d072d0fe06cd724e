/* Each statement around a picture fails once, or ends the process: no file is
 * left that nobody owns, no picture waits for ever, none is lost. */
#include "config.h"

#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/cache.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/jobs.h"
#include "handlers/media/media.h"
#include "tests/support/goods.h"
#include "tests/support/pictures.h"
#include "tests/support/sql_faults.h"
#include "tests/support/upload.h"

enum { DEADLOCK = 1213, LOST = 2013, STATEMENTS_MAX = 60, WEEK_S = 8 * 86400 };

static const struct id none;

struct scene {
	const struct person *owner;
	struct id product;
	struct id picture;
	int64_t n_files; /* lying about when it began */
};

static int64_t n_seen;

static int see(const char *path, const struct stat *st, int type,
               struct FTW *ftw)
{
	(void)path, (void)st, (void)ftw;
	n_seen += type == FTW_F;
	return 0;
}

static int64_t files_on_disk(void)
{
	n_seen = 0;
	nftw(settings->data_dir, see, 16, FTW_PHYS);
	return n_seen;
}

static struct bytes_of a_small_one(void)
{
	return a_png(20, 16, 3, (struct bytes_of){ "", 0 });
}

/* What a step does; 0 where it has no answer to give. */
static int send_it(struct scene *s)
{
	return upload(s->owner, s->product, a_small_one())->status;
}

static int work_on_it(struct scene *s)
{
	const struct outbox_event e = { .topic = "media.process",
		                        .subject = s->picture };

	if (media_process(tc, &e))
		fail_clear(tc);
	sql_reset(tc);
	return 0;
}

static int delete_it(struct scene *s)
{
	return request("DELETE",
	               arena_fmt(tc->arena, "/api/product-images/%s",
	                         text_of(s->picture)),
	               NULL, s->owner->bearer)
	        ->status;
}

static int sweep(struct scene *s)
{
	bool more;

	(void)s;
	if (media_sweep(tc, &more))
		fail_clear(tc);
	sql_reset(tc);
	return 0;
}

/* Every job that is due, as often as it takes, hours apart. */
static void let_time_pass(int hours)
{
	for (int i = 0; i < 6; i++) {
		tc->now = when_plus(tc->now, hours * 600LL);
		if (jobs_once(tc))
			fail_clear(tc);
	}
}

static void prepare_nothing(struct scene *s)
{
	(void)s;
}

static void prepare_sent(struct scene *s)
{
	const struct answered *a = upload(s->owner, s->product, a_small_one());

	NEED_INT(a->status, 201, a->body);
	NEED_TRUE(id_parse(answered_text(a, "id"), &s->picture), "its id");
}

static void prepare_ready(struct scene *s)
{
	prepare_sent(s);
	work_on_it(s);
}

static void prepare_deleted(struct scene *s)
{
	prepare_ready(s);
	NEED_INT(delete_it(s), 204, "deleted");
	tc->now = when_plus(tc->now, WEEK_S);
}

struct step {
	const char *what;
	void (*prepare)(struct scene *s);
	int (*act)(struct scene *s);
	int done;   /* the status that promises it */
	int before; /* pictures there are when it has not happened … */
	int after;  /* … and when it has */
};

static struct scene begin(const struct step *step)
{
	struct scene s = { .owner = an_owner(), .n_files = files_on_disk() };

	s.product = a_live_product(s.owner, a_category("Coffee", none),
	                           "Yirgacheffe");
	step->prepare(&s);
	return s;
}

/* Pictures, their files and the sums agree, once a week has passed. */
static void check_order(const struct step *step, const struct scene *s,
                        int status, const char *what)
{
	int64_t n = db_number("SELECT COUNT(*) FROM product_image");

	let_time_pass(8);
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_image"
	                    " WHERE status <> 'ready'"),
	          0, what);
	if (status == step->done)
		CHECK_INT(n, step->after, what);
	else if (status)
		CHECK_INT(n, step->before, what);
	CHECK_TRUE(n == step->before || n == step->after, what);
	tc->now = when_plus(tc->now, WEEK_S);
	let_time_pass(1);
	CHECK_INT(db_number("SELECT COUNT(*) FROM media_file"), 6 * n, what);
	CHECK_INT(files_on_disk() - s->n_files, 6 * n, what);
	CHECK_INT(db_number("SELECT COUNT(*) FROM media_file"
	                    " WHERE remove_at IS NOT NULL"),
	          0, what);
	CHECK_INT(db_number("SELECT COALESCE(SUM(bytes), 0) -"
	                    " (SELECT COALESCE(SUM(reserved), 0)"
	                    "    FROM product_image) FROM media_usage"),
	          0, what);
	CHECK_INT(db_number("SELECT SUM(n_pictures) FROM product"), n, what);
}

static bool fails_at(const struct step *step, int k, unsigned error)
{
	struct scene s = begin(step);

	fault_at(k, error);
	int status = step->act(&s);
	bool struck = fault_clear();
	const char *what = arena_fmt(tc->arena, "%s: error %u at %d: %d",
	                             step->what, error, k, status);

	CHECK_TRUE(!status || status == step->done || status == 503, what);
	check_order(step, &s, status, what);
	return struck;
}

/* Right after the k-th statement, which is also before the next one. */
static bool dies_at(const struct step *step, int k)
{
	struct scene s = begin(step);
	int status = 0;

	/* No connection may be shared over the fork. */
	sql_close();
	cache_close();
	pid_t pid = fork();
	if (!pid) {
		fault_kill(k);
		step->act(&s);
		_exit(0);
	}
	NEED_TRUE(pid > 0 && waitpid(pid, &status, 0) == pid, "waited");
	check_order(step, &s, 0,
	            arena_fmt(tc->arena, "%s: killed after %d", step->what, k));
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void try_all(const struct step *step)
{
	static const unsigned errors[] = { DEADLOCK, LOST };

	for (size_t e = 0; e < 2; e++) {
		for (int k = 1; fails_at(step, k, errors[e]); k++) {
			people_after();
			NEED_TRUE(k < STATEMENTS_MAX, "it ends");
		}
		people_after();
	}
	for (int k = 1; dies_at(step, k); k++) {
		people_after();
		NEED_TRUE(k < STATEMENTS_MAX, "it ends");
	}
	people_after();
}

static void an_upload_is_kept_or_refused(void)
{
	try_all(&(struct step){ "upload", prepare_nothing, send_it, 201, 0,
	                        1 });
}

static void a_picture_becomes_ready_in_the_end(void)
{
	try_all(&(struct step){ "work", prepare_sent, work_on_it, 0, 1, 1 });
}

static void a_deleted_picture_goes_with_its_files(void)
{
	try_all(&(struct step){ "delete", prepare_ready, delete_it, 204, 1,
	                        0 });
}

static void the_sweep_can_be_interrupted_anywhere(void)
{
	try_all(&(struct step){ "sweep", prepare_deleted, sweep, 0, 0, 0 });
}

CHECK_MAIN_WITH("media_faults", &pictures_hooks,
                TEST(an_upload_is_kept_or_refused),
                TEST(a_picture_becomes_ready_in_the_end),
                TEST(a_deleted_picture_goes_with_its_files),
                TEST(the_sweep_can_be_interrupted_anywhere))
