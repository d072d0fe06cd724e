/*
 * Security events and the rules that look at them. Rules are rows: how many
 * events of a kind (or different accounts, users) within a scope and window
 * are too many, and what is done then. They are counted in the database, so
 * that all workers and hosts see the same.
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/base/log.h"
#include "fcgi/base/text.h"

enum {
	DELAY_S = 30,
	LOCK_S = 15 * MINUTE,
	HOLD_S = 72 * HOUR,
	REPLAY_SLICE = 500,
};

const char *const rule_action_names[] = {
	"log",         "delay", "step_up", "lock", "revoke",
	"hold_payout", "case",  "notify",  NULL,
};

/* The scope of this event under a rule, for the case and the slow-down; NULL
 * when the event has none. */
static const char *scope_of(struct ctx *c, const struct rule_row *r,
                            const struct event_row *e)
{
	char text[ID_TEXT_MAX];

	if (strcmp(r->within, "user") == 0)
		return id_is_none(e->user_id)
		               ? NULL
		               : arena_fmt(c->arena, "user:%s",
		                           id_text(e->user_id, text));
	if (strcmp(r->within, "subject") == 0)
		return id_is_none(e->subject_id)
		               ? NULL
		               : arena_fmt(c->arena, "subject:%s",
		                           id_text(e->subject_id, text));
	if (strcmp(r->within, "account") == 0)
		return e->account.p ? arena_fmt(c->arena, "account:%s",
		                                text_hex(c->arena, e->account.p,
		                                         e->account.n))
		                    : NULL;
	return *e->address ? arena_fmt(c->arena, "address:%s", e->address)
	                   : NULL;
}

/* *n > 0 when the rule fires on this event. */
static enum rc rule_fires(struct ctx *c, const struct rule_row *r,
                          const struct event_row *e, int64_t *n)
{
	int64_t count = 0, before = 1;
	enum rc rc = security_db_rule_count(c, r, e, &count);

	if (!rc && count >= r->threshold && r->after_kind)
		rc = security_db_rule_before(c, r, e, &before);
	if (!rc)
		*n = count >= r->threshold && before > 0 ? count : 0;
	return rc;
}

static enum rc open_case(struct ctx *c, const struct rule_row *r,
                         const struct event_row *e, const char *scope,
                         int64_t n)
{
	char text[ID_TEXT_MAX];
	struct case_row row = {
		.id = id_new(),
		.rule = r->name,
		.rule_version = r->version,
		.scope_key = scope,
		.user_id = e->user_id,
		.address = e->address,
		.open_key = arena_fmt(c->arena, "%s/%s", r->name, scope),
	};

	row.facts.s = json_given(
		c,
		json_pack("{s:I, s:I, s:I, s:s, s:s}", "count", (json_int_t)n,
	                  "threshold", (json_int_t)r->threshold, "window_s",
	                  (json_int_t)r->window_s, "within", r->within, "event",
	                  id_text(e->id, text)));
	return security_db_case_hit(c, &row);
}

/* The same keys as the throttle's: an IPv6 address stands for its /64. */
static struct blob slowed_key(struct ctx *c, const struct rule_row *r,
                              const struct event_row *e, const char *scope)
{
	if (strcmp(r->within, "account") == 0)
		return e->account;
	if (strcmp(r->within, "address") == 0)
		scope = arena_fmt(c->arena, "address:%s", address_net(c));
	return token_hash(c, scope);
}

static enum rc act_on_user(struct ctx *c, const struct rule_row *r,
                           const struct event_row *e)
{
	struct user_row u = { 0 };
	enum rc rc = RC_OK;

	if (r->actions & ACT_STEP_UP)
		rc = sessions_db_password_forget(c, e->user_id);
	if (!rc && (r->actions & ACT_LOCK))
		rc = accounts_db_lock_until(c, e->user_id,
		                            when_plus(c->now, LOCK_S));
	if (!rc && (r->actions & ACT_HOLD_PAYOUT))
		rc = accounts_db_hold_payouts(c, e->user_id,
		                              when_plus(c->now, HOLD_S));
	if (!rc && (r->actions & ACT_REVOKE))
		rc = sessions_db_end_all(c, e->user_id, (struct id){ { 0 } },
		                         "rule");
	if (!rc && (r->actions & (ACT_NOTIFY | ACT_LOCK)))
		rc = accounts_db_user_get(c, e->user_id, &u);
	if (!rc && (r->actions & ACT_LOCK) && u.email)
		rc = tell_user(c, "account.locked", &u, NULL);
	if (!rc && (r->actions & ACT_NOTIFY) && u.email)
		rc = tell_user(c, "account.alert", &u,
		               json_pack("{s:s}", "rule", r->name));
	return rc;
}

static enum rc act(struct ctx *c, const struct rule_row *r,
                   const struct event_row *e, const char *scope, int64_t n)
{
	enum rc rc = RC_OK;

	if (r->actions & ACT_LOG)
		log_warn("security", "rule %s fired: %lld in %lld s", r->name,
		         (long long)n, (long long)r->window_s);
	if (r->actions & ACT_DELAY)
		rc = security_db_slow_set(c, slowed_key(c, r, e, scope),
		                          when_plus(c->now, DELAY_S));
	if (!rc && !id_is_none(e->user_id))
		rc = act_on_user(c, r, e);
	if (!rc && (r->actions & ACT_CASE))
		rc = open_case(c, r, e, scope, n);
	return rc;
}

static enum rc weigh(struct ctx *c, const struct event_row *e,
                     const struct rule_row *rules, size_t n_rules)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n_rules && !rc; i++) {
		const char *scope = scope_of(c, &rules[i], e);
		int64_t n = 0;

		if (!scope)
			continue;
		rc = rule_fires(c, &rules[i], e, &n);
		if (!rc && n > 0)
			rc = act(c, &rules[i], e, scope, n);
	}
	return rc;
}

