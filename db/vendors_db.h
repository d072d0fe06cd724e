/* Stores, who works in them, their papers: rows of vendor, vendor_staff,
 * vendor_document. */
#ifndef MERKATO_VENDORS_DB_H
#define MERKATO_VENDORS_DB_H

#include "db/query.h"

struct vendor_row {
	struct id id, owner_id;
	const char *slug, *name;
	const char *status, *status_reason;
	struct when status_at;
	const char *description;
	const char *logo;         /* stem of its files; NULL = none */
	const char *logo_source;  /* an upload that is worked on */
	const char *logo_refused; /* code: why the last was refused */
	const char *email, *phone, *address, *city, *region, *country;
	double lat, lng;
	bool is_approximate;
	struct json_text opening_hours;
	struct when holiday_from, holiday_until;
	const char *holiday_note;
	const char *payout_schedule;
	int64_t payout_day;
	struct blob bank_account;
	const char *bank_name, *bank_last4;
	struct when bank_changed_at, bank_verified_at, payouts_held_until;
	int64_t commission_bp;
	struct when created_at, updated_at;
	int64_t version;
};
extern const struct shape vendor_row_shape;

struct opening {
	const char *day, *opens, *closes;
};
struct bank_account {
	const char *bank_name, *number;
};
/* Whether a store is on holiday at A(c->now), A(c->now); without an end, until
 * further notice. prefix is what stands before its columns: "v.". */
#define STORE_AWAY(prefix)                                               \
	"(" prefix "holiday_from IS NOT NULL AND " prefix "holiday_from" \
	" <= ? AND (" prefix "holiday_until IS NULL OR " prefix          \
	"holiday_until > ?))"

/* What the owner may change. */
struct vendor_patch {
	const char *name, *description, *email, *phone, *address, *city,
		*region, *country;
	double lat, lng;
	bool is_approximate;
	struct when holiday_from, holiday_until;
	const char *holiday_note;
	const char *payout_schedule;
	int64_t payout_day;
	struct opening *opening_hours;
	size_t n_opening_hours;
	struct bank_account *bank_account;
	uint64_t given;
};
extern const struct shape vendor_patch_shape;

/* What everybody sees. */
struct vendor_seen {
	struct id id;
	const char *slug, *name, *description, *logo, *logo_url, *city, *region,
		*country;
	double lat, lng;
	bool is_approximate;
	struct json_text opening_hours;
	bool is_open;
	struct when holiday_until;
	const char *holiday_note;
	double distance_km;
	struct when created_at;
	int64_t version;
};
extern const struct shape vendor_seen_shape;

struct vendor_filter {
	const char *q, *city;
	double lat, lng; /* REAL_NONE = anywhere */
	double radius;   /* km */
};

CHECKED enum rc vendors_db_insert(struct ctx *c, const struct vendor_row *v);
CHECKED enum rc vendors_db_get(struct ctx *c, struct id id,
                               struct vendor_row *out);
CHECKED enum rc vendors_db_lock(struct ctx *c, struct id id,
                                struct vendor_row *out);
/* Stores whose holiday has begun or ended since it was noted. */
CHECKED enum rc vendors_db_turned(struct ctx *c, int max,
                                  struct vendor_row **rows, size_t *n);
CHECKED enum rc vendors_db_note_holiday(struct ctx *c, struct id id);
CHECKED enum rc vendors_db_find_slug(struct ctx *c, const char *slug,
                                     struct vendor_row *out, bool *found);
/* The store that somebody owns, else the one whose active staff they are, with
 * what they may do there as staff (0 for the owner). */
struct store_of_person {
	struct id id;
	const char *slug, *name, *status;
	int64_t permissions;
};
CHECKED enum rc vendors_db_of_person(struct ctx *c, struct id person,
                                     struct store_of_person *out, bool *found);
CHECKED enum rc vendors_db_find_owner(struct ctx *c, struct id owner,
                                      struct vendor_row *out, bool *found);
CHECKED enum rc vendors_db_list(struct ctx *c, const struct id *ids,
                                size_t n_ids, struct vendor_row **rows,
                                size_t *n);
/* An approved store by slug. */
CHECKED enum rc vendors_db_seen(struct ctx *c, const char *slug,
                                struct vendor_seen *out);
CHECKED enum rc vendors_db_seen_page(struct ctx *c,
                                     const struct vendor_filter *f,
                                     const struct page *page,
                                     struct vendor_seen **rows, size_t *n,
                                     struct page_info *info);
CHECKED enum rc vendors_db_page(struct ctx *c, const char *status,
                                const char *q_text, const struct page *page,
                                struct vendor_row **rows, size_t *n,
                                struct page_info *info);
CHECKED enum rc vendors_db_set(struct ctx *c, struct id id,
                               const struct vendor_patch *p);
CHECKED enum rc vendors_db_hours_set(struct ctx *c, struct id id,
                                     struct json_text hours);
/* Its three columns of the logo. */
CHECKED enum rc vendors_db_logo_set(struct ctx *c, const struct vendor_row *v);
CHECKED enum rc vendors_db_bank_set(struct ctx *c, struct id id,
                                    struct blob sealed, const char *bank_name,
                                    const char *last4, struct when held_until);
CHECKED enum rc vendors_db_bank_verified(struct ctx *c, struct id id,
                                         struct when at);
CHECKED enum rc vendors_db_commission_set(struct ctx *c, struct id id,
                                          int64_t bp);
/* *changed 0: not in status from any longer. */
CHECKED enum rc vendors_db_move(struct ctx *c, struct id id, const char *from,
                                const char *to, const char *reason,
                                int64_t *changed);

struct staff_row {
	struct id id, vendor_id, user_id;
	const char *email, *email_key;
	const char *name; /* of the user, when joined */
	int64_t permissions;
	const char *status; /* invited, active */
	struct id invited_by;
	struct when invited_at, expires_at, accepted_at;
	int64_t version;
};
CHECKED enum rc staff_db_insert(struct ctx *c, const struct staff_row *s);
CHECKED enum rc staff_db_get(struct ctx *c, struct id vendor, struct id id,
                             struct staff_row *out);
CHECKED enum rc staff_db_lock(struct ctx *c, struct id id,
                              struct staff_row *out);
CHECKED enum rc staff_db_page(struct ctx *c, struct id vendor,
                              const struct page *page, struct staff_row **rows,
                              size_t *n, struct page_info *info);
CHECKED enum rc staff_db_count(struct ctx *c, struct id vendor, int64_t *n);
CHECKED enum rc staff_db_permissions_set(struct ctx *c, struct id id,
                                         int64_t permissions);
CHECKED enum rc staff_db_invited_again(struct ctx *c, struct id id,
                                       struct when expires_at);
/* *changed 0: not invited any longer. */
CHECKED enum rc staff_db_accept(struct ctx *c, struct id id, struct id user,
                                int64_t *changed);
CHECKED enum rc staff_db_delete(struct ctx *c, struct id vendor, struct id id,
                                int64_t *changed);

struct document_row {
	struct id id, vendor_id;
	const char *kind, *file, *type;
	int64_t size;
	struct when created_at;
};
extern const struct shape document_row_shape;
CHECKED enum rc vendors_db_document_insert(struct ctx *c,
                                           const struct document_row *d);
CHECKED enum rc vendors_db_document_get(struct ctx *c, struct id vendor,
                                        struct id id, struct document_row *out);
CHECKED enum rc vendors_db_document_list(struct ctx *c, struct id vendor,
                                         struct document_row **rows, size_t *n);

#endif
