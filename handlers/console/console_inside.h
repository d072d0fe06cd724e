/*
 * What the console's pages share: the frame around them (navigation, messages,
 * pager) and the way structs become what templates show. Pages read, call the
 * module, and show; they hold no rules.
 */
#ifndef MERKATO_CONSOLE_INSIDE_H
#define MERKATO_CONSOLE_INSIDE_H

#include "fcgi/http/html.h"
#include "fcgi/http/reply.h"
#include "handlers/console/console.h"

/* An item of a select, a tab or a list of words. */
struct choice {
	const char *value, *label; /* ends with a NULL label */
};

/* The page "console/<name>.html" with navigation, who is signed in and the
 * message that a form left. title is for people. */
CHECKED enum rc console_page(struct req *r, const char *name, const char *title,
                             json_t *data);
CHECKED enum rc console_page_status(struct req *r, int status, const char *name,
                                    const char *title, json_t *data);
/* After a form: shows the message of that code on the page that is next. */
CHECKED enum rc console_done(struct req *r, const char *code, const char *path);

/* data.name = the struct or structs with times, money and words for people:
 * each time t also as t_iso, each status also as status_label. Their JSON is
 * borrowed from the arena. */
json_t *console_row(struct req *r, const struct shape *s, const void *row);
json_t *console_rows(struct req *r, const struct shape *s, const void *rows,
                     size_t n, size_t size);
void console_set(json_t *data, const char *name, json_t *borrowed);
void console_text(json_t *data, const char *name, const char *value);
void console_flag(json_t *data, const char *name, bool value);
void console_int(json_t *data, const char *name, int64_t value);
/* [{"value","label","selected"}] */
void console_choices(json_t *data, const char *name, const struct choice *all,
                     const char *selected);
/* A parameter of the query; "" = not given. */
const char *console_asked(const struct req *r, const char *name);
/* What a list can be searched by: a parameter of its query. */
struct search {
	const char *name, *label; /* name NULL = by nothing */
	int most;                 /* characters */
};
/* What stands around a list (console/filter.html, empty.html, pager.html):
 * data.pager (count, page, first_url …), data.orders, a choice of sortings with
 * the present one selected, data.search with what was asked for, and
 * data.is_empty when there are no rows. */
void console_list(struct req *r, json_t *data, size_t n,
                  const struct page_info *info, const struct choice *orders,
                  struct search search);
/* "banned_word" → "Banned word". */
const char *console_words(struct ctx *c, const char *name);
/* "1234567.50" → "1,234,567.50". */
const char *console_money(struct ctx *c, const char *decimal);
/* "22 Nov 2026, 15:04"; "" for none. */
const char *console_when(struct ctx *c, struct when w);

/*
 * The console is a client of the API within the process: what an API route
 * answers, asked with these parameters ("status=pending&page_size=1", NULL =
 * what was asked here). The tree lives as long as the request; NULL = no body.
 */
CHECKED enum rc console_ask(struct req *r, const struct route *api,
                            const char *query, json_t **out);
/* Times, statuses and names for people, all the way down. */
CHECKED enum rc console_explain(struct req *r, json_t *tree);

enum rc console_view_get(struct req *r);
enum rc console_verb_post(struct req *r);
enum rc console_confirm_post(struct req *r);
enum rc console_categories_get(struct req *r);
enum rc console_category_get(struct req *r);

struct console_confirm_in {
	const char *password, *back;
};
struct console_login_in {
	const char *email, *password, *code, *sealed;
};
struct console_reason_in {
	const char *reason_code, *reason;
	int64_t version; /* of what was looked at */
};
struct console_products_query {
	const char *status, *q;
	struct id vendor, category;
};

enum rc console_login_get(struct req *r);
enum rc console_login_post(struct req *r);
enum rc console_logout_post(struct req *r);
enum rc console_home_get(struct req *r);
enum rc console_products_get(struct req *r);
enum rc console_product_get(struct req *r);
enum rc console_product_approve_post(struct req *r);
enum rc console_product_reject_post(struct req *r);
enum rc console_product_archive_post(struct req *r);

extern const struct choice console_product_orders[];

#endif
