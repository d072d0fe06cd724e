/* Stores, and those who look after the whole house. */
#include "config.h"

#include <string.h>

#include "tests/support/api_shop.h"
#include "tests/support/api_stack.h"
#include "tests/support/pictures.h"

static const char reason[] = "{\"reason\":\"The papers do not fit\"}";

static const char *admin(void)
{
	return token_of("admin");
}

/* The store of a vendor who has just applied. */
static const char *store_of(const struct joined *v)
{
	const struct api_answer *a = api_get("/api/vendor/store", v->access);

	NEED_API(a, 200, "the store");
	return at_text(a, "id");
}

static void a_store_is_looked_at_admitted_and_changed(void)
{
	struct joined v = api_vendor();
	const char *path = FMT("/api/admin/vendors/%s", store_of(&v));

	CHECK_API(api_get(path, admin()), 200, "the application");
	CHECK_API(api_post(FMT("%s/approve", path), "{}", admin()), 200,
	          "admitted");
	CHECK_API(api_patch("/api/vendor/store",
	                    "{\"bank_account\":{\"bank_name\":\"Awash\","
	                    "\"number\":\"01320123456\"}}",
	                    v.access),
	          200, "its bank");
	const struct api_answer *a = api_patch(
		path, "{\"commission_bp\":800,\"bank_verified\":true}",
		admin());
	CHECK_API(a, 200, "its terms");
	CHECK_INT(at_int(a, "commission_bp"), 800, "commission");
	CHECK_API(api_put(FMT("%s/trust", path),
	                  "{\"is_trusted\":true,\"sample_percent\":10}",
	                  admin()),
	          200, "trusted");
	a = api_patch("/api/vendor/store",
	              "{\"city\":\"Jimma\",\"opening_hours\":[{\"day\":\"mon\","
	              "\"opens\":\"08:00\",\"closes\":\"18:00\"}]}",
	              v.access);
	CHECK_API(a, 200, "its own words");
	const char *slug = at_text(a, "slug");
	a = api_get(FMT("/api/vendors/%s", slug), NULL);
	CHECK_API(a, 200, "the public sees it");
	CHECK_TEXT(at_text(a, "city"), "Jimma", "as it is now");
	CHECK_API(api_get(FMT("/api/vendors/%s/products", slug), NULL), 200,
	          "its shelf");
	CHECK_API(api_post(FMT("%s/suspend", path), reason, admin()), 200,
	          "suspended");
	CHECK_API(api_get(FMT("/api/vendors/%s", slug), NULL), 404, "at once");
}

static void a_store_is_turned_away(void)
{
	struct joined v = api_vendor();
	const struct api_answer *a =
		api_post(FMT("/api/admin/vendors/%s/reject", store_of(&v)),
	                 reason, admin());

	CHECK_API(a, 200, "rejected");
	CHECK_TEXT(at_text(a, "status"), "rejected", "status");
}

static void papers_are_for_the_store_and_its_judges(void)
{
	struct joined v = api_vendor();
	struct bytes_of png = a_png(40, 30, 4, (struct bytes_of){ "", 0 });
	static const char *const fields[] = { "kind=license", NULL };
	const struct api_answer *a =
		api_upload("/api/vendor/store/documents", "file", "licence.png",
	                   "image/png", png.p, png.n, fields, v.access);

	NEED_API(a, 201, "a paper");
	const char *id = at_text(a, "id");
	a = api_get(FMT("/api/vendor/store/documents/%s", id), v.access);
	CHECK_API(a, 200, "the store's own look");
	const char *file = strstr(at_text(a, "url"), "/api/files/");
	NEED_TRUE(file != NULL, at_text(a, "url"));
	CHECK_API(api_get(file, NULL), 200, "the signed link leads to it");
	const char *all = FMT("/api/admin/vendors/%s/documents", store_of(&v));
	CHECK_API(api_get(all, admin()), 200, "the judges' list");
	CHECK_API(api_get(FMT("%s/%s", all, id), admin()), 200, "and look");
}

static bool has_logo(const struct joined *v)
{
	const char *status =
		at_text(api_get("/api/vendor/store", v->access), "logo_status");

	return status && !strcmp(status, "ready");
}

static void a_store_shows_a_logo_and_takes_it_down(void)
{
	struct joined v = api_vendor();
	struct bytes_of png = a_png(40, 30, 4, (struct bytes_of){ "", 0 });

	CHECK_API(api_upload("/api/vendor/store/logo", "image", "logo.png",
	                     "image/png", png.p, png.n, NULL, v.access),
	          202, "taken, and worked on");
	CHECK_SOON(has_logo(&v), "it is there");
	CHECK_API(api_delete("/api/vendor/store/logo", v.access), 204, "gone");
}

