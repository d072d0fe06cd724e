#include "config.h"

#include "handlers/accounts/accounts_http.h"

static const char *const locales[] = { "en", "am", NULL };

static const struct field register_customer_fields[] = {
	FIELD(register_customer, email, .flags = REQUIRED,
	      .format = FORMAT_EMAIL, .max = 254),
	FIELD(register_customer, password, .flags = REQUIRED,
	      .format = FORMAT_PASSWORD, .max = 1024),
	FIELD(register_customer, name, .min = 1, .max = 100),
	FIELD(register_customer, phone, .format = FORMAT_PHONE),
	FIELD(register_customer, locale, .one_of = locales, .fallback = "en"),
	FIELDS_END,
};
static const struct shape register_customer_shape =
	SHAPE(register_customer, register_customer_fields);

static const struct field register_vendor_fields[] = {
	FIELD(register_vendor, email, .flags = REQUIRED, .format = FORMAT_EMAIL,
	      .max = 254),
	FIELD(register_vendor, password, .flags = REQUIRED,
	      .format = FORMAT_PASSWORD, .max = 1024),
	FIELD(register_vendor, name, .min = 1, .max = 100),
	FIELD(register_vendor, locale, .one_of = locales, .fallback = "en"),
	FIELD(register_vendor, store_name, .flags = REQUIRED, .min = 2,
	      .max = 100),
	FIELD(register_vendor, phone, .format = FORMAT_PHONE),
	FIELD(register_vendor, address, .max = 300),
	FIELD(register_vendor, city, .max = 100),
	FIELD(register_vendor, description, .flags = LONG_TEXT, .max = 5000),
	FIELD(register_vendor, lat, .flags = NULLABLE, .min = -90, .max = 90),
	FIELD(register_vendor, lng, .flags = NULLABLE, .min = -180, .max = 180),
	FIELDS_END,
};
static const struct shape register_vendor_shape =
	SHAPE(register_vendor, register_vendor_fields);

static const struct field said_fields[] = {
	FIELD(said, detail),
	FIELDS_END,
};
const struct shape said_shape = SHAPE(said, said_fields);

static const struct field email_in_fields[] = {
	FIELD(email_in, email, .flags = REQUIRED, .format = FORMAT_EMAIL,
	      .max = 254),
	FIELDS_END,
};
const struct shape email_in_shape = SHAPE(email_in, email_in_fields);

static const struct field token_in_fields[] = {
	FIELD(token_in, token, .flags = REQUIRED, .format = FORMAT_TOKEN,
	      .max = 100),
	FIELDS_END,
};
const struct shape token_in_shape = SHAPE(token_in, token_in_fields);

static const struct field refresh_in_fields[] = {
	FIELD(refresh_in, refresh, .flags = REQUIRED, .format = FORMAT_TOKEN,
	      .max = 100),
	FIELDS_END,
};
static const struct shape refresh_in_shape =
	SHAPE(refresh_in, refresh_in_fields);

static const struct field logout_in_fields[] = {
	FIELD(refresh_in, refresh, .format = FORMAT_TOKEN, .max = 100),
	FIELDS_END,
};
static const struct shape logout_in_shape = {
	.name = "logout_in",
	.size = sizeof(struct refresh_in),
	.fields = logout_in_fields,
};

static const struct field credentials_fields[] = {
	FIELD(credentials, email, .flags = REQUIRED, .format = FORMAT_EMAIL,
	      .max = 254),
	FIELD(credentials, password, .flags = REQUIRED,
	      .format = FORMAT_PASSWORD, .max = 1024),
	FIELD(credentials, totp, .max = 6, .help = "Six digits"),
	FIELD(credentials, recovery_code, .max = 40),
	FIELDS_END,
};
static const struct shape credentials_shape =
	SHAPE(credentials, credentials_fields);

static const struct field totp_in_fields[] = {
	FIELD(credentials, totp, .flags = REQUIRED, .min = 6, .max = 6),
	FIELDS_END,
};
static const struct shape totp_in_shape = {
	.name = "totp_in",
	.size = sizeof(struct credentials),
	.fields = totp_in_fields,
};

static const struct field proof_in_fields[] = {
	FIELD(credentials, password, .flags = REQUIRED,
	      .format = FORMAT_PASSWORD, .max = 1024),
	FIELD(credentials, totp, .max = 6),
	FIELD(credentials, recovery_code, .max = 40),
	FIELDS_END,
};
static const struct shape proof_in_shape = {
	.name = "proof_in",
	.size = sizeof(struct credentials),
	.fields = proof_in_fields,
};

static const struct field totp_secret_fields[] = {
	FIELD(totp_secret, secret, .help = "Base32, to type by hand"),
	FIELD(totp_secret, otpauth_url),
	FIELD(totp_secret, qr_svg, .help = "The same as a picture"),
	FIELDS_END,
};
static const struct shape totp_secret_shape =
	SHAPE(totp_secret, totp_secret_fields);

