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

static struct account_store *store_of(struct ctx *c, const struct person_row *p)
{
	if (id_is_none(p->store_id))
		return NULL;
	struct account_store *s = arena_new(c->arena, struct account_store);

	*s = (struct account_store){ p->store_id, p->store_slug, p->store_name,
		                     p->store_status };
	return s;
}

enum rc account_get(struct ctx *c, struct id user, struct account *out)
{
	struct person_row p = { 0 };
	enum rc rc = accounts_db_person_get(c, user, &p);

	if (rc)
		return rc;
	int64_t permissions = (p.permissions & MAY_ADMIN_ALL) |
	                      (p.staff_permissions & MAY_STAFF_ALL);
	*out = (struct account){ .id = p.id,
		                 .email = p.email,
		                 .email_verified = p.verified_at.us != 0,
		                 .name = p.name,
		                 .phone = p.phone,
		                 .locale = p.locale,
		                 .vendor = store_of(c, &p),
		                 .two_factor_enabled = p.totp_at.us != 0,
		                 .created_at = p.created_at,
		                 .version = p.version };
	out->roles = role_names(c, p.roles, &out->n_roles);
	out->permissions =
		permission_names(c, permissions, &out->n_permissions);
	return RC_OK;
}
