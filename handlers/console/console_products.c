/* The moderators' queue, and one product with all that is needed to decide. */
#include "config.h"

#include <string.h>

#include "handlers/catalog/catalog.h"
#include "handlers/console/console_inside.h"
#include "handlers/media/media.h"

static const struct choice statuses[] = {
	{ "pending", "Waiting" },   { "revision", "Waiting edits" },
	{ "approved", "Approved" }, { "rejected", "Rejected" },
	{ "archived", "Archived" }, { "draft", "Drafts" },
	{ "all", "All" },           { 0 },
};

const struct choice console_product_orders[] = {
	{ "submitted_at", "Waiting longest" },
	{ "-submitted_at", "Submitted last" },
	{ "-created_at", "Newest" },
	{ "created_at", "Oldest" },
	{ "name", "Name" },
	{ 0 },
};

/* What a finding of the screening means, for people. */
static const struct choice findings[] = {
	{ "banned_word", "Uses a banned word" },
	{ "suspect_word", "Uses a suspicious word" },
	{ "price_outlier", "The price is far from what is usual here" },
	{ "duplicate", "Looks like another product of this store" },
	{ "no_picture", "Has no picture" },
	{ 0 },
};

static const struct choice reasons[] = {
	{ "description", "The description is not right" },
	{ "picture", "The pictures are not right" },
	{ "price", "The price is not right" },
	{ "category", "It belongs in another category" },
	{ "duplicate", "It is there twice" },
	{ "prohibited", "It may not be sold here" },
	{ "other", "Something else" },
	{ 0 },
};

static const char *label_of(const struct choice *all, const char *value)
{
	for (; all->label; all++)
		if (value && !strcmp(all->value, value))
			return all->label;
	return value;
}

/* [{"rule","what"}] → [{"text","what"}] */
static void add_findings(struct req *r, json_t *row, const char *name,
                         struct json_text screening)
{
	json_t *all = NULL, *list = json_array();
	const json_t *one;
	size_t i;

	if (screening.s &&
	    !json_read(&r->ctx, screening.s, strlen(screening.s), &all))
		json_array_foreach(all, i, one)
		{
			const char *rule =
				json_string_value(json_object_get(one, "rule"));
			const char *what =
				json_string_value(json_object_get(one, "what"));

			json_array_append_new(
				list, json_pack("{s:s?, s:s?}", "text",
			                        label_of(findings, rule),
			                        "what", what));
		}
	json_object_set_new(row, name, list);
}

/* Whether its variants differ in price. */
static void add_range(json_t *row, struct money min, struct money max)
{
	console_flag(row, "has_range", min.minor != max.minor);
}

static json_t *queue_row(struct req *r, const struct queue_product *p)
{
	json_t *row = console_row(r, &queue_product_shape, p);

	console_text(row, "picture_url",
	             media_url(&r->ctx, p->picture, MEDIA_SMALL, "jpg"));
	add_range(row, p->min_price, p->max_price);
	add_findings(r, row, "findings", p->screening);
	return row;
}

enum rc console_products_get(struct req *r)
{
	struct console_products_query in = { 0 };
	struct queue_product *rows = NULL;
	struct page_info info = { 0 };
	json_t *data = html_data(&r->ctx), *list = json_array();
	size_t n = 0;

	json_object_set_new(data, "rows", list);
	req_query(r, &in);
	struct queue_filter f = {
		.status = strcmp(in.status, "all") ? in.status : NULL,
		.q = in.q,
		.vendor = in.vendor,
		.category = in.category,
	};
	enum rc rc =
		catalog_queue_list(&r->ctx, &f, &r->page, &rows, &n, &info);
	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++)
		json_array_append(list, queue_row(r, &rows[i]));
	console_choices(data, "statuses", statuses, in.status);
	console_text(data, "q", in.q);
	console_flag(data, "is_queue", !strcmp(in.status, "pending"));
	console_list(r, data, n, &info, console_product_orders,
	             (struct search){ "q", "Name or SKU", 100 });
	return console_page(r, "products", "Products", data);
}

/* {"Colour":"Red"} → [{"name":"Colour","value":"Red"}]; other JSON as it is. */
static void add_pairs(struct req *r, json_t *row, const char *name,
                      struct json_text text)
{
	json_t *all = NULL, *list = json_array();
	const char *key;
	json_t *value;

	if (text.s && !json_read(&r->ctx, text.s, strlen(text.s), &all))
		json_object_foreach(all, key, value) json_array_append_new(
			list, json_pack("{s:s, s:s}", "name", key, "value",
		                        json_is_string(value)
		                                ? json_string_value(value)
		                                : json_text(&r->ctx, value)));
	json_object_set_new(row, name, list);
}

