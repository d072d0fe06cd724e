#include "config.h"

#include "handlers/accounts/accounts_http.h"

static const struct field staff_in_fields[] = {
	FIELD(staff_in, email, .flags = REQUIRED, .format = FORMAT_EMAIL,
	      .max = 254),
	VALUES(staff_in, permissions, n_permissions, .flags = REQUIRED,
	       .max = 20),
	FIELDS_END,
};
static const struct shape staff_in_shape = SHAPE(staff_in, staff_in_fields);

static const struct field permissions_in_fields[] = {
	VALUES(permissions_in, permissions, n_permissions, .flags = REQUIRED,
	       .max = 20),
	FIELDS_END,
};
static const struct shape permissions_in_shape =
	SHAPE(permissions_in, permissions_in_fields);

static const struct field admin_in_fields[] = {
	FIELD(admin_in, email, .flags = REQUIRED, .format = FORMAT_EMAIL,
	      .max = 254),
	FIELD_AS(admin_in, "super_admin", is_super),
	VALUES(admin_in, permissions, n_permissions, .max = 20),
	FIELDS_END,
};
static const struct shape admin_in_shape = SHAPE(admin_in, admin_in_fields);

static const struct field invitation_seen_fields[] = {
	FIELD(invitation_seen, id),
	FIELD(invitation_seen, email),
	FIELD(invitation_seen, status, .help = "invited or expired"),
	FIELD_AS(invitation_seen, "super_admin", is_super),
	VALUES(invitation_seen, permissions, n_permissions),
	FIELD(invitation_seen, invited_by),
	FIELD(invitation_seen, created_at),
	FIELD(invitation_seen, expires_at),
	FIELDS_END,
};
static const struct shape invitation_seen_shape =
	SHAPE(invitation_seen, invitation_seen_fields);

static const struct field acceptance_fields[] = {
	FIELD(acceptance, token, .flags = REQUIRED, .format = FORMAT_TOKEN,
	      .max = 100),
	FIELD(acceptance, name, .min = 1, .max = 100,
	      .help = "For people without an account"),
	FIELD(acceptance, password, .format = FORMAT_PASSWORD, .max = 1024,
	      .help = "For people without an account"),
	FIELDS_END,
};
static const struct shape acceptance_shape =
	SHAPE(acceptance, acceptance_fields);

static const struct field rights_in_fields[] = {
	VALUES(rights_in, roles, n_roles, .max = 10),
	VALUES(rights_in, permissions, n_permissions, .max = 20),
	FIELDS_END,
};
const struct shape rights_in_shape = SHAPE_PATCH(rights_in, rights_in_fields);

static const struct field staff_seen_fields[] = {
	FIELD(staff_seen, id),
	FIELD(staff_seen, user_id),
	FIELD(staff_seen, email),
	FIELD(staff_seen, name),
	FIELD(staff_seen, status, .help = "invited, expired or active"),
	VALUES(staff_seen, permissions, n_permissions),
	FIELD(staff_seen, invited_at),
	FIELD(staff_seen, expires_at),
	FIELD(staff_seen, accepted_at),
	FIELD(staff_seen, version),
	FIELDS_END,
};
static const struct shape staff_seen_shape =
	SHAPE(staff_seen, staff_seen_fields);

static const struct field admin_user_fields[] = {
	FIELD(admin_user, id),
	FIELD(admin_user, email),
	FIELD(admin_user, email_verified),
	FIELD(admin_user, name),
	FIELD(admin_user, phone),
	FIELD(admin_user, locale),
	FIELD(admin_user, status),
	FIELD(admin_user, status_reason),
	VALUES(admin_user, roles, n_roles),
	VALUES(admin_user, permissions, n_permissions),
	FIELD(admin_user, two_factor_enabled),
	FIELD(admin_user, last_login_at),
	FIELD(admin_user, created_at),
	FIELD(admin_user, version),
	FIELDS_END,
};
const struct shape admin_user_shape = SHAPE(admin_user, admin_user_fields);

static const char *const user_statuses[] = { "active", "suspended", "erased",
	                                     NULL };
static const char *const role_texts[] = {
#define X(name, bit, text) text,
	ROLE_TABLE(X)
#undef X
		NULL
};

static const struct field users_query_fields[] = {
	FIELD(users_query, q, .max = 100),
	FIELD(users_query, status, .one_of = user_statuses),
	FIELD(users_query, role, .one_of = role_texts),
	FIELDS_END,
};
static const struct shape users_query_shape =
	SHAPE(users_query, users_query_fields);

