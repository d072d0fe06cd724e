/*
 * The console in a real browser: a moderator signs in, sees what waits,
 * decides, and shoppers see the outcome. With SCREENSHOTS=directory each page
 * is kept as a picture.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/base/buf.h"
#include "tests/support/api.h"
#include "tests/support/api_stack.h"
#include "tests/support/webdriver.h"

static bool start(void)
{
	return api_start() && browser_start();
}

static void before(void)
{
	browser_size(1280, 1000);
}

static void stop(void)
{
	browser_stop();
	api_stop();
}

static const char *console(const char *path)
{
	return FMT("%s/console%s", dev_text("base_url"), path);
}

static void sign_in(const char *who)
{
	browser_go(console("/login"));
	browser_forget();
	browser_go(console("/login"));
	browser_type("#email", dev_text(FMT("accounts.%s.email", who)));
	browser_type("#password", dev_text(FMT("accounts.%s.password", who)));
	browser_click("#sign-in");
	NEED_TRUE(browser_wait_text("h1", "Overview"), "signed in");
}

/* A product of the demonstration's vendor that waits; its id. */
static const char *a_product(const char *name)
{
	const char *token = token_of("vendor");
	const struct api_answer *tree = api_get("/api/categories", NULL);
	const char *category = at_text(tree, "results[0].id");
	struct buf quoted;

	NEED_TRUE(category != NULL, "a category");
	buf_init(&quoted, tc->arena, 200);
	buf_json(&quoted, name);
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":%s,\"category_id\":\"%s\","
	            "\"description\":\"<img src=x onerror=alert(1)> woven\","
	            "\"variants\":[{\"sku\":\"%s\",\"price\":\"450.00\","
	            "\"stock\":5,\"options\":{\"Size\":\"<b>L</b>\"}}]}",
	            quoted.s, category, unique("console")),
		token);
	NEED_API(a, 201, "the vendor adds a product");
	return at_text(a, "id");
}

static bool is_public(const char *id)
{
	return api_get(FMT("/api/products/%s", id), NULL)->status == 200;
}

static void a_wrong_password_stays_outside(void)
{
	browser_go(console("/login"));
	browser_forget();
	browser_go(console("/login"));
	browser_shot("login");
	browser_type("#email", "nobody@example.org");
	browser_type("#password", "not the password");
	browser_click("#sign-in");
	CHECK_TRUE(browser_wait_text(".fault", "not right"), "says so");
	browser_shot("login_fault");
	CHECK_TEXT(browser_attribute("#email", "value"), "nobody@example.org",
	           "the address is kept");
	browser_go(console("/products"));
	CHECK_HAS(browser_url(), "/console/login", "the door is shut");
}

static void a_customer_does_not_get_in(void)
{
	browser_go(console("/login"));
	browser_forget();
	browser_go(console("/login"));
	browser_type("#email", dev_text("accounts.customer.email"));
	browser_type("#password", dev_text("accounts.customer.password"));
	browser_click("#sign-in");
	CHECK_TRUE(browser_wait_text(".fault", "not right"), "refused");
}

static void an_approved_product_is_for_sale_at_once(void)
{
	const char *name = unique("Jebena"), *id = a_product(name);

	CHECK_FALSE(is_public(id), "hidden while it waits");
	sign_in("moderator");
	browser_shot("home");
	browser_follow("Products");
	NEED_TRUE(browser_wait_text("h1", "Products"), "the queue");
	browser_type("#search", name);
	browser_click(".filter button");
	CHECK_TRUE(browser_wait_text("#products", name), "in the queue");
	browser_shot("products");
	browser_follow(name);
	NEED_TRUE(browser_wait_text("h1", name), "its page");
	browser_shot("product");
	browser_click("#approve");
	CHECK_TRUE(browser_wait_text(".message", "approved"), "told");
	browser_shot("approved");
	CHECK_TRUE(is_public(id), "for sale");
	const struct api_answer *list =
		api_get(FMT("/api/products?q=%s", name), NULL);
	CHECK_TEXT(at_text(list, "results[0].id"), id, "found by search");
	/* The message is shown once. */
	browser_go(console("/products"));
	CHECK_FALSE(browser_has(".message"), "no old message");
}

static void a_rejected_product_tells_its_store_why(void)
{
	const char *name = unique("Basket"), *id = a_product(name);
	const char *reason = "The picture shows another basket";

	sign_in("moderator");
	browser_go(console(FMT("/products/%s", id)));
	browser_click("#reject-open");
	browser_shot("product_reject");
	browser_type("#reason", reason);
	browser_click("#reject");
	CHECK_TRUE(browser_wait_text(".message", "rejected"), "told");
	CHECK_FALSE(is_public(id), "not for sale");
	const struct api_answer *a =
		api_get(FMT("/api/vendor/products/%s", id), token_of("vendor"));
	CHECK_TEXT(at_text(a, "status"), "rejected", "status");
	CHECK_TEXT(at_text(a, "reason"), reason, "reason");
	struct mail_found m = mail_to(dev_text("accounts.vendor.email"), name);
	CHECK_HAS(m.text, reason, "the mail says why");
}