/* All of one kind, in the order of time. */
static enum rc add(struct ctx *c, const struct event_row *e, size_t n)
{
	struct rule_row *rules = NULL;
	size_t n_rules = 0;
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = security_db_event_insert(c, e, n);
	if (!rc)
		rc = security_db_rules(c, e->kind, &rules, &n_rules);
	for (size_t i = 0; i < n && !rc; i++)
		rc = weigh(c, &e[i], rules, n_rules);
	return sql_end(c, rc);
}

static struct event_row event_of(struct ctx *c, const char *kind,
                                 struct id user, const char *facts)
{
	return (struct event_row){ .id = id_new(),
		                   .kind = kind,
		                   .user_id = user,
		                   .address = c->address,
		                   .device = c->agent,
		                   .facts = { facts },
		                   .created_at = c->now };
}

enum rc security_event_account(struct ctx *c, const char *kind, const char *key,
                               struct id user, const char *facts)
{
	struct event_row e = event_of(c, kind, user, facts);

	e.account = account_hash(c, key);
	return add(c, &e, 1);
}

enum rc security_event_add(struct ctx *c, const char *kind, struct id user,
                           struct id subject, const char *facts)
{
	struct event_row e =
		event_of(c, kind, id_is_none(user) ? c->actor : user, facts);

	e.subject_id = subject;
	return add(c, &e, 1);
}

/* One id for each event and kind: its time, and a hash of both. */
static struct id id_of(struct ctx *c, struct id event, const char *kind)
{
	char text[ID_TEXT_MAX];
	struct blob hash = token_hash(
		c, arena_fmt(c->arena, "%s/%s", id_text(event, text), kind));

	memcpy(event.b + 8, hash.p, 8);
	event.b[8] = (event.b[8] & 0x3f) | 0x80; /* RFC 9562 variant */
	return event;
}

static struct event_row row_of(struct ctx *c, const struct outbox_event *e,
                               const char *kind, struct id user,
                               struct id subject)
{
	struct event_row row = event_of(c, kind, user, NULL);

	row.id = id_of(c, e->id, kind);
	row.subject_id = subject;
	row.created_at = e->created_at;
	return row;
}

enum rc security_event_of(struct ctx *c, const struct outbox_event *e,
                          const char *kind, struct id user, struct id subject)
{
	struct event_row row = row_of(c, e, kind, user, subject);
	enum rc rc = add(c, &row, 1);

	if (rc != RC_CONFLICT)
		return rc;
	fail_clear(c);
	return RC_OK;
}

enum rc security_events_of(struct ctx *c, const struct outbox_event *events,
                           const char *kind, const struct id *users, size_t n)
{
	struct event_row *rows = arena_new_array(c->arena, struct event_row, n);

	for (size_t i = 0; i < n; i++)
		rows[i] = row_of(c, &events[i], kind, users[i],
		                 events[i].subject);
	return add(c, rows, n);
}

void accounts_notice(struct req *r)
{
	struct ctx *c = &r->ctx;
	json_t *facts = json_pack("{s:s, s:s}", "method", r->method, "route",
	                          r->route ? r->route->path : "");
	enum rc rc =
		security_event_add(c, r->noticed, (struct id){ { 0 } },
	                           (struct id){ { 0 } }, json_given(c, facts));

	if (rc)
		log_warn("security", "%s was not kept: %s", r->noticed,
		         rc_name(rc));
}

/* The back-test: what would have fired, by rule. */

struct tally {
	const struct rule_row *rule;
	int64_t events, hits;
};

static enum rc replay_event(struct ctx *c, const struct event_row *e,
                            struct tally *tallies, size_t n)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && !rc; i++) {
		int64_t fired = 0;

		if (strcmp(tallies[i].rule->kind, e->kind) != 0 ||
		    !scope_of(c, tallies[i].rule, e))
			continue;
		tallies[i].events++;
		rc = rule_fires(c, tallies[i].rule, e, &fired);
		tallies[i].hits += fired > 0;
	}
	return rc;
}

static enum rc replay_all(struct ctx *c, struct when from,
                          struct tally *tallies, size_t n)
{
	struct id after = { { 0 } };

	for (;;) {
		struct event_row *events = NULL;
		size_t n_events = 0;
		enum rc rc = security_db_events_from(
			c, from, after, REPLAY_SLICE, &events, &n_events);

		if (rc || n_events == 0)
			return rc;
		for (size_t i = 0; i < n_events; i++) {
			rc = replay_event(c, &events[i], tallies, n);
			if (rc)
				return rc;
		}
		from = events[n_events - 1].created_at;
		after = events[n_events - 1].id;
	}
}

enum rc accounts_rules_replay(struct ctx *c, int days)
{
	struct rule_row *rules = NULL;
	size_t n = 0;
	enum rc rc = security_db_rules(c, NULL, &rules, &n);
	struct tally *tallies = arena_new_array(c->arena, struct tally, n + 1);

	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++)
		tallies[i].rule = &rules[i];
	rc = replay_all(c, when_plus(c->now, -(int64_t)days * DAY), tallies, n);
	if (rc)
		return rc;
	printf("%-30s %9s %9s %9s\n", "rule", "threshold", "events", "hits");
	for (size_t i = 0; i < n; i++)
		printf("%-30s %9lld %9lld %9lld\n", rules[i].name,
		       (long long)rules[i].threshold,
		       (long long)tallies[i].events,
		       (long long)tallies[i].hits);
	return RC_OK;
}
