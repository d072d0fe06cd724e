/*
 * Templates: our own cases cover each rule of the core specification; the
 * official cases run too where they lie (MUSTACHE_SPEC, or
 * ../shared/mustache-spec beside the sources). Whatever lies in templates/ is
 * held against the rules of attributes.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "fcgi/http/html.h"
#include "fcgi/http/mustache.h"
#include "tests/support/check.h"
#include "tests/support/lint_html.h"

static void drop(void *p)
{
	json_decref(p);
}

static json_t *json(const char *text)
{
	json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);

	NEED_TRUE(j != NULL, text);
	arena_defer(tc->arena, drop, j);
	return j;
}

static const char *rendered(const char *text, const json_t *data,
                            const json_t *partials)
{
	const char *why = NULL;
	struct buf out;

	buf_init(&out, tc->arena, 256);
	if (!html_render_text(tc, text, data, partials, &out, &why))
		return arena_fmt(tc->arena, "fault: %s", why);
	return out.s;
}

struct one {
	const char *text, *data, *want;
};

static void check_all(const struct one *cases, size_t n, const char *partials)
{
	const json_t *p = partials ? json(partials) : NULL;

	for (size_t i = 0; i < n; i++)
		CHECK_TEXT(rendered(cases[i].text, json(cases[i].data), p),
		           cases[i].want, cases[i].text);
}
#define CHECK_ALL(cases, partials) \
	check_all(cases, sizeof(cases) / sizeof(*(cases)), partials)

static void values_are_escaped_and_found_by_name(void)
{
	static const struct one cases[] = {
		{ "plain", "{}", "plain" },
		{ "{{x}}", "{\"x\":\"<a href='\\\"'>&\"}",
		  "&lt;a href=&#39;&quot;&#39;&gt;&amp;" },
		{ "{{{x}}}|{{&x}}|{{& x }}", "{\"x\":\"<&\"}", "<&|<&|<&" },
		{ "{{ x }}|{{\tx\n}}", "{\"x\":7}", "7|7" },
		{ "{{x}}", "{\"x\":-9007199254740993}", "-9007199254740993" },
		{ "{{x}}", "{\"x\":1.21}", "1.21" },
		{ "[{{x}}{{y}}]", "{\"x\":null}", "[]" },
		{ "{{a.b.c}}", "{\"a\":{\"b\":{\"c\":\"deep\"}}}", "deep" },
		{ "[{{a.b.c}}]", "{\"a\":{\"b\":1},\"c\":2}", "[]" },
		{ "{{.}}", "\"top\"", "top" },
		{ "  {{x}}\n", "{\"x\":\"one\"}", "  one\n" },
	};
	CHECK_ALL(cases, NULL);
}

static void sections_follow_their_value(void)
{
	static const struct one cases[] = {
		{ "{{#a}}yes{{/a}}", "{\"a\":true}", "yes" },
		{ "{{#a}}yes{{/a}}", "{\"a\":false}", "" },
		{ "{{#a}}yes{{/a}}", "{}", "" },
		{ "{{#a}}yes{{/a}}", "{\"a\":\"\"}", "" },
		{ "{{#a}}yes{{/a}}", "{\"a\":0}", "yes" },
		{ "{{#a}}{{n}};{{/a}}", "{\"a\":[{\"n\":1},{\"n\":2}]}",
		  "1;2;" },
		{ "{{#a}}x{{/a}}", "{\"a\":[]}", "" },
		{ "{{#a}}({{.}}){{/a}}", "{\"a\":[1,\"b\",2.5]}",
		  "(1)(b)(2.5)" },
		{ "{{#a}}{{#.}}{{.}}{{/.}};{{/a}}", "{\"a\":[[1,2],[3]]}",
		  "12;3;" },
		{ "{{#a}}{{x}}{{y}}{{/a}}",
		  "{\"y\":\"out\",\"a\":{\"x\":\"in\"}}", "inout" },
		{ "{{#a.b}}here{{/a.b}}", "{\"a\":{\"b\":true}}", "here" },
		{ "{{#a}}{{b.c}}{{/a}}",
		  "{\"a\":{\"b\":{}},\"b\":{\"c\":\"ERROR\"}}", "" },
		{ "{{^a}}none{{/a}}", "{\"a\":[]}", "none" },
		{ "{{^a}}none{{/a}}", "{\"a\":1}", "" },
		{ "{{^a.b}}none{{/a.b}}", "{}", "none" },
	};
	CHECK_ALL(cases, NULL);
}

static void a_tag_alone_takes_its_line_with_it(void)
{
	static const struct one cases[] = {
		{ "a\n{{#x}}\nb\n{{/x}}\nc\n", "{\"x\":true}", "a\nb\nc\n" },
		{ "a\r\n{{#x}}\r\n{{/x}}\r\nc", "{\"x\":true}", "a\r\nc" },
		{ "  {{#x}}  \nb\n {{/x}}", "{\"x\":true}", "b\n" },
		{ "a {{#x}}b{{/x}}\n", "{\"x\":true}", "a b\n" },
		{ "a\n {{! a\nlong one }} \nb", "{}", "a\nb" },
		{ "a {{! short }} b\n", "{}", "a  b\n" },
		{ "{{#x}} {{/x}}\n", "{\"x\":true}", " \n" },
	};
	CHECK_ALL(cases, NULL);
}

static void delimiters_can_be_set(void)
{
	static const struct one cases[] = {
		{ "{{=<% %>=}}(<%x%>){{x}}", "{\"x\":1}", "(1){{x}}" },
		{ "{{=| |=}}\n|x|\n|={{ }}=|\n{{x}}", "{\"x\":1}", "1\n1" },
		{ "{{#x}}{{= [ ] =}}[.][/x]", "{\"x\":[1,2]}", "12" },
		/* A partial begins with the usual ones. */
		{ "{{= [ ] =}}[>p]", "{\"x\":1}", "(1)\n" },
	};
	CHECK_ALL(cases, "{\"p\":\"({{x}})\\n\"}");
}