static json_t *variants_of(struct req *r, const struct product *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_variants_given; i++) {
		json_t *row =
			console_row(r, &variant_vendor_shape, &p->variants[i]);

		add_pairs(r, row, "options", p->variants[i].options);
		json_array_append(list, row);
	}
	return list;
}

static json_t *pictures_of(const struct product_image *images, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct product_image *p = &images[i];
		/* The middle one of three widths. */
		const struct media_thumbnail *t =
			p->n_thumbnails ? &p->thumbnails[p->n_thumbnails / 2]
					: NULL;

		json_array_append_new(
			list, json_pack("{s:s?, s:s?, s:s}", "url", p->url,
		                        "thumb_url", t ? t->jpeg : p->url,
		                        "alt", p->alt ? p->alt : ""));
	}
	return list;
}

static json_t *events_of(struct req *r, const struct product_view *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->n_events; i++) {
		json_t *row =
			console_row(r, &product_event_shape, &v->events[i]);

		console_text(row, "what",
		             console_words(&r->ctx, v->events[i].field));
		json_array_append(list, row);
	}
	return list;
}

/* What the edit would change, beside what it is now. */
static void add_change(json_t *changes, const char *what, const char *now,
                       const char *wish)
{
	now = now ? now : "";
	wish = wish ? wish : "";
	if (strcmp(now, wish) != 0)
		json_array_append_new(changes,
		                      json_pack("{s:s, s:s, s:s}", "what", what,
		                                "now", now, "wish", wish));
}

static void add_revision(struct req *r, json_t *data,
                         const struct product_view *v)
{
	const struct product *p = &v->product;
	json_t *edit = json_object(), *changes = json_array();

	if (!v->edited_at.us)
		return;
	add_change(changes, "Name", p->name, v->new_name);
	add_change(changes, "Brand", p->brand, v->new_brand);
	if (v->new_category)
		add_change(changes, "Category", p->category_name,
		           v->new_category);
	add_change(changes, "Description", p->description, v->new_description);
	add_change(changes, "Attributes", p->attributes.s, v->new_attributes.s);
	json_object_set_new(edit, "changes", changes);
	console_text(edit, "edited_at", console_when(&r->ctx, v->edited_at));
	add_findings(r, edit, "findings", v->new_screening);
	json_object_set_new(data, "edit", edit);
}

/* Which buttons make sense. */
static void add_moves(json_t *data, const struct product *p, bool has_edit)
{
	bool is_pending = !strcmp(p->status, "pending");

	console_flag(data, "can_approve", is_pending || has_edit);
	console_flag(data, "can_reject", is_pending || has_edit);
	console_flag(data, "can_archive", !strcmp(p->status, "approved"));
}

enum rc console_product_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	json_t *data = html_data(c);
	struct product_view v = { 0 };
	struct product_image *images = NULL;
	struct id id;
	size_t n = 0;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = catalog_product_view(c, id, &v);
	if (!rc)
		rc = media_list_of_products(c, &id, 1, &images, &n);
	if (rc)
		return rc;
	json_t *p = console_row(r, &catalog_owned_shape, &v.product);

	add_range(p, v.product.min_price, v.product.max_price);
	console_set(data, "p", p);
	console_flag(data, "has_place", v.product.lat == v.product.lat);
	add_findings(r, data, "findings", v.product.screening);
	add_pairs(r, data, "attributes", v.product.attributes);
	json_object_set_new(data, "variants", variants_of(r, &v.product));
	json_object_set_new(data, "pictures", pictures_of(images, n));
	json_object_set_new(data, "events", events_of(r, &v));
	add_revision(r, data, &v);
	add_moves(data, &v.product, v.edited_at.us != 0);
	console_choices(data, "reasons", reasons, "description");
	return console_page(r, "product", v.product.name, data);
}

enum rc console_product_approve_post(struct req *r)
{
	struct console_reason_in in = { 0 };
	struct id id;

	req_body(r, &in);
	enum rc rc = req_id(r, 0, &id);
	if (!rc)
		rc = catalog_product_approve(&r->ctx, id, in.version);
	return rc ? rc : console_done(r, "approved", "/console/products");
}

enum rc console_product_reject_post(struct req *r)
{
	struct console_reason_in in = { 0 };
	struct id id;

	req_body(r, &in);
	enum rc rc = req_id(r, 0, &id);
	if (!rc)
		rc = catalog_product_reject(&r->ctx, id, in.version,
		                            in.reason_code, in.reason);
	return rc ? rc : console_done(r, "rejected", "/console/products");
}

enum rc console_product_archive_post(struct req *r)
{
	struct console_reason_in in = { 0 };
	struct id id;

	req_body(r, &in);
	enum rc rc = req_id(r, 0, &id);
	if (!rc)
		rc = catalog_product_archive(&r->ctx, id, in.version,
		                             in.reason);
	return rc ? rc : console_done(r, "archived", "/console/products");
}
