/*
 * The second factor: TOTP (RFC 6238, SHA-1, 30 s, 6 digits) with one step of
 * leeway, each step once, and ten recovery codes, each once. The secret is
 * sealed at rest.
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <liboath/oath.h>
#include <qrencode.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"

enum {
	SECRET_BYTES = 20,
	STEP_S = 30,
	CODES = 10,
	CODE_BYTES = 10,
	QUIET = 4, /* modules around a QR code (ISO/IEC 18004) */
};

static const char *place(struct ctx *c, struct id user)
{
	char text[ID_TEXT_MAX];

	return arena_fmt(c->arena, "users:totp_secret:%s", id_text(user, text));
}

static bool is_code(const char *code)
{
	size_t n = strlen(code);

	return n == 6 && strspn(code, "0123456789") == n;
}

/* *counter is the step the code belongs to; false when it is none of ours. */
static bool find_step(struct ctx *c, const char *secret, size_t n,
                      const char *code, int64_t *counter)
{
	int64_t now = c->now.us / 1000000;
	int at = 0;
	uint64_t step = 0;

	if (!is_code(code))
		return false;
	int rc = oath_totp_validate4(secret, n, (time_t)now, STEP_S, 0, 1, &at,
	                             &step, 0, code);

	if (rc < 0)
		return false;
	*counter = (int64_t)step;
	return true;
}

enum rc totp_check(struct ctx *c, const struct user_row *u, const char *code,
                   bool *is_right)
{
	char *secret = NULL;
	size_t n = 0;
	int64_t counter = 0, changed = 0;

	*is_right = false;
	if (!unseal(c->arena, place(c, u->id), u->totp_secret, &secret, &n))
		return fail(c, RC_INTERNAL, "secret_damaged",
		            "The second factor cannot be read");
	if (!find_step(c, secret, n, code, &counter))
		return RC_OK;
	enum rc rc = accounts_db_totp_spend(c, u->id, counter, &changed);

	*is_right = !rc && changed == 1;
	return rc;
}

/* Written as people may write it: blanks, hyphens, capitals. */
static struct blob recovery_hash(struct ctx *c, const char *code)
{
	char *plain = arena_strdup(c->arena, code);
	size_t n = 0;

	for (const char *p = code; *p; p++)
		if (isalnum((unsigned char)*p))
			plain[n++] = (char)tolower((unsigned char)*p);
	plain[n] = '\0';
	return token_hash(c, arena_fmt(c->arena, "recovery:%s", plain));
}

static enum rc spend_recovery(struct ctx *c, const struct user_row *u,
                              const char *code, int64_t *changed)
{
	enum rc rc = accounts_db_recovery_spend(
		c, u->id, recovery_hash(c, code), changed);

	if (rc || !*changed)
		return rc;
	return tell_user(c, "account.second_factor", u,
	                 json_pack("{s:s}", "change", "recovery_code_used"));
}

enum rc recovery_check(struct ctx *c, const struct user_row *u,
                       const char *code, bool *is_right)
{
	int64_t changed = 0;
	enum rc rc = sql_begin(c);

	if (!rc)
		rc = sql_end(c, spend_recovery(c, u, code, &changed));
	*is_right = !rc && changed == 1;
	return rc;
}

/* One path of all dark modules, drawn row by row. */
static const char *qr_svg(struct ctx *c, const char *text)
{
	QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	struct buf b;

	if (!qr)
		return NULL;
	buf_init(&b, c->arena, 8192);
	int side = qr->width + 2 * QUIET;

	buf_fmt(&b,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d "
	        "%d\" shape-rendering=\"crispEdges\"><rect width=\"%d\" "
	        "height=\"%d\" fill=\"#fff\"/><path d=\"",
	        side, side, side, side);
	for (int y = 0; y < qr->width; y++)
		for (int x = 0; x < qr->width; x++)
			if (qr->data[y * qr->width + x] & 1)
				buf_fmt(&b, "M%d %dh1v1h-1z", x + QUIET,
				        y + QUIET);
	buf_puts(&b, "\"/></svg>");
	QRcode_free(qr);
	return b.s;
}

static const char *base32(struct ctx *c, const void *p, size_t n)
{
	char *text = NULL;
	size_t n_text = 0;

	if (oath_base32_encode(p, n, &text, &n_text) != OATH_OK)
		return NULL;
	/* Without padding: some apps stumble over it. */
	while (n_text > 0 && text[n_text - 1] == '=')
		n_text--;
	const char *out = arena_strndup(c->arena, text, n_text);

	free(text);
	return out;
}