static void partials_are_indented_with_their_tag(void)
{
	static const struct one cases[] = {
		{ "[{{>p}}]", "{\"x\":\"v\"}", "[|\nv\n|\n]" },
		{ "[{{>none}}]", "{}", "[]" },
		{ "\\\n  {{>p}}\n/\n", "{\"x\":\"<\\n->\"}",
		  "\\\n  |\n  &lt;\n-&gt;\n  |\n/\n" },
		{ " {{>outer}}\n", "{\"x\":\"v\"}",
		  " a\n   |\n   v\n   |\n z\n" },
		{ "{{>tree}}",
		  "{\"n\":1,\"kids\":[{\"n\":2,\"kids\":[]},{\"n\":3,\"kids\":[]}]}",
		  "<1<2><3>>" },
	};
	CHECK_ALL(cases, "{\"p\":\"|\\n{{x}}\\n|\\n\","
	                 "\"outer\":\"a\\n  {{>p}}\\nz\\n\","
	                 "\"tree\":\"<{{n}}{{#kids}}{{>tree}}{{/kids}}>\"}");
}

static void bad_templates_are_refused_with_their_line(void)
{
	static const struct one cases[] = {
		{ "\n\n{{x", "{}", "fault: line 3: a tag is not closed" },
		{ "{{#x}}\n", "{}", "fault: line 2: a section is not closed" },
		{ "a{{/x}}", "{}",
		  "fault: line 1: a section ends that never began" },
		{ "{{#a}}\n{{#b}}\n{{/a}}{{/b}}", "{}",
		  "fault: line 3: another section ends than began" },
		{ "{{}}", "{}", "fault: line 1: a tag without a name" },
		{ "{{a b}}", "{}", "fault: line 1: a blank in a name" },
		{ "{{= x =}}", "{}", "fault: line 1: bad delimiters" },
		{ "{{>loop}}", "{}", "fault: partials nest too deep" },
	};
	CHECK_ALL(cases, "{\"loop\":\"{{>loop}}\"}");
}

