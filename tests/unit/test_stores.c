#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "handlers/accounts/accounts_inside.h"
#include "tests/support/people.h"

static const struct answered *get(const char *uri, const char *header)
{
	return header ? request("GET", uri, NULL, header)
	              : request("GET", uri, NULL);
}

static const struct answered *post(const char *uri, const char *body,
                                   const struct person *p)
{
	return request("POST", uri, body, p->bearer);
}

/* What the catalog would do. */
static struct {
	struct id vendor;
	int calls;
} told_parts;

static enum rc note_vendor(struct ctx *c, struct id vendor)
{
	(void)c;
	told_parts.vendor = vendor;
	told_parts.calls++;
	return RC_OK;
}

static const struct accounts_part part = { .name = "test",
	                                   .vendor_changed = note_vendor };
static const struct accounts_part *const parts[] = { &part, NULL };

static const char application[] =
	"{\"email\":\"store@example.com\",\"password\":\"blue nile falls 7\","
	"\"store_name\":\"Lalibela Crafts\",\"phone\":\"0911223344\","
	"\"address\":\"Bole road 1\",\"lat\":9.0,\"lng\":38.7}";

static void a_store_is_applied_for_approved_and_suspended(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_VENDORS);

	told_parts.calls = 0;
	accounts_use(parts);
	const struct answered *a =
		request("POST", "/api/auth/register/vendor", application);

	CHECK_INT(a->status, 201, a->body);
	CHECK_INT(get("/api/vendors/lalibela-crafts", NULL)->status, 404,
	          "pending is not public");
	a = get("/api/admin/vendors?status=pending", admin->bearer);
	CHECK_INT(a->status, 200, a->body);
	const char *id = answered_text(a, "results.0.id");
	struct id vendor = { { 0 } };

	NEED_TRUE(id && id_parse(id, &vendor), "an application");
	a = post(uri_of("/api/admin/vendors/$/approve", vendor), NULL, admin);
	CHECK_INT(a->status, 200, a->body);
	CHECK_ID(told_parts.vendor, vendor, "the catalog is told");
	CHECK_INT(n_told("vendor.approved"), 1, "and the owner");
	CHECK_INT(get("/api/vendors/lalibela-crafts", NULL)->status, 200,
	          "public");
	CHECK_TEXT(answered_text(get("/api/vendors", NULL), "count"), "1",
	           "listed");
	a = post(uri_of("/api/admin/vendors/$/approve", vendor), NULL, admin);
	CHECK_INT(a->status, 409, "once");
	a = post(uri_of("/api/admin/vendors/$/suspend", vendor), "{}", admin);
	CHECK_INT(a->status, 422, "a reason is needed");
	a = post(uri_of("/api/admin/vendors/$/suspend", vendor),
	         "{\"reason\":\"fakes\"}", admin);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "suspended", "status");
	CHECK_INT(get("/api/vendors/lalibela-crafts", NULL)->status, 404,
	          "gone at once, though it was cached");
	CHECK_TEXT(answered_text(get("/api/vendors", NULL), "count"), "0",
	           "from the list too");
	CHECK_INT(told_parts.calls, 3, "made, approved, suspended");
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit"
	                    " WHERE what LIKE 'vendor.%'"),
	          2, "audit rows");
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit WHERE why = 'fakes'"
	                    " AND JSON_VALUE(state_before, '$.status') ="
	                    " 'approved'"),
	          1, "with before and why");
	accounts_use(NULL);
}

static void who_was_rejected_may_apply_again(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_VENDORS);
	struct vendor_new in = { .owner = a_customer()->id,
		                 .name = "Axum Honey",
		                 .lat = 14.1,
		                 .lng = 38.7 };
	struct id id;

	NEED_RC(accounts_create_vendor(tc, &in, &id), RC_OK, "applies");
	const struct person owner = { .bearer = a_bearer(in.owner) };
	const struct answered *a =
		post("/api/vendor/store/apply", NULL, &owner);

	CHECK_INT(a->status, 409, "it waits already");
	a = post(uri_of("/api/admin/vendors/$/reject", id),
	         "{\"reason\":\"no license\"}", admin);
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(n_told("vendor.rejected"), 1, "told why");
	a = post("/api/vendor/store/apply", NULL, &owner);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "pending", "waits again");
	CHECK_INT(n_told("vendor.applied"), 1, "told");
}

