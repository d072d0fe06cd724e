/*
 * What the files of this folder share; nobody else includes it. HTTP functions
 * read and answer, rules are in the files named after their subject.
 */
#ifndef MERKATO_ACCOUNTS_INSIDE_H
#define MERKATO_ACCOUNTS_INSIDE_H

#include "db/accounts_db.h"
#include "db/audit_db.h"
#include "db/outbox_db.h"
#include "db/security_db.h"
#include "db/sessions_db.h"
#include "db/vendors_db.h"
#include "handlers/accounts/accounts.h"

enum {
	MINUTE = 60,
	HOUR = 3600,
	DAY = 86400,
	RECENT_PASSWORD_S = 10 * MINUTE,
};

/* Comparison key of an address: casefolded. */
const char *email_key(struct ctx *c, const char *email);
/* Hash of an address for counting, whether it has an account or not. */
struct blob account_hash(struct ctx *c, const char *key);
struct blob token_hash(struct ctx *c, const char *text);
/* The text of a json_t made here, which is given up. */
const char *json_given(struct ctx *c, json_t *owned);
/* An outbox event to a person; extra (may be NULL) is given up. */
CHECKED enum rc tell(struct ctx *c, const char *topic, struct id subject,
                     const char *email, const char *name, const char *locale,
                     json_t *extra);
/* A text in the payload of an outbox event of our own. */
CHECKED enum rc event_text(struct ctx *c, const struct outbox_event *e,
                           const char *name, const char **out);
CHECKED enum rc tell_user(struct ctx *c, const char *topic,
                          const struct user_row *u, json_t *extra);

/* Passwords (accounts_passwords.c, accounts_slots.c). */
struct password_owner {
	const char *email, *name, *store; /* may be NULL */
};
/* Field fault at path when it may not be used. */
CHECKED enum rc password_allowed(struct ctx *c, const char *path,
                                 const char *password,
                                 const struct password_owner *owner);
/* Both wait for one of the host's slots at most 250 ms: RC_UNAVAILABLE. */
CHECKED enum rc password_hash_slowly(struct ctx *c, const char *password,
                                     const char **hash);
/* stored NULL works as long as a real one. */
CHECKED enum rc password_check_slowly(struct ctx *c, const char *password,
                                      const char *stored, bool *is_right);
bool password_is_common(struct ctx *c, const char *password);
/* NULL when there is none within 250 ms. */
struct slot;
struct slot *slot_take(void);
void slot_give(struct slot *s);

/* Tries to log in (accounts_throttle.c). */
struct attempt {
	struct id id;
	struct blob account;
	const char *email_key;
	const char *address; /* IPv6: the /64 */
};
/* Counts a try before anything is hashed; RC_TOO_MANY. */
CHECKED enum rc throttle_take(struct ctx *c, const char *key,
                              struct attempt *out);
CHECKED enum rc throttle_forgive(struct ctx *c, const struct attempt *a);
const char *address_net(struct ctx *c);

/* Mailed links (accounts_links.c): purpose, person and address are bound. */
struct link_new {
	struct id id; /* none = a new one */
	const char *purpose;
	struct id user, subject;
	const char *email;
	int64_t roles, permissions;
	int64_t seconds;
	int most_per_hour; /* 0 = no limit */
};
/* *url NULL when the hour's number is used up. Voids earlier ones. path:
 * "/account/verify". */
CHECKED enum rc link_make(struct ctx *c, const struct link_new *in,
                          const char *path, const char **url,
                          struct when *expires);
/* The same link with another token; the one that was sent opens nothing any
 * longer. RC_CONFLICT when it was used or revoked. */
CHECKED enum rc link_renew(struct ctx *c, struct id id, const char *path,
                           int64_t seconds, const char **url,
                           struct when *expires);
/* In a transaction. RC_INVALID on field "token" when it is unknown, used, void
 * or too old. */
CHECKED enum rc link_use(struct ctx *c, const char *purpose, const char *token,
                         struct link_row *out);
CHECKED enum rc link_peek(struct ctx *c, const char *purpose, const char *token,
                          struct link_row *out);
enum rc link_refuse(struct ctx *c);

/* Sessions (accounts_sessions.c). */
struct signed_in_tokens {
	const char *access, *refresh;
	int64_t expires_in;
	struct id session;
};
/* In a transaction: a session of this kind with its first refresh token. */
CHECKED enum rc session_open(struct ctx *c, const struct user_row *u,
                             const char *kind, struct id *session,
                             const char **refresh);
CHECKED enum rc session_refresh_add(struct ctx *c, struct id session,
                                    struct id user, struct when expires,
                                    const char **refresh);
CHECKED enum rc session_tokens(struct ctx *c, const struct user_row *u,
                               struct id session, const char *refresh,
                               struct signed_in_tokens *out);
