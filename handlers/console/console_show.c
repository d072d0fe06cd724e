/* Structs, lists and choices as templates show them. */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "handlers/console/console_inside.h"

const char *console_words(struct ctx *c, const char *name)
{
	char *words = arena_strdup(c->arena, name ? name : "");

	for (char *s = words; *s; s++)
		if (*s == '_' || *s == '.')
			*s = ' ';
	*words = (char)toupper((unsigned char)*words);
	return words;
}

const char *console_when(struct ctx *c, struct when w)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr",
		                          "May", "Jun", "Jul", "Aug",
		                          "Sep", "Oct", "Nov", "Dec" };
	struct when_parts p = when_split(w);

	if (!w.us)
		return "";
	return arena_fmt(c->arena, "%d %s %04d, %02d:%02d", p.day,
	                 months[p.month - 1], p.year, p.hour, p.minute);
}

const char *console_money(struct ctx *c, const char *s)
{
	size_t whole = strcspn(s, "."), at = *s == '-';
	struct buf b;

	buf_init(&b, c->arena, 32);
	for (size_t i = 0; s[i]; i++) {
		if (i > at && i < whole && (whole - i) % 3 == 0)
			buf_putc(&b, ',');
		buf_putc(&b, s[i]);
	}
	return b.s;
}

static void show_field(struct req *r, json_t *row, const struct field *f,
                       const void *object)
{
	const char *at = (const char *)object + f->at;
	struct ctx *c = &r->ctx;
	char text[MONEY_TEXT_MAX];

	if (f->kind == KIND_WHEN) {
		struct when w = *(const struct when *)(const void *)at;

		console_set(row, arena_fmt(c->arena, "%s_iso", f->name),
		            json_object_get(row, f->name));
		console_text(row, f->name, console_when(c, w));
	} else if (f->kind == KIND_MONEY) {
		struct money m = *(const struct money *)(const void *)at;

		if (!money_is_none(m))
			console_text(row, f->name,
			             console_money(c, money_text(m, text)));
	} else if (f->kind == KIND_TEXT && !strcmp(f->name, "status")) {
		console_text(
			row, "status_label",
			console_words(c,
		                      *(const char *const *)(const void *)at));
	}
}

json_t *console_row(struct req *r, const struct shape *s, const void *row)
{
	json_t *shown = json_from_shape(&r->ctx, s, row);

	for (const struct field *f = s->fields; f->name; f++)
		if (!(f->flags & PRIVATE))
			show_field(r, shown, f, row);
	return shown;
}

static void drop(void *p)
{
	json_decref(p);
}

json_t *console_rows(struct req *r, const struct shape *s, const void *rows,
                     size_t n, size_t size)
{
	json_t *all = json_array();

	arena_defer(r->ctx.arena, drop, all);
	for (size_t i = 0; i < n; i++)
		json_array_append(
			all, console_row(r, s, (const char *)rows + i * size));
	return all;
}

void console_choices(json_t *data, const char *name, const struct choice *all,
                     const char *selected)
{
	json_t *list = json_array();

	for (; all->label; all++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:b}", "value", all->value,
		                        "label", all->label, "selected",
		                        !strcmp(all->value,
		                                selected ? selected : "")));
	json_object_set_new(data, name, list);
}

/* This page's address with another page number. */
static const char *url_of_page(struct req *r, int number)
{
	struct buf b;

	buf_init(&b, r->ctx.arena, 200);
	buf_fmt(&b, "%s?page=%d", r->path, number);
	for (size_t i = 0; i < r->n_queries; i++) {
		if (!strcmp(r->queries[i].name, "page"))
			continue;
		buf_putc(&b, '&');
		buf_url(&b, r->queries[i].name);
		buf_putc(&b, '=');
		buf_url(&b, r->queries[i].value);
	}
	return b.s;
}

static const char *present_order(struct req *r)
{
	const struct page *p = &r->page;

	if (!p->n_order)
		return "";
	return arena_fmt(r->ctx.arena, "%s%s",
	                 p->order[0].descending ? "-" : "", p->order[0].name);
}

const char *console_asked(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->n_queries; i++)
		if (!strcmp(r->queries[i].name, name))
			return r->queries[i].value;
	return "";
}

static void add_pager(struct req *r, json_t *data, const struct page_info *info)
{
	const struct page *p = &r->page;
	json_t *pager = json_object();

	json_object_set_new(data, "pager", pager);
	console_int(pager, "page", p->number);
	console_flag(pager, "many", info->count > COUNT_CAP);
	if (info->count > COUNT_CAP)
		console_int(pager, "count", COUNT_CAP);
	else if (info->count >= 0)
		console_text(pager, "count",
		             arena_fmt(r->ctx.arena, "%lld",
		                       (long long)info->count));
	if (info->count >= 0 && p->size > 0)
		console_int(pager, "pages",
		            (info->count + p->size - 1) / p->size);
	if (p->number > 1)
		console_text(pager, "previous_url",
		             url_of_page(r, p->number - 1));
	if (info->more)
		console_text(pager, "next_url", url_of_page(r, p->number + 1));
	console_flag(pager, "is_needed", p->number > 1 || info->more);
}

void console_list(struct req *r, json_t *data, size_t n,
                  const struct page_info *info, const struct choice *orders,
                  struct search search)
{
	add_pager(r, data, info);
	console_flag(data, "is_empty", n == 0);
	console_flag(data, "is_filtered", r->n_queries > 0);
	console_text(data, "here_url", r->path);
	console_text(data, "asked_status", console_asked(r, "status"));
	if (orders)
		console_choices(data, "orders", orders, present_order(r));
	if (search.name)
		json_object_set_new(data, "search",
		                    json_pack("{s:s, s:s, s:s, s:i}", "name",
		                              search.name, "label",
		                              search.label, "value",
		                              console_asked(r, search.name),
		                              "most", search.most));
}
