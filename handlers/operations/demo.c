#include "config.h"

#include "handlers/operations/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/sql.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog.h"
#include "handlers/discovery/discovery.h"
#include "handlers/media/media.h"
#include "handlers/operations/demo_make.h"

enum { PICTURE_BATCH = 500, PASSWORD_BYTES = 12 };

static const struct demo_size sizes[] = {
	{ .name = "small",
	  .n_stores = 14,
	  .n_products = 300,
	  .n_customers = 60,
	  .n_reviews = 900,
	  .n_tops = 8,
	  .n_subs = 2,
	  .n_leaves = 2,
	  .n_pictures = 18,
	  .n_orders = 30,
	  .n_processes = 1 },
	{ .name = "full",
	  .n_stores = 1000,
	  .n_products = 100000,
	  .n_customers = 20000,
	  .n_reviews = 500000,
	  .n_tops = 12,
	  .n_subs = DEMO_SUBS,
	  .n_leaves = DEMO_LEAVES,
	  .n_pictures = 24,
	  .n_orders = 60,
	  .n_processes = 2 },
	{ .name = "million",
	  .n_stores = 5000,
	  .n_products = 1000000,
	  .n_customers = 50000,
	  .n_reviews = 1000000,
	  .n_tops = 12,
	  .n_subs = DEMO_SUBS,
	  .n_leaves = DEMO_LEAVES,
	  .n_pictures = 24,
	  .n_orders = 60,
	  .n_processes = 2 },
};

const struct demo_size *demo_size_find(const char *name)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (strcmp(sizes[i].name, name) == 0)
			return &sizes[i];
	return NULL;
}

/* Those who can log in. */
static const struct person {
	const char *key, *name;
	unsigned roles, permissions;
	const char *store; /* owns it */
	const char *city;  /* … there */
} persons[] = {
	{ "admin", "Sara Admin", ROLE_SUPER, 0, NULL, NULL },
	{ "moderator", "Mulu Moderator", ROLE_ADMIN,
	  MAY_ADMIN_PRODUCTS | MAY_ADMIN_REVIEWS | MAY_ADMIN_QUESTIONS |
	          MAY_ADMIN_VENDORS | MAY_ADMIN_DISPUTES,
	  NULL, NULL },
	{ "vendor", "Almaz Tesfaye", ROLE_VENDOR, 0, "Entoto Coffee House",
	  "Addis Ababa" },
	{ "vendor2", "Dawit Haile", ROLE_VENDOR, 0, "Lake Tana Crafts",
	  "Bahir Dar" },
	{ "staff", "Hana Worku", ROLE_CUSTOMER, 0, NULL, NULL },
	{ "customer", "Bekele Girma", ROLE_CUSTOMER, 0, NULL, NULL },
	{ "customer2", "Tigist Alemu", ROLE_CUSTOMER, 0, NULL, NULL },
	{ "delivery", "Yonas Desta", ROLE_DELIVERY, 0, NULL, NULL },
};
enum { N_PERSONS = sizeof(persons) / sizeof(*persons), N_OWN_STORES = 2 };

static enum rc make_account(struct ctx *c, const struct person *p,
                            struct demo_account *a)
{
	const struct account_new new = {
		.email = arena_fmt(c->arena, "%s@demo.example", p->key),
		.password = random_token(c->arena, PASSWORD_BYTES),
		.name = p->name,
		.phone = arena_fmt(c->arena, "+25191100%04d",
		                   (int)(p - persons) + 1),
		.roles = p->roles,
		.permissions = p->permissions,
		.is_verified = true,
	};

	a->key = p->key;
	a->email = new.email;
	a->password = new.password;
	return accounts_create_user(c, &new, &a->id);
}

static const struct demo_city *find_city(const char *name)
{
	for (size_t i = 0; i < demo_n_cities; i++)
		if (strcmp(demo_cities[i].name, name) == 0)
			return &demo_cities[i];
	return &demo_cities[0];
}

static enum rc make_own_store(struct ctx *c, const struct person *p,
                              struct id owner, struct demo_store *s)
{
	const struct demo_city *city = find_city(p->city);
	const struct vendor_new new = {
		.owner = owner,
		.name = p->store,
		.status = "approved",
		.description =
			arena_fmt(c->arena, "A family shop in %s.", p->city),
		.phone = "+251911223344",
		.address = arena_fmt(c->arena, "Main road, %s", p->city),
		.city = city->name,
		.region = city->region,
		.lat = city->lat,
		.lng = city->lng,
	};

	s->owner_id = owner;
	s->status = "approved";
	s->lat = city->lat;
	s->lng = city->lng;
	s->created_at = when_plus(c->now, -400LL * 86400);
	return accounts_create_vendor(c, &new, &s->id);
}

static enum rc make_accounts(struct ctx *c, struct demo_world *w,
                             struct demo_account *all)
{
	enum rc rc = RC_OK;
	size_t n_stores = 0;

	for (size_t i = 0; !rc && i < N_PERSONS; i++) {
		rc = make_account(c, &persons[i], &all[i]);
		if (!rc && persons[i].store)
			rc = make_own_store(c, &persons[i], all[i].id,
			                    &w->stores[n_stores++]);
		if (!rc && strcmp(persons[i].key, "staff") == 0)
			rc = accounts_create_staff(c, w->stores[0].id,
			                           all[i].id, MAY_STAFF_ALL);
	}
	return rc;
}

