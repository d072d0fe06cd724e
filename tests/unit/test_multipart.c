#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/form.h"
#include "fcgi/http/multipart.h"
#include "tests/support/check.h"
#include "tests/support/fake_request.h"

#define TYPE "multipart/form-data; boundary=XX"
#define FIELD_A "Content-Disposition: form-data; name=\"a\"\r\n\r\n"

/* Reads a body of n bytes that arrives in slices; the request keeps the fault
 * and the parts. */
static enum rc read_body(struct req *r, const char *type, const char *body,
                         size_t n, size_t step)
{
	struct fake_request *f = arena_new(tc->arena, struct fake_request);

	f->variables[0] = "CONTENT_TYPE";
	f->variables[1] = type;
	f->variables[2] = "CONTENT_LENGTH";
	f->variables[3] = arena_fmt(tc->arena, "%zu", n);
	f->body = body;
	f->n = n;
	f->step = step;
	*r = fake_request(f, tc);
	return multipart_read(r, 1 << 20);
}

static enum rc read_text(struct req *r, const char *body)
{
	return read_body(r, TYPE, body, strlen(body), 0);
}

static const char *content(const struct part *p)
{
	char *s = arena_alloc(tc->arena, p->n + 1);

	NEED_INT(pread(p->fd, s, p->n, 0), p->n, "file");
	return s;
}

static void fields_and_files_are_read(void)
{
	static const char body[] =
		"--XX\r\n"
		"Content-Disposition: form-data; name=\"alt\"\r\n"
		"\r\n"
		"ቡና\r\n--X\r\n-\r\n"
		"--XX\r\n"
		"content-disposition: form-data; name=pic; "
		"filename=\"..\\\\a \\\"b\\\".png\"\r\n"
		"Content-Type: image/png\r\n"
		"X-Other: y\r\n"
		"\r\n"
		"\x89PNG\r\n--XY\r\n"
		"--XX\r\n"
		"Content-Disposition: form-data; name=\"empty\"\r\n"
		"\r\n"
		"\r\n"
		"--XX--\r\n";

	for (size_t step = 0; step < 80; step++) {
		const char *what = arena_fmt(tc->arena, "step %zu", step);
		struct req r;

		NEED_RC(read_body(&r, TYPE, body, strlen(body), step), RC_OK,
		        what);
		NEED_INT(r.n_parts, 3, what);
		CHECK_TEXT(r.parts[0].name, "alt", what);
		CHECK_TEXT(r.parts[0].data, "ቡና\r\n--X\r\n-", what);
		CHECK_INT(r.parts[0].fd, -1, what);
		CHECK_TEXT(r.parts[1].name, "pic", what);
		CHECK_TEXT(r.parts[1].filename, "..\\a \"b\".png", what);
		CHECK_TEXT(r.parts[1].type, "image/png", what);
		CHECK_TEXT(content(&r.parts[1]), "\x89PNG\r\n--XY", what);
		CHECK_TEXT(r.parts[2].data, "", what);
		CHECK_TRUE(part_find(&r, "pic") == &r.parts[1], what);
		CHECK_TRUE(!part_find(&r, "none"), what);
	}
}

static void a_large_file_comes_through_whole(void)
{
	static const char head[] =
		"--XX\r\nContent-Disposition: form-data; name=\"f\"; "
		"filename=\"\"\r\n\r\n";
	static const char tail[] = "\r\n--XX--";
	enum { N = 500000 };
	struct buf b;
	struct req r;

	/* Full of beginnings of the delimiter. */
	buf_init(&b, tc->arena, N + 200);
	buf_puts(&b, head);
	for (int i = 0; i < N; i++)
		buf_putc(&b, "\r\n--X\r\r\n-"[(i * 7 + i / 11) % 9]);
	buf_puts(&b, tail);
	for (size_t step = 997; step < 70000; step += 23003) {
		NEED_RC(read_body(&r, TYPE, b.s, b.n, step), RC_OK, "read");
		NEED_INT(r.n_parts, 1, "parts");
		CHECK_INT(r.parts[0].n, N, "size");
		CHECK_BYTES(content(&r.parts[0]), b.s + strlen(head), N,
		            "content");
	}
}

