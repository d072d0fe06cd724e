/* People and their addresses: rows of users, address, recovery_code. */
#ifndef MERKATO_ACCOUNTS_DB_H
#define MERKATO_ACCOUNTS_DB_H

#include "db/query.h"

struct user_row {
	struct id id;
	const char *email, *email_key; /* NULL when erased */
	const char *password_hash;     /* NULL = none: signs in elsewhere */
	const char *name;
	const char *phone;
	const char *locale;
	int64_t roles, permissions;
	const char *status, *status_reason;
	struct when verified_at;
	int64_t token_version;
	struct when locked_until, payouts_held_until;
	struct blob totp_secret, totp_pending;
	int64_t totp_counter;
	struct when totp_at; /* 0 = no second factor */
	struct when last_login_at, created_at, updated_at;
	int64_t version;
};
extern const struct shape user_row_shape;

CHECKED enum rc accounts_db_user_insert(struct ctx *c,
                                        const struct user_row *u);
CHECKED enum rc accounts_db_user_get(struct ctx *c, struct id id,
                                     struct user_row *out);
/* A person as they see themselves, with the store that they own, else the one
 * whose active staff they are. */
struct person_row {
	struct id id;
	const char *email, *name, *phone, *locale;
	int64_t roles, permissions;
	struct when verified_at, totp_at, created_at;
	int64_t version;
	struct id store_id; /* none = no store */
	const char *store_slug, *store_name, *store_status;
	int64_t staff_permissions; /* 0 for the owner */
};
CHECKED enum rc accounts_db_person_get(struct ctx *c, struct id id,
                                       struct person_row *out);
CHECKED enum rc accounts_db_user_lock(struct ctx *c, struct id id,
                                      struct user_row *out);
CHECKED enum rc accounts_db_user_find(struct ctx *c, const char *email_key,
                                      struct user_row *out, bool *found);
/* A new hash; makes all older tokens invalid. */
CHECKED enum rc accounts_db_password_set(struct ctx *c, struct id user,
                                         const char *hash);
/* The same password hashed with more rounds: only if it is still the same. */
CHECKED enum rc accounts_db_password_rehash(struct ctx *c, struct id user,
                                            const char *old, const char *hash);
/* *changed 0 when the address is another by now. */
CHECKED enum rc accounts_db_email_prove(struct ctx *c, struct id user,
                                        const char *email_key,
                                        int64_t *changed);
/* RC_CONFLICT when somebody else has it. */
CHECKED enum rc accounts_db_email_set(struct ctx *c, struct id user,
                                      const char *email, const char *email_key);
CHECKED enum rc accounts_db_login_seen(struct ctx *c, struct id user);
/* Roles, permissions; raises token_version. *changed 0 = another version. */
CHECKED enum rc accounts_db_roles_set(struct ctx *c, struct id user,
                                      int64_t roles, int64_t permissions);
CHECKED enum rc accounts_db_status_set(struct ctx *c, struct id user,
                                       const char *status, const char *reason);
CHECKED enum rc accounts_db_tokens_void(struct ctx *c, struct id user);
/* How many active super admins there are; locks them. */
CHECKED enum rc accounts_db_supers_lock(struct ctx *c, int64_t *n);
CHECKED enum rc accounts_db_lock_until(struct ctx *c, struct id user,
                                       struct when until);
CHECKED enum rc accounts_db_hold_payouts(struct ctx *c, struct id user,
                                         struct when until);

/* What a person may change about themselves. */
struct profile_patch {
	const char *name;
	const char *phone;
	const char *locale;
	uint64_t given;
};
extern const struct shape profile_patch_shape;
CHECKED enum rc accounts_db_profile_set(struct ctx *c, struct id user,
                                        const struct profile_patch *p);

/* Second factor. */
CHECKED enum rc accounts_db_totp_pend(struct ctx *c, struct id user,
                                      struct blob secret);
CHECKED enum rc accounts_db_totp_confirm(struct ctx *c, struct id user,
                                         struct blob secret, int64_t counter);
CHECKED enum rc accounts_db_totp_drop(struct ctx *c, struct id user);
/* *changed 0 when the counter was used before. */
CHECKED enum rc accounts_db_totp_spend(struct ctx *c, struct id user,
                                       int64_t counter, int64_t *changed);
CHECKED enum rc accounts_db_recovery_set(struct ctx *c, struct id user,
                                         const struct blob *hashes, size_t n);
CHECKED enum rc accounts_db_recovery_spend(struct ctx *c, struct id user,
                                           struct blob hash, int64_t *changed);

struct user_seen {
	struct id id;
	const char *email;
	const char *name;
	const char *phone;
	const char *locale;
	const char *status, *status_reason;
	int64_t roles, permissions;
	struct when verified_at, totp_at, last_login_at, created_at;
	int64_t version;
};
extern const struct shape user_seen_shape;
struct user_filter {
	const char *q, *status;
	int64_t role; /* bit; 0 = any */
};
CHECKED enum rc accounts_db_user_page(struct ctx *c,
                                      const struct user_filter *f,
                                      const struct page *page,
                                      struct user_seen **rows, size_t *n,
                                      struct page_info *info);
CHECKED enum rc accounts_db_user_list(struct ctx *c, const struct id *ids,
                                      size_t n_ids, struct user_seen **rows,
                                      size_t *n);
/* Drops the person: address, name, phone, secrets; the row stays. */
CHECKED enum rc accounts_db_user_erase(struct ctx *c, struct id user);

struct address_row {
	struct id id, user_id;
	const char *label, *name, *phone, *line1, *line2, *city, *region,
		*postal_code, *country;
	double lat, lng;
	bool is_default;
	struct when created_at, updated_at;
	int64_t version;
};
extern const struct shape address_row_shape;
struct address_patch {
	const char *label, *name, *phone, *line1, *line2, *city, *region,
		*postal_code, *country;
	double lat, lng;
	bool is_default;
	uint64_t given;
};
extern const struct shape address_patch_shape;

CHECKED enum rc accounts_db_address_insert(struct ctx *c,
                                           const struct address_row *a);
CHECKED enum rc accounts_db_address_get(struct ctx *c, struct id user,
                                        struct id id, struct address_row *out);
CHECKED enum rc accounts_db_address_page(struct ctx *c, struct id user,
                                         const struct page *page,
                                         struct address_row **rows, size_t *n,
                                         struct page_info *info);
CHECKED enum rc accounts_db_address_set(struct ctx *c, struct id user,
                                        struct id id,
                                        const struct address_patch *p);
CHECKED enum rc accounts_db_address_delete(struct ctx *c, struct id user,
                                           struct id id);
CHECKED enum rc accounts_db_address_count(struct ctx *c, struct id user,
                                          int64_t *n);
/* All others of the user lose is_default. */
CHECKED enum rc accounts_db_address_default(struct ctx *c, struct id user,
                                            struct id id);

#endif