static void an_audit_row_can_not_be_changed(void)
{
	NEED_RC(audit_add(tc, "test.done", "user", id_new(), NULL, "{\"a\":1}",
	                  NULL),
	        RC_OK, "add");
	CHECK_TRUE(sql_run(tc, "UPDATE audit SET what = 'x'") != RC_OK,
	           "update");
	fail_clear(tc);
	CHECK_TRUE(sql_run(tc, "DELETE FROM audit") != RC_OK, "delete");
	fail_clear(tc);
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit"
	                    " WHERE what = 'test.done'"),
	          1, "still there");
}

static void stores_near_a_place_come_with_their_distance(void)
{
	static const struct {
		const char *name;
		double lat, lng;
	} places[] = {
		{ "Near", 9.04, 38.74 },
		{ "Far", 9.30, 38.74 },
		{ "Away", 11.60, 37.38 },
	};

	for (size_t i = 0; i < 3; i++) {
		const struct person *p = a_customer();
		struct vendor_new in = { .owner = p->id,
			                 .name = places[i].name,
			                 .status = "approved",
			                 .lat = places[i].lat,
			                 .lng = places[i].lng };
		struct id id;

		NEED_RC(accounts_create_vendor(tc, &in, &id), RC_OK, "store");
	}
	const struct answered *a = get("/api/vendors?lat=9.03&lng=38.74", NULL);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "count"), "2", "within 50 km");
	CHECK_TEXT(answered_text(a, "results.0.slug"), "near", "nearest");
	CHECK_TEXT(answered_text(a, "results.0.distance_km"), "1.11", "km");
	CHECK_TEXT(answered_text(a, "results.1.slug"), "far", "next");
	a = get("/api/vendors?lat=9.03&lng=38.74&radius=10", NULL);
	CHECK_TEXT(answered_text(a, "count"), "1", "within 10 km");
	a = get("/api/vendors?lat=9.03&lng=38.74&radius=500", NULL);
	CHECK_TEXT(answered_text(a, "count"), "3", "within 500 km");
	a = get("/api/vendors", NULL);
	CHECK_TEXT(answered_text(a, "count"), "3", "anywhere");
	CHECK_LACKS(a->body, "distance_km", "no place, no distance");
	CHECK_INT(get("/api/vendors?lat=9.03", NULL)->status, 422, "half");
	CHECK_INT(get("/api/vendors?lat=91&lng=1", NULL)->status, 422, "pole");
	CHECK_INT(get("/api/vendors?ordering=distance_km", NULL)->status, 400,
	          "from where?");
	a = get("/api/vendors?lat=9.03&lng=38.74&page_size=1&cursor=", NULL);
	CHECK_TEXT(answered_text(a, "results.0.slug"), "near", "nearest");
	const char *next = answered_text(a, "next");

	NEED_TRUE(next != NULL, "there is more");
	a = get(strstr(next, "/api/"), NULL);
	CHECK_TEXT(answered_text(a, "results.0.slug"), "far", "next");
}

static void the_date_line_is_no_border(void)
{
	const struct person *p = a_customer();
	struct vendor_new in = { .owner = p->id,
		                 .name = "East",
		                 .status = "approved",
		                 .lat = -17.0,
		                 .lng = 179.95 };
	struct id id;

	NEED_RC(accounts_create_vendor(tc, &in, &id), RC_OK, "store");
	const struct answered *a =
		get("/api/vendors?lat=-17&lng=-179.95", NULL);

	CHECK_TEXT(answered_text(a, "count"), "1", "11 km apart");
}

static void the_owner_changes_the_store(void)
{
	const struct person *p = an_owner();
	const struct answered *a = request(
		"PATCH", "/api/vendor/store",
		"{\"description\":\"Baskets\",\"lat\":8.5,\"lng\":39.3,"
		"\"payout_schedule\":\"monthly\",\"payout_day\":15,"
		"\"opening_hours\":[{\"day\":\"mon\",\"opens\":\"08:00\","
		"\"closes\":\"17:30\"}]}",
		p->bearer);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "opening_hours.0.closes"), "17:30",
	           "hours");
	CHECK_TEXT(answered_text(a, "lat"), "8.5", "place");
	a = get(arena_fmt(tc->arena, "/api/vendors/%s", p->slug), NULL);
	CHECK_TEXT(answered_text(a, "description"), "Baskets", "public");
	CHECK_LACKS(a->body, "payout", "not what is nobody's business");
	CHECK_LACKS(a->body, "owner", "nor the owner");
	a = request("PATCH", "/api/vendor/store",
	            "{\"opening_hours\":[{\"day\":\"mon\",\"opens\":\"18:00\","
	            "\"closes\":\"17:30\"}]}",
	            p->bearer);
	CHECK_INT(a->status, 422, "closes before it opens");
	a = request("PATCH", "/api/vendor/store", "{\"status\":\"approved\"}",
	            p->bearer);
	CHECK_INT(a->status, 422, "not the status");
	a = request("PATCH", "/api/vendor/store", "{\"lat\":8.5}", p->bearer);
	CHECK_INT(a->status, 422, "half a place");
}

