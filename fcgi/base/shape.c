#include "config.h"

#include "fcgi/base/shape.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/text.h"

enum { TEXT_MAX = 255, LIST_MAX = 100, REAL_DIGITS = 6, JSON_MAX = 65536 };

#define GOOD ((struct verdict){ NULL, NULL })
#define BAD(code, text) ((struct verdict){ (code), (text) })

static void *member(void *object, const struct field *f)
{
	return (char *)object + f->at;
}

static const void *member_of(const void *object, const struct field *f)
{
	return (const char *)object + f->at;
}

int shape_find(const struct shape *s, const char *name, size_t n)
{
	for (int i = 0; s->fields[i].name; i++)
		if (!strncmp(s->fields[i].name, name, n) &&
		    !s->fields[i].name[n])
			return i;
	return -1;
}

static uint64_t *given_of(const struct shape *s, void *object)
{
	return (uint64_t *)(void *)((char *)object + s->given_at - 1);
}

void shape_mark_given(const struct shape *s, void *object, int i)
{
	if (s->given_at)
		*given_of(s, object) |= (uint64_t)1 << i;
}

bool shape_given(const struct shape *s, const void *object, const char *name)
{
	int i = shape_find(s, name, strlen(name));
	uint64_t given;

	/* Asking for a field or a mask that is not there is our own mistake. */
	if (i < 0 || i > 63 || !s->given_at)
		abort();
	memcpy(&given, (const char *)object + s->given_at - 1, sizeof(given));
	return given >> i & 1;
}

struct field shape_element(const struct field *list)
{
	struct field f = { .name = list->name,
		           .kind = list->element,
		           .size = (int)sizeof(int64_t),
		           .format = list->format,
		           .one_of = list->one_of,
		           .shape = list->shape };

	return f;
}

size_t shape_element_size(const struct field *list)
{
	switch (list->element) {
	case KIND_OBJECT:
		return list->shape->size;
	case KIND_TEXT:
		return sizeof(const char *);
	case KIND_ID:
		return sizeof(struct id);
	case KIND_INT:
		return sizeof(int64_t);
	default:
		abort();
	}
}

/* Storing none. */

static void set_int(const struct field *f, void *object, int64_t v)
{
	if (f->size == (int)sizeof(int))
		*(int *)member(object, f) = (int)v;
	else
		*(int64_t *)member(object, f) = v;
}

static int64_t get_int(const struct field *f, const void *object)
{
	if (f->size != (int)sizeof(int))
		return *(const int64_t *)member_of(object, f);
	int v = *(const int *)member_of(object, f);
	return v == INT_MIN ? INT_NONE : v;
}

void shape_set_none(const struct field *f, void *object)
{
	void *m = member(object, f);

	switch (f->kind) {
	case KIND_TEXT:
		*(const char **)m = NULL;
		break;
	case KIND_INT:
		set_int(f, object,
		        f->size == (int)sizeof(int) ? INT_MIN : INT_NONE);
		break;
	case KIND_BOOL:
		*(bool *)m = false;
		break;
	case KIND_REAL:
		*(double *)m = REAL_NONE;
		break;
	case KIND_ID:
		*(struct id *)m = (struct id){ { 0 } };
		break;
	case KIND_MONEY:
		*(struct money *)m = MONEY_NONE;
		break;
	case KIND_WHEN:
		*(struct when *)m = (struct when){ 0 };
		break;
	case KIND_JSON:
		*(struct json_text *)m = (struct json_text){ NULL };
		break;
	case KIND_BLOB:
		*(struct blob *)m = (struct blob){ NULL, 0 };
		break;
	case KIND_LIST:
		*(size_t *)(void *)((char *)object + f->count_at) = 0;
		*(void **)m = NULL;
		break;
	case KIND_OBJECT:
		*(void **)m = NULL;
		break;
	}
}

/* Checking and storing values. */

static bool is_bounded(const struct field *f)
{
	return f->min || f->max;
}

static struct verdict in_bounds(const struct field *f, int64_t v)
{
	if (is_bounded(f) && v < f->min)
		return BAD("too_small", "The value is too small.");
	if (f->max && v > f->max)
		return BAD("too_large", "The value is too large.");
	return GOOD;
}

