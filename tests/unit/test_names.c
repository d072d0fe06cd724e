/* Names that a process keeps: never an old one, and not too many. */
#include "config.h"

#include <string.h>

#include "db/names.h"
#include "db/query.h"
#include "db/sql.h"
#include "tests/support/goods.h"

enum { STORES = 2500, AT_ONCE = 100 };

static const struct id none;

struct seller {
	struct id vendor_id;
	const char *name, *slug;
};

static int64_t version_now(void)
{
	int64_t version = 0;

	NEED_RC(sql_int(tc, &version, "SELECT " NAMES_VERSION), RC_OK,
	        "version");
	return version;
}

static enum rc name_all(struct seller *rows, size_t n, int64_t *version)
{
	enum rc rc = names_stores(tc, version, rows, n, sizeof(*rows),
	                          offsetof(struct seller, vendor_id));

	for (size_t i = 0; i < n; i++)
		names_store(tc, rows[i].vendor_id, &rows[i].name,
		            &rows[i].slug);
	return rc;
}

static void a_renamed_store_is_called_so_at_once(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Pots", none), "Pot");
	const char *page = path_with("/api/products/*", id);
	const char *old =
		answered_text(request("GET", page, NULL), "vendor_name");

	CHECK_TEXT(answered_text(request("GET", "/api/products", NULL),
	                         "results.0.vendor_name"),
	           old, "list");
	const struct answered *a = patch_as("/api/vendor/store",
	                                    "{\"name\":\"Clay & Co\"}", owner);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(request("GET", "/api/products", NULL),
	                         "results.0.vendor_name"),
	           "Clay & Co", "list");
	CHECK_TEXT(answered_text(request("GET", page, NULL), "vendor_name"),
	           "Clay & Co", "page");
}

static void rows_of_an_older_version_get_todays_names(void)
{
	const struct person *owner = an_owner();
	int64_t version = version_now(), old = version;
	struct seller rows[2] = { { .vendor_id = owner->vendor },
		                  { .vendor_id = id_new() } };

	NEED_RC(name_all(rows, 2, &version), RC_OK, "names");
	CHECK_TRUE(rows[0].name != NULL, "it is known");
	CHECK_TRUE(rows[1].name == NULL, "there is no such store");
	NEED_RC(sql_run(tc, "UPDATE vendor SET name = 'New' WHERE id = ?",
	                A(owner->vendor)),
	        RC_OK, "name");
	NEED_RC(names_changed(tc), RC_OK, "changed");
	/* Read before the change, named after it. */
	version = old + 1;
	NEED_RC(name_all(rows, 2, &version), RC_OK, "names");
	CHECK_TEXT(rows[0].name, "New", "today's");
	CHECK_INT(version, version_now(), "and it says which");
}

static void make_stores(struct seller *rows)
{
	struct query *q = arena_new(tc->arena, struct query);

	for (int i = 0; i < STORES; i += AT_ONCE) {
		query_init(q, tc);
		query_add(q, "INSERT INTO vendor (id, owner_id, slug, name,"
		             " status_at, description, created_at, updated_at)"
		             " VALUES ");
		for (int k = i; k < i + AT_ONCE; k++) {
			rows[k].vendor_id = id_new();
			if (k > i)
				query_add(q, ", ");
			query_add(q, "(?, ?, ?, ?, NOW(6), '', NOW(6), NOW(6))",
			          A(rows[k].vendor_id), A(id_new()),
			          A(arena_fmt(tc->arena, "store-%d", k)),
			          A(arena_fmt(tc->arena, "Store %d", k)));
		}
		NEED_RC(query_run(q, NULL), RC_OK, "stores");
	}
}

/* More stores than are kept: all are named, again and again. */
static void many_stores_are_named(void)
{
	struct seller *rows = arena_new_array(tc->arena, struct seller, STORES);
	int64_t version;
	int wrong = 0;

	make_stores(rows);
	NEED_RC(names_changed(tc), RC_OK, "there is a version");
	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < STORES; i += AT_ONCE) {
			version = version_now();
			NEED_RC(name_all(rows + i, AT_ONCE, &version), RC_OK,
			        "names");
			for (int k = i; k < i + AT_ONCE; k++)
				wrong += strcmp(rows[k].name,
				                arena_fmt(tc->arena, "Store %d",
				                          k)) != 0;
		}
	CHECK_INT(wrong, 0, "names of others");
	version = version_now();
	int before = tc->n_statements;
	NEED_RC(name_all(rows + STORES - AT_ONCE, AT_ONCE, &version), RC_OK,
	        "the last");
	CHECK_INT(tc->n_statements, before, "what is known is not read");
}

static const struct check_hooks hooks = { .start = people_start,
	                                  .stop = database_stop,
	                                  .after = people_after };

CHECK_MAIN_WITH("names", &hooks, TEST(a_renamed_store_is_called_so_at_once),
                TEST(rows_of_an_older_version_get_todays_names),
                TEST(many_stores_are_named))