static const struct field event_seen_fields[] = {
	FIELD(event_row, id),
	FIELD(event_row, kind),
	FIELD(event_row, user_id),
	FIELD(event_row, address),
	FIELD(event_row, device),
	FIELD(event_row, subject_id),
	FIELD(event_row, facts),
	FIELD(event_row, created_at),
	FIELDS_END,
};
const struct shape event_seen_shape = {
	.name = "security_event",
	.size = sizeof(struct event_row),
	.fields = event_seen_fields,
};

static const struct field events_query_fields[] = {
	FIELD(events_query, kind, .max = 40),
	FIELD(events_query, address, .max = 45),
	FIELD(events_query, user),
	FIELD(events_query, from),
	FIELD(events_query, to),
	FIELDS_END,
};
static const struct shape events_query_shape =
	SHAPE(events_query, events_query_fields);

static const char *const case_statuses[] = { "open", "dismissed", "confirmed",
	                                     NULL };
static const struct field cases_query_fields[] = {
	FIELD(cases_query, status, .one_of = case_statuses),
	FIELD(cases_query, rule, .max = 40),
	FIELD(cases_query, user),
	FIELDS_END,
};
static const struct shape cases_query_shape =
	SHAPE(cases_query, cases_query_fields);

static const struct field rule_seen_fields[] = {
	FIELD(rule_seen, name),       FIELD(rule_seen, kind),
	FIELD(rule_seen, after_kind), FIELD(rule_seen, within),
	FIELD(rule_seen, counts),     FIELD(rule_seen, threshold),
	FIELD(rule_seen, window_s),   VALUES(rule_seen, actions, n_actions),
	FIELD(rule_seen, is_enabled), FIELD(rule_seen, updated_at),
	FIELD(rule_seen, version),    FIELDS_END,
};
const struct shape rule_seen_shape = SHAPE(rule_seen, rule_seen_fields);

static const struct field rule_in_fields[] = {
	FIELD(rule_in, threshold, .min = 1, .max = 100000),
	FIELD(rule_in, window_s, .min = 1, .max = 2592000),
	VALUES(rule_in, actions, n_actions, .max = 8),
	FIELD(rule_in, is_enabled),
	FIELDS_END,
};
const struct shape rule_in_shape = SHAPE_PATCH(rule_in, rule_in_fields);

static const struct field audit_query_fields[] = {
	FIELD(audit_query, actor),
	FIELD(audit_query, subject),
	FIELD(audit_query, what, .max = 60),
	FIELD(audit_query, subject_kind, .max = 30),
	FIELD(audit_query, from),
	FIELD(audit_query, to),
	FIELDS_END,
};
static const struct shape audit_query_shape =
	SHAPE(audit_query, audit_query_fields);

static const char *const staff_orders[] = { "-invited_at", "email", NULL };
static const char *const user_orders[] = { "-created_at", "name",
	                                   "-last_login_at", NULL };
static const char *const time_orders[] = { "-created_at", NULL };