struct verdict shape_take_int(const struct field *f, int64_t v, void *object)
{
	struct verdict bad = in_bounds(f, v);

	if (bad.code)
		return bad;
	/* The lowest value of each size means none. */
	if (f->size == (int)sizeof(int) && v <= INT_MIN)
		return BAD("too_small", "The value is too small.");
	if (f->size == (int)sizeof(int) && v > INT_MAX)
		return BAD("too_large", "The value is too large.");
	if (v == INT_NONE)
		return BAD("too_small", "The value is too small.");
	set_int(f, object, v);
	return GOOD;
}

struct verdict shape_take_real(const struct field *f, double v, void *object)
{
	if (!isfinite(v))
		return BAD("bad_number", "This is not a number.");
	if (is_bounded(f) && v < (double)f->min)
		return BAD("too_small", "The value is too small.");
	if (f->max && v > (double)f->max)
		return BAD("too_large", "The value is too large.");
	*(double *)member(object, f) = v;
	return GOOD;
}

struct verdict shape_take_count(const struct field *f, size_t n)
{
	size_t max = f->max ? (size_t)f->max : LIST_MAX;

	if (n < (size_t)f->min)
		return BAD("too_few", "The list has too few items.");
	if (n > max)
		return BAD("too_many", "The list has too many items.");
	return GOOD;
}

static bool is_listed(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (!strcmp(*list, s))
			return true;
	return false;
}

/* ISO 4217, the currencies in use. */
static bool is_currency(const char *s)
{
	static const char codes[] =
		"AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD "
		"BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY "
		"COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP "
		"GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR "
		"IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT "
		"LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR "
		"MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK "
		"PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD "
		"SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY "
		"TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG "
		"XOF XPF YER ZAR ZMW ZWG ";

	if (strlen(s) != 3)
		return false;
	for (const char *p = codes; *p; p += 4)
		if (!memcmp(p, s, 3))
			return true;
	return false;
}

/* http or https, a host, no user part, nothing that ends an attribute. */
static bool is_url(const char *s)
{
	const char *host = text_starts(s, "https://")  ? s + 8
	                   : text_starts(s, "http://") ? s + 7
	                                               : NULL;

	if (!host)
		return false;
	size_t n = strcspn(host, "/?#");
	if (!n || memchr(host, '@', n) || host[0] == ':')
		return false;
	for (const char *p = s; *p; p++)
		if (*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    strchr("\"'<>\\^`{|}", *p))
			return false;
	return true;
}

static bool is_token(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || (unsigned char)*s >= 0x7f)
			return false;
	return true;
}

static bool is_slug(struct arena *a, const char *s)
{
	return *s && !strcmp(text_slug(a, s), s);
}

static struct verdict formatted(struct ctx *c, enum format format, char **text)
{
	char *s = *text;

	switch (format) {
	case FORMAT_EMAIL:
		*text = text_email(c->arena, s);
		return *text ? GOOD
		             : BAD("bad_email", "This is not a mail address.");
	case FORMAT_PHONE:
		*text = text_phone(c->arena, s);
		return *text ? GOOD
		             : BAD("bad_phone", "This is not a phone number.");
	case FORMAT_SLUG:
		return is_slug(c->arena, s)
		               ? GOOD
		               : BAD("bad_slug",
		                     "Only letters, digits and single hyphens.");
	case FORMAT_CURRENCY:
		return is_currency(s)
		               ? GOOD
		               : BAD("bad_currency",
		                     "This is not a currency code (ISO 4217).");
	case FORMAT_URL:
		return is_url(s) ? GOOD
		                 : BAD("bad_url", "This is not a web address.");
	case FORMAT_TOKEN:
		return is_token(s) ? GOOD
		                   : BAD("bad_token",
		                         "Only visible ASCII without blanks.");
	case FORMAT_NONE:
	case FORMAT_PASSWORD:
		return GOOD;
	}
	return GOOD;
}