static void a_holiday_closes_the_store(void)
{
	const struct person *p = an_owner();
	char text[WHEN_TEXT_MAX];
	const char *body = arena_fmt(
		tc->arena,
		"{\"holiday_from\":\"%s\",\"holiday_note\":\"Back soon\"}",
		when_text(when_plus(tc->now, -HOUR), text));
	struct vendor_brief brief = { 0 };

	NEED_RC(accounts_vendor_get(tc, p->vendor, &brief), RC_OK, "brief");
	CHECK_TRUE(brief.is_open, "open");
	CHECK_INT(
		request("PATCH", "/api/vendor/store", body, p->bearer)->status,
		200, "closed");
	NEED_RC(accounts_vendor_get(tc, p->vendor, &brief), RC_OK, "brief");
	CHECK_FALSE(brief.is_open, "closed");
	const struct answered *a =
		get(arena_fmt(tc->arena, "/api/vendors/%s", p->slug), NULL);

	CHECK_TEXT(answered_text(a, "is_open"), "false", "told");
	CHECK_TEXT(answered_text(a, "holiday_note"), "Back soon", "why");
}

static void a_bank_account_needs_the_password_and_is_sealed(void)
{
	static const char body[] = "{\"bank_account\":{\"bank_name\":\"CBE\","
				   "\"number\":\"1000 1234 5678 9\"}}";
	const struct person *p = an_owner();
	const char *clear = NULL;
	const struct answered *a =
		request("PATCH", "/api/vendor/store", body, p->bearer);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "bank_account.last4"), "6789", "last four");
	CHECK_LACKS(a->body, "1000123", "never the number");
	NEED_RC(accounts_vendor_bank(tc, p->vendor, &clear), RC_OK, "open");
	CHECK_TEXT(clear, "1000123456789", "for transfers");
	CHECK_INT(db_number("SELECT INSTR(bank_account, '1000123') FROM vendor"
	                    " WHERE bank_account IS NOT NULL"),
	          0, "sealed at rest");
	struct vendor_brief brief = { 0 };

	NEED_RC(accounts_vendor_get(tc, p->vendor, &brief), RC_OK, "brief");
	CHECK_TRUE(brief.payouts_held_until.us >
	                   when_plus(tc->now, 71L * HOUR).us,
	           "payouts wait 72 hours");
	CHECK_INT(n_told("vendor.bank_changed"), 1, "the owner is told");
	tc->now = when_plus(tc->now, 11L * MINUTE);
	a = request("PATCH", "/api/vendor/store", body, p->bearer);
	CHECK_INT(a->status, 403, "the password is too long ago");
	CHECK_TEXT(a->req->ctx.err.code, "password_needed", "why");
}

static void staff_see_the_store_and_change_nothing(void)
{
	const struct person *owner = an_owner();
	const struct person *staff = a_staff(owner, MAY_STAFF_ALL);
	const struct answered *a = get("/api/vendor/store", staff->bearer);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "slug"), owner->slug, "the store");
	CHECK_INT(request("PATCH", "/api/vendor/store",
	                  "{\"description\":\"x\"}", staff->bearer)
	                  ->status,
	          403, "not theirs");
	CHECK_INT(get("/api/vendor/store", a_customer()->bearer)->status, 403,
	          "customers have none");
	CHECK_INT(get("/api/vendor/store", NULL)->status, 401, "nobody");
}

static void only_admins_with_the_right_see_applications(void)
{
	CHECK_INT(get("/api/admin/vendors", NULL)->status, 401, "nobody");
	CHECK_INT(get("/api/admin/vendors", a_customer()->bearer)->status, 403,
	          "customer");
	CHECK_INT(get("/api/admin/vendors", an_owner()->bearer)->status, 403,
	          "owner");
	CHECK_INT(
		get("/api/admin/vendors", an_admin(MAY_ADMIN_PRODUCTS)->bearer)
			->status,
		403, "admin for other things");
	CHECK_INT(get("/api/admin/vendors", an_admin(MAY_ADMIN_VENDORS)->bearer)
	                  ->status,
	          200, "admin for vendors");
	CHECK_INT(get("/api/admin/vendors", an_admin(0)->bearer)->status, 200,
	          "super admin");
}