CHECKED enum rc session_refresh(struct ctx *c, const char *refresh,
                                struct signed_in_tokens *out);
/* Spends a refresh token of a client (none = our own login) and makes the
 * next; RC_UNAUTHORIZED, and the family ends when it was spent before. */
struct refreshed {
	struct user_row user;
	struct id session;
	const char *refresh, *scope;
};
CHECKED enum rc session_rotate(struct ctx *c, const char *refresh,
                               struct id client, struct refreshed *out);
/* Sign out: here, the session of a refresh token, everywhere. RC_NOT_FOUND for
 * somebody else's. */
CHECKED enum rc session_leave(struct ctx *c, struct id user, struct id session);
CHECKED enum rc session_leave_by_refresh(struct ctx *c, const char *refresh);
CHECKED enum rc session_leave_all(struct ctx *c);
/* Tells memcached, after commit, that what it holds on a user's sessions of
 * this version is over. */
void sessions_forget(struct ctx *c, struct id user, int64_t version);
void session_forget_one(struct ctx *c, struct id session, int64_t version);

/* Events (accounts_security.c): by the address given, known or not. */
CHECKED enum rc security_event_account(struct ctx *c, const char *kind,
                                       const char *key, struct id user,
                                       const char *facts);
enum rule_action {
	ACT_LOG = 1,
	ACT_DELAY = 2,
	ACT_STEP_UP = 4,
	ACT_LOCK = 8,
	ACT_REVOKE = 16,
	ACT_HOLD_PAYOUT = 32,
	ACT_CASE = 64,
	ACT_NOTIFY = 128,
};
/* "actions" as names; NULL-terminated list by bit. */
extern const char *const rule_action_names[];

/* Names of bits. */
const char **role_names(struct ctx *c, int64_t roles, size_t *n);
const char **permission_names(struct ctx *c, int64_t permissions, size_t *n);
/* One half of the permissions by names; a field fault at path for unknown
 * ones. */
CHECKED enum rc permissions_read(struct ctx *c, const char *path,
                                 const char **names, size_t n, unsigned half,
                                 int64_t *out);
CHECKED enum rc roles_read(struct ctx *c, const char *path, const char **names,
                           size_t n, int64_t *out);

/* A person as they see themselves. */
struct account_store {
	struct id id;
	const char *slug, *name, *status;
};
struct account {
	struct id id;
	const char *email;
	bool email_verified;
	const char *name;
	const char *phone;
	const char *locale;
	const char **roles;
	size_t n_roles;
	const char **permissions;
	size_t n_permissions;
	struct account_store *vendor; /* owned or worked for */
	bool two_factor_enabled;
	struct when created_at;
	int64_t version;
};
extern const struct shape account_shape;
/* In one statement. */
CHECKED enum rc account_get(struct ctx *c, struct id user, struct account *out);

struct signed_in {
	const char *access, *refresh, *token_type;
	int64_t expires_in;
	struct account *user;
};
extern const struct shape signed_in_shape;

struct registered {
	const char *email;
	const char *detail;
};
struct register_customer {
	const char *email, *password, *name, *phone, *locale;
};
struct register_vendor {
	const char *email, *password, *name, *locale;
	const char *store_name, *phone, *address, *city, *description;
	double lat, lng;
};
CHECKED enum rc register_customer(struct ctx *c,
                                  const struct register_customer *in);
CHECKED enum rc register_vendor(struct ctx *c,
                                const struct register_vendor *in);
CHECKED enum rc verify_email(struct ctx *c, const char *token);
CHECKED enum rc verify_resend(struct ctx *c, const char *email);

struct credentials {
	const char *email, *password, *totp, *recovery_code;
};
/* The user whose credentials these are: throttled, in constant time, with the
 * second factor. Counts and logs. */
CHECKED enum rc login_check(struct ctx *c, const struct credentials *in,
                            struct user_row *out);
/* Everything from credentials to tokens. */
CHECKED enum rc login(struct ctx *c, const struct credentials *in,
                      struct signed_in *out);
/* The rest, after any proof. */
CHECKED enum rc login_finish(struct ctx *c, const struct user_row *u,
                             struct signed_in *out);
/* In a transaction, after login_check or another proof: event, last login,
 * notice of a new device. */
CHECKED enum rc login_record(struct ctx *c, const struct user_row *u);
struct blob device_hash(struct ctx *c);

/* Second factor (accounts_totp.c). */
CHECKED enum rc totp_check(struct ctx *c, const struct user_row *u,
                           const char *code, bool *is_right);
CHECKED enum rc recovery_check(struct ctx *c, const struct user_row *u,
                               const char *code, bool *is_right);