static void staff_are_asked_asked_again_and_let_go(void)
{
	const char *vendor = token_of("vendor");
	const struct api_answer *a =
		api_post("/api/vendor/staff",
	                 FMT("{\"email\":\"%s@example.org\",\"permissions\":["
	                     "\"orders\"]}",
	                     unique("staff")),
	                 vendor);

	NEED_API(a, 201, "asked");
	const char *path = FMT("/api/vendor/staff/%s", at_text(a, "id"));
	CHECK_API(api_get(path, vendor), 200, "read");
	CHECK_API(api_post(FMT("%s/resend", path), NULL, vendor), 200,
	          "asked again");
	CHECK_API(api_delete(path, vendor), 204, "let go");
}

static void an_admin_is_invited_and_comes(void)
{
	const char *email = FMT("%s@example.org", unique("admin"));

	NEED_API(
		api_post("/api/auth/register/admin",
	                 FMT("{\"email\":\"%s\",\"permissions\":[\"reviews\"]}",
	                     email),
	                 admin()),
		201, "invited");
	const struct api_answer *a =
		api_get("/api/admin/invitations?page_size=100", admin());
	NEED_API(a, 200, "invitations");
	int i = at_find(a, "results", "email", email);
	NEED_TRUE(i >= 0, "it is among them");
	const char *path = FMT("/api/admin/invitations/%s",
	                       at_text(a, FMT("results[%d].id", i)));
	CHECK_API(api_post(FMT("%s/resend", path), NULL, admin()), 200,
	          "sent again");
	NEED_SOON(mail_count(email, "token=") == 2, "two mails");
	struct mail_found m = mail_to(email, "token=");
	CHECK_API(api_post("/api/auth/invitations/accept",
	                   FMT("{\"token\":\"%s\",\"name\":\"Sara\","
	                       "\"password\":\"" API_PASSWORD "\"}",
	                       link_value(mail_link(&m, "token="), "token")),
	                   NULL),
	          200, "accepted");
	NEED_API(api_post("/api/auth/register/admin",
	                  FMT("{\"email\":\"other-%s\",\"permissions\":["
	                      "\"reviews\"]}",
	                      email),
	                  admin()),
	         201, "another");
	a = api_get("/api/admin/invitations?page_size=100", admin());
	i = at_find(a, "results", "email", FMT("other-%s", email));
	CHECK_API(api_delete(FMT("/api/admin/invitations/%s",
	                         at_text(a, FMT("results[%d].id", i))),
	                     admin()),
	          204, "is not wanted any more");
	CHECK_API(api_get("/api/admin/reviews", api_signed_in(email).access),
	          200, "does the work");
}

static void an_account_is_read_changed_suspended_and_taken_back(void)
{
	struct joined one = api_customer();
	const char *id = at_text(api_get("/api/users/me", one.access), "id");
	const char *path = FMT("/api/admin/users/%s", id);

	CHECK_API(api_get(path, admin()), 200, "read");
	CHECK_API(api_patch(path, "{\"roles\":[\"customer\",\"delivery\"]}",
	                    admin()),
	          200, "changed");
	CHECK_API(api_post(FMT("%s/suspend", path), reason, admin()), 200,
	          "suspended");
	CHECK_API(api_login(one.email, API_PASSWORD), 403, "stays out");
	CHECK_API(api_post(FMT("%s/reinstate", path), "{}", admin()), 200,
	          "taken back");
	api_signed_in(one.email);
}

/* As the rules would open it. */
static const char *a_case(void)
{
	char id[ID_TEXT_MAX];

	id_text(id_new(), id);
	poke("INSERT INTO security_case (id, rule, rule_version, scope_key, address, facts,"
	     " hits, status, created_at, last_at) VALUES"
	     " (UNHEX(REPLACE('%s', '-', '')), 'test', 1, 'test', '192.0.2.7', '{}', 3,"
	     " 'open', NOW(6), NOW(6))",
	     id);
	return FMT("/api/admin/security-cases/%s", id);
}

static void cases_are_decided_and_rules_set(void)
{
	const char *path = a_case();

	CHECK_API(api_get(path, admin()), 200, "a case");
	CHECK_API(api_post(FMT("%s/dismiss", path), reason, admin()), 200,
	          "nothing in it");
	CHECK_API(api_post(FMT("%s/confirm", a_case()), reason, admin()), 200,
	          "something in it");
	const struct api_answer *a =
		api_get("/api/admin/security-rules", admin());
	NEED_API(a, 200, "the rules");
	a = api_patch(FMT("/api/admin/security-rules/%s",
	                  at_text(a, "results[0].name")),
	              FMT("{\"threshold\":%lld}",
	                  (long long)at_int(a, "results[0].threshold") + 1),
	              admin());
	CHECK_API(a, 200, "stricter or milder");
}