static void raw_values_are_refused_where_not_asked_for(void)
{
	static const char *const raw[] = { "{{{x}}}", "{{&x}}" };

	for (size_t i = 0; i < 2; i++) {
		const char *why = NULL;

		CHECK_TRUE(!mustache_compile(tc->arena, raw[i], strlen(raw[i]),
		                             0, &why),
		           raw[i]);
		CHECK_TEXT(why, "line 1: unescaped values are not allowed",
		           raw[i]);
	}
}

static void plain_text_escapes_nothing(void)
{
	static const char text[] = "Dear {{x}}";
	const char *why = NULL;
	struct mustache *m = mustache_compile(tc->arena, text, strlen(text),
	                                      MUSTACHE_PLAIN, &why);
	struct buf out;

	NEED_TRUE(m != NULL, "compiles");
	buf_init(&out, tc->arena, 64);
	CHECK_TRUE(mustache_render(m, json("{\"x\":\"A & B\"}"), NULL, NULL,
	                           &out, &why),
	           "renders");
	CHECK_TEXT(out.s, "Dear A & B", "as it is");
}

/* A template directory of one file, removed by the system with its parent. */
static const char *folder_with(const char *name, const char *text)
{
	char *dir = arena_fmt(tc->arena, "%s/merkato-html-XXXXXX",
	                      getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");

	NEED_TRUE(mkdtemp(dir) != NULL, "a directory");
	FILE *f = fopen(arena_fmt(tc->arena, "%s/%s", dir, name), "we");
	NEED_TRUE(f != NULL, name);
	fputs(text, f);
	fclose(f);
	return dir;
}

static void remove_folder(const char *dir, const char *name)
{
	unlink(arena_fmt(tc->arena, "%s/%s", dir, name));
	rmdir(dir);
}

/* The complaints on stderr are expected. */
static bool load_quietly(const char *dir)
{
	int keep = dup(2), quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(quiet, 2);
	bool ok = html_load(dir);
	dup2(keep, 2);
	close(keep);
	close(quiet);
	return ok;
}

static void a_directory_is_loaded_whole_or_not_at_all(void)
{
	static const struct {
		const char *name, *text;
		bool ok;
	} cases[] = {
		{ "a.html", "{{x}}", true },
		{ "a.html", "{{{x}}}", false },
		{ "layout.html", "{{{content}}}", true },
		{ "a.html", "{{>nowhere.html}}", false },
		{ "a.html", "{{#x}}", false },
		{ "notes.md", "{{{", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *dir = folder_with(cases[i].name, cases[i].text);
		bool ok = load_quietly(dir);

		CHECK_INT(ok, cases[i].ok, cases[i].text);
		remove_folder(dir, cases[i].name);
	}
}

static void loaded_templates_render_by_name(void)
{
	const char *dir = folder_with("hello.html", "Hello {{x}}");
	struct buf out;

	buf_init(&out, tc->arena, 64);
	NEED_TRUE(html_load(dir), "loads");
	CHECK_RC(html_render(tc, "hello.html", json("{\"x\":\"<you>\"}"), &out),
	         RC_OK, "renders");
	CHECK_TEXT(out.s, "Hello &lt;you&gt;", "text");
	CHECK_RC(html_render(tc, "other.html", NULL, &out), RC_INTERNAL,
	         "unknown");
	CHECK_TRUE(html_has("hello.html") && !html_has("other.html"), "has");
	remove_folder(dir, "hello.html");
}

static void the_products_own_templates_load(void)
{
	CHECK_TRUE(html_load(arena_fmt(tc->arena, "%s/templates", check_top())),
	           "templates/");
}

static void the_lint_sees_each_broken_rule(void)
{
	static const struct {
		const char *html, *fault;
	} cases[] = {
		{ "<a title=\"{{v}}\" href=\"{{product_url}}\">x</a>", NULL },
		{ "<a title={{v}}>", "an attribute is not in double quotes" },
		{ "<a title='{{v}}'>", "an attribute is not in double quotes" },
		{ "<a title=v>", "an attribute is not in double quotes" },
		{ "<a href=\"{{v}}\">", "an address that was not built in C" },
		{ "<form action=\"{{v}}/x\">",
		  "an address that was not built in C" },
		{ "<a href=\"/console/products/{{id}}\">", NULL },
		{ "<a href=\"javascript:x\">",
		  "an address with a foreign scheme" },
		{ "<script src=\"/static/a.js\"></script>", NULL },
		{ "<script>x</script>", "an inline script" },
		{ "<style>x</style>", "an inline style" },
		{ "<p style=\"color:red\">", "an inline style" },
		{ "<!-- {{x}} -->", "a value in a comment" },
		{ "<p onclick=\"x()\">", "an event attribute" },
		{ "<input {{x}}>", "a value beside the attributes" },
		{ "<input{{#c}} checked{{/c}}>", NULL },
		{ "<option value=\"{{v}}\"{{#s}} selected{{/s}}>", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_TEXT(lint_html(tc->arena, cases[i].html, false),
		           cases[i].fault ? arena_fmt(tc->arena, "line 1: %s",
		                                      cases[i].fault)
		                          : NULL,
		           cases[i].html);
}

static void check_folder(const char *path)
{
	const char *full = arena_fmt(tc->arena, "%s/%s", check_top(), path);
	DIR *d = opendir(full);

	NEED_TRUE(d != NULL, full);
	for (struct dirent *f = readdir(d); f; f = readdir(d)) {
		const char *name =
			arena_fmt(tc->arena, "%s/%s", path, f->d_name);
		const char *end = strrchr(f->d_name, '.');
		struct stat st;

		if (f->d_name[0] == '.' ||
		    stat(arena_fmt(tc->arena, "%s/%s", check_top(), name), &st))
			continue;
		if (S_ISDIR(st.st_mode))
			check_folder(name);
		else if (end && !strcmp(end, ".html"))
			/* Mail programs know no style sheets. */
			CHECK_TEXT(lint_html(tc->arena, check_file(name, NULL),
			                     strstr(name, "/mail/") != NULL),
			           NULL, name);
	}
	closedir(d);
}

static void the_products_own_templates_keep_the_rules(void)
{
	check_folder("templates");
}

static int official_file(const char *dir, const char *file)
{
	json_t *spec = json_load_file(
		arena_fmt(tc->arena, "%s/%s.json", dir, file), 0, NULL);
	const json_t *test;
	size_t i;
	int n = 0;

	if (!spec)
		return 0;
	arena_defer(tc->arena, drop, spec);
	json_array_foreach(json_object_get(spec, "tests"), i, test)
	{
		const char *text =
			json_string_value(json_object_get(test, "template"));
		const char *want =
			json_string_value(json_object_get(test, "expected"));

		CHECK_TEXT(rendered(text, json_object_get(test, "data"),
		                    json_object_get(test, "partials")),
		           want,
		           arena_fmt(tc->arena, "%s: %s", file,
		                     json_string_value(
					     json_object_get(test, "name"))));
		n++;
	}
	return n;
}

static void the_official_cases_pass(void)
{
	static const char *const files[] = { "comments",      "delimiters",
		                             "interpolation", "inverted",
		                             "partials",      "sections" };
	const char *dir = getenv("MUSTACHE_SPEC");
	int n = 0;

	if (!dir)
		dir = arena_fmt(tc->arena, "%s/../shared/mustache-spec",
		                check_top());
	if (access(dir, R_OK)) {
		printf("skipped: the official cases are not at %s\n", dir);
		return;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		n += official_file(dir, files[i]);
	CHECK_INT(n, 136, "cases");
}

CHECK_MAIN("mustache", TEST(values_are_escaped_and_found_by_name),
           TEST(sections_follow_their_value),
           TEST(a_tag_alone_takes_its_line_with_it),
           TEST(delimiters_can_be_set),
           TEST(partials_are_indented_with_their_tag),
           TEST(bad_templates_are_refused_with_their_line),
           TEST(raw_values_are_refused_where_not_asked_for),
           TEST(plain_text_escapes_nothing),
           TEST(a_directory_is_loaded_whole_or_not_at_all),
           TEST(loaded_templates_render_by_name),
           TEST(the_products_own_templates_load),
           TEST(the_lint_sees_each_broken_rule),
           TEST(the_products_own_templates_keep_the_rules),
           TEST(the_official_cases_pass))
