/* The functions behind the routes. */
#ifndef MERKATO_ACCOUNTS_HTTP_H
#define MERKATO_ACCOUNTS_HTTP_H

#include "fcgi/http/reply.h"
#include "handlers/accounts/accounts_inside.h"

/* Bodies, queries and replies that rules do not know. */
struct email_in {
	const char *email;
};
struct token_in {
	const char *token;
};
struct refresh_in {
	const char *refresh;
};
struct said {
	const char *detail;
};
struct session_seen {
	struct id id;
	const char *kind, *device, *address;
	struct when created_at, last_seen_at, expires_at;
	bool is_current;
};
struct vendor_query {
	const char *q, *city;
	double lat, lng, radius;
};
struct store_bank {
	const char *bank_name, *last4;
	struct when verified_at;
};
/* A store as its people and admins see it. */
struct store_seen {
	struct id id, owner_id;
	const char *slug, *name, *status, *status_reason;
	const char *description, *logo_url, *email, *phone, *address, *city,
		*region, *country;
	double lat, lng;
	bool is_approximate;
	struct json_text opening_hours;
	struct when holiday_from, holiday_until;
	const char *holiday_note;
	const char *payout_schedule;
	int64_t payout_day;
	struct store_bank *bank_account;
	struct when payouts_held_until;
	int64_t commission_bp;
	struct when created_at, updated_at;
	int64_t version;
};
struct vendors_query {
	const char *status, *q;
};
struct reason_in {
	const char *reason;
};
struct commission_in {
	int64_t commission_bp;
	bool bank_verified;
	uint64_t given;
};

extern const struct shape said_shape, session_seen_shape, store_seen_shape,
	commission_in_shape;

enum rc accounts_register_customer_post(struct req *r);
enum rc accounts_register_vendor_post(struct req *r);
enum rc accounts_verify_post(struct req *r);
enum rc accounts_resend_post(struct req *r);
enum rc accounts_login_post(struct req *r);
enum rc accounts_refresh_post(struct req *r);
enum rc accounts_logout_post(struct req *r);
enum rc accounts_logout_all_post(struct req *r);
enum rc accounts_sessions_get(struct req *r);
enum rc accounts_session_delete(struct req *r);
enum rc accounts_me_get(struct req *r);
enum rc accounts_me_patch(struct req *r);
enum rc accounts_vendors_get(struct req *r);
enum rc accounts_vendor_one_get(struct req *r);
enum rc accounts_store_get(struct req *r);
enum rc accounts_store_patch(struct req *r);
enum rc accounts_admin_vendors_get(struct req *r);
enum rc accounts_admin_vendor_get(struct req *r);
enum rc accounts_admin_vendor_patch(struct req *r);
enum rc accounts_admin_vendor_approve_post(struct req *r);
enum rc accounts_admin_vendor_reject_post(struct req *r);
enum rc accounts_admin_vendor_suspend_post(struct req *r);
enum rc accounts_2fa_enroll_post(struct req *r);
enum rc accounts_2fa_confirm_post(struct req *r);
enum rc accounts_2fa_disable_post(struct req *r);

#endif
