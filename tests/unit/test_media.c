/* Pictures of products and private files, through dispatch. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/media_db.h"
#include "db/sql.h"
#include "fcgi/base/buf.h"
#include "fcgi/base/settings.h"
#include "handlers/jobs.h"
#include "handlers/media/media.h"
#include "tests/support/goods.h"
#include "tests/support/pictures.h"
#include "tests/support/upload.h"
#include "uploads/store.h"

static const struct id none;
static const struct bytes_of no_extra = { "", 0 };

static const char *path_of(const struct answered *a)
{
	return arena_fmt(tc->arena, "/api/product-images/%s",
	                 answered_text(a, "id"));
}

/* What the job runner does within a second. */
static void work(void)
{
	NEED_RC(jobs_once(tc), RC_OK, "jobs");
}

static const struct answered *get(const char *path, const struct person *who)
{
	return who ? request("GET", path, NULL, who->bearer)
	           : request("GET", path, NULL);
}

static bool file_is_there(const char *url)
{
	const char *key = strstr(url, "/media/");
	struct stat st;

	return key &&
	       stat(arena_fmt(tc->arena, "%s%s", settings->data_dir, key),
	            &st) == 0;
}

struct scene {
	const struct person *owner;
	struct id product;
};

static struct scene a_scene(void)
{
	struct scene s = { .owner = an_owner() };

	s.product = a_live_product(s.owner, a_category("Coffee", none),
	                           "Yirgacheffe");
	return s;
}

static void an_upload_is_worked_on_and_seen(void)
{
	struct scene s = a_scene();
	const struct answered *a = upload(s.owner, s.product, a_jpeg(),
	                                  "alt=Beans", "is_primary=true");

	CHECK_INT(a->status, 201, a->body);
	CHECK_TEXT(answered_text(a, "status"), "processing", "at once");
	CHECK_TEXT(answered_text(a, "url"), NULL, "no link yet");
	CHECK_TRUE(answered_header(a, "Location"), "where it is");
	const char *path = path_of(a);
	CHECK_INT(get(path, NULL)->status, 404, "not for shoppers yet");
	CHECK_INT(get(path, s.owner)->status, 200, "for the store");
	work();
	a = get(path, NULL);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "ready", "after work");
	CHECK_TEXT(answered_text(a, "alt"), "Beans", "alt");
	CHECK_TEXT(answered_text(a, "is_primary"), "true", "primary");
	CHECK_TEXT(answered_text(a, "width"), "960", "width");
	CHECK_TEXT(answered_text(a, "thumbnails.0.width"), "160", "small");
	CHECK_TEXT(answered_text(a, "thumbnails.0.height"), "120", "small");
	for (int i = 0; i < 3; i++) {
		const char *webp = answered_text(
			a, arena_fmt(tc->arena, "thumbnails.%d.webp", i));
		const char *jpeg = answered_text(
			a, arena_fmt(tc->arena, "thumbnails.%d.jpeg", i));

		CHECK_TRUE(file_is_there(webp), webp);
		CHECK_TRUE(file_is_there(jpeg), jpeg);
	}
	a = get("/api/products/yirgacheffe", NULL);
	CHECK_TEXT(answered_text(a, "images.0.alt"), "Beans", a->body);
	CHECK_HAS(answered_text(a, "picture"), "/media/p/", "its picture");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_event"
	                    " WHERE field = 'pictures'"),
	          1, "timeline");
	CHECK_INT(db_number("SELECT COUNT(*) FROM media_file"
	                    " WHERE area = 'public' AND remove_at IS NULL"),
	          6, "files kept");
}

static void the_upload_itself_is_not_kept(void)
{
	struct scene s = a_scene();
	const struct answered *a =
		upload(s.owner, s.product, a_jpeg_with_exif(1, "GPS 9.03"));

	CHECK_INT(a->status, 201, a->body);
	const char *source =
		arena_fmt(tc->arena, "upload/%s", answered_text(a, "id"));
	const char *p = NULL;
	size_t n = 0;
	CHECK_RC(store()->get(tc, AREA_PRIVATE, source, &p, &n), RC_OK,
	         "until it is worked on");
	work();
	tc->now = when_plus(tc->now, 700);
	work();
	CHECK_RC(store()->get(tc, AREA_PRIVATE, source, &p, &n), RC_NOT_FOUND,
	         "swept");
	CHECK_INT(db_number("SELECT COUNT(*) FROM media_file"
	                    " WHERE area = 'private'"),
	          0, "row");
}