static void files_have_no_name_and_are_private(void)
{
	struct stat st;
	struct req r;

	NEED_RC(read_text(&r, "--XX\r\nContent-Disposition: form-data; "
	                      "name=f; filename=x\r\n\r\nabc\r\n--XX--"),
	        RC_OK, "read");
	NEED_INT(fstat(r.parts[0].fd, &st), 0, "stat");
	CHECK_INT(st.st_nlink, 0, "no name");
	CHECK_INT(st.st_mode & 0777, 0600, "mode");
	int fd = r.parts[0].fd;
	arena_reset(tc->arena);
	CHECK_INT(fcntl(fd, F_GETFD), -1, "closed with the arena");
}

static void malformed_bodies_are_refused(void)
{
	static const struct {
		const char *what, *body;
	} cases[] = {
		{ "empty", "" },
		{ "no boundary", "hello" },
		{ "preamble", "x\r\n--XX\r\n" FIELD_A "1\r\n--XX--" },
		{ "not closed", "--XX\r\n" FIELD_A "1\r\n--XX" },
		{ "cut off in a part", "--XX\r\n" FIELD_A "1" },
		{ "half closed", "--XX\r\n" FIELD_A "1\r\n--XX-" },
		{ "epilogue", "--XX\r\n" FIELD_A "1\r\n--XX--\r\nmore" },
		{ "bad boundary line", "--XX \r\n" FIELD_A "1\r\n--XX--" },
		{ "line feeds", "--XX\n" FIELD_A "1\n--XX--" },
		{ "no headers", "--XX\r\n\r\n1\r\n--XX--" },
		{ "no disposition",
		  "--XX\r\nContent-Type: text/plain\r\n\r\n1\r\n--XX--" },
		{ "no name",
		  "--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--" },
		{ "empty name", "--XX\r\nContent-Disposition: form-data; "
		                "name=\"\"\r\n\r\n1\r\n--XX--" },
		{ "attachment", "--XX\r\nContent-Disposition: attachment; "
		                "name=\"a\"\r\n\r\n1\r\n--XX--" },
		{ "two names", "--XX\r\nContent-Disposition: form-data; "
		               "name=a; name=b\r\n\r\n1\r\n--XX--" },
		{ "filename*",
		  "--XX\r\nContent-Disposition: form-data; "
		  "name=a; filename*=UTF-8''x\r\n\r\n1\r\n--XX--" },
		{ "open quote", "--XX\r\nContent-Disposition: form-data; "
		                "name=\"a\r\n\r\n1\r\n--XX--" },
		{ "not UTF-8", "--XX\r\nContent-Disposition: form-data; "
		               "name=\"\xff\"\r\n\r\n1\r\n--XX--" },
		{ "two dispositions",
		  "--XX\r\nContent-Disposition: form-data; name=a\r\n" FIELD_A
		  "1\r\n--XX--" },
		{ "two types", "--XX\r\nContent-Type: a/b\r\nContent-Type: "
		               "a/b\r\n" FIELD_A "1\r\n--XX--" },
		{ "nested", "--XX\r\nContent-Type: multipart/mixed; "
		            "boundary=YY\r\n" FIELD_A "1\r\n--XX--" },
		{ "encoded", "--XX\r\nContent-Transfer-Encoding: "
		             "base64\r\n" FIELD_A "1\r\n--XX--" },
		{ "folded", "--XX\r\nX-A: b\r\n c\r\n" FIELD_A "1\r\n--XX--" },
		{ "no colon", "--XX\r\nX-A\r\n" FIELD_A "1\r\n--XX--" },
		{ "control character",
		  "--XX\r\nX-A: \x01\r\n" FIELD_A "1\r\n--XX--" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct req r;

		CHECK_RC(read_text(&r, cases[i].body), RC_BAD_REQUEST,
		         cases[i].what);
	}
}

static void boundaries_are_checked(void)
{
	static const struct {
		const char *type;
		enum rc want;
	} cases[] = {
		{ "multipart/form-data; boundary=\"XX\"", RC_OK },
		{ "Multipart/Form-Data; charset=utf-8; BOUNDARY=XX", RC_OK },
		{ NULL, RC_UNSUPPORTED },
		{ "application/json", RC_UNSUPPORTED },
		{ "multipart/mixed; boundary=XX", RC_UNSUPPORTED },
		{ "multipart/form-data", RC_BAD_REQUEST },
		{ "multipart/form-data; boundary=", RC_BAD_REQUEST },
		{ "multipart/form-data; boundary=\"\"", RC_BAD_REQUEST },
		{ "multipart/form-data; boundary=\"X;\"", RC_BAD_REQUEST },
		{ "multipart/form-data; boundary=XX; boundary=YY",
		  RC_BAD_REQUEST },
		{ "multipart/form-data boundary=XX", RC_BAD_REQUEST },
		{ "multipart/form-data; boundary="
		  "123456789012345678901234567890123456789012345678901234567890"
		  "12345678901",
		  RC_BAD_REQUEST },
	};
	static const char body[] = "--XX\r\n" FIELD_A "1\r\n--XX--";

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct req r;

		CHECK_RC(read_body(&r, cases[i].type, body, strlen(body), 0),
		         cases[i].want, cases[i].type ? cases[i].type : "none");
	}
}

