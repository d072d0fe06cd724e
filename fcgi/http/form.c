#include "config.h"

#include "fcgi/http/form.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/text.h"

static enum rc malformed(struct ctx *c, const char *why)
{
	return fail(c, RC_BAD_REQUEST, "malformed", "%s", why);
}

/* Decodes one name or value; false when it is not the urlencoded form of UTF-8
 * text without NUL. */
static bool decode(struct arena *a, const char *s, size_t n, const char **out,
                   size_t *n_out)
{
	char *to = arena_alloc(a, n + 1);
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
		if (s[i] == '+') {
			to[o++] = ' ';
			continue;
		}
		if (s[i] != '%') {
			to[o++] = s[i];
			continue;
		}
		int high = i + 2 < n ? text_hex_digit(s[i + 1]) : -1;
		int low = i + 2 < n ? text_hex_digit(s[i + 2]) : -1;
		if (high < 0 || low < 0 || high + low == 0)
			return false;
		to[o++] = (char)(high << 4 | low);
		i += 2;
	}
	*out = to;
	*n_out = o;
	return text_is_utf8(to, o);
}

static size_t count_of(const char *s, size_t n, char ch)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += s[i] == ch;
	return found;
}

static enum rc read_pair(struct ctx *c, const char *s, size_t n,
                         struct pair *out)
{
	const char *equals = memchr(s, '=', n);
	size_t n_name = equals ? (size_t)(equals - s) : n;
	size_t n_value = equals ? n - n_name - 1 : 0;

	if (!decode(c->arena, s, n_name, &out->name, &n_name) ||
	    !decode(c->arena, equals ? equals + 1 : "", n_value, &out->value,
	            &out->n_value))
		return malformed(c, "A parameter is not encoded as it should "
		                    "be (percent and UTF-8).");
	if (!n_name || strpbrk(out->name, "[]"))
		return malformed(c, "A parameter has no usable name.");
	return RC_OK;
}

static enum rc read_pairs(struct ctx *c, const char *s, size_t n, size_t max,
                          struct pair **out, size_t *n_out)
{
	size_t most = count_of(s, n, '&') + 1, found = 0;

	if (most > max)
		return malformed(c, "There are too many parameters.");
	struct pair *pairs = arena_new_array(c->arena, struct pair, most);
	for (const char *end = s + n; s < end;) {
		const char *and = memchr(s, '&', (size_t)(end - s));
		size_t length = and? (size_t)(and-s) : (size_t)(end - s);

		if (length) {
			enum rc rc = read_pair(c, s, length, &pairs[found]);

			if (rc)
				return rc;
			found++;
		}
		s += length + 1;
	}
	*out = pairs;
	*n_out = found;
	return RC_OK;
}

enum rc form_query(struct ctx *c, const char *text, struct pair **out,
                   size_t *n)
{
	struct pair *pairs = NULL;
	size_t found = 0, length = text ? strlen(text) : 0;

	if (length > FORM_QUERY_MAX)
		return malformed(c, "The query is longer than 2,048 bytes.");
	enum rc rc = read_pairs(c, text ? text : "", length, FORM_QUERY_PAIRS,
	                        &pairs, &found);
	if (rc)
		return rc;
	for (size_t i = 1; i < found; i++)
		if (pairs_find(pairs, i, pairs[i].name))
			return malformed(c, "A parameter is there twice.");
	*out = pairs;
	*n = found;
	return RC_OK;
}

enum rc form_body(struct ctx *c, const char *text, size_t n_text,
                  struct pair **out, size_t *n)
{
	return read_pairs(c, text, n_text, FORM_BODY_PAIRS, out, n);
}

enum rc form_parts(struct ctx *c, const struct part *parts, size_t n_parts,
                   struct pair **out, size_t *n)
{
	struct pair *pairs =
		arena_new_array(c->arena, struct pair, n_parts + 1);
	size_t found = 0;

	for (size_t i = 0; i < n_parts; i++) {
		const struct part *part = &parts[i];

		if (part->filename)
			continue;
		if (!text_is_utf8(part->data, part->n) ||
		    memchr(part->data, '\0', part->n))
			return malformed(c, "A field is not UTF-8 text.");
		pairs[found++] =
			(struct pair){ part->name, part->data, part->n };
	}
	*out = pairs;
	*n = found;
	return RC_OK;
}

