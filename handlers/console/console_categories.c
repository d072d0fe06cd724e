/* The tree of categories: looked at as a whole, changed one at a time. */
#include "config.h"

#include <string.h>

#include "handlers/console/console_inside.h"

enum { DEPTH_MAX = 12 };

/* Parents before their children, each with its depth. */
static void flatten(struct req *r, json_t *nodes, int depth, json_t *out)
{
	json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
	{
		json_t *row = json_copy(node);

		json_object_del(row, "children");
		console_int(row, "depth",
		            depth < DEPTH_MAX ? depth : DEPTH_MAX);
		const char *indent = arena_fmt(r->ctx.arena, "%.*s", depth * 6,
		                               "\u2003\u2003\u2003\u2003\u2003"
		                               "\u2003\u2003\u2003\u2003\u2003"
		                               "\u2003\u2003\u2003\u2003\u2003"
		                               "\u2003\u2003\u2003\u2003\u2003"
		                               "\u2003\u2003\u2003\u2003");
		console_text(row, "indent", indent);
		json_array_append_new(out, row);
		if (depth < DEPTH_MAX)
			flatten(r, json_object_get(node, "children"), depth + 1,
			        out);
	}
}

static enum rc all_of_them(struct req *r, json_t *data)
{
	const struct route *api = route_named("GET /api/categories");
	json_t *tree = NULL, *rows = json_array();

	json_object_set_new(data, "rows", rows);
	if (!api)
		return RC_NOT_FOUND;
	enum rc rc = console_ask(r, api, NULL, &tree);
	if (!rc)
		flatten(r, json_object_get(tree, "results"), 0, rows);
	return rc;
}

enum rc console_categories_get(struct req *r)
{
	json_t *data = html_data(&r->ctx);
	enum rc rc = all_of_them(r, data);

	if (rc)
		return rc;
	console_flag(data, "is_empty",
	             !json_array_size(json_object_get(data, "rows")));
	return console_page(r, "categories", "Categories", data);
}

enum rc console_category_get(struct req *r)
{
	json_t *data = html_data(&r->ctx), *row, *mine = NULL;
	const char *id = req_param(r, 0);
	size_t i;
	enum rc rc = all_of_them(r, data);

	if (rc)
		return rc;
	json_array_foreach(json_object_get(data, "rows"), i, row)
	{
		const char *its = json_string_value(json_object_get(row, "id"));

		if (its && !strcmp(its, id))
			mine = row;
	}
	if (!mine)
		return fail(&r->ctx, RC_NOT_FOUND, "no_category",
		            "There is no such category");
	json_array_foreach(json_object_get(data, "rows"), i, row)
		console_flag(row, "is_parent",
	                     json_equal(json_object_get(row, "id"),
	                                json_object_get(mine, "parent_id")));
	console_set(data, "c", mine);
	return console_page(r, "category",
	                    json_string_value(json_object_get(mine, "name")),
	                    data);
}
