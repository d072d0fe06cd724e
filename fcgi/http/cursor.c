#include "config.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"
#include "fcgi/http/gate.h"

/*
 * Which page, in which order. A cursor is the place behind a row: the row's
 * values in the order asked for and its id, signed together with the route, the
 * filters and whose list it is, so that it opens no other list.
 *
 *	base64url( mac[16] | id[16] | for each order: 0 or 1, length16, bytes )
 */

enum { MAC = 16, PAGE_MAX = 10000, SIZE_DEFAULT = 20 };

static bool is_place(const char *name)
{
	return !strcmp(name, "page") || !strcmp(name, "page_size") ||
	       !strcmp(name, "cursor") || !strcmp(name, "fields") ||
	       !strcmp(name, "expand");
}

static void sign(struct req *r, const unsigned char *p, size_t n,
                 unsigned char mac[32])
{
	struct buf b;
	char actor[ID_TEXT_MAX];

	buf_init(&b, r->ctx.arena, 256 + n);
	buf_fmt(&b, "%s %s\n%s\n", r->route->method, r->route->path, r->path);
	if (!(r->route->who & ROLE_ANYONE))
		buf_puts(&b, id_text(r->ctx.actor, actor));
	/* Names are unique, so their sum does not depend on their order. */
	unsigned char sum[32] = { 0 };
	for (size_t i = 0; i < r->n_queries; i++) {
		unsigned char one[32];
		const struct pair *q = &r->queries[i];

		if (is_place(q->name))
			continue;
		hmac_sha256(q->name, strlen(q->name), q->value, q->n_value,
		            one);
		for (size_t j = 0; j < sizeof(sum); j++)
			sum[j] ^= one[j];
	}
	buf_put(&b, sum, sizeof(sum));
	buf_put(&b, p, n);
	hmac_sha256(key_for("cursor"), 32, b.s, b.n, mac);
}

static const struct field *field_of(const struct shape *s, const char *name)
{
	int at = shape_find(s, name, strlen(name));

	return at < 0 ? NULL : &s->fields[at];
}

static void put_value(struct buf *b, const char *value)
{
	size_t n = value ? strlen(value) : 0;

	n = n < 0xffff ? n : 0xffff;
	buf_putc(b, value ? 1 : 0);
	buf_putc(b, (char)(n >> 8));
	buf_putc(b, (char)(n & 0xff));
	buf_put(b, value, n);
}

const char *gate_cursor(struct req *r, const void *row)
{
	const struct shape *s = r->route->reply;
	const struct field *id = field_of(s, "id");
	unsigned char mac[32];
	struct buf b;

	if (!id || id->kind != KIND_ID)
		return NULL;
	buf_init(&b, r->ctx.arena, 256);
	buf_put(&b, (const char *)row + id->at, sizeof(struct id));
	for (int i = 0; i < r->page.n_order; i++) {
		const struct field *f = field_of(s, r->page.order[i].name);

		put_value(&b, f ? shape_get_text(&r->ctx, f, row) : NULL);
	}
	sign(r, (const unsigned char *)b.s, b.n, mac);
	struct buf whole;
	buf_init(&whole, r->ctx.arena, MAC + b.n + 1);
	buf_put(&whole, mac, MAC);
	buf_put(&whole, b.s, b.n);
	return text_base64url(r->ctx.arena, whole.s, whole.n);
}

/* The values behind a checked signature; false if they do not fit the order. */
static bool read_values(struct req *r, const unsigned char *p, size_t n)
{
	for (int i = 0; i < r->page.n_order; i++) {
		if (n < 3)
			return false;
		size_t length = (size_t)p[1] << 8 | p[2];
		if (n - 3 < length)
			return false;
		r->page.after[i] =
			p[0] ? arena_strndup(r->ctx.arena, (const char *)p + 3,
		                             length)
			     : NULL;
		p += 3 + length;
		n -= 3 + length;
	}
	return n == 0;
}

static enum rc read_cursor(struct req *r, const char *text)
{
	unsigned char mac[32];
	size_t n = 0;
	unsigned char *p;

	r->page.walks = true;
	if (!*text)
		return RC_OK; /* ?cursor= alone starts the walk */
	p = text_unbase64url(r->ctx.arena, text, strlen(text), &n);
	if (p && n >= MAC + sizeof(struct id)) {
		sign(r, p + MAC, n - MAC, mac);
		if (secret_equal(mac, p, MAC)) {
			memcpy(r->page.after_id.b, p + MAC, sizeof(struct id));
			r->page.has_after =
				read_values(r, p + MAC + sizeof(struct id),
			                    n - MAC - sizeof(struct id));
		}
	}
	if (!r->page.has_after)
		return fail_field(&r->ctx, "cursor", "invalid",
		                  "This cursor does not belong to this list");
	return RC_OK;
}

/* The route's name for an ordering without its minus; NULL if it has none. */
static const char *known_order(const struct route *route, const char *s,
                               size_t n)
{
	for (const char *const *o = route->orderings; o && *o; o++) {
		const char *name = *o + (**o == '-');

		if (strlen(name) == n && !strncmp(name, s, n))
			return name;
	}
	return NULL;
}

static bool add_order(struct req *r, const char *s, size_t n)
{
	bool descending = n && *s == '-';
	const char *name =
		known_order(r->route, s + descending, n - descending);

	if (!name || r->page.n_order == PAGE_ORDER_MAX)
		return false;
	for (int i = 0; i < r->page.n_order; i++) {
		if (r->page.order[i].name == name)
			return false;
	}
	r->page.order[r->page.n_order++] =
		(struct page_order){ name, descending };
	return true;
}

static enum rc read_ordering(struct req *r, const char *text)
{
	if (!text) {
		const char *first =
			r->route->orderings ? *r->route->orderings : NULL;

		if (first)
			add_order(r, first, strlen(first));
		return RC_OK;
	}
	for (;;) {
		size_t n = strcspn(text, ",");

		if (!add_order(r, text, n))
			return fail(&r->ctx, RC_BAD_REQUEST, "bad_ordering",
			            "This list cannot be ordered that way");
		if (!text[n])
			return RC_OK;
		text += n + 1;
	}
}

static enum rc read_number(struct req *r, const char *name, const char *text,
                           int64_t max, int *out)
{
	int64_t n;

	if (!text)
		return RC_OK;
	if (!text_int(text, strlen(text), &n) || n < 1 || n > max)
		return fail_field(&r->ctx, name, "out_of_range",
		                  "Must be a number from 1 to %d", (int)max);
	*out = (int)n;
	return RC_OK;
}

enum rc gate_page(struct req *r, const char *page, const char *size,
                  const char *cursor, const char *ordering)
{
	r->page = (struct page){ .number = 1, .size = SIZE_DEFAULT };
	enum rc rc = read_ordering(r, ordering);

	if (rc)
		return rc;
	if (page && cursor)
		return fail(&r->ctx, RC_BAD_REQUEST, "page_and_cursor",
		            "Give either page or cursor");
	rc = read_number(r, "page", page, PAGE_MAX, &r->page.number);
	enum rc other =
		read_number(r, "page_size", size, PAGE_SIZE_MAX, &r->page.size);
	if (cursor) {
		enum rc third = read_cursor(r, cursor);

		other = other ? other : third;
	}
	return rc ? rc : other;
}
