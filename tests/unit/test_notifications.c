/* Events become mails and notices, once, and are tried again when they must. */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/notifications_db.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/html.h"
#include "handlers/accounts/accounts.h"
#include "handlers/notifications/notifications.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

static char mail_dir[200];

static bool start(void)
{
	snprintf(mail_dir, sizeof(mail_dir), "%s/merkato-told-XXXXXX",
	         getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	char templates[400];
	snprintf(templates, sizeof(templates), "%s/templates", check_top());
	return mkdtemp(mail_dir) && database_start() && html_load(templates) &&
	       settings_set("base_url", "https://shop.example.org");
}

static void empty_mail_dir(void)
{
	DIR *d = opendir(mail_dir);

	for (struct dirent *f = d ? readdir(d) : NULL; f; f = readdir(d)) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", mail_dir, f->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
}

static void stop(void)
{
	empty_mail_dir();
	rmdir(mail_dir);
	database_stop();
}

static void before(void)
{
	database_begin();
	empty_mail_dir();
	settings_set("mail_dir", mail_dir);
}

/* The mails in the folder, one behind the other; *n their number. */
static const char *mails(int *n)
{
	const char *all = "";
	DIR *d = opendir(mail_dir);

	*n = 0;
	for (struct dirent *f = d ? readdir(d) : NULL; f; f = readdir(d)) {
		char text[8192] = "";

		if (f->d_name[0] == '.')
			continue;
		FILE *file = fopen(
			arena_fmt(tc->arena, "%s/%s", mail_dir, f->d_name),
			"re");
		if (file && fread(text, 1, sizeof(text) - 1, file) > 0)
			all = arena_fmt(tc->arena, "%s%s", all, text);
		if (file)
			fclose(file);
		++*n;
	}
	if (d)
		closedir(d);
	return all;
}

static struct outbox_event an_event(const char *topic, const char *payload)
{
	return (struct outbox_event){ .id = id_new(),
		                      .topic = topic,
		                      .subject = id_new(),
		                      .payload = payload };
}

static struct id a_user(const char *email, const char *name)
{
	struct account_new in = { .email = email,
		                  .name = name,
		                  .roles = ROLE_CUSTOMER,
		                  .is_verified = true };
	struct id id;

	NEED_RC(accounts_create_user(tc, &in, &id), RC_OK, email);
	return id;
}

static int64_t messages(const char *status)
{
	int64_t n = 0;

	NEED_RC(sql_int(tc, &n, "SELECT COUNT(*) FROM message WHERE status = ?",
	                A(status)),
	        RC_OK, "counts");
	return n;
}

static int64_t notices(struct id user)
{
	int64_t n = 0;

	NEED_RC(sql_int(tc, &n,
	                "SELECT COUNT(*) FROM notification WHERE user_id = ?",
	                A(user)),
	        RC_OK, "counts");
	return n;
}

static void an_event_is_told_once(void)
{
	struct outbox_event e = an_event(
		"account.verify",
		"{\"email\":\"abebe@example.com\",\"name\":\"Abebe\","
		"\"url\":\"https://shop.example.org/account/verify?token=x\","
		"\"expires_at\":\"2026-11-24\"}");
	int64_t n = 0;
	int files;

	NEED_RC(notifications_consume(tc, &e), RC_OK, "first");
	NEED_RC(notifications_consume(tc, &e), RC_OK, "handed out again");
	const char *text = mails(&files);
	CHECK_INT(files, 1, "mails");
	CHECK_HAS(text, "To: Abebe <abebe@example.com>\r\n", "recipient");
	CHECK_HAS(text, "Subject: Confirm your address\r\n", "subject");
	CHECK_HAS(text,
	          "\r\nhttps://shop.example.org/account/verify?token=x\r\n",
	          "link in the text");
	CHECK_HAS(text, "href=\"https://shop.example.org/account/verify",
	          "link in the HTML");
	CHECK_INT(messages("sent"), 1, "sent");
	NEED_RC(sql_int(tc, &n,
	                "SELECT COUNT(*) FROM message"
	                " WHERE body_text IS NOT NULL"),
	        RC_OK, "counts");
	CHECK_INT(n, 0, "the link is not kept");
}

static void an_event_without_a_template_is_told_to_nobody(void)
{
	struct outbox_event e =
		an_event("product.indexed", "{\"email\":\"a@example.com\"}");
	int files;

	CHECK_RC(notifications_consume(tc, &e), RC_OK, "taken");
	mails(&files);
	CHECK_INT(files, 0, "mails");
}

static void events_of_a_store_reach_its_owner(void)
{
	struct id owner = a_user("owner@example.com", "Selam"), vendor;
	struct vendor_new in = { .owner = owner,
		                 .name = "Selam Coffee",
		                 .lat = REAL_NONE,
		                 .lng = REAL_NONE };
	char id[ID_TEXT_MAX];
	int files;

	NEED_RC(accounts_create_vendor(tc, &in, &vendor), RC_OK, "store");
	struct outbox_event e = an_event(
		"product.rejected",
		arena_fmt(tc->arena,
	                  "{\"vendor_id\":\"%s\",\"name\":\"<b>Jebena</b>\","
	                  "\"reason\":\"The picture is blurred\"}",
	                  id_text(vendor, id)));
	NEED_RC(notifications_consume(tc, &e), RC_OK, "told");
	const char *text = mails(&files);
	CHECK_INT(files, 1, "mails");
	CHECK_HAS(text, "To: Selam <owner@example.com>", "owner");
	CHECK_HAS(text, "Subject: <b>Jebena</b> needs a change", "plain text");
	CHECK_HAS(text, "&lt;b&gt;Jebena&lt;/b&gt;", "escaped in HTML");
	CHECK_HAS(text, "The reason: The picture is blurred", "reason");
	CHECK_INT(notices(owner), 1, "notice in the product");
}

static void who_turned_mails_off_gets_a_notice_only(void)
{
	struct id user = a_user("quiet@example.com", "Quiet");
	const struct notification_setting off = { .mail_orders = false,
		                                  .mail_store = true,
		                                  .mail_watches = true };
	char id[ID_TEXT_MAX];
	int files;

	NEED_RC(notifications_db_set(tc, user, &off), RC_OK, "off");
	struct outbox_event e = an_event(
		"order.paid",
		arena_fmt(tc->arena,
	                  "{\"customer_id\":\"%s\",\"number\":\"M-1\"}",
	                  id_text(user, id)));
	NEED_RC(notifications_consume(tc, &e), RC_OK, "told");
	mails(&files);
	CHECK_INT(files, 0, "mails");
	CHECK_INT(notices(user), 1, "notices");
	e = an_event("account.new_device",
	             "{\"email\":\"quiet@example.com\",\"device\":\"x\"}");
	NEED_RC(notifications_consume(tc, &e), RC_OK, "told");
	mails(&files);
	CHECK_INT(files, 1, "security is always mailed");
}

static void a_person_who_is_gone_is_told_nothing(void)
{
	struct outbox_event e = an_event(
		"order.paid",
		"{\"customer_id\":\"018f0000-0000-7000-8000-000000000000\"}");
	int files;

	CHECK_RC(notifications_consume(tc, &e), RC_OK, "taken");
	mails(&files);
	CHECK_INT(files, 0, "mails");
}

/* Each row: after how many seconds the next try comes. */
static void what_cannot_be_sent_is_tried_five_times_more(void)
{
	static const int waits[] = { 60, 300, 1800, 7200, 43200 };
	const struct outbox_event e =
		an_event("account.exists", "{\"email\":\"late@example.com\"}");
	bool more;
	int files;

	settings_set("mail_dir", "/proc/none");
	NEED_RC(notifications_consume(tc, &e), RC_OK, "taken");
	for (size_t i = 0; i < 5; i++) {
		struct when due;

		NEED_INT(messages("waiting"), 1, "waits");
		tc->now = when_plus(tc->now, waits[i] - 1);
		NEED_RC(notifications_job_send(tc, &more), RC_OK, "too early");
		due = tc->now;
		tc->now = when_plus(tc->now, 2);
		NEED_RC(notifications_job_send(tc, &more), RC_OK, "due");
		CHECK_TRUE(tc->now.us > due.us, "time goes on");
		CHECK_INT(more, false, "no full batch");
	}
	CHECK_INT(messages("dead"), 1, "given up");
	mails(&files);
	CHECK_INT(files, 0, "mails");
}

static const struct check_hooks hooks = { .start = start,
	                                  .stop = stop,
	                                  .before = before,
	                                  .after = database_roll_back };

CHECK_MAIN_WITH("notifications", &hooks, TEST(an_event_is_told_once),
                TEST(an_event_without_a_template_is_told_to_nobody),
                TEST(events_of_a_store_reach_its_owner),
                TEST(who_turned_mails_off_gets_a_notice_only),
                TEST(a_person_who_is_gone_is_told_nothing),
                TEST(what_cannot_be_sent_is_tried_five_times_more))