static void bad_uploads_are_refused_at_once(void)
{
	struct scene s = a_scene();
	const struct {
		const char *what;
		struct bytes_of file;
		int status;
		const char *code;
	} cases[] = {
		{ "SVG", bytes_text("<svg onload=alert(1)>"), 415,
		  "not_a_picture" },
		{ "empty", no_extra, 422, "required" },
		{ "cut off", bytes_cut(a_jpeg(), 3000), 422, "truncated" },
		{ "too large", a_png(12001, 20, 3, no_extra), 422,
		  "too_large" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct answered *a =
			upload(s.owner, s.product, cases[i].file);

		CHECK_INT(a->status, cases[i].status, cases[i].what);
	}
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_image"), 0, "rows");
	CHECK_INT(db_number("SELECT COUNT(*) FROM media_usage WHERE bytes > 0"),
	          0, "room");
	const struct answered *a =
		upload(s.owner, s.product, a_jpeg(), "position=-1");
	CHECK_INT(a->status, 422, "position");
	CHECK_INT(upload(s.owner, s.product, a_jpeg(), "owner=me")->status, 422,
	          "unknown field");
}

static void a_damaged_picture_is_refused_with_its_reason(void)
{
	struct scene s = a_scene();
	struct bytes_of png = a_png(64, 64, 3, no_extra);
	const struct answered *a =
		upload(s.owner, s.product,
	               bytes_patch(png, 45, "\xff\xff\xff\xff", 4));

	CHECK_INT(a->status, 201, a->body);
	const char *path = path_of(a);
	work();
	a = get(path, s.owner);
	CHECK_TEXT(answered_text(a, "status"), "refused", a->body);
	CHECK_TEXT(answered_text(a, "reason_code"), "undecodable", "reason");
	CHECK_INT(get(path, NULL)->status, 404, "never shown");
	CHECK_INT(db_number("SELECT bytes FROM media_usage"), 0,
	          "no room taken");
	CHECK_INT(db_number("SELECT n_pictures FROM product"), 0, "none");
}

static void only_the_store_changes_its_pictures(void)
{
	struct scene s = a_scene();
	const struct person *other = an_owner();
	const struct person *staff = a_staff(s.owner, MAY_STAFF_ORDERS);
	const struct person *helper = a_staff(s.owner, MAY_STAFF_PRODUCTS);
	const struct answered *a = upload(s.owner, s.product, a_jpeg());
	const char *path = path_of(a);

	CHECK_INT(a->status, 201, a->body);
	CHECK_INT(upload(other, s.product, a_jpeg())->status, 422,
	          "another's product");
	CHECK_INT(upload(staff, s.product, a_jpeg())->status, 403,
	          "staff without the right");
	CHECK_INT(upload(a_customer(), s.product, a_jpeg())->status, 403,
	          "a customer");
	CHECK_INT(upload(helper, s.product, a_jpeg())->status, 201,
	          "staff with the right");
	CHECK_INT(get(path, other)->status, 404, "another store looks");
	const char *body = "{\"alt\":\"x\"}";
	CHECK_INT(request("PATCH", path, body, other->bearer)->status, 404,
	          "another store changes");
	CHECK_INT(request("DELETE", path, NULL, other->bearer)->status, 404,
	          "another store deletes");
	CHECK_INT(request("PATCH", path, body, helper->bearer)->status, 200,
	          "staff changes");
	CHECK_INT(request("DELETE", path, NULL, helper->bearer)->status, 204,
	          "staff deletes");
}

static void one_picture_stands_for_the_product(void)
{
	struct scene s = a_scene();
	const char *paths[3];
	struct id ids[1] = { s.product };
	struct product_image *images = NULL;
	size_t n = 0;

	for (int i = 0; i < 3; i++)
		paths[i] = path_of(
			upload(s.owner, s.product,
		               a_png(40 + (uint32_t)i, 30, 3, no_extra)));
	work();
	CHECK_TEXT(answered_text(get(paths[0], NULL), "is_primary"), "true",
	           "the first");
	CHECK_TEXT(answered_text(get(paths[2], NULL), "position"), "2",
	           "behind the others");
	const struct answered *a = request(
		"PATCH", paths[2], "{\"is_primary\":true,\"position\":5}",
		s.owner->bearer, "If-Match: \"99\"");
	CHECK_INT(a->status, 412, "another version");
	a = request("PATCH", paths[2], "{\"is_primary\":true,\"position\":5}",
	            s.owner->bearer);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(get(paths[0], NULL), "is_primary"), "false",
	           "not any more");
	NEED_RC(media_list_of_products(tc, ids, 1, &images, &n), RC_OK, "list");
	NEED_INT(n, 3, "pictures");
	CHECK_INT(images[0].width, 42, "the primary comes first");
	CHECK_INT(request("DELETE", paths[2], NULL, s.owner->bearer)->status,
	          204, "delete");
	CHECK_TEXT(answered_text(get(paths[0], NULL), "is_primary"), "true",
	           "the first again");
	CHECK_INT(db_number("SELECT n_pictures FROM product"), 2, "count");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product p JOIN product_image"
	                    " i ON i.id = p.picture_id AND i.stem = p.picture"
	                    " AND i.is_primary = 1"),
	          1, "the product shows it");
}

