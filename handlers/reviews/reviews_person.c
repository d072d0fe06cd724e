#include "config.h"

#include "fcgi/base/json.h"
#include "handlers/reviews/reviews_inside.h"

static enum rc list_personal(struct ctx *c, struct id user, json_t *into)
{
	struct review *rows = NULL;
	size_t n = 0;
	enum rc rc = reviews_db_of_person(c, user, &rows, &n);

	if (rc)
		return rc;
	json_t *list = json_from_shapes(c, &review_own_shape, rows, n);
	if (!list || json_object_set(into, "reviews", list))
		return fail(c, RC_INTERNAL, "export", "The export failed");
	return RC_OK;
}

/* Their words stay, their name goes: at once, wherever it is shown. */
static enum rc forget(struct ctx *c, struct id user)
{
	struct review *rows = NULL;
	size_t n = 0;
	enum rc rc = reviews_db_of_person(c, user, &rows, &n);

	for (size_t i = 0; i < n && !rc; i++)
		reviews_touch(c, &rows[i]);
	return rc ? rc : reviews_db_forget(c, user);
}

const struct accounts_part reviews_part = {
	.name = "reviews",
	.list_personal = list_personal,
	.forget = forget,
};