struct totp_secret {
	const char *secret, *otpauth_url, *qr_svg;
};
struct recovery_codes {
	const char **recovery_codes;
	size_t n_recovery_codes;
};
CHECKED enum rc totp_enroll(struct ctx *c, struct totp_secret *out);
CHECKED enum rc totp_confirm(struct ctx *c, const char *code,
                             struct recovery_codes *out);
/* Password and a code again. */
CHECKED enum rc totp_disable(struct ctx *c, const struct credentials *in);
/* The same fault under another status: a wrong password of somebody who is
 * signed in must not look like a bad token. */
enum rc fail_again(struct ctx *c, enum rc rc);

/* Parts of other modules (accounts_parts.c). */
CHECKED enum rc parts_vendor_changed(struct ctx *c, struct id vendor);
CHECKED enum rc parts_list_personal(struct ctx *c, struct id user,
                                    json_t *into);
CHECKED enum rc parts_forget(struct ctx *c, struct id user);

/* Stores (accounts_stores.c). */
CHECKED enum rc store_slug(struct ctx *c, const char *name, const char **slug);
enum vendor_event {
	VENDOR_APPROVE,
	VENDOR_REJECT,
	VENDOR_SUSPEND,
	VENDOR_REAPPLY,
};
CHECKED enum rc vendor_apply(struct ctx *c, struct id vendor,
                             enum vendor_event event, const char *reason,
                             struct vendor_row *out);

CHECKED enum rc store_change(struct ctx *c, struct id vendor,
                             const struct vendor_patch *p,
                             struct vendor_row *out);
/* Checked, as canonical JSON. */
CHECKED enum rc hours_text(struct ctx *c, const struct opening *all, size_t n,
                           struct json_text *out);
/* In a transaction, with their audit rows; bp INT_NONE = the platform's. */
CHECKED enum rc vendor_commission(struct ctx *c, const struct vendor_row *v,
                                  int64_t bp);
CHECKED enum rc vendor_bank_verify(struct ctx *c, const struct vendor_row *v,
                                   bool is_verified);
/* Given in clear, kept sealed; payouts wait 72 h. In a transaction. */
CHECKED enum rc bank_change(struct ctx *c, const struct vendor_row *v,
                            const struct bank_account *b);

/* Passwords and addresses (accounts_password_rules.c). */
CHECKED enum rc password_forgot(struct ctx *c, const char *email);
CHECKED enum rc password_reset(struct ctx *c, const char *token,
                               const char *password);
CHECKED enum rc password_change(struct ctx *c, const char *old,
                                const char *password,
                                struct signed_in_tokens *out);
CHECKED enum rc email_change(struct ctx *c, const char *email,
                             const char *password);
CHECKED enum rc email_confirm(struct ctx *c, const char *token);
/* Tells the owner of an address that somebody wanted it. */
CHECKED enum rc tell_exists(struct ctx *c, const struct user_row *u);

/* Roles and status (accounts_roles.c). */
struct user_grant {
	bool has_roles, has_permissions;
	int64_t roles, permissions;
	int64_t version; /* 0 = whatever it is */
};
/* *u as before. */
CHECKED enum rc user_change(struct ctx *c, struct id user,
                            const struct user_grant *g, struct user_row *u);
CHECKED enum rc user_suspend(struct ctx *c, struct id user, const char *reason);
CHECKED enum rc user_reinstate(struct ctx *c, struct id user,
                               const char *reason);
CHECKED enum rc user_erase(struct ctx *c, struct id user);
CHECKED enum rc check_not_last_super(struct ctx *c, const struct user_row *u);

/* The link of a logo's stem; NULL = none. */
const char *logo_url(struct ctx *c, const char *stem);

/* Invitations (accounts_invite.c); staff of the actor's store. */
struct acceptance {
	const char *token, *name, *password;
};
CHECKED enum rc admin_invite(struct ctx *c, const char *email, bool as_super,
                             int64_t permissions, struct link_row *out);
CHECKED enum rc admin_invite_again(struct ctx *c, struct id id,
                                   struct link_row *out);
CHECKED enum rc admin_invite_revoke(struct ctx *c, struct id id);
CHECKED enum rc staff_invite(struct ctx *c, const char *email,
                             int64_t permissions, struct id *out);
CHECKED enum rc staff_invite_again(struct ctx *c, struct id id);
CHECKED enum rc staff_grant(struct ctx *c, struct id id, int64_t permissions);
CHECKED enum rc staff_remove(struct ctx *c, struct id id);
/* *is_known: the address has an account, so no password is needed. */
CHECKED enum rc invitation_find(struct ctx *c, const char *token,
                                struct link_row *link, bool *is_known);
CHECKED enum rc invitation_accept(struct ctx *c, const struct acceptance *in,
                                  struct account *out);

#endif