static struct verdict take_text(struct ctx *c, const struct field *f,
                                const char *text, size_t n, void *object)
{
	bool is_password = f->format == FORMAT_PASSWORD;
	size_t max = f->max ? (size_t)f->max : TEXT_MAX;

	if (memchr(text, '\0', n))
		return BAD("bad_text", "Control characters are not allowed.");
	char *s = is_password
	                  ? text_nfc(c->arena, text, n)
	                  : text_clean(c->arena, text, n, f->flags & LONG_TEXT);
	if (!s)
		return BAD("bad_text",
		           "The text is not UTF-8 or has control characters.");
	if (!*s && (f->flags & REQUIRED))
		return BAD("required", "This field is needed.");
	/* Passwords are measured in bytes: that is what is hashed. */
	size_t length = is_password ? strlen(s) : text_length(s);
	if (length < (size_t)f->min)
		return BAD("too_short", "The text is too short.");
	if (length > max)
		return BAD("too_long", "The text is too long.");
	if (f->one_of && !is_listed(f->one_of, s))
		return BAD("not_one_of", "This is none of the allowed values.");
	/* Empty is "not told" for a field that may be left out. */
	if (*s || (f->flags & REQUIRED)) {
		struct verdict bad = formatted(c, f->format, &s);

		if (bad.code)
			return bad;
	}
	*(const char **)member(object, f) = s;
	return GOOD;
}

static struct verdict take_bool(const struct field *f, const char *s,
                                void *object)
{
	static const char *const yes[] = { "true", "1", "on", NULL };
	static const char *const no[] = { "false", "0", "off", NULL };
	bool is_yes = is_listed(yes, s);

	if (!is_yes && !is_listed(no, s))
		return BAD("bad_bool", "Either true or false.");
	*(bool *)member(object, f) = is_yes;
	return GOOD;
}

static struct verdict take_money(const struct field *f, const char *s,
                                 void *object)
{
	struct money m;

	if (!money_parse(s, &m))
		return BAD("bad_money", "An amount like \"1250.00\", as text.");
	struct verdict bad = in_bounds(f, m.minor);
	if (!bad.code)
		*(struct money *)member(object, f) = m;
	return bad;
}

static struct verdict take_id(const struct field *f, const char *s,
                              void *object)
{
	struct id id;

	/* The nil UUID is our "none" and names nothing. */
	if (!id_parse(s, &id) || id_is_none(id))
		return BAD("bad_id", "This is not an id.");
	*(struct id *)member(object, f) = id;
	return GOOD;
}

static struct verdict take_when(const struct field *f, const char *s,
                                void *object)
{
	struct when w;

	if (!when_parse(s, &w))
		return BAD("bad_time", "A time like \"2026-11-22T12:00:00Z\".");
	*(struct when *)member(object, f) = w;
	return GOOD;
}

struct verdict shape_take_text(struct ctx *c, const struct field *f,
                               const char *text, size_t n, void *object)
{
	int64_t i;
	double real;

	if (f->kind == KIND_TEXT)
		return take_text(c, f, text, n, object);
	if (n > 64 || memchr(text, '\0', n))
		return BAD("bad_text", "The value is too long.");
	const char *s = arena_strndup(c->arena, text, n);
	switch (f->kind) {
	case KIND_INT:
		return text_int(s, n, &i) ? shape_take_int(f, i, object)
		                          : BAD("bad_number",
		                                "This is not a whole number.");
	case KIND_BOOL:
		return take_bool(f, s, object);
	case KIND_REAL:
		return text_real(s, n, &real)
		               ? shape_take_real(f, real, object)
		               : BAD("bad_number", "This is not a number.");
	case KIND_ID:
		return take_id(f, s, object);
	case KIND_MONEY:
		return take_money(f, s, object);
	case KIND_WHEN:
		return take_when(f, s, object);
	case KIND_TEXT:
	case KIND_JSON:
	case KIND_BLOB:
	case KIND_OBJECT:
	case KIND_LIST:
		break;
	}
	return BAD("type", "This value cannot be given as text.");
}

bool shape_set_text(struct ctx *c, const struct field *f, const char *path,
                    const char *text, size_t n, void *object)
{
	struct verdict bad = shape_take_text(c, f, text, n, object);

	if (bad.code)
		(void)fail_field(c, path, bad.code, "%s", bad.text);
	return !bad.code;
}