static void an_application_is_registered_and_taken_out(void)
{
	const struct api_answer *a = api_post(
		"/api/admin/oauth-clients",
		"{\"name\":\"Till\",\"redirect_uris\":[\"https://till.example/"
		"back\"],\"scopes\":[\"products\"],\"grants\":["
		"\"authorization_code\"],\"is_confidential\":true}",
		admin());

	NEED_API(a, 201, "registered");
	const char *path = FMT("/api/admin/oauth-clients/%s", at_text(a, "id"));
	CHECK_API(api_get(path, admin()), 200, "read");
	CHECK_API(api_patch(path, "{\"name\":\"Till 2\"}", admin()), 200,
	          "renamed");
	a = api_post(FMT("%s/rotate-secret", path), NULL, admin());
	CHECK_API(a, 200, "a new secret");
	CHECK_TRUE(at_text(a, "client_secret") != NULL, "shown once");
	CHECK_API(api_delete(path, admin()), 204, "taken out");
}

static void the_catalog_is_tended(void)
{
	const char *vendor = token_of("vendor");
	struct on_sale s = api_on_sale("vendor", "20.00", 5);
	const char *product = FMT("/api/admin/products/%s", s.product);
	const struct api_answer *a = api_post(
		"/api/variants",
		FMT("{\"product_id\":\"%s\",\"sku\":\"%s\",\"price\":\"30.00\","
	            "\"options\":{\"Size\":\"large\"}}",
	            s.product, unique("S")),
		vendor);

	CHECK_API(a, 201, "another variant");
	CHECK_API(api_delete(FMT("/api/variants/%s", at_text(a, "id")), vendor),
	          204, "and without it");
	CHECK_API(api_get(product, admin()), 200, "a moderator's look");
	CHECK_API(api_get(FMT("/api/products/%s/images", s.slug), NULL), 200,
	          "pictures");
	CHECK_API(api_get(FMT("/api/products/%s/related", s.slug), NULL), 200,
	          "the like");
	CHECK_API(api_post(FMT("%s/archive", product), reason, admin()), 200,
	          "put away");
	a = api_post("/api/vendor/products",
	             FMT("{\"name\":\"%s\",\"category_id\":\"%s\",\"variants\":"
	                 "[{\"sku\":\"%s\",\"price\":\"2.00\"}]}",
	                 unique("Sieve"), api_category(), unique("S")),
	             vendor);
	NEED_API(a, 201, "never on sale");
	CHECK_API(api_delete(FMT("/api/vendor/products/%s", at_text(a, "id")),
	                     vendor),
	          204, "taken back by its store");
	a = api_post("/api/admin/categories",
	             FMT("{\"name\":\"%s\"}", unique("Tools")), admin());
	NEED_API(a, 201, "a category");
	CHECK_API(api_patch(FMT("/api/admin/categories/%s", at_text(a, "id")),
	                    "{\"description\":\"For work\"}", admin()),
	          200, "described");
	const char *word = FMT("buna%lld", (long long)when_ticks());
	CHECK_API(
		api_post("/api/admin/search/synonyms",
	                 FMT("{\"term\":\"%s\",\"synonym\":\"coffee\"}", word),
	                 admin()),
		201, "a synonym");
	CHECK_API(api_delete(FMT("/api/admin/search/synonyms?term=%s&synonym="
	                         "coffee",
	                         word),
	                     admin()),
	          204, "no more");
}

static void a_picture_gets_another_text(void)
{
	struct on_sale s = api_on_sale("vendor", "20.00", 5);
	struct bytes_of png = a_png(40, 30, 4, (struct bytes_of){ "", 0 });
	const char *const fields[] = { FMT("product_id=%s", s.product), NULL };
	const struct api_answer *a = api_upload(
		"/api/product-images/", "image", "a.png", "image/png", png.p,
		png.n, fields, token_of("vendor"));

	NEED_TRUE(a->status / 100 == 2, a->body);
	a = api_patch(FMT("/api/product-images/%s", at_text(a, "id")),
	              "{\"alt\":\"Seen from above\"}", token_of("vendor"));
	CHECK_API(a, 200, "changed");
	CHECK_TEXT(at_text(a, "alt"), "Seen from above", "text");
}

CHECK_MAIN_WITH("house", &api_hooks,
                TEST(a_store_is_looked_at_admitted_and_changed),
                TEST(a_store_is_turned_away),
                TEST(papers_are_for_the_store_and_its_judges),
                TEST(a_store_shows_a_logo_and_takes_it_down),
                TEST(staff_are_asked_asked_again_and_let_go),
                TEST(an_admin_is_invited_and_comes),
                TEST(an_account_is_read_changed_suspended_and_taken_back),
                TEST(cases_are_decided_and_rules_set),
                TEST(an_application_is_registered_and_taken_out),
                TEST(the_catalog_is_tended), TEST(a_picture_gets_another_text))
