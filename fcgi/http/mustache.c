#include "config.h"

#include "fcgi/http/mustache.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/base/buf.h"

enum { DEPTH_MAX = 64, DELIMITER_MAX = 16, NAME_MAX_BYTES = 120 };

enum step_kind {
	STEP_TEXT,
	STEP_VALUE,
	STEP_SECTION,
	STEP_INVERTED,
	STEP_PARTIAL
};

struct step {
	enum step_kind kind;
	bool line_start; /* the first of its line: takes the indentation */
	bool raw;        /* STEP_VALUE: not escaped */
	const char *s;   /* text, or the name with a NUL behind it */
	size_t n;
	size_t end;         /* sections: the step behind the last inside */
	const char *indent; /* STEP_PARTIAL alone on its line */
};

struct mustache {
	struct step *steps;
	size_t n, capacity;
	unsigned flags;
};

struct parser {
	struct arena *arena;
	struct mustache *m;
	const char *start, *p, *end;
	char open[DELIMITER_MAX], close[DELIMITER_MAX];
	size_t n_open, n_close;
	size_t sections[DEPTH_MAX]; /* open ones, as step numbers */
	size_t n_sections;
	bool at_line_start; /* nothing was kept of this line so far */
	const char *why;
};

struct mark {
	char kind; /* 0 variable, & # ^ / > ! = */
	const char *name;
	size_t n;
	const char *from, *behind; /* in the text */
};

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

static bool is_space(char ch)
{
	return is_blank(ch) || ch == '\n' || ch == '\r';
}

static bool refuse(struct parser *p, const char *at, const char *what)
{
	int line = 1;

	for (const char *s = p->start; s < at; s++)
		line += *s == '\n';
	p->why = arena_fmt(p->arena, "line %d: %s", line, what);
	return false;
}

static const char *find(const char *s, const char *end, const char *what,
                        size_t n)
{
	return memmem(s, (size_t)(end - s), what, n);
}

static struct step *add_step(struct parser *p, enum step_kind kind)
{
	struct mustache *m = p->m;

	if (m->n == m->capacity) {
		size_t capacity = m->capacity ? m->capacity * 2 : 16;
		struct step *steps =
			arena_new_array(p->arena, struct step, capacity);

		if (m->n)
			memcpy(steps, m->steps, m->n * sizeof(*steps));
		m->steps = steps;
		m->capacity = capacity;
	}
	struct step *s = &m->steps[m->n++];
	*s = (struct step){ .kind = kind, .line_start = p->at_line_start };
	p->at_line_start = false;
	return s;
}

static void add_text(struct parser *p, const char *from, const char *to)
{
	if (from >= to)
		return;
	struct step *s = add_step(p, STEP_TEXT);

	s->s = from;
	s->n = (size_t)(to - from);
	p->at_line_start = to[-1] == '\n';
}

static void trim(struct mark *t)
{
	while (t->n && is_space(t->name[0])) {
		t->name++;
		t->n--;
	}
	while (t->n && is_space(t->name[t->n - 1]))
		t->n--;
}

/* {{=<% %>=}}: two words without blanks or equals signs. */
static bool set_delimiters(struct parser *p, const struct mark *t)
{
	size_t n_open = 0;

	while (n_open < t->n && !is_space(t->name[n_open]))
		n_open++;
	size_t at = n_open;
	while (at < t->n && is_space(t->name[at]))
		at++;
	size_t n_close = t->n - at;
	if (!n_open || !n_close || n_open >= DELIMITER_MAX ||
	    n_close >= DELIMITER_MAX || memchr(t->name, '=', t->n))
		return refuse(p, t->from, "bad delimiters");
	for (size_t i = at; i < t->n; i++)
		if (is_space(t->name[i]))
			return refuse(p, t->from, "bad delimiters");
	memcpy(p->open, t->name, n_open);
	memcpy(p->close, t->name + at, n_close);
	p->n_open = n_open;
	p->n_close = n_close;
	return true;
}

/* Reads the tag whose opening delimiter stands at from. */
static bool read_tag(struct parser *p, const char *from, struct mark *t)
{
	const char *s = from + p->n_open;
	char closing[DELIMITER_MAX + 1];
	size_t n_closing = 0;

	*t = (struct mark){ .from = from };
	if (s < p->end && strchr("&#^/>!={", *s) && *s) {
		t->kind = *s++;
		/* {{{x}}} and {{=x y=}} close with one character more. */
		if (t->kind == '{')
			closing[n_closing++] = '}';
		else if (t->kind == '=')
			closing[n_closing++] = '=';
	}
	memcpy(closing + n_closing, p->close, p->n_close);
	n_closing += p->n_close;
	const char *e = find(s, p->end, closing, n_closing);
	if (!e)
		return refuse(p, from, "a tag is not closed");
	t->name = s;
	t->n = (size_t)(e - s);
	t->behind = e + n_closing;
	trim(t);
	if (t->kind == '{')
		t->kind = '&';
	return true;
}