void shape_set_absent(struct ctx *c, const struct field *f, void *object)
{
	if (f->fallback) {
		/* Fallbacks come from our tables: a bad one is our mistake. */
		if (shape_take_text(c, f, f->fallback, strlen(f->fallback),
		                    object)
		            .code)
			abort();
	} else if (f->flags & NULLABLE) {
		shape_set_none(f, object);
	}
}

/* Writing. */

/* Up to digits decimals, the shortest that reads the same, never an exponent.
 */
static void put_real(struct buf *b, double v, int digits)
{
	static const double scales[] = { 1,   1e1, 1e2, 1e3, 1e4,
		                         1e5, 1e6, 1e7, 1e8, 1e9 };
	char text[24];
	size_t n = 0;

	if (digits <= 0 || digits > 9)
		digits = REAL_DIGITS;
	if (!(fabs(v) < 9e8)) {
		/* Far from coordinates and ratings: no hurry. Readers take
		 * digits without a point for a 64-bit integer. */
		if (isfinite(v))
			buf_fmt(b, "%.*f", fabs(v) < 1e15 ? 0 : 1, v);
		else
			buf_put(b, "null", 4);
		return;
	}
	int64_t scaled = llround(fabs(v) * scales[digits]);
	int64_t whole = scaled / (int64_t)scales[digits];
	int64_t part = scaled % (int64_t)scales[digits];
	if (v < 0 && scaled)
		buf_putc(b, '-');
	buf_int(b, whole);
	if (!part)
		return;
	text[n++] = '.';
	for (int i = digits; i > 0; i--) {
		text[i] = (char)('0' + part % 10);
		part /= 10;
		n++;
	}
	while (text[n - 1] == '0')
		n--;
	buf_put(b, text, n);
}

static bool is_none(const struct field *f, const void *object)
{
	const void *m = member_of(object, f);

	switch (f->kind) {
	case KIND_TEXT:
		return !*(const char *const *)m;
	case KIND_INT:
		return get_int(f, object) == INT_NONE;
	case KIND_BOOL:
		return false;
	case KIND_REAL:
		return isnan(*(const double *)m);
	case KIND_ID:
		return id_is_none(*(const struct id *)m);
	case KIND_MONEY:
		return money_is_none(*(const struct money *)m);
	case KIND_WHEN:
		return !((const struct when *)m)->us;
	case KIND_JSON:
		return !((const struct json_text *)m)->s;
	case KIND_BLOB:
		return !((const struct blob *)m)->p;
	case KIND_OBJECT:
	case KIND_LIST:
		return !*(void *const *)m;
	}
	return false;
}

/* These write where the text will stand: no copy, no call for each byte. */

static void put_null(struct buf *b)
{
	memcpy(buf_room(b, 4), "null", 4);
	buf_took(b, 4);
}

static void put_id(struct buf *b, const struct id *id)
{
	char *to = buf_room(b, ID_TEXT_MAX + 2);

	to[0] = '"';
	id_text(*id, to + 1);
	to[ID_TEXT_MAX] = '"';
	buf_took(b, ID_TEXT_MAX + 1);
}

static void put_money(struct buf *b, struct money m)
{
	char *to = buf_room(b, MONEY_TEXT_MAX + 2);

	to[0] = '"';
	size_t n = strlen(money_text(m, to + 1));
	to[n + 1] = '"';
	buf_took(b, n + 2);
}

static void put_when(struct buf *b, struct when w)
{
	char *to = buf_room(b, WHEN_TEXT_MAX + 2);

	to[0] = '"';
	size_t n = strlen(when_text(w, to + 1));
	to[n + 1] = '"';
	buf_took(b, n + 2);
}

static void put_values(struct buf *b, const struct field *f, const void *object)
{
	size_t n;
	const char *items = *(const char *const *)member_of(object, f);
	size_t step = shape_element_size(f);

	memcpy(&n, (const char *)object + f->count_at, sizeof(n));
	if (f->element == KIND_OBJECT) {
		shape_write_list(b, f->shape, items, n, ALL_FIELDS);
		return;
	}
	buf_putc(b, '[');
	for (size_t i = 0; i < n; i++, items += step) {
		const void *item = items;

		if (i)
			buf_putc(b, ',');
		if (f->element == KIND_TEXT)
			buf_json(b, *(const char *const *)item);
		else if (f->element == KIND_ID)
			put_id(b, item);
		else
			buf_int(b, *(const int64_t *)item);
	}
	buf_putc(b, ']');
}

