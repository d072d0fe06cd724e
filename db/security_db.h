/* What was noticed: rows of login_attempt, slow_down, security_event,
 * security_rule, security_case. */
#ifndef MERKATO_SECURITY_DB_H
#define MERKATO_SECURITY_DB_H

#include "db/query.h"

/* Tries to log in. account is a hash, address is a client address. */
CHECKED enum rc security_db_attempt_insert(struct ctx *c, struct id id,
                                           struct blob account,
                                           const char *address);
CHECKED enum rc security_db_attempt_delete(struct ctx *c, struct id id);
/* After success: the pair begins anew. */
CHECKED enum rc security_db_attempts_forgive(struct ctx *c, struct blob account,
                                             const char *address);
struct attempt_row {
	struct id id;
	struct when created_at;
};
/* The newest max tries of the pair since a moment, newest first. */
CHECKED enum rc security_db_attempts_of_pair(struct ctx *c, struct blob account,
                                             const char *address,
                                             struct when since, int64_t max,
                                             struct attempt_row **rows,
                                             size_t *n);
struct attempt_counts {
	int64_t tries, accounts;
	struct when newest;
};
CHECKED enum rc security_db_attempts_of_address(struct ctx *c,
                                                const char *address,
                                                struct when since,
                                                struct attempt_counts *out);
CHECKED enum rc security_db_attempts_of_account(struct ctx *c,
                                                struct blob account,
                                                struct id but,
                                                struct when since,
                                                struct attempt_counts *out);
/* Whether the user has a session that was seen at this address. */
CHECKED enum rc security_db_address_known(struct ctx *c, const char *email_key,
                                          const char *address, int64_t *n);

/* Until when somebody is slowed; until.us 0 = not. */
CHECKED enum rc security_db_slow_set(struct ctx *c, struct blob who,
                                     struct when until);
CHECKED enum rc security_db_slow_get(struct ctx *c, struct blob a,
                                     struct blob b, struct when *until);
/* Whether somebody may order; slowed by a or b. */
struct buyer_row {
	struct when verified_at, slowed_until;
};
CHECKED enum rc security_db_buyer(struct ctx *c, struct id user, struct blob a,
                                  struct blob b, struct buyer_row *out);

struct event_row {
	struct id id;
	const char *kind;
	struct id user_id;
	struct blob account;
	const char *address;
	const char *device;
	struct id subject_id;
	struct json_text facts;
	struct when created_at;
};
extern const struct shape event_row_shape;
struct event_filter {
	const char *kind, *address;
	struct id user_id;
	struct when from, to;
};
CHECKED enum rc security_db_event_insert(struct ctx *c,
                                         const struct event_row *e, size_t n);
CHECKED enum rc security_db_event_page(struct ctx *c,
                                       const struct event_filter *f,
                                       const struct page *page,
                                       struct event_row **rows, size_t *n,
                                       struct page_info *info);
/* Events of a kind about an account since a moment. */
CHECKED enum rc security_db_event_count(struct ctx *c, const char *kind,
                                        struct blob account, struct when since,
                                        int64_t *n);
/* In order of time after (from, after_id), for the back-test. */
CHECKED enum rc security_db_events_from(struct ctx *c, struct when from,
                                        struct id after, int64_t max,
                                        struct event_row **rows, size_t *n);

struct rule_row {
	const char *name;
	const char *kind, *after_kind;
	const char *within; /* account, user, address, subject */
	const char *counts; /* events, accounts, users */
	int64_t threshold, window_s, actions;
	bool is_enabled;
	struct when updated_at;
	int64_t version;
};
extern const struct shape rule_row_shape;
/* kind NULL = all. */
CHECKED enum rc security_db_rules(struct ctx *c, const char *kind,
                                  struct rule_row **rows, size_t *n);
CHECKED enum rc security_db_rule_get(struct ctx *c, const char *name,
                                     struct rule_row *out);
CHECKED enum rc security_db_rule_set(struct ctx *c, const struct rule_row *r,
                                     int64_t *changed);
/* How often the rule's kind happened up to the event, within its scope; counted
 * to some 100 above the threshold. */
CHECKED enum rc security_db_rule_count(struct ctx *c, const struct rule_row *r,
                                       const struct event_row *e, int64_t *n);
/* How often after_kind happened before the event, within its scope. */
CHECKED enum rc security_db_rule_before(struct ctx *c, const struct rule_row *r,
                                        const struct event_row *e, int64_t *n);

struct case_row {
	struct id id;
	const char *rule;
	int64_t rule_version;
	const char *scope_key;
	struct id user_id;
	const char *address;
	struct json_text facts;
	int64_t hits;
	const char *status;
	const char *open_key;
	const char *reason;
	struct id decided_by;
	struct when decided_at, created_at, last_at;
	int64_t version;
};
extern const struct shape case_row_shape;
/* Opens a case, or counts a hit of the open one. */
CHECKED enum rc security_db_case_hit(struct ctx *c, const struct case_row *r);
CHECKED enum rc security_db_case_get(struct ctx *c, struct id id,
                                     struct case_row *out);
CHECKED enum rc security_db_case_page(struct ctx *c, const char *status,
                                      const char *rule, struct id user,
                                      const struct page *page,
                                      struct case_row **rows, size_t *n,
                                      struct page_info *info);
/* *changed 0: not open any longer. */
CHECKED enum rc security_db_case_decide(struct ctx *c, struct id id,
                                        const char *status, const char *reason,
                                        int64_t *changed);
/* Deletes up to n old attempts, events and slow-downs. */
CHECKED enum rc security_db_tidy(struct ctx *c, struct when attempts_before,
                                 struct when events_before, int64_t n,
                                 int64_t *deleted);

#endif