static void files_of_a_deleted_picture_go_after_a_week(void)
{
	struct scene s = a_scene();
	const char *path = path_of(upload(s.owner, s.product, a_jpeg()));

	work();
	const char *url = answered_text(get(path, NULL), "url");
	NEED_TRUE(url && file_is_there(url), "there");
	CHECK_INT(request("DELETE", path, NULL, s.owner->bearer)->status, 204,
	          "delete");
	CHECK_INT(get(path, s.owner)->status, 404, "gone");
	CHECK_INT(db_number("SELECT bytes FROM media_usage"), 0, "room");
	tc->now = when_plus(tc->now, 6LL * 86400);
	work();
	CHECK_TRUE(file_is_there(url), "open pages still show it");
	tc->now = when_plus(tc->now, 86400 + 10);
	work();
	CHECK_FALSE(file_is_there(url), "swept");
	CHECK_INT(db_number("SELECT COUNT(*) FROM media_file"), 0, "rows");
}

static void a_product_has_twenty_pictures(void)
{
	struct scene s = a_scene();
	struct bytes_of png = a_png(20, 20, 3, no_extra);

	for (int i = 0; i < 20; i++)
		NEED_INT(upload(s.owner, s.product, png)->status, 201,
		         "a picture");
	CHECK_INT(upload(s.owner, s.product, png)->status, 409, "21");
}

static void a_store_has_two_gigabytes(void)
{
	struct scene s = a_scene();

	NEED_RC(media_db_use(tc, s.owner->vendor, ((int64_t)2 << 30) - 100, 0),
	        RC_OK, "nearly full");
	CHECK_INT(upload(s.owner, s.product, a_jpeg())->status, 409, "full");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_image"), 0, "rows");
}

static void lists_hold_what_the_reader_may_see(void)
{
	struct scene s = a_scene();
	const char *list =
		arena_fmt(tc->arena, "/api/product-images/?product=%s",
	                  text_of(s.product));

	upload(s.owner, s.product, a_jpeg());
	CHECK_TEXT(answered_text(get(list, NULL), "count"), "0", "shoppers");
	CHECK_TEXT(answered_text(get(list, s.owner), "count"), "1", "store");
	CHECK_TEXT(answered_text(get(list, an_owner()), "count"), "0",
	           "other stores");
	CHECK_TEXT(answered_text(get(list, an_admin(0)), "count"), "1",
	           "moderators");
	work();
	CHECK_TEXT(answered_text(get(list, NULL), "count"), "1", "ready");
	CHECK_TEXT(answered_text(get("/api/product-images", NULL), "count"),
	           "1", "all");
	CHECK_INT(get("/api/product-images?product=1", NULL)->status, 422,
	          "no id");
	CHECK_INT(get("/api/product-images?ordering=alt", NULL)->status, 400,
	          "no such ordering");
	CHECK_INT(get("/api/product-images/1", NULL)->status, 404, "no id");
}

