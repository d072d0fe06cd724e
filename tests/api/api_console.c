/* The console's pages as a signed-in admin finds them, and what they ask of the
 * database. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/http/route.h"
#include "handlers/routes.h"
#include "tests/support/api.h"
#include "tests/support/api_stack.h"

enum { MOST_STATEMENTS = 15 };

static const char *cookies;

/* The cookies that an answer sets, behind those before them. */
static void keep_cookies(const struct api_answer *a)
{
	for (const char *s = a->headers; (s = strstr(s, "et-Cookie: "));) {
		s += strlen("et-Cookie: ");
		cookies = FMT("%s%s%.*s", cookies, *cookies ? "; " : "",
		              (int)strcspn(s, ";\r\n"), s);
	}
}

static const struct api_answer *visit(const char *path, const char *name)
{
	const char *headers[] = { FMT("Cookie: %s", cookies),
		                  FMT("X-Request-Id: %s", name), NULL };

	return api_call(&(struct api_call){
		.method = "GET", .path = path, .headers = headers });
}

/* What stands between two words of a page; NULL = they are not there. */
static const char *between(const char *page, const char *before,
                           const char *after)
{
	const char *from = strstr(page, before);

	if (!from)
		return NULL;
	from += strlen(before);
	const char *to = strstr(from, after);
	return to ? arena_strndup(tc->arena, from, (size_t)(to - from)) : NULL;
}

static void sign_in(void)
{
	cookies = "";
	const struct api_answer *a = api_get("/console/login", NULL);
	NEED_API(a, 200, "the door");
	keep_cookies(a);
	const char *csrf = between(a->body, "name=\"csrf\" value=\"", "\"");
	NEED_TRUE(csrf != NULL, "the form has a token");
	const char *headers[] = { FMT("Origin: %s", dev_text("base_url")),
		                  FMT("Cookie: %s", cookies), NULL };
	struct buf form;
	buf_init(&form, tc->arena, 300);
	buf_puts(&form, "csrf=");
	buf_url(&form, csrf);
	buf_puts(&form, "&email=");
	buf_url(&form, dev_text("accounts.admin.email"));
	buf_puts(&form, "&password=");
	buf_url(&form, dev_text("accounts.admin.password"));
	a = api_call(
		&(struct api_call){ .method = "POST",
	                            .path = "/console/login",
	                            .type = "application/x-www-form-urlencoded",
	                            .body = form.s,
	                            .headers = headers });
	NEED_API(a, 303, "signed in");
	cookies = "";
	keep_cookies(a);
}

/* The stack's log lies beside its mails. */
static const char *log_path(void)
{
	return FMT("%s/../log/merkato.log", dev_text("mail_dir"));
}

/* Of the log's line about that request; -1 = not there yet. */
static int statements_of(const char *request_id)
{
	FILE *f = fopen(log_path(), "re");
	const char *name = FMT("\"request_id\":\"%s\"", request_id);
	char *line = NULL;
	size_t room = 0;
	int n = -1;

	while (n < 0 && f && getline(&line, &room, f) > 0) {
		const char *at = strstr(line, "\"statements\":");

		if (at && strstr(line, name))
			n = (int)strtol(at + strlen("\"statements\":"), NULL,
			                10);
	}
	free(line);
	if (f)
		fclose(f);
	return n;
}

static void check_cost(const char *path)
{
	const char *name = unique("console");
	const struct api_answer *a = visit(path, name);

	CHECK_API(a, 200, path);
	CHECK_HAS(a->body, "</html>", path);
	CHECK_SOON(statements_of(name) >= 0, FMT("%s is in the log", path));
	int n = statements_of(name);
	CHECK_TRUE(n <= MOST_STATEMENTS,
	           FMT("%s costs %d statements", path, n));
}

/* The address of the first object that the list before "{id}" links to; NULL =
 * the demonstration has none. */
static const char *an_object_of(const struct route *r)
{
	size_t n = strcspn(r->path, "{");
	const char *list = arena_strndup(tc->arena, r->path, n - 1);
	const struct api_answer *a =
		visit(FMT("%s?status=%s", list,
	                  strstr(list, "products") ? "approved" : ""),
	              unique("list"));
	const char *id = NULL;

	for (const char *s = a->body; (s = strstr(s, FMT("\"%s/", list)));) {
		s += 1 + strlen(list) + 1;
		if (strcspn(s, "/?\"") != 36 || s[36] != '"')
			continue;
		id = arena_strndup(tc->arena, s, 36);
		break;
	}
	return id ? FMT("%s/%s", list, id) : NULL;
}

