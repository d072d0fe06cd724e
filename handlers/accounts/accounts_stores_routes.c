#include "config.h"

#include "handlers/accounts/accounts_http.h"

static const struct field store_bank_fields[] = {
	FIELD(store_bank, bank_name),
	FIELD(store_bank, last4),
	FIELD(store_bank, verified_at),
	FIELDS_END,
};
static const struct shape store_bank_shape =
	SHAPE(store_bank, store_bank_fields);

static const struct field store_seen_fields[] = {
	FIELD(store_seen, id),
	FIELD(store_seen, owner_id),
	FIELD(store_seen, slug),
	FIELD(store_seen, name),
	FIELD(store_seen, status),
	FIELD(store_seen, status_reason),
	FIELD(store_seen, description),
	FIELD(store_seen, logo_url),
	FIELD(store_seen, logo_status,
	      .help = "none, processing, ready, or refused (the last upload)"),
	FIELD(store_seen, logo_reason, .help = "Why it was refused"),
	FIELD(store_seen, email),
	FIELD(store_seen, phone),
	FIELD(store_seen, address),
	FIELD(store_seen, city),
	FIELD(store_seen, region),
	FIELD(store_seen, country),
	FIELD(store_seen, lat),
	FIELD(store_seen, lng),
	FIELD(store_seen, is_approximate),
	FIELD(store_seen, opening_hours),
	FIELD(store_seen, holiday_from),
	FIELD(store_seen, holiday_until),
	FIELD(store_seen, holiday_note),
	FIELD(store_seen, payout_schedule),
	FIELD(store_seen, payout_day),
	OBJECT(store_seen, bank_account, store_bank_shape),
	FIELD(store_seen, payouts_held_until),
	FIELD(store_seen, commission_bp,
	      .help = "Basis points; null = the platform's rate"),
	FIELD(store_seen, created_at),
	FIELD(store_seen, updated_at),
	FIELD(store_seen, version),
	FIELDS_END,
};
const struct shape store_seen_shape = SHAPE(store_seen, store_seen_fields);

static const struct field vendor_query_fields[] = {
	FIELD(vendor_query, q, .max = 100),
	FIELD(vendor_query, city, .max = 100),
	FIELD(vendor_query, lat, .flags = NULLABLE, .min = -90, .max = 90),
	FIELD(vendor_query, lng, .flags = NULLABLE, .min = -180, .max = 180),
	FIELD(vendor_query, radius, .flags = NULLABLE, .min = 0, .max = 500,
	      .help = "Kilometres; 50 unless told"),
	FIELDS_END,
};
static const struct shape vendor_query_shape =
	SHAPE(vendor_query, vendor_query_fields);

static const char *const statuses[] = { "pending", "approved", "rejected",
	                                "suspended", NULL };

static const struct field vendors_query_fields[] = {
	FIELD(vendors_query, status, .one_of = statuses),
	FIELD(vendors_query, q, .max = 100),
	FIELDS_END,
};
static const struct shape vendors_query_shape =
	SHAPE(vendors_query, vendors_query_fields);

static const struct field reason_in_fields[] = {
	FIELD(reason_in, reason, .flags = REQUIRED | LONG_TEXT, .min = 1,
	      .max = 500),
	FIELDS_END,
};
const struct shape reason_in_shape = SHAPE(reason_in, reason_in_fields);

static const struct field note_in_fields[] = {
	FIELD(reason_in, reason, .flags = LONG_TEXT, .max = 500),
	FIELDS_END,
};
const struct shape note_in_shape = {
	.name = "note_in",
	.size = sizeof(struct reason_in),
	.fields = note_in_fields,
};

static const struct field commission_in_fields[] = {
	FIELD(commission_in, commission_bp, .flags = NULLABLE, .min = 0,
	      .max = 10000, .help = "Basis points; null = the platform's"),
	FIELD(commission_in, bank_verified),
	FIELDS_END,
};
const struct shape commission_in_shape =
	SHAPE_PATCH(commission_in, commission_in_fields);

static const char *const document_kinds[] = { "identity", "license", "tax",
	                                      "bank",     "other",   NULL };
static const struct field document_in_fields[] = {
	FIELD(document_in, kind, .flags = REQUIRED, .one_of = document_kinds),
	FIELDS_END,
};
static const struct shape document_in_shape =
	SHAPE(document_in, document_in_fields);

static const struct field document_seen_fields[] = {
	FIELD(document_seen, id),
	FIELD(document_seen, kind),
	FIELD(document_seen, type),
	FIELD(document_seen, size),
	FIELD(document_seen, url, .flags = OMIT_NONE,
	      .help = "Opens the paper for five minutes"),
	FIELD(document_seen, created_at),
	FIELDS_END,
};
static const struct shape document_seen_shape =
	SHAPE(document_seen, document_seen_fields);

/* Nothing but the file. */
static const struct field logo_in_fields[] = { FIELDS_END };
static const struct shape logo_in_shape = {
	.name = "logo_in",
	.size = 1,
	.fields = logo_in_fields,
};
static const char *const logo_errors[] = { "not_a_picture", NULL };

static const char *const public_orders[] = { "name", "-created_at",
	                                     "distance_km", NULL };
static const char *const admin_orders[] = { "-created_at", "name", NULL };

