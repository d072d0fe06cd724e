/* What every file of this folder needs: keys of addresses, hashes, names of
 * rights, asking for mails, the parts of other modules. */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"

const char *email_key(struct ctx *c, const char *email)
{
	return text_fold(c->arena, email);
}

struct blob token_hash(struct ctx *c, const char *text)
{
	unsigned char *h = arena_alloc(c->arena, 32);

	sha256(text, strlen(text), h);
	return (struct blob){ h, 32 };
}

struct blob account_hash(struct ctx *c, const char *key)
{
	return token_hash(c, arena_fmt(c->arena, "account:%s", key));
}

const char *json_given(struct ctx *c, json_t *owned)
{
	const char *text = json_text(c, owned);

	json_decref(owned);
	return text;
}

enum rc tell(struct ctx *c, const char *topic, struct id subject,
             const char *email, const char *name, const char *locale,
             json_t *extra)
{
	json_t *all = json_pack("{s:s?, s:s?, s:s?}", "email", email, "name",
	                        name, "locale", locale ? locale : "en");

	if (extra) {
		json_object_update(all, extra);
		json_decref(extra);
	}
	return outbox_add(c, topic, subject, json_given(c, all));
}

enum rc tell_user(struct ctx *c, const char *topic, const struct user_row *u,
                  json_t *extra)
{
	return tell(c, topic, u->id, u->email, u->name, u->locale, extra);
}

enum rc event_text(struct ctx *c, const struct outbox_event *e,
                   const char *name, const char **out)
{
	json_t *payload = NULL;
	enum rc rc = json_read(c, e->payload, strlen(e->payload), &payload);

	if (rc)
		return rc;
	*out = json_string_value(json_object_get(payload, name));
	return *out ? RC_OK
	            : fail(c, RC_INTERNAL, "bad_event", "%s without %s",
	                   e->topic, name);
}

enum rc fail_again(struct ctx *c, enum rc rc)
{
	c->err.rc = rc;
	return rc;
}

struct name_of_bit {
	int64_t bit;
	const char *name;
};
static const struct name_of_bit role_bits[] = {
#define X(name, bit, text) { ROLE_##name, text },
	ROLE_TABLE(X)
#undef X
};
static const struct name_of_bit permission_bits[] = {
#define X(name, bit, text) { MAY_##name, text },
	PERMISSION_TABLE(X)
#undef X
};
enum {
	N_ROLES = sizeof(role_bits) / sizeof(role_bits[0]),
	N_PERMISSIONS = sizeof(permission_bits) / sizeof(permission_bits[0]),
};

static bool is_in(const char *name, const char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static const char **names_of(struct ctx *c, const struct name_of_bit *table,
                             size_t n_table, int64_t bits, size_t *n)
{
	const char **out = arena_new_array(c->arena, const char *, n_table);
	size_t got = 0;

	for (size_t i = 0; i < n_table; i++)
		if ((bits & table[i].bit) && !is_in(table[i].name, out, got))
			out[got++] = table[i].name;
	*n = got;
	return out;
}

const char **role_names(struct ctx *c, int64_t roles, size_t *n)
{
	return names_of(c, role_bits, N_ROLES, roles, n);
}

const char **permission_names(struct ctx *c, int64_t permissions, size_t *n)
{
	return names_of(c, permission_bits, N_PERMISSIONS, permissions, n);
}

/* NOLINTNEXTLINE(readability-function-size): one reader for two tables */
static enum rc read_names(struct ctx *c, const char *path,
                          const struct name_of_bit *table, size_t n_table,
                          const char **names, size_t n, unsigned among,
                          int64_t *out)
{
	int64_t bits = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n; i++) {
		int64_t bit = 0;

		for (size_t k = 0; k < n_table; k++)
			if ((table[k].bit & (int64_t)among) &&
			    strcmp(table[k].name, names[i]) == 0)
				bit = table[k].bit;
		if (!bit)
			rc = fail_field(
				c, arena_fmt(c->arena, "%s[%zu]", path, i),
				"unknown", "There is no \"%s\"", names[i]);
		bits |= bit;
	}
	if (!rc)
		*out = bits;
	return rc;
}

enum rc permissions_read(struct ctx *c, const char *path, const char **names,
                         size_t n, unsigned half, int64_t *out)
{
	return read_names(c, path, permission_bits, N_PERMISSIONS, names, n,
	                  half, out);
}

enum rc roles_read(struct ctx *c, const char *path, const char **names,
                   size_t n, int64_t *out)
{
	return read_names(c, path, role_bits, N_ROLES, names, n, ROLE_USER,
	                  out);
}

/* Set once at start. */
static const struct accounts_part *const *parts;

void accounts_use(const struct accounts_part *const *all)
{
	parts = all;
}

enum rc parts_vendor_changed(struct ctx *c, struct id vendor)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; parts && parts[i] && !rc; i++)
		if (parts[i]->vendor_changed)
			rc = parts[i]->vendor_changed(c, vendor);
	return rc;
}

enum rc parts_list_personal(struct ctx *c, struct id user, json_t *into)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; parts && parts[i] && !rc; i++) {
		if (!parts[i]->list_personal)
			continue;
		json_t *own = json_object();

		rc = parts[i]->list_personal(c, user, own);
		json_object_set_new(into, parts[i]->name, own);
	}
	return rc;
}

enum rc parts_forget(struct ctx *c, struct id user)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; parts && parts[i] && !rc; i++)
		if (parts[i]->forget)
			rc = parts[i]->forget(c, user);
	return rc;
}
