#include "config.h"

#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/mail.h"
#include "handlers/notifications/notifications_inside.h"

enum { BATCH = 20, LEASE_S = 300, REST_US = 30 * 1000000 };

static const int waits_s[] = { 60, 300, 1800, 7200, 43200 };

/* After a server that was away, others are not kept waiting for it: until then
 * messages stay for the job. Of this process, in ticks. */
static int64_t rests_until;

static struct when next_try(const struct ctx *c, int attempts)
{
	if ((size_t)attempts >= sizeof(waits_s) / sizeof(*waits_s))
		return (struct when){ 0 };
	return when_plus(c->now, waits_s[attempts]);
}

enum rc message_send(struct ctx *c, const struct message_row *m)
{
	struct mail mail = { .from = settings->mail_from,
		             .to = m->recipient,
		             .name = m->recipient_name,
		             .subject = m->title,
		             .text = m->body_text,
		             .html = m->body_html,
		             .id = m->id,
		             .at = c->now };
	enum rc rc = RC_UNAVAILABLE;

	if (when_ticks() < rests_until)
		return notifications_db_failed(c, m->id,
		                               next_try(c, m->attempts),
		                               "the mail server is away");
	rc = mail_send(c, &mail);
	if (!rc)
		return notifications_db_sent(c, m->id);
	const char *why = c->err.detail ? c->err.detail : rc_title(rc);
	struct when due = next_try(c, m->attempts);
	if (rc == RC_INVALID)
		due = (struct when){ 0 };
	else
		rests_until = when_ticks() + REST_US;
	log_warn("mail", "%s: %s%s", m->topic, why, due.us ? "" : "; given up");
	fail_clear(c);
	return notifications_db_failed(c, m->id, due, why);
}

enum rc notifications_job_send(struct ctx *c, bool *more)
{
	struct message_row *rows;
	size_t n;
	enum rc rc = notifications_db_lease(c, BATCH, LEASE_S, &rows, &n);

	for (size_t i = 0; !rc && i < n; i++)
		rc = message_send(c, &rows[i]);
	*more = !rc && n == BATCH;
	return rc;
}