static void what_sellers_write_stays_text(void)
{
	const char *name =
		unique("<script>document.title='taken'</script>\"'&amp;");
	const char *id = a_product(name);

	sign_in("moderator");
	browser_go(console("/products?ordering=-submitted_at"));
	CHECK_HAS(browser_text("#products"), name, "as written, in the list");
	CHECK_LACKS(browser_title(), "taken", "no script ran");
	browser_go(console(FMT("/products/%s", id)));
	CHECK_TEXT(browser_text("h1"), name, "as written, on its page");
	CHECK_HAS(browser_text("main"), "<img src=x onerror=alert(1)> woven",
	          "description");
	CHECK_HAS(browser_text("main"), "Size: <b>L</b>", "option");
	browser_shot("product_markup");
}

static void a_form_needs_its_token(void)
{
	const char *id = a_product(unique("Forged"));

	sign_in("moderator");
	browser_go(console(FMT("/products/%s", id)));
	browser_script("document.querySelector('#approve').form.csrf.value ="
	               " 'forged'; return ''");
	browser_click("#approve");
	CHECK_TRUE(browser_wait_text("main", "403"), "refused");
	browser_shot("fault_403");
	CHECK_FALSE(is_public(id), "nothing happened");
}

static void faults_are_pages_for_people(void)
{
	sign_in("moderator");
	browser_go(console("/products/no-such-product"));
	CHECK_HAS(browser_text("main"), "404", "not found");
	CHECK_TRUE(browser_has("nav.side"), "the way on is there");
	browser_shot("fault_404");
	browser_go(console("/nowhere"));
	CHECK_HAS(browser_text("main"), "404", "no such page");
	browser_go(console("/products?page=nonsense"));
	CHECK_HAS(browser_text("main"), "422", "bad page");
}

static void the_console_works_on_a_phone(void)
{
	a_product(unique("Small"));
	sign_in("moderator");
	browser_size(390, 844);
	browser_go(console("/products"));
	CHECK_TEXT(browser_script("return String(document.documentElement"
	                          ".scrollWidth <= innerWidth)"),
	           "true", "nothing sticks out");
	browser_shot("phone_products");
	browser_go(console(""));
	browser_shot("phone_home");
}

/* Each page by its heading, for what an admin sees. */
static void every_page_opens(void)
{
	static const struct {
		const char *path, *heading;
	} pages[] = {
		{ "", "Overview" },
		{ "/products?status=all", "Products" },
		{ "/vendors", "Stores" },
		{ "/vendors?status=pending", "Stores" },
		{ "/users", "Accounts" },
		{ "/users?q=demo&ordering=name", "Accounts" },
		{ "/categories", "Categories" },
		{ "/cases", "Cases" },
		{ "/security-events", "Security events" },
		{ "/audit", "Audit log" },
		{ "/sessions", "My sessions" },
		{ "/reviews?status=published", "Reviews" },
		{ "/orders", "Orders" },
		{ "/orders?status=paid", "Orders" },
	};

	sign_in("admin");
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
		browser_go(console(pages[i].path));
		CHECK_TEXT(browser_text("h1"), pages[i].heading, pages[i].path);
		browser_shot(FMT("page_%02zu", i));
	}
}

static void queues_open_at_what_waits(void)
{
	sign_in("admin");
	browser_click("nav a[href^='/console/reviews']");
	NEED_TRUE(browser_wait_text("h1", "Reviews"), "the reviews");
	CHECK_TEXT(browser_text(".tabs [aria-current]"), "Waiting",
	           "first tab");
	browser_click("nav a[href^='/console/cases']");
	NEED_TRUE(browser_wait_text("h1", "Cases"), "the cases");
	CHECK_TEXT(browser_text(".tabs [aria-current]"), "Open", "first tab");
}

static void sums_are_grouped_in_thousands(void)
{
	sign_in("admin");
	browser_go(console("/orders"));
	browser_click("td a[href^='/console/orders/']");
	NEED_TRUE(browser_wait_text("aside h2", "Money"), "an order");
	const char *total = browser_text("aside strong");
	const char *point = strchr(total, '.');

	NEED_TRUE(point != NULL, "a decimal sum");
	CHECK_TRUE(point - total <= 3 || point[-4] == ',', total);
}

/* The first row's page behind each list. */
static void every_object_has_its_page(void)
{
	static const char *const lists[] = { "vendors", "users", "categories" };

	sign_in("admin");
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		browser_go(console(FMT("/%s", lists[i])));
		const char *name =
			browser_text(FMT("#%s tbody .title a", lists[i]));
		browser_click(FMT("#%s tbody .title a", lists[i]));
		CHECK_TRUE(browser_wait_text("h1", name), lists[i]);
		browser_shot(FMT("one_%s", lists[i]));
	}
}