static void put_value(struct buf *b, const struct field *f, const void *object)
{
	const void *m = member_of(object, f);

	if (f->kind == KIND_LIST) {
		put_values(b, f, object);
		return;
	}
	if (is_none(f, object)) {
		put_null(b);
		return;
	}
	switch (f->kind) {
	case KIND_TEXT:
		buf_json(b, *(const char *const *)m);
		break;
	case KIND_INT:
		buf_int(b, get_int(f, object));
		break;
	case KIND_BOOL:
		buf_puts(b, *(const bool *)m ? "true" : "false");
		break;
	case KIND_REAL:
		put_real(b, *(const double *)m, f->digits);
		break;
	case KIND_ID:
		put_id(b, m);
		break;
	case KIND_MONEY:
		put_money(b, *(const struct money *)m);
		break;
	case KIND_WHEN:
		put_when(b, *(const struct when *)m);
		break;
	case KIND_JSON:
		buf_puts(b, ((const struct json_text *)m)->s);
		break;
	case KIND_OBJECT:
		shape_write(b, f->shape, *(void *const *)m, ALL_FIELDS);
		break;
	case KIND_LIST:
	case KIND_BLOB:
		abort();
	}
}

static bool is_sent(const struct field *f, int i, uint64_t mask)
{
	if ((f->flags & PRIVATE) || f->kind == KIND_BLOB)
		return false;
	return mask == ALL_FIELDS || (i < 64 && (mask >> i & 1));
}

/* `,"name":` in one go. */
static void put_name(struct buf *b, char before, const char *name)
{
	size_t n = strlen(name);
	char *to = buf_room(b, n + 4);

	to[0] = before;
	to[1] = '"';
	memcpy(to + 2, name, n + 1);
	to[n + 2] = '"';
	to[n + 3] = ':';
	buf_took(b, n + 4);
}

void shape_write(struct buf *b, const struct shape *s, const void *object,
                 uint64_t mask)
{
	char before = '{';

	for (int i = 0; s->fields[i].name; i++) {
		const struct field *f = &s->fields[i];

		if (!is_sent(f, i, mask) ||
		    ((f->flags & OMIT_NONE) && is_none(f, object)))
			continue;
		put_name(b, before, f->name);
		put_value(b, f, object);
		before = ',';
	}
	if (before == '{')
		buf_putc(b, '{');
	buf_putc(b, '}');
}

void shape_write_list(struct buf *b, const struct shape *s, const void *objects,
                      size_t n, uint64_t mask)
{
	const char *object = objects;

	buf_putc(b, '[');
	for (size_t i = 0; i < n; i++, object += s->size) {
		if (i)
			buf_putc(b, ',');
		shape_write(b, s, object, mask);
	}
	buf_putc(b, ']');
}

const char *shape_get_text(struct ctx *c, const struct field *f,
                           const void *object)
{
	struct buf b;
	const void *m = member_of(object, f);

	if (f->kind == KIND_LIST || f->kind == KIND_OBJECT ||
	    f->kind == KIND_BLOB || is_none(f, object))
		return NULL;
	switch (f->kind) {
	case KIND_TEXT:
		return *(const char *const *)m;
	case KIND_JSON:
		return ((const struct json_text *)m)->s;
	case KIND_ID:
		return id_text(*(const struct id *)m,
		               arena_alloc(c->arena, ID_TEXT_MAX));
	case KIND_MONEY:
		return money_text(*(const struct money *)m,
		                  arena_alloc(c->arena, MONEY_TEXT_MAX));
	case KIND_WHEN:
		return when_text(*(const struct when *)m,
		                 arena_alloc(c->arena, WHEN_TEXT_MAX));
	default:
		buf_init(&b, c->arena, 0);
		put_value(&b, f, object);
		return b.s;
	}
}