static void a_cdn_changes_links_without_touching_rows(void)
{
	struct scene s = a_scene();
	const char *path = path_of(upload(s.owner, s.product, a_jpeg()));

	work();
	CHECK_HAS(answered_text(get(path, NULL), "url"), settings->base_url,
	          "ours");
	NEED_TRUE(settings_set("media_base_url", "https://cdn.example/m"),
	          "set");
	const char *url = answered_text(get(path, NULL), "url");
	NEED_TRUE(settings_set("media_base_url", ""), "set back");
	CHECK_TRUE(!strncmp(url, "https://cdn.example/m/p/", 24), url);
}

static void a_picture_without_decoder_is_tried_three_times(void)
{
	struct scene s = a_scene();
	const char *path = path_of(upload(s.owner, s.product, a_jpeg()));
	const char *was = arena_strdup(tc->arena, settings->image_program);

	NEED_TRUE(settings_set("image_program", "/nonexistent"), "set");
	for (int i = 0; i < 3; i++) {
		enum rc rc = jobs_once(tc);
		const struct answered *a =
			request("GET", path, NULL, a_bearer(s.owner->id));

		CHECK_INT(rc, i < 2 ? RC_UNAVAILABLE : RC_OK, "try");
		CHECK_TEXT(answered_text(a, "status"),
		           i < 2 ? "processing" : "refused", "state");
		CHECK_TEXT(answered_text(a, "reason_code"),
		           i < 2 ? NULL : "gave_up", "reason");
		tc->now = when_plus(tc->now, 3600);
	}
	NEED_TRUE(settings_set("image_program", was), "set back");
}

static void a_picture_that_ends_its_workers_is_given_up(void)
{
	struct scene s = a_scene();
	const char *path = path_of(upload(s.owner, s.product, a_jpeg()));

	/* As three workers have left it that were killed. */
	NEED_RC(sql_run(tc, "UPDATE product_image SET attempts = 3"), RC_OK,
	        "attempts");
	work();
	CHECK_TEXT(answered_text(get(path, s.owner), "status"), "refused",
	           "state");
	CHECK_TEXT(answered_text(get(path, s.owner), "reason_code"), "gave_up",
	           "reason");
}

static void an_upload_that_was_lost_is_refused(void)
{
	struct scene s = a_scene();
	const struct answered *a = upload(s.owner, s.product, a_jpeg());

	NEED_RC(store()->drop(tc, AREA_PRIVATE,
	                      arena_fmt(tc->arena, "upload/%s",
	                                answered_text(a, "id"))),
	        RC_OK, "drop");
	const char *path = path_of(a);
	work();
	CHECK_TEXT(answered_text(get(path, s.owner), "reason_code"), "lost",
	           "reason");
}

/* A part as multipart_read leaves it. */
static struct part a_part(struct bytes_of b)
{
	FILE *f = tmpfile();
	struct part p = { .name = "file", .filename = "x", .n = b.n };

	NEED_TRUE(f && fwrite(b.p, 1, b.n, f) == b.n && !fflush(f), "file");
	p.fd = dup(fileno(f));
	fclose(f);
	return p;
}

static const char *path_in(const char *url)
{
	return url + strlen(settings->base_url);
}

static void private_files_open_by_signed_links_only(void)
{
	struct part png = a_part(a_png(40, 30, 3, no_extra));
	struct private_file file;
	const struct person *p = an_owner();

	NEED_RC(media_private_keep(tc, "document", p->vendor, &png, &file),
	        RC_OK, "keep");
	CHECK_TEXT(file.type, "image/png", "type");
	tc->actor = p->id;
	const char *link = path_in(media_private_link(tc, file.name, 60));
	tc->actor = none;
	CHECK_INT(get(link, NULL)->status, 404, "not adopted yet");
	NEED_RC(media_private_adopt(tc, file.name), RC_OK, "adopt");
	const struct answered *a = get(link, NULL);
	CHECK_INT(a->status, 200, "opens");
	CHECK_TEXT(answered_header(a, "Cache-Control"), "no-store", "caching");
	CHECK_HAS(answered_header(a, "Content-Disposition"), "attachment",
	          "saved, not shown");
	CHECK_INT(db_number("SELECT COUNT(*) FROM media_access"
	                    " WHERE actor_id IS NOT NULL"),
	          1, "written down");
	char *forged = arena_strdup(tc->arena, link);
	size_t n = strlen(forged);
	forged[n - 3] = forged[n - 3] == 'A' ? 'B' : 'A';
	CHECK_INT(get(forged, NULL)->status, 404, "another signature");
	forged = arena_strdup(tc->arena, link);
	forged[16] = forged[16] == 'A' ? 'B' : 'A';
	CHECK_INT(get(forged, NULL)->status, 404, "another text");
	tc->now = when_plus(tc->now, 61);
	CHECK_INT(get(link, NULL)->status, 404, "too late");
	tc->now = when_plus(tc->now, -61);
	NEED_RC(media_private_drop(tc, file.name), RC_OK, "drop");
	CHECK_INT(get(link, NULL)->status, 404, "dropped");
	close(png.fd);
}

