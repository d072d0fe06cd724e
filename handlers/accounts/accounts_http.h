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
	const char *description, *logo_url, *logo_status, *logo_reason;
	const char *email, *phone, *address, *city, *region, *country;
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

struct reset_in {
	const char *token, *password;
};
struct password_in {
	const char *password;
};
struct password_change_in {
	const char *current_password, *password;
};
struct email_change_in {
	const char *email, *password;
};
struct staff_in {
	const char *email;
	const char **permissions;
	size_t n_permissions;
};
struct permissions_in {
	const char **permissions;
	size_t n_permissions;
};
struct admin_in {
	const char *email;
	bool is_super;
	const char **permissions;
	size_t n_permissions;
};
struct invitation_seen {
	struct id id, invited_by;
	const char *email, *status;
	bool is_super;
	const char **permissions;
	size_t n_permissions;
	struct when created_at, expires_at;
};
struct rights_in {
	const char **roles;
	size_t n_roles;
	const char **permissions;
	size_t n_permissions;
	uint64_t given;
};
struct staff_seen {
	struct id id, user_id;
	const char *email, *name, *status;
	const char **permissions;
	size_t n_permissions;
	struct when invited_at, expires_at, accepted_at;
	int64_t version;
};
struct admin_user {
	struct id id;
	const char *email;
	bool email_verified;
	const char *name, *phone, *locale, *status, *status_reason;
	const char **roles;
	size_t n_roles;
	const char **permissions;
	size_t n_permissions;
	bool two_factor_enabled;
	struct when last_login_at, created_at;
	int64_t version;
};
struct users_query {
	const char *q, *status, *role;
};
struct events_query {
	const char *kind, *address;
	struct id user;
	struct when from, to;
};
struct cases_query {
	const char *status, *rule;
	struct id user;
};
struct audit_query {
	struct id actor, subject;
	const char *what, *subject_kind;
	struct when from, to;
};
struct rule_seen {
	const char *name, *kind, *after_kind, *within, *counts;
	int64_t threshold, window_s;
	const char **actions;
	size_t n_actions;
	bool is_enabled;
	struct when updated_at;
	int64_t version;
};
struct rule_in {
	int64_t threshold, window_s;
	const char **actions;
	size_t n_actions;
	bool is_enabled;
	uint64_t given;
};
CHECKED enum rc case_decide(struct ctx *c, struct id id, const char *status,
                            const char *reason, struct case_row *out);
CHECKED enum rc rule_change(struct ctx *c, const char *name,
                            const struct rule_in *in, struct rule_row *out);

struct document_in {
	const char *kind;
};
struct document_seen {
	struct id id;
	const char *kind, *type;
	int64_t size;
	const char *url; /* NULL in lists */
	struct when created_at;
};

extern const struct shape rights_in_shape, rule_in_shape, event_seen_shape,
	admin_user_shape, rule_seen_shape, reason_in_shape, note_in_shape,
	token_in_shape, email_in_shape;
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

enum rc accounts_forgot_post(struct req *r);
enum rc accounts_reset_post(struct req *r);
enum rc accounts_password_change_post(struct req *r);
enum rc accounts_password_confirm_post(struct req *r);
enum rc accounts_me_email_post(struct req *r);
enum rc accounts_email_confirm_post(struct req *r);
enum rc accounts_me_delete(struct req *r);
enum rc accounts_addresses_post(struct req *r);
enum rc accounts_addresses_get(struct req *r);
enum rc accounts_address_one_get(struct req *r);
enum rc accounts_address_patch(struct req *r);
enum rc accounts_address_delete(struct req *r);
enum rc accounts_me_export_get(struct req *r);
enum rc accounts_staff_get(struct req *r);
enum rc accounts_staff_post(struct req *r);
enum rc accounts_staff_one_get(struct req *r);
enum rc accounts_staff_patch(struct req *r);
enum rc accounts_staff_delete(struct req *r);
enum rc accounts_staff_resend_post(struct req *r);
enum rc accounts_invitation_post(struct req *r);
enum rc accounts_invitations_get(struct req *r);
enum rc accounts_invitation_resend_post(struct req *r);
enum rc accounts_invitation_delete(struct req *r);
enum rc accounts_register_admin_post(struct req *r);
enum rc accounts_admin_users_get(struct req *r);
enum rc accounts_admin_user_get(struct req *r);
enum rc accounts_admin_user_patch(struct req *r);
enum rc accounts_admin_user_suspend_post(struct req *r);
enum rc accounts_admin_user_reinstate_post(struct req *r);
enum rc accounts_admin_events_get(struct req *r);
enum rc accounts_admin_cases_get(struct req *r);
enum rc accounts_admin_case_get(struct req *r);
enum rc accounts_admin_case_dismiss_post(struct req *r);
enum rc accounts_admin_case_confirm_post(struct req *r);
enum rc accounts_admin_rules_get(struct req *r);
enum rc accounts_admin_rule_patch(struct req *r);
enum rc accounts_admin_audit_get(struct req *r);

enum rc accounts_page_get(struct req *r);
enum rc accounts_page_post(struct req *r);

enum rc accounts_documents_post(struct req *r);
/* The store as its owner and admins see it. */
enum rc store_reply(struct req *r, const struct vendor_row *v);
enum rc accounts_store_apply_post(struct req *r);
enum rc accounts_logo_post(struct req *r);
enum rc accounts_logo_delete(struct req *r);
enum rc accounts_documents_get(struct req *r);
enum rc accounts_document_get(struct req *r);
enum rc accounts_admin_documents_get(struct req *r);
enum rc accounts_admin_document_get(struct req *r);

#endif
