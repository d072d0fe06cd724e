/*
 * Everything that leaves (mail, webhooks, index updates, thumbnails, transfers)
 * is first a row, written in the transaction of its cause. The job runner hands
 * each row to the consumers of its topic, at least once: consumers are safe to
 * repeat.
 */
#ifndef MERKATO_OUTBOX_DB_H
#define MERKATO_OUTBOX_DB_H

#include "fcgi/base/ctx.h"

struct outbox_event {
	struct id id;
	const char *topic;   /* "account.registered" */
	struct id subject;   /* what it is about */
	const char *payload; /* JSON object text */
	int attempts;
	struct when created_at;
};

/* Before fork: lets every worker of this host wake its job runner. */
void outbox_create(void);
/* Readable when an event has been committed; -1 = none. Stays open in workers
 * and job runner. */
int outbox_wake_fd(void);
/* Waits until an event has been committed on this host, at most ms. */
void outbox_wait(int ms);

/* payload is JSON object text or NULL for {}; must be called inside the
 * transaction of its cause. */
CHECKED enum rc outbox_add(struct ctx *c, const char *topic, struct id subject,
                           const char *payload);
/* The same, not before due. */
CHECKED enum rc outbox_add_at(struct ctx *c, const char *topic,
                              struct id subject, const char *payload,
                              struct when due);
/* Leases up to max due rows for lease_s seconds (FOR UPDATE SKIP LOCKED). */
CHECKED enum rc outbox_lease(struct ctx *c, int max, int lease_s,
                             struct outbox_event **out, size_t *n);
/* Handled: the rows and their payloads go; n <= 512. */
CHECKED enum rc outbox_done(struct ctx *c, const struct id *ids, size_t n);
/* Failed: again after 1, 5, 30, 120 min, 12 h, then dead (kept, counted). */
CHECKED enum rc outbox_failed(struct ctx *c, const struct outbox_event *e,
                              const char *why);
/*
 * Events that are handed on many at once, by a job of theirs: the runner leaves
 * them alone. They wait until they are done or somebody gives them up.
 */
CHECKED enum rc outbox_gather(struct ctx *c, const char *topic,
                              const struct id *subjects, size_t n);
/* Like outbox_lease, of these. */
CHECKED enum rc outbox_lease_gathered(struct ctx *c, int max, int lease_s,
                                      struct outbox_event **out, size_t *n);
/* Again at this time, with another payload if that is not NULL. */
CHECKED enum rc outbox_put_back(struct ctx *c, const struct id *ids, size_t n,
                                struct when due, const char *payload);
CHECKED enum rc outbox_give_up(struct ctx *c, struct id id, const char *why);
/* How many wait (counted up to 10,000), and since when the oldest of them. */
CHECKED enum rc outbox_count_gathered(struct ctx *c, int64_t *n,
                                      struct when *oldest);
/* Events that were given up. */
CHECKED enum rc outbox_count_dead(struct ctx *c, int64_t *n);

#endif
