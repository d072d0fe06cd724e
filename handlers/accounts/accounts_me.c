/* A person as they see themselves, and what they change about themselves. */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

static const struct field account_store_fields[] = {
	FIELD(account_store, id),
	FIELD(account_store, slug),
	FIELD(account_store, name),
	FIELD(account_store, status),
	FIELDS_END,
};
static const struct shape account_store_shape =
	SHAPE(account_store, account_store_fields);

static const struct field account_fields[] = {
	FIELD(account, id),
	FIELD(account, email),
	FIELD(account, email_verified),
	FIELD(account, name),
	FIELD(account, phone),
	FIELD(account, locale),
	VALUES(account, roles, n_roles),
	VALUES(account, permissions, n_permissions),
	OBJECT(account, vendor, account_store_shape),
	FIELD(account, two_factor_enabled),
	FIELD(account, created_at),
	FIELD(account, version),
	FIELDS_END,
};
const struct shape account_shape = SHAPE(account, account_fields);

static const struct field signed_in_fields[] = {
	FIELD(signed_in, access),
	FIELD(signed_in, refresh),
	FIELD(signed_in, token_type),
	FIELD(signed_in, expires_in, .help = "Seconds"),
	OBJECT(signed_in, user, account_shape),
	FIELDS_END,
};
const struct shape signed_in_shape = SHAPE(signed_in, signed_in_fields);

/* The store they own, else the one they work for. */
static enum rc store_of(struct ctx *c, const struct user_row *u,
                        struct account_store **out, int64_t *permissions)
{
	struct store_of_person s = { 0 };
	bool found = false;
	enum rc rc = vendors_db_of_person(c, u->id, &s, &found);

	if (rc || !found)
		return rc;
	*permissions |= s.permissions & MAY_STAFF_ALL;
	*out = arena_new(c->arena, struct account_store);
	**out = (struct account_store){ s.id, s.slug, s.name, s.status };
	return RC_OK;
}

enum rc account_of(struct ctx *c, const struct user_row *u, struct account *out)
{
	int64_t permissions = u->permissions & MAY_ADMIN_ALL;
	struct account_store *store = NULL;
	enum rc rc = store_of(c, u, &store, &permissions);

	if (rc)
		return rc;
	*out = (struct account){ .id = u->id,
		                 .email = u->email,
		                 .email_verified = u->verified_at.us != 0,
		                 .name = u->name,
		                 .phone = u->phone,
		                 .locale = u->locale,
		                 .vendor = store,
		                 .two_factor_enabled = u->totp_at.us != 0,
		                 .created_at = u->created_at,
		                 .version = u->version };
	out->roles = role_names(c, u->roles, &out->n_roles);
	out->permissions =
		permission_names(c, permissions, &out->n_permissions);
	return RC_OK;
}