/* A tag alone on its line takes the line with it. *line and *next get where
 * the line begins and where the following one does. */
static bool stands_alone(const struct parser *p, const struct mark *t,
                         const char **line, const char **next)
{
	const char *s = t->from, *e = t->behind;

	if (t->kind == 0 || t->kind == '&')
		return false;
	while (s > p->start && is_blank(s[-1]))
		s--;
	if (s > p->start && s[-1] != '\n')
		return false;
	while (e < p->end && is_blank(*e))
		e++;
	if (p->end - e >= 2 && e[0] == '\r' && e[1] == '\n')
		e++;
	if (e < p->end && *e != '\n')
		return false;
	*line = s;
	*next = e < p->end ? e + 1 : e;
	return true;
}

static bool check_name(struct parser *p, const struct mark *t)
{
	if (!t->n || t->n > NAME_MAX_BYTES)
		return refuse(p, t->from, "a tag without a name");
	for (size_t i = 0; i < t->n; i++)
		if (is_space(t->name[i]))
			return refuse(p, t->from, "a blank in a name");
	return true;
}

static bool close_section(struct parser *p, const struct mark *t)
{
	if (!p->n_sections)
		return refuse(p, t->from, "a section ends that never began");
	struct step *s = &p->m->steps[p->sections[--p->n_sections]];

	if (s->n != t->n || memcmp(s->s, t->name, t->n) != 0)
		return refuse(p, t->from, "another section ends than began");
	s->end = p->m->n;
	return true;
}

static bool add_tag(struct parser *p, const struct mark *t, const char *indent)
{
	static const struct {
		char kind;
		enum step_kind step;
	} kinds[] = { { 0, STEP_VALUE },
		      { '&', STEP_VALUE },
		      { '#', STEP_SECTION },
		      { '^', STEP_INVERTED },
		      { '>', STEP_PARTIAL } };

	if (t->kind == '!')
		return true;
	if (t->kind == '=')
		return set_delimiters(p, t);
	if (!check_name(p, t))
		return false;
	if (t->kind == '/')
		return close_section(p, t);
	if (t->kind == '&' && !(p->m->flags & MUSTACHE_RAW))
		return refuse(p, t->from, "unescaped values are not allowed");
	if (strchr("#^", t->kind) && t->kind) {
		if (p->n_sections == DEPTH_MAX)
			return refuse(p, t->from, "sections nest too deep");
		p->sections[p->n_sections++] = p->m->n;
	}
	size_t i = 0;
	while (kinds[i].kind != t->kind)
		i++;
	struct step *s = add_step(p, kinds[i].step);
	s->s = arena_strndup(p->arena, t->name, t->n);
	s->n = t->n;
	s->indent = indent;
	s->raw = t->kind == '&' || p->m->flags & MUSTACHE_PLAIN;
	return true;
}

static bool parse(struct parser *p)
{
	while (p->p < p->end) {
		const char *from = find(p->p, p->end, p->open, p->n_open);
		const char *line = NULL, *next = NULL;
		struct mark t;

		if (!from)
			break;
		if (!read_tag(p, from, &t))
			return false;
		bool alone = stands_alone(p, &t, &line, &next);
		add_text(p, p->p, alone ? line : from);
		if (alone)
			p->at_line_start = false;
		const char *indent =
			alone ? arena_strndup(p->arena, line,
		                              (size_t)(from - line))
			      : NULL;
		if (!add_tag(p, &t, indent))
			return false;
		p->p = alone ? next : t.behind;
		if (alone)
			p->at_line_start = true;
	}
	add_text(p, p->p, p->end);
	if (p->n_sections)
		return refuse(p, p->end, "a section is not closed");
	return true;
}

struct mustache *mustache_compile(struct arena *a, const char *text, size_t n,
                                  unsigned flags, const char **why)
{
	struct mustache *m = arena_new(a, struct mustache);
	struct parser p = { .arena = a,
		            .m = m,
		            .start = text,
		            .p = text,
		            .end = text + n,
		            .open = "{{",
		            .close = "}}",
		            .n_open = 2,
		            .n_close = 2,
		            .at_line_start = true };

	m->flags = flags;
	if (parse(&p))
		return m;
	*why = p.why;
	return NULL;
}

void mustache_partials(const struct mustache *m,
                       void (*fn)(void *self, const char *name), void *self)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->steps[i].kind == STEP_PARTIAL)
			fn(self, m->steps[i].s);
}

/* Values in view, the innermost first. */
struct frame {
	const json_t *value;
	const struct frame *outer;
};