enum rc totp_enroll(struct ctx *c, struct totp_secret *out)
{
	unsigned char secret[SECRET_BYTES];
	struct user_row u = { 0 };
	enum rc rc = accounts_db_user_get(c, c->actor, &u);

	if (rc)
		return rc;
	if (u.totp_at.us)
		return fail(c, RC_CONFLICT, "already_enabled",
		            "The second factor is on already");
	random_bytes(secret, sizeof(secret));
	rc = accounts_db_totp_pend(
		c, u.id,
		seal(c->arena, place(c, u.id), secret, sizeof(secret)));
	if (rc)
		return rc;
	struct buf label;

	buf_init(&label, c->arena, 100);
	buf_url(&label, u.email);
	out->secret = base32(c, secret, sizeof(secret));
	out->otpauth_url = arena_fmt(
		c->arena, "otpauth://totp/Merkato:%s?secret=%s&issuer=Merkato",
		label.s, out->secret);
	out->qr_svg = qr_svg(c, out->otpauth_url);
	if (!out->secret || !out->qr_svg)
		return fail(c, RC_INTERNAL, "no_qr_code",
		            "The code could not be drawn");
	return RC_OK;
}

static enum rc make_codes(struct ctx *c, struct id user,
                          struct recovery_codes *out)
{
	struct blob hashes[CODES];

	out->recovery_codes = arena_new_array(c->arena, const char *, CODES);
	out->n_recovery_codes = CODES;
	for (int i = 0; i < CODES; i++) {
		unsigned char b[CODE_BYTES];

		random_bytes(b, sizeof(b));
		char *hex = text_hex(c->arena, b, sizeof(b));

		out->recovery_codes[i] =
			arena_fmt(c->arena, "%.5s-%.5s-%.5s-%.5s", hex, hex + 5,
		                  hex + 10, hex + 15);
		hashes[i] = recovery_hash(c, out->recovery_codes[i]);
	}
	return accounts_db_recovery_set(c, user, hashes, CODES);
}

static enum rc confirm(struct ctx *c, const char *code,
                       struct recovery_codes *out)
{
	struct user_row u = { 0 };
	char *secret = NULL;
	size_t n = 0;
	int64_t counter = 0;
	enum rc rc = accounts_db_user_lock(c, c->actor, &u);

	if (rc)
		return rc;
	if (!u.totp_pending.p)
		return fail(c, RC_CONFLICT, "not_enrolled",
		            "Begin with /api/auth/2fa/enroll");
	if (!unseal(c->arena, place(c, u.id), u.totp_pending, &secret, &n))
		return fail(c, RC_INTERNAL, "secret_damaged",
		            "The second factor cannot be read");
	if (!find_step(c, secret, n, code, &counter))
		return fail_field(c, "totp", "bad_code",
		                  "The code is not right");
	rc = accounts_db_totp_confirm(c, u.id, u.totp_pending, counter);
	if (!rc)
		rc = make_codes(c, u.id, out);
	if (!rc)
		rc = security_event_add(c, "totp.enabled", u.id,
		                        (struct id){ { 0 } }, NULL);
	if (!rc)
		rc = tell_user(c, "account.second_factor", &u,
		               json_pack("{s:s}", "change", "on"));
	return rc;
}

enum rc totp_confirm(struct ctx *c, const char *code,
                     struct recovery_codes *out)
{
	enum rc rc = sql_begin(c);

	if (!rc)
		rc = sql_end(c, confirm(c, code, out));
	/* Admins may have been waiting for it. */
	if (!rc)
		sessions_forget(c, c->actor, 0);
	return rc;
}

static enum rc disable(struct ctx *c, const struct user_row *u)
{
	enum rc rc = accounts_db_totp_drop(c, u->id);

	if (!rc)
		rc = security_event_add(c, "totp.disabled", u->id,
		                        (struct id){ { 0 } }, NULL);
	if (!rc)
		rc = tell_user(c, "account.second_factor", u,
		               json_pack("{s:s}", "change", "off"));
	return rc;
}

enum rc totp_disable(struct ctx *c, const struct credentials *in)
{
	struct user_row u = { 0 };
	enum rc rc = accounts_db_user_get(c, c->actor, &u);

	if (rc)
		return rc;
	if (!u.totp_at.us)
		return fail(c, RC_CONFLICT, "not_enabled",
		            "The second factor is not on");
	struct credentials all = *in;

	all.email = u.email;
	rc = login_check(c, &all, &u);
	if (rc == RC_UNAUTHORIZED)
		return fail_again(c, RC_FORBIDDEN);
	if (!rc)
		rc = sql_begin(c);
	if (!rc)
		rc = sql_end(c, disable(c, &u));
	if (!rc)
		sessions_forget(c, c->actor, 0);
	return rc;
}