static void a_commission_is_set_with_an_audit_row(void)
{
	const struct person *owner = an_owner(), *admin = an_admin(0);
	const char *path = uri_of("/api/admin/vendors/$", owner->vendor);
	struct vendor_brief brief = { 0 };
	const struct answered *a = request(
		"PATCH", path, "{\"commission_bp\":750}", admin->bearer);

	CHECK_INT(a->status, 200, a->body);
	NEED_RC(accounts_vendor_get(tc, owner->vendor, &brief), RC_OK, "brief");
	CHECK_INT(brief.commission_bp, 750, "basis points");
	CHECK_INT(request("PATCH", path, "{\"commission_bp\":10001}",
	                  admin->bearer)
	                  ->status,
	          422, "over 100 %");
	a = request("PATCH", path, "{\"commission_bp\":null}", admin->bearer);
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit"
	                    " WHERE what = 'vendor.commission'"),
	          2, "audit");
	CHECK_INT(request("PATCH",
	                  "/api/admin/vendors/"
	                  "0190f000-0000-7000-8000-000000000001",
	                  "{\"commission_bp\":1}", admin->bearer)
	                  ->status,
	          404, "no such store");
	CHECK_INT(get("/api/admin/vendors/zzz", admin->bearer)->status, 404,
	          "no id");
}

static const struct answered *hand_in(const struct person *p, const char *kind,
                                      const char *bytes)
{
	const char *body = arena_fmt(
		tc->arena,
		"--b1\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n"
		"%s\r\n--b1\r\nContent-Disposition: form-data; name=\"file\";"
		" filename=\"paper.pdf\"\r\nContent-Type: application/pdf\r\n"
		"\r\n%s\r\n--b1--\r\n",
		kind, bytes);

	return request("POST", "/api/vendor/store/documents", body, p->bearer,
	               "Content-Type: multipart/form-data; boundary=b1");
}

static void papers_are_seen_by_owner_and_admins_only(void)
{
	static const char pdf[] = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"
				  "trailer\n<<>>\n%%EOF\n";
	const struct person *owner = an_owner(), *other = an_owner();
	const struct person *admin = an_admin(MAY_ADMIN_VENDORS);
	const struct answered *a = hand_in(owner, "license", pdf);

	CHECK_INT(a->status, 201, a->body);
	CHECK_TEXT(answered_text(a, "type"), "application/pdf", "by content");
	CHECK_LACKS(a->body, "\"url\"", "no link yet");
	const char *id = answered_text(a, "id");
	const char *path =
		arena_fmt(tc->arena, "/api/vendor/store/documents/%s", id);

	a = get(path, owner->bearer);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TRUE(answered_text(a, "url") != NULL, "a link");
	CHECK_INT(get(path, other->bearer)->status, 404, "not another's");
	CHECK_INT(get(path, a_staff(owner, MAY_STAFF_ALL)->bearer)->status, 403,
	          "nor the staff's");
	path = arena_fmt(
		tc->arena, "%s/%s",
		uri_of("/api/admin/vendors/$/documents", owner->vendor), id);
	CHECK_INT(get(path, admin->bearer)->status, 200, "admins for stores");
	CHECK_INT(get(path, an_admin(MAY_ADMIN_PRODUCTS)->bearer)->status, 403,
	          "no other");
	CHECK_INT(get(arena_fmt(tc->arena, "%s/%s",
	                        uri_of("/api/admin/vendors/$/documents",
	                               other->vendor),
	                        id),
	              admin->bearer)
	                  ->status,
	          404, "of that store only");
	CHECK_INT(hand_in(owner, "license", "#!/bin/sh")->status, 415,
	          "not a paper");
	CHECK_INT(hand_in(owner, "poem", pdf)->status, 422, "an unknown kind");
	CHECK_TEXT(
		answered_text(get("/api/vendor/store/documents", owner->bearer),
	                      "results.0.kind"),
		"license", "listed");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("stores", &hooks,
                TEST(a_store_is_applied_for_approved_and_suspended),
                TEST(who_was_rejected_may_apply_again),
                TEST(an_audit_row_can_not_be_changed),
                TEST(stores_near_a_place_come_with_their_distance),
                TEST(the_date_line_is_no_border),
                TEST(the_owner_changes_the_store),
                TEST(a_holiday_closes_the_store),
                TEST(a_bank_account_needs_the_password_and_is_sealed),
                TEST(staff_see_the_store_and_change_nothing),
                TEST(only_admins_with_the_right_see_applications),
                TEST(a_commission_is_set_with_an_audit_row),
                TEST(papers_are_seen_by_owner_and_admins_only))
