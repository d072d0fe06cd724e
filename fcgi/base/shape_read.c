#include "config.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/ctx.h"
#include "fcgi/base/shape.h"
#include "fcgi/base/text.h"

/* What comes from outside, and from rows, into a struct's members. */

enum { TEXT_MAX = 255, LIST_MAX = 100 };

#define GOOD ((struct verdict){ NULL, NULL })
#define BAD(code, text) ((struct verdict){ (code), (text) })

static void *member(void *object, const struct field *f)
{
	return (char *)object + f->at;
}

static void set_int(const struct field *f, void *object, int64_t v)
{
	if (f->size == (int)sizeof(int))
		*(int *)member(object, f) = (int)v;
	else
		*(int64_t *)member(object, f) = v;
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
