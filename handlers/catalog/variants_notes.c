/* What a change of a variant says in the timeline. */
#include "config.h"

#include "handlers/catalog/catalog_rules.h"

static const char *time_or_null(struct ctx *c, struct when w)
{
	char text[WHEN_TEXT_MAX];

	return w.us ? arena_strdup(c->arena, when_text(w, text)) : NULL;
}

static enum rc note_prices(struct ctx *c, const struct variant *was,
                           const struct variant *is, struct cause why)
{
	struct product p = { .id = was->product_id,
		             .vendor_id = was->vendor_id };
	enum rc rc = catalog_note_money(c, &p, was->id, why, "price",
	                                was->price, is->price);

	if (!rc)
		rc = catalog_note_money(c, &p, was->id, why, "sale_price",
		                        was->sale_price, is->sale_price);
	if (!rc)
		rc = catalog_note_money(c, &p, was->id, why, "compare_at_price",
		                        was->compare_at_price,
		                        is->compare_at_price);
	if (!rc)
		rc = catalog_note_text(c, &p, was->id, why, "sale_from",
		                       time_or_null(c, was->sale_from),
		                       time_or_null(c, is->sale_from));
	if (!rc)
		rc = catalog_note_text(c, &p, was->id, why, "sale_until",
		                       time_or_null(c, was->sale_until),
		                       time_or_null(c, is->sale_until));
	return rc;
}

static enum rc note_texts(struct ctx *c, const struct variant *was,
                          const struct variant *is, struct cause why)
{
	struct product p = { .id = was->product_id,
		             .vendor_id = was->vendor_id };
	const struct {
		const char *field, *old_value, *new_value;
	} texts[] = {
		{ "sku", was->sku, is->sku },
		{ "name", was->name, is->name },
		{ "options", was->options.s, is->options.s },
		{ "barcode", was->barcode, is->barcode },
		{ "status", was->status, is->status },
	};
	enum rc rc = RC_OK;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && !rc; i++)
		rc = catalog_note_text(c, &p, was->id, why, texts[i].field,
		                       texts[i].old_value, texts[i].new_value);
	return rc;
}

enum rc catalog_variant_note(struct ctx *c, const struct variant *was,
                             const struct variant *is, struct cause why)
{
	struct product p = { .id = was->product_id,
		             .vendor_id = was->vendor_id };
	enum rc rc = note_prices(c, was, is, why);

	if (!rc)
		rc = note_texts(c, was, is, why);
	if (!rc)
		rc = catalog_note_int(c, &p, was->id, why, "weight_g",
		                      was->weight_g, is->weight_g);
	if (!rc)
		rc = catalog_note_int(
			c, &p, was->id, why, "low_stock_threshold",
			was->low_stock_threshold, is->low_stock_threshold);
	if (!rc)
		rc = catalog_note_int(c, &p, was->id, why, "allow_backorder",
		                      was->allow_backorder,
		                      is->allow_backorder);
	return rc;
}