static void private_files_that_nobody_adopts_go(void)
{
	struct part pdf = a_part(bytes_text(
		"%PDF-1.7\nsome objects that make it long enough\n%%EOF\n"));
	struct part html = a_part(bytes_text("<html>"));
	struct private_file file;
	const char *p = NULL;
	size_t n = 0;

	CHECK_RC(media_private_keep(tc, "document", none, &html, &file),
	         RC_UNSUPPORTED, "HTML");
	fail_clear(tc);
	NEED_RC(media_private_keep(tc, "document", none, &pdf, &file), RC_OK,
	        "keep");
	CHECK_TEXT(file.type, "application/pdf", "type");
	tc->now = when_plus(tc->now, 86400 + 10);
	work();
	CHECK_RC(store()->get(tc, AREA_PRIVATE, file.name, &p, &n),
	         RC_NOT_FOUND, "gone");
	close(pdf.fd);
	close(html.fd);
}

static void demonstration_pictures_are_shared(void)
{
	struct scene s = a_scene();
	struct demo_picture one, two;

	NEED_RC(media_demo_picture(tc, 7, &one), RC_OK, "draw");
	NEED_RC(media_demo_picture(tc, 7, &two), RC_OK, "draw");
	CHECK_TEXT(two.stem, one.stem, "the same every time");
	const struct demo_image image = { s.product, s.owner->vendor, "Beans",
		                          &one };
	NEED_RC(media_demo_attach(tc, &image, 1), RC_OK, "attach");
	const struct answered *a = get("/api/products/yirgacheffe", NULL);
	CHECK_TRUE(file_is_there(answered_text(a, "images.0.url")), a->body);
	tc->now = when_plus(tc->now, 30LL * 86400);
	work();
	CHECK_TRUE(file_is_there(answered_text(a, "images.0.url")), "stays");
}

static void keys_cannot_climb(void)
{
	static const char *const bad[] = { "",       "/a",   "a/",   "../a",
		                           "a/../b", "a//b", ".a",   "a/.b",
		                           "A",      "a b",  "a\\b", "a..b",
		                           "a\n",    "a%2fb" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK_FALSE(store_is_key(bad[i]), bad[i]);
		fail_clear(tc);
		CHECK_RC(store()->put(tc, AREA_PUBLIC, bad[i], "x", "y", 1),
		         RC_INTERNAL, bad[i]);
	}
	CHECK_TRUE(store_is_key("p/018f-a/3f9a-160.webp"), "good");
}

CHECK_MAIN_WITH("media", &pictures_hooks, TEST(an_upload_is_worked_on_and_seen),
                TEST(the_upload_itself_is_not_kept),
                TEST(bad_uploads_are_refused_at_once),
                TEST(a_damaged_picture_is_refused_with_its_reason),
                TEST(only_the_store_changes_its_pictures),
                TEST(one_picture_stands_for_the_product),
                TEST(files_of_a_deleted_picture_go_after_a_week),
                TEST(a_product_has_twenty_pictures),
                TEST(a_store_has_two_gigabytes),
                TEST(lists_hold_what_the_reader_may_see),
                TEST(a_cdn_changes_links_without_touching_rows),
                TEST(a_picture_without_decoder_is_tried_three_times),
                TEST(a_picture_that_ends_its_workers_is_given_up),
                TEST(an_upload_that_was_lost_is_refused),
                TEST(private_files_open_by_signed_links_only),
                TEST(private_files_that_nobody_adopts_go),
                TEST(demonstration_pictures_are_shared),
                TEST(keys_cannot_climb))
