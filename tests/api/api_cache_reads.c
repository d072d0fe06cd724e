/* The cached reads, and how a write is held against them. */
#include "config.h"

#include <ctype.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/api/api_cache.h"
#include "tests/support/api_stack.h"

size_t all_reads(struct cached *out, size_t max)
{
	const char *p = scene.product, *k = scene.category_slug,
		   *v = scene.store_slug;
	const struct cached reads[] = {
		{ "page by id", "/api/products/{product}",
		  FMT("/api/products/%s", p) },
		{ "page by slug", "/api/products/{product}",
		  FMT("/api/products/%s", scene.slug) },
		{ "variants of", "/api/products/{product}/variants",
		  FMT("/api/products/%s/variants", p) },
		{ "images of", "/api/products/{product}/images",
		  FMT("/api/products/%s/images", scene.slug) },
		{ "history", "/api/products/{product}/history",
		  FMT("/api/products/%s/history", p) },
		{ "related", "/api/products/{product}/related",
		  FMT("/api/products/%s/related", p) },
		{ "variants", "/api/variants",
		  FMT("/api/variants?product=%s", p) },
		{ "variant", "/api/variants/{id}",
		  FMT("/api/variants/%s", scene.variant) },
		{ "listing", "/api/products",
		  FMT("/api/products?category=%s", k) },
		{ "in stock", "/api/products",
		  FMT("/api/products?category=%s&in_stock=true", k) },
		{ "search", "/api/products",
		  FMT("/api/products?q=%s", scene.word) },
		{ "synonym", "/api/products",
		  FMT("/api/products?q=x%s", scene.word) },
		{ "facets", "/api/products",
		  FMT("/api/products?category=%s&facets=1", k) },
		{ "nearby", "/api/products",
		  FMT("/api/products?category=%s&lat=9.03&lng=38.75&radius=20",
		      k) },
		{ "above rating", "/api/products/above_rating",
		  FMT("/api/products/above_rating?rating=4&category=%s", k) },
		{ "suggestions", "/api/products/suggest",
		  FMT("/api/products/suggest?q=%s", scene.word) },
		{ "trending", "/api/products/trending",
		  "/api/products/trending" },
		{ "tree", "/api/categories", "/api/categories" },
		{ "category", "/api/categories/{slug}",
		  FMT("/api/categories/%s", k) },
		{ "of category", "/api/categories/{slug}/products",
		  FMT("/api/categories/%s/products", k) },
		{ "stores", "/api/vendors",
		  "/api/vendors?ordering=-created_at" },
		{ "stores nearby", "/api/vendors",
		  "/api/vendors?lat=9.03&lng=38.75&radius=9&page_size=100"
		  "&ordering=-created_at" },
		{ "store", "/api/vendors/{slug}", FMT("/api/vendors/%s", v) },
		{ "of store", "/api/vendors/{slug}/products",
		  FMT("/api/vendors/%s/products", v) },
		{ "reviews", "/api/reviews/",
		  FMT("/api/reviews/?product=%s", p) },
		{ "review", "/api/reviews/{id}",
		  FMT("/api/reviews/%s", scene.review ? scene.review : p) },
		{ "reviews of", "/api/products/{product}/reviews",
		  FMT("/api/products/%s/reviews", p) },
	};
	size_t n = sizeof(reads) / sizeof(*reads);

	NEED_TRUE(n <= max, "room");
	memcpy(out, reads, sizeof(reads));
	return n;
}

static void blot_out(char *text, const char *member)
{
	for (char *p = text; (p = strstr(p, member));) {
		p += strlen(member);
		while (isdigit((unsigned char)*p))
			*p++ = '0';
	}
}

/* Looks are counted once a minute; lists tell sales when they are made anew:
 * each sale would make all of them. */
static const char *without_counts(const char *path, const char *body, size_t n)
{
	char *copy = arena_strndup(tc->arena, body, n);

	blot_out(copy, "\"views\":");
	if (strstr(path, scene.product) != path + strlen("/api/products/") &&
	    strstr(path, scene.slug) != path + strlen("/api/products/"))
		blot_out(copy, "\"sales\":");
	return copy;
}

static const char *look(const char *path)
{
	const struct api_answer *a = api_get(path, NULL);
	const char *to = api_header(a, "Location");

	CHECK_TRUE(a->status == 200 || a->status == 301 || a->status == 404,
	           FMT("%d: %s", a->status, path));
	return FMT("%d %s %s", a->status, to ? to : "-",
	           a->status == 404 ? "" : without_counts(path, a->body, a->n));
}

/* Behind everyone's back. */
static void empty_the_cache(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = dev_text("memcached");
	char said[16] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	NEED_TRUE(fd >= 0 && strlen(path) < sizeof(to.sun_path), "socket");
	memcpy(to.sun_path, path, strlen(path) + 1);
	NEED_TRUE(!connect(fd, (struct sockaddr *)&to, sizeof(to)), "cache");
	NEED_TRUE(write(fd, "flush_all\r\n", 11) == 11, "asked");
	NEED_TRUE(read(fd, said, sizeof(said) - 1) > 0, "answered");
	close(fd);
	CHECK_TEXT(said, "OK\r\n", "emptied");
}

/* Whether "listing" is one of "listing, search". */
static bool names(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p && *p; p += strspn(p, ", ")) {
		size_t length = strcspn(p, ",");

		if (length == n && !strncmp(p, name, n))
			return true;
		p += length;
	}
	return false;
}

static bool is_told(void *unused)
{
	(void)unused;
	return peek_int("SELECT COUNT(*) FROM cache_touch") == 0;
}

void wait_told(void)
{
	NEED_TRUE(wait_until(is_told, NULL, 10), "the cache has heard of it");
}

/* Reads of one moment. */
struct seen {
	const char *text[READS_MAX];
};

static void look_at_all(const struct cached *reads, size_t n, struct seen *out)
{
	for (size_t i = 0; i < n; i++)
		out->text[i] = look(reads[i].path);
}

void try_write(const struct write *w)
{
	struct cached before[READS_MAX], reads[READS_MAX];
	struct seen was, is, truth;
	size_t n = all_reads(before, READS_MAX);

	/* Twice: the second answers come from the cache. */
	look_at_all(before, n, &was);
	look_at_all(before, n, &was);
	const struct api_answer *a = w->make();
	NEED_TRUE(a->status >= 200 && a->status < 400,
	          FMT("%s: %d %s", w->route, a->status, a->body));
	all_reads(reads, READS_MAX);
	look_at_all(reads, n, &is);
	empty_the_cache();
	look_at_all(reads, n, &truth);
	for (size_t i = 0; i < n; i++) {
		CHECK_TEXT(is.text[i], truth.text[i],
		           FMT("%s, then %s", w->route, reads[i].name));
		if (names(w->changes, reads[i].name))
			CHECK_TRUE(
				strcmp(was.text[i], truth.text[i]) != 0,
				FMT("%s changes %s", w->route, reads[i].name));
	}
}