const char *pairs_find(const struct pair *pairs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(pairs[i].name, name))
			return pairs[i].value;
	return NULL;
}

const char *pairs_take(struct pair *pairs, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++) {
		const char *value = pairs[i].value;

		if (strcmp(pairs[i].name, name) != 0)
			continue;
		memmove(&pairs[i], &pairs[i + 1],
		        (*n - i - 1) * sizeof(*pairs));
		--*n;
		return value;
	}
	return NULL;
}

/* What pairs_to_shape carries around. */
struct filling {
	struct ctx *c;
	const struct shape *shape;
	const struct pair *pairs;
	size_t n;
	enum pairs_from from;
	void *out;
	bool is_bad;
};

static void blame(struct filling *f, const char *path, const char *code,
                  const char *text)
{
	f->is_bad = true;
	(void)fail_field(f->c, path, code, "%s", text);
}

static bool is_open(const struct field *f)
{
	return !(f->flags & (PRIVATE | READ_ONLY));
}

/* "option.*": how many bytes the star stands behind; 0 = no such name. */
static size_t star_at(const struct field *f)
{
	size_t n = strlen(f->name);

	return n > 1 && f->name[n - 1] == '*' ? n - 1 : 0;
}

static bool is_for(const struct field *f, const struct pair *p)
{
	size_t star = star_at(f);

	if (star)
		return !strncmp(p->name, f->name, star) && p->name[star];
	return !strcmp(p->name, f->name);
}

static bool is_known(const struct shape *s, const struct pair *p)
{
	for (const struct field *f = s->fields; f->name; f++)
		if (is_open(f) && is_for(f, p))
			return true;
	return false;
}

/* Names that no field has: for a query the request is malformed, for a form
 * each is a fault beside the others. */
static enum rc find_unknown(struct filling *f)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < f->n; i++) {
		const struct pair *p = &f->pairs[i];

		if (is_known(f->shape, p))
			continue;
		const char *name = text_cut(f->c->arena, p->name, 100);
		if (f->from == PAIRS_QUERY)
			rc = fail(f->c, RC_BAD_REQUEST, "unknown_parameter",
			          "There is no parameter \"%s\" here.", name);
		blame(f, name, "unknown", "There is no such parameter.");
	}
	return rc;
}

static struct pair slice(const char *s, size_t n)
{
	return (struct pair){ .value = s, .n_value = n };
}

/* All values for one list: repeated pairs of a form, commas of a query, the
 * rests of starred names. */
static size_t gather(struct filling *f, const struct field *field,
                     struct pair *out, size_t max)
{
	size_t star = star_at(field), n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct pair *p = &f->pairs[i];

		if (!is_for(field, p))
			continue;
		if (star) {
			const char *both = arena_fmt(f->c->arena, "%s=%s",
			                             p->name + star, p->value);

			if (n < max)
				out[n] = slice(both, strlen(both));
			n++;
			continue;
		}
		const char *s = p->value;
		do {
			size_t length = f->from == PAIRS_QUERY ? strcspn(s, ",")
			                                       : strlen(s);

			if (n < max && length)
				out[n] = slice(s, length);
			n += length > 0;
			s += length + (s[length] == ',');
		} while (*s);
	}
	return n;
}

static void fill_list(struct filling *f, const struct field *field, int number)
{
	enum { VALUES_MAX = 1000 };
	struct pair *texts =
		arena_new_array(f->c->arena, struct pair, VALUES_MAX);
	size_t n = gather(f, field, texts, VALUES_MAX);

	if (!n && !(field->flags & REQUIRED))
		return;
	struct verdict bad = n > VALUES_MAX ? shape_take_count(field, SIZE_MAX)
	                                    : shape_take_count(field, n);
	if (bad.code) {
		blame(f, field->name, bad.code, bad.text);
		return;
	}
	struct field element = shape_element(field);
	size_t step = shape_element_size(field);
	char *items = arena_array(f->c->arena, n ? n : 1, step);
	for (size_t i = 0; i < n; i++) {
		bad = shape_take_text(f->c, &element, texts[i].value,
		                      texts[i].n_value, items + i * step);
		if (bad.code)
			blame(f,
			      arena_fmt(f->c->arena, "%s[%zu]", field->name, i),
			      bad.code, bad.text);
	}
	*(void **)(void *)((char *)f->out + field->at) = items;
	memcpy((char *)f->out + field->count_at, &n, sizeof(n));
	shape_mark_given(f->shape, f->out, number);
}

