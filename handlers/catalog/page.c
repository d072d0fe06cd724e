/* One product with all that belongs to it. */
#include "config.h"

#include <string.h>

#include "db/names.h"
#include "fcgi/base/json.h"
#include "fcgi/http/request.h"
#include "handlers/catalog/catalog_rules.h"
#include "handlers/media/media.h"

enum { OPTIONS_MAX = 20, VALUES_MAX = 200 };

static struct product_option *option_of(struct ctx *c, struct product *p,
                                        const char *name)
{
	for (size_t i = 0; i < p->n_options; i++)
		if (strcmp(p->options[i].name, name) == 0)
			return &p->options[i];
	if (p->n_options == OPTIONS_MAX)
		return NULL;
	struct product_option *o = &p->options[p->n_options++];
	o->name = arena_strdup(c->arena, name);
	o->values = arena_new_array(c->arena, const char *, VALUES_MAX);
	return o;
}

static void add_value(struct ctx *c, struct product_option *o,
                      const char *value)
{
	for (size_t i = 0; i < o->n_values; i++)
		if (strcmp(o->values[i], value) == 0)
			return;
	if (o->n_values < VALUES_MAX)
		o->values[o->n_values++] = arena_strdup(c->arena, value);
}

/* Names and values in the order in which the variants have them. */
static void collect_options(struct ctx *c, struct product *p)
{
	p->options =
		arena_new_array(c->arena, struct product_option, OPTIONS_MAX);
	for (size_t i = 0; i < p->n_variants_given; i++) {
		const char *text = p->variants[i].options.s, *name;
		json_t *j = NULL, *value;

		if (!text || json_read(c, text, strlen(text), &j))
			continue;
		json_object_foreach(j, name, value)
		{
			struct product_option *o = option_of(c, p, name);

			if (o && json_is_string(value))
				add_value(c, o, json_string_value(value));
		}
	}
}

static enum rc name_all(struct ctx *c, struct product *p)
{
	enum rc rc = names_stores(c, &p->names_version, p, 1, sizeof(*p),
	                          offsetof(struct product, vendor_id));

	names_store(c, p->vendor_id, &p->vendor_name, &p->vendor_slug);
	if (!rc)
		rc = names_category(c, &p->names_version, p->category_id,
		                    &p->breadcrumbs, &p->n_breadcrumbs);
	if (rc || !p->n_breadcrumbs)
		return rc;
	const struct crumb *own = &p->breadcrumbs[p->n_breadcrumbs - 1];

	p->category_name = own->name;
	p->category_slug = own->slug;
	return RC_OK;
}

/* Options are made from variants: without them nothing is read. */
static enum rc add_variants(struct ctx *c, struct product *p, unsigned parts)
{
	bool is_store = parts & PART_STORE;
	enum rc rc = variants_db_of(c, p->id, is_store, &p->variants,
	                            &p->n_variants_given);

	if (!rc && is_store)
		rc = variants_db_velocity(c, p->variants, p->n_variants_given);
	for (size_t i = 0; i < p->n_variants_given && !rc; i++) {
		p->variants[i].currency = p->currency;
		variant_availability(&p->variants[i]);
	}
	if (!rc && (parts & PART_OPTIONS))
		collect_options(c, p);
	return rc;
}

static enum rc add_revision(struct ctx *c, struct product *p)
{
	struct product_revision *r =
		arena_new(c->arena, struct product_revision);
	bool found = false;
	enum rc rc = products_db_last_revision(c, p->id, &found, r);

	if (found && (strcmp(r->status, "pending") == 0 ||
	              strcmp(r->status, "rejected") == 0))
		p->revision = r;
	return rc;
}

enum rc catalog_product_full(struct ctx *c, struct product *p, unsigned parts)
{
	enum rc rc = name_all(c, p);

	if (!rc && (parts & (PART_VARIANTS | PART_OPTIONS)))
		rc = add_variants(c, p, parts);
	if (!rc && (parts & PART_IMAGES))
		rc = media_list_of_products(c, &p->id, 1, &p->images,
		                            &p->n_images);
	if (!rc && (parts & PART_REVISION))
		rc = add_revision(c, p);
	p->picture = media_url(c, p->picture, MEDIA_LARGE, "jpg");
	return rc;
}

unsigned catalog_parts_wanted(const struct req *r, unsigned parts)
{
	static const struct {
		const char *field;
		unsigned part;
	} all[] = {
		{ "variants", PART_VARIANTS },
		{ "options", PART_OPTIONS },
		{ "images", PART_IMAGES },
		{ "revision", PART_REVISION },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!req_wants(r, all[i].field))
			parts &= ~all[i].part;
	return parts;
}