struct rendering {
	mustache_partial partial;
	void *self;
	struct buf *out;
	const char *indent; /* of the lines of the partial being rendered */
	int depth;
	const char *why;
};

/* a.b.c: a is looked for from the innermost frame outwards, b and c only
 * inside. NULL = not there. */
static const json_t *look_up(const struct frame *f, const char *name)
{
	if (!strcmp(name, "."))
		return f->value;
	size_t n = strcspn(name, ".");
	const json_t *v = NULL;

	for (; f && !v; f = f->outer)
		v = json_object_getn(f->value, name, n);
	while (v && name[n]) {
		name += n + 1;
		n = strcspn(name, ".");
		v = json_object_getn(v, name, n);
	}
	return v;
}

/* null, false, an empty list and an empty text are not there. */
static bool is_shown(const json_t *v)
{
	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_ARRAY:
		return json_array_size(v) > 0;
	case JSON_STRING:
		return json_string_length(v) > 0;
	default:
		return true;
	}
}

static void put_value(struct buf *out, const json_t *v, bool raw)
{
	char real[40];

	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_STRING:
		if (raw)
			buf_put(out, json_string_value(v),
			        json_string_length(v));
		else
			buf_html(out, json_string_value(v),
			         json_string_length(v));
		break;
	case JSON_INTEGER:
		buf_int(out, json_integer_value(v));
		break;
	case JSON_REAL:
		snprintf(real, sizeof(real), "%.15g", json_real_value(v));
		buf_puts(out, real);
		break;
	case JSON_TRUE:
		buf_puts(out, "true");
		break;
	case JSON_FALSE:
		buf_puts(out, "false");
		break;
	default:
		break; /* null, lists and objects have no text */
	}
}

static void put_text(struct rendering *r, const struct step *s)
{
	if (!*r->indent) {
		buf_put(r->out, s->s, s->n);
		return;
	}
	const char *end = s->s + s->n;
	for (const char *p = s->s; p < end;) {
		const char *line = memchr(p, '\n', (size_t)(end - p));
		const char *next = line ? line + 1 : end;

		buf_put(r->out, p, (size_t)(next - p));
		if (line && next < end)
			buf_puts(r->out, r->indent);
		p = next;
	}
}

static bool render(struct rendering *r, const struct mustache *m, size_t from,
                   size_t to, const struct frame *f);

static bool render_partial(struct rendering *r, const struct step *s,
                           const struct frame *f)
{
	const struct mustache *m =
		r->partial ? r->partial(r->self, s->s) : NULL;
	const char *indent = r->indent;

	if (!m)
		return true;
	if (r->depth == DEPTH_MAX) {
		r->why = "partials nest too deep";
		return false;
	}
	r->indent = "";
	if (s->indent && (*indent || *s->indent))
		r->indent = arena_fmt(r->out->arena, "%s%s", indent, s->indent);
	r->depth++;
	bool ok = render(r, m, 0, m->n, f);
	r->depth--;
	r->indent = indent;
	return ok;
}

static bool render_section(struct rendering *r, const struct mustache *m,
                           size_t at, const struct frame *f)
{
	const struct step *s = &m->steps[at];
	const json_t *v = look_up(f, s->s);
	bool shown = is_shown(v);

	if (s->kind == STEP_INVERTED)
		return shown || render(r, m, at + 1, s->end, f);
	if (!shown)
		return true;
	if (!json_is_array(v)) {
		const struct frame inner = { v, f };

		return render(r, m, at + 1, s->end, &inner);
	}
	for (size_t i = 0; i < json_array_size(v); i++) {
		const struct frame inner = { json_array_get(v, i), f };

		if (!render(r, m, at + 1, s->end, &inner))
			return false;
	}
	return true;
}

static bool render(struct rendering *r, const struct mustache *m, size_t from,
                   size_t to, const struct frame *f)
{
	bool ok = true;

	for (size_t i = from; ok && i < to; i++) {
		const struct step *s = &m->steps[i];

		if (s->line_start)
			buf_puts(r->out, r->indent);
		switch (s->kind) {
		case STEP_TEXT:
			put_text(r, s);
			break;
		case STEP_VALUE:
			put_value(r->out, look_up(f, s->s), s->raw);
			break;
		case STEP_PARTIAL:
			ok = render_partial(r, s, f);
			break;
		case STEP_SECTION:
		case STEP_INVERTED:
			ok = render_section(r, m, i, f);
			i = s->end - 1;
			break;
		}
	}
	return ok;
}

bool mustache_render(const struct mustache *m, const json_t *data,
                     mustache_partial partial, void *self, struct buf *out,
                     const char **why)
{
	struct rendering r = {
		.partial = partial, .self = self, .out = out, .indent = ""
	};
	const struct frame f = { data, NULL };

	if (render(&r, m, 0, m->n, &f))
		return true;
	*why = r.why;
	return false;
}