const struct route accounts_store_routes[] = {
	{ "GET", "/api/vendors", accounts_vendors_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .cache = CACHE_STORE, .depends = TAG_VENDORS,
	  .query = &vendor_query_shape, .reply = &vendor_seen_shape,
	  .list = true, .orderings = public_orders,
	  .summary = "Stores, also those near a place with their distance" },
	{ "GET", "/api/vendors/{slug}", accounts_vendor_one_get,
	  .who = ROLE_ANYONE, .limit = LIMIT_READ, .cache = CACHE_STORE,
	  .depends = TAG_VENDORS, .depends_on = "vendor",
	  .reply = &vendor_seen_shape, .summary = "One store" },
	{ "GET", "/api/vendor/store", accounts_store_get,
	  .who = ROLE_STORE | ROLE_CLIENT, .limit = LIMIT_READ,
	  .reply = &store_seen_shape,
	  .summary = "The store I own or work for" },
	{ "PATCH", "/api/vendor/store", accounts_store_patch,
	  .who = ROLE_VENDOR, .limit = LIMIT_WRITE, .body = &vendor_patch_shape,
	  .reply = &store_seen_shape,
	  .summary =
	          "Change my store; a bank account needs the password again" },
	{ "POST", "/api/vendor/store/apply", accounts_store_apply_post,
	  .who = ROLE_VENDOR, .limit = LIMIT_WRITE, .reply = &store_seen_shape,
	  .summary = "Apply again after a rejection" },
	{ "POST", "/api/vendor/store/logo", accounts_logo_post,
	  .who = ROLE_VENDOR, .limit = LIMIT_WRITE, .pool = POOL_SLOW,
	  .body = &logo_in_shape, .body_kind = BODY_MULTIPART,
	  .reply = &store_seen_shape, .status = 202, .errors = logo_errors,
	  .summary = "Upload a logo as the form's file \"image\"; it takes the "
	             "place of the old one when it has been worked on" },
	{ "DELETE", "/api/vendor/store/logo", accounts_logo_delete,
	  .who = ROLE_VENDOR, .limit = LIMIT_WRITE, .pool = POOL_SLOW,
	  .status = 204, .summary = "Take the logo down" },
	{ "GET", "/api/admin/vendors", accounts_admin_vendors_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_VENDORS,
	  .limit = LIMIT_READ, .query = &vendors_query_shape,
	  .reply = &store_seen_shape, .list = true, .orderings = admin_orders,
	  .summary = "Stores and applications" },
	{ "GET", "/api/admin/vendors/{id}", accounts_admin_vendor_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_VENDORS,
	  .limit = LIMIT_READ, .reply = &store_seen_shape,
	  .summary = "One store, whatever its status" },
	{ "PATCH", "/api/admin/vendors/{id}", accounts_admin_vendor_patch,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_VENDORS,
	  .limit = LIMIT_WRITE, .body = &commission_in_shape,
	  .reply = &store_seen_shape,
	  .summary = "Set a store's commission, confirm its bank account" },
	{ "POST", "/api/admin/vendors/{id}/approve",
	  accounts_admin_vendor_approve_post, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_VENDORS, .limit = LIMIT_WRITE,
	  .body = &note_in_shape, .reply = &store_seen_shape,
	  .summary = "Admit a store, or let a suspended one come back" },
	{ "POST", "/api/admin/vendors/{id}/reject",
	  accounts_admin_vendor_reject_post, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_VENDORS, .limit = LIMIT_WRITE,
	  .body = &reason_in_shape, .reply = &store_seen_shape,
	  .summary = "Refuse an application, with a reason" },
	{ "POST", "/api/admin/vendors/{id}/suspend",
	  accounts_admin_vendor_suspend_post, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_VENDORS, .limit = LIMIT_WRITE,
	  .body = &reason_in_shape, .reply = &store_seen_shape,
	  .summary = "Close a store at once, with a reason" },
	{ "GET", "/api/vendor/store/documents", accounts_documents_get,
	  .who = ROLE_VENDOR, .limit = LIMIT_READ, .pool = POOL_SLOW,
	  .reply = &document_seen_shape, .all = true,
	  .summary = "My store's papers" },
	{ "POST", "/api/vendor/store/documents", accounts_documents_post,
	  .who = ROLE_VENDOR, .limit = LIMIT_WRITE, .pool = POOL_SLOW,
	  .body = &document_in_shape, .body_kind = BODY_MULTIPART,
	  .reply = &document_seen_shape, .status = 201,
	  .summary = "Hand in a paper as the form's \"file\": JPEG, PNG, PDF" },
	{ "GET", "/api/vendor/store/documents/{id}", accounts_document_get,
	  .who = ROLE_VENDOR, .limit = LIMIT_READ, .pool = POOL_SLOW,
	  .reply = &document_seen_shape,
	  .summary = "One of my store's papers, with a link to it" },
	{ "GET", "/api/admin/vendors/{id}/documents",
	  accounts_admin_documents_get, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_VENDORS, .limit = LIMIT_READ,
	  .reply = &document_seen_shape, .all = true,
	  .summary = "A store's papers" },
	{ "GET", "/api/admin/vendors/{id}/documents/{document}",
	  accounts_admin_document_get, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_VENDORS, .limit = LIMIT_READ,
	  .reply = &document_seen_shape,
	  .summary = "One paper, with a link to it" },
	{ 0 },
};
