#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/base/text.h"
#include "handlers/orders/orders.h"
#include "handlers/reviews/reviews_inside.h"

enum { ANSWER_EDIT_S = 48 * 3600 };

/* "Abebe K.": enough to tell reviewers apart, not to find them. */
static const char *shown_name(struct ctx *c, const char *name)
{
	const char *blank = name ? strrchr(name, ' ') : NULL;

	if (!blank || blank == name)
		return name;
	return arena_fmt(c->arena, "%.*s %s.", (int)strcspn(name, " "), name,
	                 text_cut(c->arena, blank + 1, 1));
}

/* Who sells it has no opinion on it. */
static enum rc check_buyer(struct ctx *c, const struct review_product *p,
                           struct bought *had)
{

	if (!id_is_none(c->vendor) && id_equal(c->vendor, p->vendor_id)) {
		enum rc noted = security_event_add(c, "review.self", c->actor,
		                                   p->id, NULL);
		if (noted)
			return noted;
		return fail(c, RC_FORBIDDEN, "own_product",
		            "A store cannot review its own products");
	}
	enum rc rc = orders_bought(c, c->actor, p->id, had);
	if (rc)
		return rc;
	if (!had->is_received)
		return fail(c, RC_FORBIDDEN, "not_bought",
		            "Only those who received the product may review "
		            "it");
	return RC_OK;
}

static enum rc insert(struct ctx *c, const struct review *row)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = reviews_db_insert(c, row);
	if (rc == RC_CONFLICT)
		rc = fail(c, RC_CONFLICT, "already_reviewed",
		          "You have reviewed this product: change that review");
	if (!rc)
		rc = reviews_tell(c, "review.written", row, NULL);
	return sql_end(c, rc);
}

enum rc reviews_write(struct ctx *c, const struct review_new *in,
                      struct review *out)
{
	struct review_product p = { 0 };
	struct user_brief user = { 0 };
	struct bought had = { 0 };
	enum rc rc = accounts_need_verified(c);

	if (!rc)
		rc = reviews_db_product(c, in->product_id, &p);
	if (!rc && !p.is_visible)
		rc = fail(c, RC_NOT_FOUND, "not_found",
		          "There is no such product");
	if (!rc)
		rc = check_buyer(c, &p, &had);
	if (!rc)
		rc = accounts_user_get(c, c->actor, &user);
	if (rc)
		return rc;
	const struct review row = {
		.id = id_new(),
		.product_id = p.id,
		.vendor_id = p.vendor_id,
		.customer_id = c->actor,
		.author_name = shown_name(c, user.name),
		.rating = in->rating,
		.title = in->title,
		.text = in->text,
		.status = "pending",
		.verified_purchase = true,
		.is_returned = had.is_given_back,
		.created_at = c->now,
		.updated_at = c->now,
	};
	rc = insert(c, &row);
	return rc ? rc : reviews_db_get(c, row.id, out);
}

static enum rc lock_own(struct ctx *c, struct id id, int64_t version,
                        struct review *seen)
{
	enum rc rc = reviews_db_lock_own(c, id, c->actor, seen);

	if (!rc && seen->version != version)
		return fail(c, RC_PRECONDITION, "changed",
		            "The review has changed in the meantime");
	return rc;
}

static enum rc edit(struct ctx *c, struct id id, int64_t version,
                    const struct review_patch *in)
{
	const struct shape *s = &review_patch_shape;
	struct review before = { 0 };
	enum rc rc = lock_own(c, id, version, &before);

	if (rc)
		return rc;
	struct review after = before;
	if (shape_given(s, in, "rating"))
		after.rating = in->rating;
	if (shape_given(s, in, "title"))
		after.title = in->title;
	if (shape_given(s, in, "text"))
		after.text = in->text;
	/* What counted was the old rating: it goes first. */
	rc = reviews_apply(c, &before, REVIEW_EDIT, NULL);
	return rc ? rc : reviews_db_edit(c, &before, &after);
}

enum rc reviews_edit(struct ctx *c, struct id id, int64_t version,
                     const struct review_patch *in, struct review *out)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = sql_end(c, edit(c, id, version, in));
	return rc ? rc : reviews_db_get(c, id, out);
}

static enum rc drop(struct ctx *c, struct id id, int64_t version)
{
	struct review seen = { 0 };
	enum rc rc = lock_own(c, id, version, &seen);

	if (rc)
		return rc;
	bool counted = !strcmp(seen.status, "published");
	rc = reviews_db_delete(c, id);
	if (!rc && counted)
		rc = reviews_count(c, seen.product_id, seen.rating, 0);
	if (!rc)
		reviews_touch(c, &seen);
	return rc;
}

enum rc reviews_drop(struct ctx *c, struct id id, int64_t version)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, drop(c, id, version));
}

/* Answered once; the words may be mended for two days. */
static enum rc answer(struct ctx *c, struct id id, const char *text)
{
	struct review seen = { 0 };
	enum rc rc = reviews_db_lock(c, id, &seen);

	if (rc)
		return rc;
	if (!id_equal(seen.vendor_id, c->vendor) ||
	    strcmp(seen.status, "published") != 0)
		return fail(c, RC_NOT_FOUND, "not_found",
		            "There is no such review");
	if (seen.response_at.us &&
	    when_plus(seen.response_at, ANSWER_EDIT_S).us < c->now.us)
		return fail(c, RC_CONFLICT, "answered",
		            "The answer can no longer be changed");
	struct when first = seen.response_at.us ? seen.response_at : c->now;
	rc = reviews_db_answer(c, id, text, "pending", first);
	if (!rc)
		reviews_touch(c, &seen);
	return rc;
}

enum rc reviews_answer(struct ctx *c, struct id id, const char *text,
                       struct review *out)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = sql_end(c, answer(c, id, text));
	return rc ? rc : reviews_db_get(c, id, out);
}

/* Of what is published, and not of oneself. */
static enum rc lock_others(struct ctx *c, struct id id, struct review *seen)
{
	enum rc rc = reviews_db_lock(c, id, seen);

	if (!rc && strcmp(seen->status, "published") != 0)
		return fail(c, RC_NOT_FOUND, "not_found",
		            "There is no such review");
	if (!rc && id_equal(seen->customer_id, c->actor))
		return fail(c, RC_CONFLICT, "own_review",
		            "This review is your own");
	return rc;
}

static enum rc vote(struct ctx *c, struct id id, int *helpful_count)
{
	struct review seen = { 0 };
	bool is_new = false;
	enum rc rc = lock_others(c, id, &seen);

	if (!rc)
		rc = reviews_db_vote(c, id, c->actor, &is_new);
	*helpful_count = seen.helpful_count + is_new;
	if (!rc && is_new)
		reviews_touch(c, &seen);
	return rc;
}

enum rc reviews_vote(struct ctx *c, struct id id, int *helpful_count)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, vote(c, id, helpful_count));
}

static enum rc report(struct ctx *c, struct id id, const char *reason)
{
	struct review seen = { 0 };
	bool is_new = false;
	enum rc rc = lock_others(c, id, &seen);

	return rc ? rc : reviews_db_report(c, id, c->actor, reason, &is_new);
}

enum rc reviews_report(struct ctx *c, struct id id, const char *reason)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, report(c, id, reason));
}
