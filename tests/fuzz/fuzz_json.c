#include "config.h"

#include "fcgi/base/buf.h"
#include "fcgi/base/json.h"
#include "tests/fuzz/fuzz.h"

struct leaf {
	struct id id;
	int n;
	const char *text;
};

static const struct field leaf_fields[] = {
	FIELD(leaf, id, .flags = REQUIRED),
	FIELD(leaf, n, .flags = NULLABLE, .min = -5, .max = 5),
	FIELD(leaf, text, .flags = NULLABLE | LONG_TEXT),
	FIELDS_END,
};
static const struct shape leaf_shape = SHAPE(leaf, leaf_fields);

struct tree {
	const char *name, *mail, *slug;
	int64_t big;
	bool yes;
	double real;
	struct money price;
	struct when at;
	struct json_text any;
	struct leaf *one;
	struct leaf *leaves;
	size_t n_leaves;
	const char **tags;
	size_t n_tags;
	uint64_t given;
};

static const struct field tree_fields[] = {
	FIELD(tree, name),
	FIELD(tree, mail, .format = FORMAT_EMAIL),
	FIELD(tree, slug, .format = FORMAT_SLUG),
	FIELD(tree, big, .flags = NULLABLE),
	FIELD(tree, yes),
	FIELD(tree, real, .flags = NULLABLE),
	FIELD(tree, price, .flags = NULLABLE),
	FIELD(tree, at, .flags = NULLABLE),
	FIELD(tree, any),
	OBJECT(tree, one, leaf_shape, .flags = NULLABLE),
	LIST(tree, leaves, n_leaves, leaf_shape),
	VALUES(tree, tags, n_tags),
	FIELDS_END,
};
static const struct shape tree_shape = SHAPE_PATCH(tree, tree_fields);

/* What was read and written again must be read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ctx *c = fuzz_ctx();
	struct tree t = { 0 }, again = { 0 };
	json_t *j = NULL;
	struct buf b;

	if (json_read(c, (const char *)data, n, &j) ||
	    json_to_shape(c, &tree_shape, j, &t))
		return 0;
	buf_init(&b, c->arena, 0);
	shape_write(&b, &tree_shape, &t, t.given);
	if (json_read(c, b.s, b.n, &j) ||
	    json_to_shape(c, &tree_shape, j, &again) || again.given != t.given)
		__builtin_trap();
	return 0;
}
