/*
 * People, stores and what they may do: sign-in, sessions, roles, staff, the
 * audit log and the log of security events. Other modules use this header
 * only. A ctx that dispatch hands out is already identified; the functions
 * here never look at a request (but accounts_identify_cookie).
 */
#ifndef MERKATO_ACCOUNTS_H
#define MERKATO_ACCOUNTS_H

#include "fcgi/base/json.h"
#include "fcgi/http/request.h"
#include "fcgi/http/route.h"
#include "fcgi/http/token.h"

/*
 * Mails are asked for by outbox events. All have "email", "name", "locale"
 * (whom to write to, how) and their subject is the user, if there is one:
 *   account.verify          url, expires_at
 *   account.exists          somebody registered an address that has an account
 *   account.reset           url, expires_at
 *   account.address_change  url, expires_at: to the new address
 *   account.address_changing  new_email: to the old address
 *   account.locked
 *   account.address_changed   new_email: to the old address
 *   account.password_changed
 *   account.admin_invited   url, expires_at
 *   account.staff_invited   url, expires_at, store
 *   account.new_device      device, address, at
 *   account.sessions_ended  why
 *   account.second_factor   change: on, off, recovery_code_used
 *   account.suspended, account.reinstated   reason
 *   account.alert           rule
 *   account.erased
 * (account.forgot and account.resend are no mails: accounts_send_reset …)
 *   vendor.applied, vendor.approved, vendor.rejected, vendor.suspended
 *                           store, reason (may be null); subject: the store
 *   vendor.bank_changed     store, last4
 */

/* All of them belong into routes_use. */
extern const struct route accounts_routes[];
extern const struct route accounts_store_routes[];
extern const struct route accounts_person_routes[];
extern const struct route accounts_admin_routes[];
extern const struct route accounts_oauth_routes[];
extern const struct route accounts_oidc_routes[];

/* Before fork: the shared slots for password hashing. */
void accounts_start(void);

/*
 * For struct dispatch_backend. facts is what accounts_identify itself has put
 * under accounts_session_key; it is at most 60 s old, and a change of role,
 * password or status makes every older token invalid by its version, so that
 * the change is felt within 60 s without memcached and at once with it.
 */
enum rc accounts_identify(struct ctx *c, const struct token *t,
                          const char *facts, size_t n_facts);
const char *accounts_session_key(struct ctx *c, const struct token *t);
/* Console cookie (its value) → actor and r->csrf. */
enum rc accounts_identify_cookie(struct req *r, const char *cookie);

/*
 * Console sign-in. *cookie is the value to set (256 bits, kept hashed).
 * RC_UNAUTHORIZED, RC_TOO_MANY and RC_UNAVAILABLE as in the API's login; only
 * admins get in. code is the TOTP or a recovery code, NULL if none was given;
 * err.code "second_factor_needed" asks for it.
 */
CHECKED enum rc accounts_console_login(struct ctx *c, const char *email,
                                       const char *password, const char *code,
                                       const char **cookie);
/* Ends the console session of this ctx. */
CHECKED enum rc accounts_console_logout(struct ctx *c);

/* 403 "email_not_verified" unless the actor has proven the address: to order,
 * review, ask and sell. */
CHECKED enum rc accounts_need_verified(struct ctx *c);
/* 403 "password_needed" unless the password was given in this session within
 * the last 10 minutes: before payouts, roles, bank account, suspensions. */
CHECKED enum rc accounts_need_recent_password(struct ctx *c);
/* The actor's password again: RC_INVALID on field "password"; opens the 10
 * minutes of accounts_need_recent_password. */
CHECKED enum rc accounts_password_confirm(struct ctx *c, const char *password);
/* That, and 429 with Retry-After while a rule has slowed the actor or the
 * address; in one statement. */
CHECKED enum rc accounts_need_buyer(struct ctx *c);

struct account_new {
	struct id id; /* none = a new one */
	const char *email;
	const char *password;      /* NULL = see password_hash */
	const char *password_hash; /* ready made; NULL with no password = none
	                            */
	const char *name;
	const char *phone;  /* NULL = none */
	const char *locale; /* NULL = "en" */
	unsigned roles, permissions;
	bool is_verified;
};

/* For commands, demo and tests: no mail, no password rules. RC_CONFLICT
 * "email_taken". */
CHECKED enum rc accounts_create_user(struct ctx *c,
                                     const struct account_new *in,
                                     struct id *out);
/* The first super admin, from the command line: password rules apply, an audit
 * row is written. */
CHECKED enum rc accounts_admin_create(struct ctx *c, const char *email,
                                      const char *password, const char *name);

struct user_brief {
	struct id id;
	const char *name;
	const char *email;  /* NULL when erased */
	const char *phone;  /* NULL = none */
	const char *locale; /* "en", "am" … */
	const char *status; /* active, suspended, erased */
	unsigned roles;
	bool is_verified;
	struct when created_at;
};
CHECKED enum rc accounts_user_get(struct ctx *c, struct id user,
                                  struct user_brief *out);
/* Those of ids that exist, in one statement; no order. */
CHECKED enum rc accounts_user_list(struct ctx *c, const struct id *ids,
                                   size_t n_ids, struct user_brief **out,
                                   size_t *n);