static const struct field recovery_codes_fields[] = {
	VALUES(recovery_codes, recovery_codes, n_recovery_codes,
	       .help = "Shown once; each works once"),
	FIELDS_END,
};
static const struct shape recovery_codes_shape =
	SHAPE(recovery_codes, recovery_codes_fields);

static const struct field session_seen_fields[] = {
	FIELD(session_seen, id),
	FIELD(session_seen, kind),
	FIELD(session_seen, device),
	FIELD(session_seen, address),
	FIELD(session_seen, created_at),
	FIELD(session_seen, last_seen_at),
	FIELD(session_seen, expires_at),
	FIELD(session_seen, is_current),
	FIELDS_END,
};
const struct shape session_seen_shape =
	SHAPE(session_seen, session_seen_fields);

static const char *const by_last_seen[] = { "-last_seen_at", NULL };

const struct route accounts_routes[] = {
	{ "POST", "/api/auth/register/customer",
	  accounts_register_customer_post, .who = ROLE_ANYONE,
	  .limit = LIMIT_REGISTER, .pool = POOL_SLOW,
	  .body = &register_customer_shape, .reply = &said_shape, .status = 201,
	  .summary = "Create a customer's account and mail a link to confirm "
	             "it" },
	{ "POST", "/api/auth/register/vendor", accounts_register_vendor_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_REGISTER, .pool = POOL_SLOW,
	  .body = &register_vendor_shape, .reply = &said_shape, .status = 201,
	  .summary = "Create an account and apply for a store" },
	{ "POST", "/api/auth/verify-email", accounts_verify_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &token_in_shape, .reply = &said_shape,
	  .summary = "Confirm an address with the token of the mailed link" },
	{ "POST", "/api/auth/verify-email/resend", accounts_resend_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &email_in_shape, .reply = &said_shape,
	  .summary = "Mail the link again, at most three times an hour" },
	{ "POST", "/api/auth/login", accounts_login_post, .who = ROLE_ANYONE,
	  .limit = LIMIT_AUTH, .pool = POOL_SLOW, .body = &credentials_shape,
	  .reply = &signed_in_shape,
	  .summary = "Sign in: an access and a refresh token" },
	{ "POST", "/api/auth/refresh", accounts_refresh_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &refresh_in_shape, .reply = &signed_in_shape,
	  .summary =
	          "The next pair of tokens; the old refresh token is spent" },
	{ "POST", "/api/auth/logout", accounts_logout_post, .who = ROLE_ANYONE,
	  .limit = LIMIT_WRITE, .pool = POOL_SLOW, .body = &logout_in_shape,
	  .status = 204,
	  .summary = "End this session, by its access or refresh token" },
	{ "POST", "/api/auth/logout-all", accounts_logout_all_post,
	  .who = ROLE_USER, .limit = LIMIT_WRITE, .pool = POOL_SLOW,
	  .status = 204, .summary = "End all my sessions" },
	{ "GET", "/api/auth/sessions", accounts_sessions_get, .who = ROLE_USER,
	  .limit = LIMIT_READ, .pool = POOL_SLOW, .reply = &session_seen_shape,
	  .list = true, .orderings = by_last_seen,
	  .summary = "My sessions: device, address, last use" },
	{ "DELETE", "/api/auth/sessions/{id}", accounts_session_delete,
	  .who = ROLE_USER, .limit = LIMIT_WRITE, .pool = POOL_SLOW,
	  .status = 204, .summary = "End one of my sessions" },
	{ "POST", "/api/auth/2fa/enroll", accounts_2fa_enroll_post,
	  .who = ROLE_USER, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .reply = &totp_secret_shape,
	  .summary = "Begin with a second factor: secret and QR code" },
	{ "POST", "/api/auth/2fa/confirm", accounts_2fa_confirm_post,
	  .who = ROLE_USER, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &totp_in_shape, .reply = &recovery_codes_shape,
	  .summary = "Turn the second factor on with its first code" },
	{ "POST", "/api/auth/2fa/disable", accounts_2fa_disable_post,
	  .who = ROLE_USER, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &proof_in_shape, .status = 204,
	  .summary = "Turn the second factor off: password and a code" },
	{ "GET", "/api/users/me", accounts_me_get,
	  .who = ROLE_USER | ROLE_CLIENT, .limit = LIMIT_READ,
	  .reply = &account_shape, .summary = "My account" },
	{ "PATCH", "/api/users/me", accounts_me_patch, .who = ROLE_USER,
	  .limit = LIMIT_WRITE, .body = &profile_patch_shape,
	  .reply = &account_shape, .summary = "Change my profile" },
	{ 0 },
};