const struct route accounts_admin_routes[] = {
	{ "POST", "/api/auth/register/admin", accounts_register_admin_post,
	  .who = ROLE_SUPER, .limit = LIMIT_WRITE, .pool = POOL_SLOW,
	  .body = &admin_in_shape, .reply = &invitation_seen_shape,
	  .status = 201,
	  .summary = "Invite an admin; needs the password again" },
	{ "GET", "/api/admin/invitations", accounts_invitations_get,
	  .who = ROLE_SUPER, .limit = LIMIT_READ,
	  .reply = &invitation_seen_shape, .list = true,
	  .orderings = time_orders,
	  .summary = "Invitations of admins that wait to be accepted" },
	{ "POST", "/api/admin/invitations/{id}/resend",
	  accounts_invitation_resend_post, .who = ROLE_SUPER,
	  .limit = LIMIT_WRITE, .reply = &invitation_seen_shape,
	  .summary = "Send an invitation again, with a new link; needs the "
	             "password again" },
	{ "DELETE", "/api/admin/invitations/{id}", accounts_invitation_delete,
	  .who = ROLE_SUPER, .limit = LIMIT_WRITE, .status = 204,
	  .summary = "Revoke an invitation" },
	{ "POST", "/api/auth/invitations/accept", accounts_invitation_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &acceptance_shape, .reply = &account_shape,
	  .summary = "Accept an invitation as admin or staff" },
	{ "GET", "/api/vendor/staff", accounts_staff_get, .who = ROLE_VENDOR,
	  .limit = LIMIT_READ, .reply = &staff_seen_shape, .list = true,
	  .orderings = staff_orders,
	  .summary = "Who works in my store or is invited" },
	{ "POST", "/api/vendor/staff", accounts_staff_post, .who = ROLE_VENDOR,
	  .limit = LIMIT_WRITE, .body = &staff_in_shape,
	  .reply = &staff_seen_shape, .status = 201,
	  .summary = "Invite somebody to work in my store" },
	{ "GET", "/api/vendor/staff/{id}", accounts_staff_one_get,
	  .who = ROLE_VENDOR, .limit = LIMIT_READ, .reply = &staff_seen_shape,
	  .summary = "One of my staff" },
	{ "PATCH", "/api/vendor/staff/{id}", accounts_staff_patch,
	  .who = ROLE_VENDOR, .limit = LIMIT_WRITE,
	  .body = &permissions_in_shape, .reply = &staff_seen_shape,
	  .summary = "Set what one of my staff may do" },
	{ "DELETE", "/api/vendor/staff/{id}", accounts_staff_delete,
	  .who = ROLE_VENDOR, .limit = LIMIT_WRITE, .status = 204,
	  .summary = "Let one of my staff go, or revoke the invitation" },
	{ "POST", "/api/vendor/staff/{id}/resend", accounts_staff_resend_post,
	  .who = ROLE_VENDOR, .limit = LIMIT_WRITE, .reply = &staff_seen_shape,
	  .summary = "Send the invitation again" },
	{ "GET", "/api/admin/users", accounts_admin_users_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_USERS,
	  .limit = LIMIT_READ, .query = &users_query_shape,
	  .reply = &admin_user_shape, .list = true, .orderings = user_orders,
	  .summary = "People, by role, status and text" },
	{ "GET", "/api/admin/users/{id}", accounts_admin_user_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_USERS,
	  .limit = LIMIT_READ, .reply = &admin_user_shape,
	  .summary = "One person" },
	{ "PATCH", "/api/admin/users/{id}", accounts_admin_user_patch,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_USERS,
	  .limit = LIMIT_WRITE, .body = &rights_in_shape,
	  .reply = &admin_user_shape,
	  .summary = "Set roles and permissions; needs the password again" },
	{ "POST", "/api/admin/users/{id}/suspend",
	  accounts_admin_user_suspend_post, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_USERS, .limit = LIMIT_WRITE,
	  .body = &reason_in_shape, .reply = &admin_user_shape,
	  .summary = "Shut somebody out, with a reason" },
	{ "POST", "/api/admin/users/{id}/reinstate",
	  accounts_admin_user_reinstate_post, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_USERS, .limit = LIMIT_WRITE,
	  .body = &note_in_shape, .reply = &admin_user_shape,
	  .summary = "Let somebody in again" },
	{ "GET", "/api/admin/security-events", accounts_admin_events_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_USERS,
	  .limit = LIMIT_READ, .query = &events_query_shape,
	  .reply = &event_seen_shape, .list = true, .orderings = time_orders,
	  .summary = "What was noticed: failed logins, new devices, changes" },
	{ "GET", "/api/admin/security-cases", accounts_admin_cases_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_USERS,
	  .limit = LIMIT_READ, .query = &cases_query_shape,
	  .reply = &case_row_shape, .list = true, .orderings = time_orders,
	  .summary = "Cases that rules have opened" },
	{ "GET", "/api/admin/security-cases/{id}", accounts_admin_case_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_USERS,
	  .limit = LIMIT_READ, .reply = &case_row_shape,
	  .summary = "One case" },
	{ "POST", "/api/admin/security-cases/{id}/dismiss",
	  accounts_admin_case_dismiss_post, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_USERS, .limit = LIMIT_WRITE,
	  .body = &reason_in_shape, .reply = &case_row_shape,
	  .summary = "Close a case as harmless, with a reason" },
	{ "POST", "/api/admin/security-cases/{id}/confirm",
	  accounts_admin_case_confirm_post, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_USERS, .limit = LIMIT_WRITE,
	  .body = &reason_in_shape, .reply = &case_row_shape,
	  .summary = "Close a case as real, with a reason" },
	{ "GET", "/api/admin/security-rules", accounts_admin_rules_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_USERS,
	  .limit = LIMIT_READ, .all = true, .reply = &rule_seen_shape,
	  .summary = "The rules of suspicious activity" },
	{ "PATCH", "/api/admin/security-rules/{name}",
	  accounts_admin_rule_patch, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_SETTINGS, .limit = LIMIT_WRITE,
	  .body = &rule_in_shape, .reply = &rule_seen_shape,
	  .summary = "Set a rule's threshold, window and actions" },
	{ "GET", "/api/admin/audit", accounts_admin_audit_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_USERS,
	  .limit = LIMIT_READ, .query = &audit_query_shape,
	  .reply = &audit_row_shape, .list = true, .orderings = time_orders,
	  .summary = "Privileged changes: who, what, before, after, why" },
	{ 0 },
};