struct vendor_new {
	struct id id; /* none = a new one */
	struct id owner;
	const char *name;
	const char *slug;   /* NULL = made from name */
	const char *status; /* NULL = "pending" */
	const char *description, *phone, *address, *city, *region; /* may be
	                                                              NULL */
	double lat, lng; /* REAL_NONE = no place */
	bool is_approximate;
};
/* Also gives the owner ROLE_VENDOR. RC_CONFLICT when they have a store. */
CHECKED enum rc accounts_create_vendor(struct ctx *c,
                                       const struct vendor_new *in,
                                       struct id *out);
/* Puts a user to work in a store (demo, tests): permissions of the staff half.
 */
CHECKED enum rc accounts_create_staff(struct ctx *c, struct id vendor,
                                      struct id user, unsigned permissions);

struct vendor_brief {
	struct id id;
	struct id owner_id;
	const char *slug;
	const char *name;
	const char *status;   /* pending, approved, rejected, suspended */
	const char *logo_url; /* NULL = none */
	const char *city;
	double lat, lng; /* REAL_NONE = no place; rounded when approximate */
	int64_t commission_bp; /* INT_NONE = the platform's */
	bool is_open;          /* approved and not closed for a holiday now */
	const char *payout_schedule;        /* daily, weekly, monthly, manual */
	int64_t payout_day;                 /* of week (1 = Monday) or month */
	const char *bank_name, *bank_last4; /* NULL = no account yet */
	struct when bank_verified_at;       /* 0 = not */
	struct when payouts_held_until;     /* 0 = not held */
};
CHECKED enum rc accounts_vendor_get(struct ctx *c, struct id vendor,
                                    struct vendor_brief *out);
CHECKED enum rc accounts_vendor_by_slug(struct ctx *c, const char *slug,
                                        struct vendor_brief *out);
/* Those of ids that exist, in one statement; no order. */
CHECKED enum rc accounts_vendor_list(struct ctx *c, const struct id *ids,
                                     size_t n_ids, struct vendor_brief **out,
                                     size_t *n);
/* The bank account in clear, for transfers only. RC_CONFLICT without one. */
CHECKED enum rc accounts_vendor_bank(struct ctx *c, struct id vendor,
                                     const char **account);

struct address_brief {
	struct id id;
	const char *name, *phone, *line1, *line2, *city, *region, *postal_code,
		*country;
	double lat, lng; /* REAL_NONE = unknown */
};
/* An address of this user; somebody else's is RC_NOT_FOUND. */
CHECKED enum rc accounts_address_get(struct ctx *c, struct id user,
                                     struct id address,
                                     struct address_brief *out);

/*
 * What other modules do when something happens to a person or a store; any
 * member may be NULL. All but list_personal run inside the transaction of the
 * change.
 */
struct accounts_part {
	const char *name; /* "orders": its member in a person's export */
	/* A store's status, holiday or place has changed. */
	enum rc (*vendor_changed)(struct ctx *c, struct id vendor);
	/* Adds all that is held on a person to the object. */
	enum rc (*list_personal)(struct ctx *c, struct id user, json_t *into);
	/* Makes the person a pseudonym, drops what need not be kept. */
	enum rc (*forget)(struct ctx *c, struct id user);
};
/* NULL-terminated table, set at start. */
void accounts_use(const struct accounts_part *const *parts);

/*
 * A privileged change: in the transaction of the change. before and after are
 * JSON object text without secrets, NULL = nothing; why NULL = not asked.
 */
CHECKED enum rc audit_add(struct ctx *c, const char *what,
                          const char *subject_kind, struct id subject,
                          const char *before, const char *after,
                          const char *why);

/*
 * Something that the rules of suspicious activity look at: "login.failed",
 * "bank.changed", "order.placed", "payment.failed", "review.new_account"
 * (subject = product), "order.self_purchase", "review.self", "export.made" …
 * user none = the actor. facts is JSON object text or NULL. Rules that fire
 * act at once (slow down, end sessions, hold payouts, open a case). Call it
 * outside the transaction when that is going to fail.
 */
CHECKED enum rc security_event_add(struct ctx *c, const char *kind,
                                   struct id user, struct id subject,
                                   const char *facts);

/*
 * The same by the consumer of an outbox event, for what must not cost those who
 * wait: the event is of the time when that was written, and is kept once
 * however often the consumer runs.
 */
struct outbox_event;
CHECKED enum rc security_event_of(struct ctx *c, const struct outbox_event *e,
                                  const char *kind, struct id user,
                                  struct id subject);
/* Of several, with a user for each and the outbox events' own subjects, in one
 * transaction. RC_CONFLICT if one of them was kept before: then none is. */
CHECKED enum rc security_events_of(struct ctx *c,
                                   const struct outbox_event *events,
                                   const char *kind, const struct id *users,
                                   size_t n);
/* For struct dispatch_backend: keeps r->noticed with the route's name. */
void accounts_notice(struct req *r);

/* Consumers: the mails that somebody asked for who may have no account. */
enum rc accounts_send_reset(struct ctx *c, const struct outbox_event *e);
enum rc accounts_send_verify(struct ctx *c, const struct outbox_event *e);
/* A store's logo was worked on (media_on_single). */
enum rc accounts_logo_done(struct ctx *c, struct id vendor, const char *source,
                           const char *stem, const char *refused);

/* Timed work for handlers/jobs.c. */
enum rc accounts_job_tidy(struct ctx *c, bool *more);
/* Stores' holidays begin and end on time. */
enum rc accounts_job_holidays(struct ctx *c, bool *more);
/* Back-test of the rules over the last days, printed as a table on stdout. */
CHECKED enum rc accounts_rules_replay(struct ctx *c, int days);

#endif
