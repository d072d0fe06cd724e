#include "config.h"

#include "handlers/operations/demo_make.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "db/sql.h"
#include "fcgi/base/text.h"

enum { YEAR_S = 365 * 86400 };

uint64_t demo_random(struct demo_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

int64_t demo_below(struct demo_random *r, int64_t n)
{
	return n > 0 ? (int64_t)(demo_random(r) % (uint64_t)n) : 0;
}

const char *demo_pick(struct demo_random *r, const char *const *list)
{
	int64_t n = 0;

	while (list[n])
		n++;
	return list[demo_below(r, n)];
}

struct id demo_id(struct demo_random *r, struct when at)
{
	struct id id;
	uint64_t ms = (uint64_t)at.us / 1000;
	uint64_t bits[2] = { demo_random(r), demo_random(r) };

	memcpy(id.b, bits, sizeof(id.b));
	for (int i = 0; i < 6; i++)
		id.b[i] = (unsigned char)(ms >> (8 * (5 - i)));
	id.b[6] = (unsigned char)(0x70 | (id.b[6] & 0x0f));
	id.b[8] = (unsigned char)(0x80 | (id.b[8] & 0x3f));
	return id;
}

static struct when ago(const struct demo_world *w, int64_t seconds)
{
	return when_plus(w->now, -seconds);
}

static struct demo_user *add_person(struct ctx *c, struct demo_world *w,
                                    struct demo_random *r, int roles,
                                    const char *mailbox)
{
	struct demo_user *u = &w->people[w->n_people++];
	struct when at = ago(w, YEAR_S + demo_below(r, YEAR_S));

	u->id = demo_id(r, at);
	u->email = arena_fmt(c->arena, "%s@demo.example", mailbox);
	u->email_key = u->email;
	u->name = arena_fmt(c->arena, "%s %s", demo_pick(r, demo_first_names),
	                    demo_pick(r, demo_last_names));
	u->phone =
		arena_fmt(c->arena, "+2519%08d", (int)demo_below(r, 100000000));
	u->roles = roles;
	u->verified_at = u->created_at = u->updated_at = at;
	return u;
}

static const struct demo_city *pick_city(struct demo_random *r)
{
	int64_t ticket = demo_below(r, 100);

	for (size_t i = 0; i < demo_n_cities; i++) {
		ticket -= demo_cities[i].weight;
		if (ticket < 0)
			return &demo_cities[i];
	}
	return &demo_cities[0];
}

/* Most are open; some wait for a moderator, a few were suspended. */
static const char *store_status(int64_t i)
{
	if (i % 29 == 11)
		return "pending";
	return i % 101 == 57 ? "suspended" : "approved";
}

static void make_store(struct ctx *c, struct demo_world *w,
                       struct demo_random *r, int64_t i, struct demo_vendor *v)
{
	struct demo_store *s = &w->stores[i];
	/* Each city has at least one while there are few. */
	const struct demo_city *city =
		i < (int64_t)demo_n_cities ? &demo_cities[i] : pick_city(r);
	const struct demo_user *owner =
		add_person(c, w, r, ROLE_VENDOR | ROLE_CUSTOMER,
	                   arena_fmt(c->arena, "store%lld", (long long)i));

	s->created_at = owner->created_at;
	s->id = demo_id(r, s->created_at);
	s->owner_id = owner->id;
	s->status = store_status(i);
	/* Within some 12 km of the middle of the town. */
	s->lat = city->lat + (double)demo_below(r, 2001) / 10000 - 0.1;
	s->lng = city->lng + (double)demo_below(r, 2001) / 10000 - 0.1;
	*v = (struct demo_vendor){
		.id = s->id,
		.owner_id = s->owner_id,
		.name = arena_fmt(c->arena, "%s %s %lld",
		                  demo_pick(r, demo_store_names),
		                  demo_pick(r, demo_store_kinds), (long long)i),
		.status = s->status,
		.description =
			arena_fmt(c->arena, "A shop in %s. %s", city->name,
		                  demo_pick(r, demo_sentences)),
		.phone = owner->phone,
		.address = arena_fmt(c->arena, "Kebele %02d, %s",
		                     1 + (int)demo_below(r, 20), city->name),
		.city = city->name,
		.region = city->region,
		.lat = s->lat,
		.lng = s->lng,
		.status_at = s->created_at,
		.created_at = s->created_at,
		.updated_at = s->created_at,
	};
	v->slug = text_slug(c->arena, v->name);
}

enum rc demo_make_stores(struct ctx *c, struct demo_world *w, size_t n_given)
{
	struct demo_random r = { 1 };
	size_t n = (size_t)w->size->n_stores - n_given;
	struct demo_vendor *v =
		arena_new_array(c->arena, struct demo_vendor, n);

	for (size_t i = 0; i < n; i++)
		make_store(c, w, &r, (int64_t)(n_given + i), &v[i]);
	return demo_db_vendors(c, v, n);
}

/* The nested set is numbered on the way: lft going down, rgt coming up. */
struct tree {
	struct demo_category *rows;
	size_t n;
	int number;
	struct demo_random random;
};

static size_t open_node(struct ctx *c, struct demo_world *w, struct tree *t,
                        const char *name, struct id parent, int depth)
{
	struct demo_category *row = &t->rows[t->n];
	struct when at = ago(w, 2L * YEAR_S);

	*row = (struct demo_category){
		.id = demo_id(&t->random, at),
		.parent_id = parent,
		.name = name,
		.slug = text_slug(c->arena, name),
		.lft = t->number++,
		.depth = depth,
		.created_at = at,
		.updated_at = at,
	};
	return t->n++;
}

static void close_node(struct tree *t, size_t i)
{
	t->rows[i].rgt = t->number++;
}

static void add_leaf(struct demo_world *w, struct id id,
                     const struct demo_sub *sub, const char *name)
{
	w->leaves[w->n_leaves++] = (struct demo_leaf){ id, sub, name };
}

static void make_sub(struct ctx *c, struct demo_world *w, struct tree *t,
                     const struct demo_sub *sub, struct id parent)
{
	size_t node = open_node(c, w, t, sub->name, parent, 1);

	for (int i = 0; i < w->size->n_leaves; i++) {
		/* Names of categories are unique, so are their slugs. */
		const char *name = arena_fmt(c->arena, "%s: %s", sub->name,
		                             sub->leaves[i]);
		size_t leaf = open_node(c, w, t, name, t->rows[node].id, 2);

		close_node(t, leaf);
		add_leaf(w, t->rows[leaf].id, sub, sub->leaves[i]);
	}
	close_node(t, node);
}

enum rc demo_make_categories(struct ctx *c, struct demo_world *w)
{
	size_t most = demo_n_tops * (1 + DEMO_SUBS * (1 + DEMO_LEAVES));
	struct tree t = {
		.rows = arena_new_array(c->arena, struct demo_category, most),
		.number = 1,
		.random = { 2 },
	};

	w->leaves = arena_new_array(c->arena, struct demo_leaf, most);
	for (int i = 0; i < w->size->n_tops; i++) {
		const struct demo_top *top = &demo_tops[i];
		size_t node =
			open_node(c, w, &t, top->name, (struct id){ 0 }, 0);

		for (int k = 0; k < w->size->n_subs; k++)
			make_sub(c, w, &t, &top->subs[k], t.rows[node].id);
		close_node(&t, node);
	}
	return demo_db_categories(c, t.rows, t.n);
}

enum rc demo_make_customers(struct ctx *c, struct demo_world *w)
{
	struct demo_random r = { 3 };

	w->customers = &w->people[w->n_people];
	for (int64_t i = 0; i < w->size->n_customers; i++)
		add_person(c, w, &r, ROLE_CUSTOMER,
		           arena_fmt(c->arena, "buyer%lld", (long long)i));
	return demo_db_users(c, w->people, w->n_people);
}