static void a_category_is_made_renamed_moved_and_deleted(void)
{
	const char *name = unique("Umbrellas"), *other = unique("Parasols");

	sign_in("admin");
	browser_go(console("/categories"));
	browser_type("#name", name);
	browser_click("#create");
	CHECK_TRUE(browser_wait_text(".message", "created"), "created");
	browser_follow(name);
	NEED_TRUE(browser_wait_text("h1", name), "its page");
	browser_type("#name", other);
	browser_click("#rename");
	CHECK_TRUE(browser_wait_text(".message", "changed"), "renamed");
	browser_follow(other);
	NEED_TRUE(browser_wait_text("h1", other), "by its new name");
	browser_click("#parent_id option:nth-child(2)");
	browser_click("#move");
	CHECK_TRUE(browser_wait_text(".message", "moved"), "moved");
	browser_follow(other);
	NEED_TRUE(browser_wait_text("h1", other), "again");
	browser_click("#delete");
	CHECK_TRUE(browser_wait_text(".message", "deleted"), "deleted");
	CHECK_LACKS(browser_text("#categories"), other, "gone");
}

/* A person of the test's own; their page. */
static void open_a_user(const char *name)
{
	NEED_API(api_post("/api/auth/register/customer",
	                  FMT("{\"email\":\"%s@example.org\",\"password\":"
	                      "\"a quiet goat walks north\",\"name\":\"%s\"}",
	                      name, name),
	                  NULL),
	         201, "registers");
	browser_go(console(FMT("/users?q=%s", name)));
	browser_follow(name);
	NEED_TRUE(browser_wait_text("h1", name), "their page");
}

static void a_suspended_person_is_shut_out(void)
{
	const char *name = unique("mallory");

	sign_in("admin");
	open_a_user(name);
	browser_click("#suspend-open");
	browser_type("#suspend_reason", "Sold what they did not have");
	browser_click("#suspend");
	CHECK_TRUE(browser_wait_text(".message", "suspended"), "suspended");
	CHECK_TEXT(browser_text("h1 + .badge"), "Suspended", "status");
	browser_shot("user_suspended");
	CHECK_API(api_login(FMT("%s@example.org", name),
	                    "a quiet goat walks north"),
	          403, "shut out");
	browser_click("#reinstate");
	CHECK_TRUE(browser_wait_text(".message", "can be used"), "back");
}

static void give_reviews(void)
{
	browser_click("#rights-open");
	browser_click("input[name=roles][value=admin]");
	browser_click("input[name=permissions][value=reviews]");
	browser_shot("rights");
	browser_click("#rights");
}

static void rights_ask_for_the_password_again(void)
{
	const char *name = unique("helper");

	sign_in("admin");
	open_a_user(name);
	poke("UPDATE session SET password_at = '2020-01-01 00:00:00'"
	     " WHERE kind = 'console'");
	give_reviews();
	NEED_TRUE(browser_wait_text("main", "Your password"), "asked for it");
	browser_shot("confirm");
	browser_type("#password", dev_text("accounts.admin.password"));
	browser_click("#confirm");
	CHECK_TRUE(browser_wait_text(".message", "do again"), "taken");
	give_reviews();
	CHECK_TRUE(browser_wait_text(".message", "rights were changed"),
	           "changed");
	CHECK_HAS(browser_text("dl"), "admin", "role");
	CHECK_HAS(browser_text("dl"), "reviews", "permission");
}

static void signing_out_ends_the_session(void)
{
	sign_in("moderator");
	const char *cookie = browser_script("return document.cookie");
	CHECK_LACKS(cookie, "merkato_console", "scripts cannot read it");
	browser_click("#logout");
	CHECK_TRUE(browser_wait_text("main", "signed out"), "told");
	browser_go(console("/products"));
	CHECK_HAS(browser_url(), "/console/login", "shut");
}

static const struct check_hooks hooks = { .start = start,
	                                  .stop = stop,
	                                  .before = before };

CHECK_MAIN_WITH("console", &hooks, TEST(a_wrong_password_stays_outside),
                TEST(a_customer_does_not_get_in),
                TEST(an_approved_product_is_for_sale_at_once),
                TEST(a_rejected_product_tells_its_store_why),
                TEST(what_sellers_write_stays_text),
                TEST(a_form_needs_its_token), TEST(faults_are_pages_for_people),
                TEST(every_page_opens), TEST(every_object_has_its_page),
                TEST(queues_open_at_what_waits),
                TEST(sums_are_grouped_in_thousands),
                TEST(a_category_is_made_renamed_moved_and_deleted),
                TEST(a_suspended_person_is_shut_out),
                TEST(rights_ask_for_the_password_again),
                TEST(the_console_works_on_a_phone),
                TEST(signing_out_ends_the_session))