static void sizes_are_bounded(void)
{
	struct req r;
	struct buf b;

	buf_init(&b, tc->arena, 0);
	for (int i = 0; i < 20; i++)
		buf_puts(&b, "--XX\r\n" FIELD_A "1\r\n");
	size_t twenty = b.n;
	buf_puts(&b, "--XX--");
	CHECK_RC(read_text(&r, b.s), RC_OK, "20 parts");
	b.n = twenty;
	buf_puts(&b, "--XX\r\n" FIELD_A "1\r\n--XX--");
	CHECK_RC(read_text(&r, b.s), RC_TOO_LARGE, "21 parts");

	buf_clear(&b);
	buf_puts(&b, "--XX\r\n" FIELD_A);
	for (int i = 0; i < MULTIPART_FIELD_MAX; i++)
		buf_putc(&b, 'x');
	size_t full = b.n;
	buf_puts(&b, "\r\n--XX--");
	CHECK_RC(read_text(&r, b.s), RC_OK, "largest field");
	b.n = full;
	buf_puts(&b, "x\r\n--XX--");
	CHECK_RC(read_text(&r, b.s), RC_TOO_LARGE, "larger field");

	buf_clear(&b);
	buf_puts(&b, "--XX\r\nX-A: ");
	for (int i = 0; i < MULTIPART_HEADERS_MAX; i++)
		buf_putc(&b, 'x');
	buf_puts(&b, "\r\n" FIELD_A "1\r\n--XX--");
	CHECK_RC(read_text(&r, b.s), RC_BAD_REQUEST, "headers");
}

static void the_promised_length_is_kept(void)
{
	static const char body[] = "--XX\r\n" FIELD_A "1\r\n--XX--";
	struct fake_request f = { .variables = { "CONTENT_TYPE", TYPE,
		                                 "CONTENT_LENGTH", "999" },
		                  .body = body,
		                  .n = strlen(body) };
	struct req r = fake_request(&f, tc);

	CHECK_RC(multipart_read(&r, 1000), RC_BAD_REQUEST, "fewer bytes");
	f.variables[3] = "1001";
	r = fake_request(&f, tc);
	CHECK_RC(multipart_read(&r, 1000), RC_TOO_LARGE, "above the limit");
	f.variables[2] = NULL;
	r = fake_request(&f, tc);
	CHECK_RC(multipart_read(&r, 1000), RC_LENGTH, "no length");
}

static void fields_become_pairs(void)
{
	struct pair *pairs = NULL;
	size_t n = 0;
	struct req r;

	NEED_RC(read_text(&r, "--XX\r\n" FIELD_A "1\r\n--XX\r\n"
	                      "Content-Disposition: form-data; name=f; "
	                      "filename=x\r\n\r\n\xff\r\n--XX--"),
	        RC_OK, "read");
	NEED_RC(form_parts(tc, r.parts, r.n_parts, &pairs, &n), RC_OK, "pairs");
	CHECK_INT(n, 1, "without the file");
	CHECK_TEXT(pairs_find(pairs, n, "a"), "1", "field");
	NEED_RC(read_text(&r, "--XX\r\n" FIELD_A "\xff\r\n--XX--"), RC_OK,
	        "read");
	CHECK_RC(form_parts(tc, r.parts, r.n_parts, &pairs, &n), RC_BAD_REQUEST,
	         "not UTF-8");
}

static bool start(void)
{
	return settings_set("temp_dir", "/tmp");
}

static const struct check_hooks hooks = { .start = start };

CHECK_MAIN_WITH("multipart", &hooks, TEST(fields_and_files_are_read),
                TEST(a_large_file_comes_through_whole),
                TEST(files_have_no_name_and_are_private),
                TEST(malformed_bodies_are_refused),
                TEST(boundaries_are_checked), TEST(sizes_are_bounded),
                TEST(the_promised_length_is_kept), TEST(fields_become_pairs))