static const struct pair *the_pair(struct filling *f, const struct field *field)
{
	const struct pair *found = NULL;

	for (size_t i = 0; i < f->n; i++) {
		if (!is_for(field, &f->pairs[i]))
			continue;
		if (found) {
			blame(f, field->name, "repeated",
			      "This field is there twice.");
			break;
		}
		found = &f->pairs[i];
	}
	return found;
}

static void fill_absent(struct filling *f, const struct field *field)
{
	if (f->shape->given_at)
		return;
	if (field->kind == KIND_BOOL && f->from == PAIRS_FORM)
		return;
	if (field->flags & REQUIRED)
		blame(f, field->name, "required", "This field is needed.");
	else
		shape_set_absent(f->c, field, f->out);
}

/* An input that was left empty. */
static bool is_left_empty(const struct filling *f, const struct field *field,
                          const struct pair *p)
{
	return f->from == PAIRS_FORM && !p->n_value &&
	       (field->kind != KIND_TEXT || (field->flags & NULLABLE));
}

static void fill_scalar(struct filling *f, const struct field *field,
                        int number)
{
	const struct pair *p = the_pair(f, field);

	if (!p) {
		fill_absent(f, field);
		return;
	}
	shape_mark_given(f->shape, f->out, number);
	if (is_left_empty(f, field, p)) {
		if (field->flags & REQUIRED)
			blame(f, field->name, "required",
			      "This field is needed.");
		else
			shape_set_absent(f->c, field, f->out);
		return;
	}
	struct verdict bad =
		shape_take_text(f->c, field, p->value, p->n_value, f->out);
	if (bad.code)
		blame(f, field->name, bad.code, bad.text);
}

enum rc pairs_to_shape(struct ctx *c, const struct shape *s,
                       const struct pair *pairs, size_t n, enum pairs_from from,
                       void *out)
{
	struct filling f = { .c = c,
		             .shape = s,
		             .pairs = pairs,
		             .n = n,
		             .from = from,
		             .out = out };

	enum rc rc = find_unknown(&f);
	if (rc)
		return rc;
	for (int i = 0; s->fields[i].name; i++) {
		const struct field *field = &s->fields[i];

		if (!is_open(field))
			continue;
		if (field->kind == KIND_LIST)
			fill_list(&f, field, i);
		else
			fill_scalar(&f, field, i);
	}
	return f.is_bad ? RC_INVALID : RC_OK;
}

/* RFC 6265 section 4.1.1: visible ASCII but DQUOTE, comma, semicolon and
 * backslash. */
static bool is_cookie_octet(char ch)
{
	return ch > ' ' && ch < 0x7f && !strchr("\",;\\", ch);
}

static const char *cookie_value(struct arena *a, const char *s, size_t n)
{
	if (n > 1 && s[0] == '"' && s[n - 1] == '"') {
		s++;
		n -= 2;
	}
	for (size_t i = 0; i < n; i++)
		if (!is_cookie_octet(s[i]))
			return NULL;
	return arena_strndup(a, s, n);
}

const char *form_cookie(struct arena *a, const char *header, const char *name)
{
	size_t n_name = strlen(name);
	const char *value = NULL;
	bool found = false;

	while (header && *header) {
		header += strspn(header, " \t");
		size_t n = strcspn(header, ";");
		size_t end = n;

		while (end && strchr(" \t", header[end - 1]))
			end--;
		if (end > n_name && header[n_name] == '=' &&
		    !strncmp(header, name, n_name)) {
			/* Two of one name: somebody has planted one. */
			if (found)
				return NULL;
			found = true;
			value = cookie_value(a, header + n_name + 1,
			                     end - n_name - 1);
		}
		header += n + (header[n] == ';');
	}
	return value;
}