static void every_page_costs_a_fixed_number_of_statements(void)
{
	int n = 0;

	sign_in();
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);
		const char *path = r->path;

		if (r->surface != SURFACE_CONSOLE ||
		    strcmp(r->method, "GET") != 0)
			continue;
		if (strchr(path, '{'))
			path = an_object_of(r);
		if (!path)
			continue;
		check_cost(path);
		n++;
	}
	CHECK_TRUE(n >= 12, FMT("%d pages", n));
}

static void a_list_says_what_was_looked_for(void)
{
	sign_in();
	const struct api_answer *a = visit(
		"/console/users?q=nobody%20%22at%22%20all&ordering=name&status="
		"active",
		unique("search"));

	CHECK_API(a, 200, "accounts");
	CHECK_HAS(a->body, "name=\"q\" type=\"search\" value=\"nobody &quot;at",
	          "the words are still in the field");
	CHECK_HAS(a->body,
	          "<input type=\"hidden\" name=\"status\" value=\"active\">",
	          "the tab is kept");
	CHECK_HAS(a->body, "<option value=\"name\" selected>", "the ordering");
	CHECK_HAS(a->body, "Nothing matches.", "and nothing is found");
}

/* The button of a page that was shown some time ago. */
static const struct api_answer *press_approve(const char *page,
                                              const char *seen)
{
	const char *headers[] = { FMT("Origin: %s", dev_text("base_url")),
		                  FMT("Cookie: %s", cookies), NULL };

	return api_call(&(struct api_call){
		.method = "POST",
		.path = FMT("%s/approve", page),
		.type = "application/x-www-form-urlencoded",
		.body = FMT("csrf=%s&version=%s",
	                    between(seen, "name=\"csrf\" value=\"", "\""),
	                    between(seen, "name=\"version\" value=\"", "\"")),
		.headers = headers });
}

/* What an edit of a live product changes stands beside what it is now; what it
 * leaves is not repeated. */
static void an_edit_is_shown_beside_what_it_changes(void)
{
	const char *word = unique("Basket");
	const struct api_answer *a =
		api_get("/api/categories/coffee-beans", NULL);

	a = api_post("/api/vendor/products",
	             FMT("{\"name\":\"%s\",\"brand\":\"Old brand\","
	                 "\"description\":\"As ever\",\"category_id\":\"%s\","
	                 "\"variants\":[{\"sku\":\"%s\",\"price\":\"5.00\"}]}",
	                 word, at_text(a, "id"), word),
	             token_of("vendor"));
	NEED_API(a, 201, "a product");
	const char *id = at_text(a, "id");
	const char *page = FMT("/console/products/%s", id);
	NEED_API(api_post(FMT("/api/admin/products/%s/approve", id), NULL,
	                  token_of("admin")),
	         200, "on sale");
	sign_in();
	CHECK_LACKS(visit(page, unique("plain"))->body, "id=\"changes\"",
	            "no edit");
	NEED_API(api_patch(FMT("/api/vendor/products/%s", id),
	                   FMT("{\"name\":\"Big %s\",\"brand\":\"<b>New\"}",
	                       word),
	                   token_of("vendor")),
	         200, "an edit");
	a = visit(page, unique("edit"));
	CHECK_API(a, 200, page);
	const char *table = between(a->body, "id=\"changes\"", "</table>");
	NEED_TRUE(table != NULL, "the table of changes");
	CHECK_HAS(table, FMT("<del>%s</del>", word), "the name now");
	CHECK_HAS(table, FMT("<ins>Big %s</ins>", word), "the name then");
	CHECK_HAS(table, "<del>Old brand</del>", "the brand now");
	CHECK_HAS(table, "<ins>&lt;b&gt;New</ins>", "the brand then");
	CHECK_LACKS(table, "As ever", "the description stays");
	CHECK_HAS(a->body, "id=\"approve\"", "to be approved");
	CHECK_HAS(a->body, "id=\"reject\"", "or refused");
	NEED_API(api_patch(FMT("/api/vendor/products/%s", id),
	                   FMT("{\"name\":\"Small %s\"}", word),
	                   token_of("vendor")),
	         200, "another edit");
	CHECK_API(press_approve(page, a->body), 412, "not what was seen");
	a = visit(page, unique("again"));
	CHECK_API(press_approve(page, a->body), 303, "what was seen");
}

static bool start(void)
{
	routes_use(all_routes);
	return api_start();
}

static const struct check_hooks hooks = { .start = start, .stop = api_stop };

CHECK_MAIN_WITH("console", &hooks,
                TEST(every_page_costs_a_fixed_number_of_statements),
                TEST(a_list_says_what_was_looked_for),
                TEST(an_edit_is_shown_beside_what_it_changes))