static enum rc make_people(struct ctx *c, struct demo_world *w,
                           struct demo_account *all)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = make_accounts(c, w, all);
	if (!rc)
		rc = demo_make_stores(c, w, N_OWN_STORES);
	if (!rc)
		rc = demo_make_customers(c, w);
	if (!rc)
		rc = demo_make_categories(c, w);
	return sql_end(c, rc);
}

/* A part of the work for one of several processes. */
typedef enum rc make_part(struct ctx *c, const struct demo_world *w,
                          int64_t from, int64_t to);

/* Connections are its own. */
static void run_part(make_part *make, const struct demo_world *w, int64_t from,
                     int64_t to)
{
	struct ctx c;

	ctx_init(&c, arena_create(0));
	c.roles = ROLE_SYSTEM;
	c.now = w->now;
	enum rc rc = make(&c, w, from, to);
	if (rc)
		fprintf(stderr, "merkato demo: %s\n",
		        c.err.detail ? c.err.detail : rc_title(rc));
	sql_close();
	_exit(rc ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* All products, side by side. */
static enum rc make_side_by_side(struct ctx *c, const struct demo_world *w,
                                 make_part *make)
{
	int64_t n = w->size->n_products;
	int64_t part = n / w->size->n_processes;
	bool ok = true;

	if (w->size->n_processes == 1)
		return make(c, w, 0, n);
	sql_close();
	for (int i = 0; i < w->size->n_processes; i++)
		if (fork() == 0)
			run_part(make, w, i * part, (i + 1) * part);
	for (int i = 0; i < w->size->n_processes; i++) {
		int status = -1;

		ok = wait(&status) > 0 && status == 0 && ok;
	}
	if (ok)
		return RC_OK;
	return fail(c, RC_INTERNAL, "demo_failed",
	            "not all products could be loaded");
}

/* Ids begin with the time, and so do those of products by their number. */
static struct id id_before(const struct demo_world *w, int64_t i)
{
	uint64_t ms = (uint64_t)demo_product_time(w, i).us / 1000;
	struct id id = { { 0 } };

	for (int k = 0; k < 6; k++)
		id.b[k] = (unsigned char)(ms >> (8 * (5 - k)));
	return id;
}

/* The words of products number from … to - 1. */
static enum rc index_part(struct ctx *c, const struct demo_world *w,
                          int64_t from, int64_t to)
{
	struct id after = { { 0 } }, last;
	int64_t n;

	memset(&last, 0xff, sizeof(last));
	if (from)
		after = id_before(w, from);
	if (to < w->size->n_products)
		last = id_before(w, to);
	return discovery_rebuild_span(c, after, last, &n);
}

static enum rc make_pictures(struct ctx *c, struct demo_world *w)
{
	size_t n = (size_t)w->size->n_pictures;
	enum rc rc = RC_OK;

	w->pictures = arena_new_array(c->arena, struct demo_picture, n);
	for (size_t i = 0; !rc && i < n; i++)
		rc = media_demo_picture(c, (unsigned)i, &w->pictures[i]);
	return rc;
}

/* Both customers who can log in have some, and so have others. */
static enum rc make_orders(struct ctx *c, const struct demo_world *w,
                           const struct demo_account *accounts)
{
	struct id customers[6];
	size_t n = 0;

	for (size_t i = 0; i < N_PERSONS; i++)
		if (strncmp(accounts[i].key, "customer", 8) == 0)
			customers[n++] = accounts[i].id;
	for (size_t i = 0; n < sizeof(customers) / sizeof(*customers); i++)
		customers[n++] = w->customers[i].id;
	return demo_make_orders(c, w, customers, n);
}

static enum rc make_all(struct ctx *c, struct demo_world *w,
                        struct demo_account *accounts)
{
	enum rc rc = make_pictures(c, w);

	if (!rc)
		rc = make_people(c, w, accounts);
	if (!rc)
		rc = make_side_by_side(c, w, demo_make_products);
	if (!rc)
		rc = make_side_by_side(c, w, index_part);
	if (!rc)
		rc = catalog_recount(c);
	return rc ? rc : make_orders(c, w, accounts);
}

enum rc demo_load(struct ctx *c, const struct demo_size *size,
                  struct demo_account **accounts, size_t *n)
{
	struct demo_world w = { .size = size, .now = c->now };
	bool is_empty = false;
	enum rc rc = demo_db_is_empty(c, &is_empty);

	if (rc)
		return rc;
	if (!is_empty)
		return fail(
			c, RC_CONFLICT, "not_empty",
			"there are people or products in the database "
			"already, perhaps of a loading that did not come to "
			"its end: demonstration data is for an empty one. "
			"Drop the database and run merkato migrate, or with "
			"./dev remove var/, and load it again.");
	w.stores = arena_new_array(c->arena, struct demo_store,
	                           (size_t)size->n_stores);
	w.people =
		arena_new_array(c->arena, struct demo_user,
	                        (size_t)(size->n_stores + size->n_customers));
	*n = N_PERSONS;
	*accounts = arena_new_array(c->arena, struct demo_account, N_PERSONS);
	return make_all(c, &w, *accounts);
}
