#include "config.h"

#include "fcgi/base/text.h"

#include <errno.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "fcgi/base/arena.h"
#include "fcgi/base/buf.h"

enum { SLUG_MAX = 80, LABEL_MAX = 63, DOMAIN_MAX = 253, LOCAL_MAX = 64 };

static const uint8_t *bytes_of(const char *s)
{
	return (const uint8_t *)s;
}

/* Most text is ASCII, and that needs no library. */
static bool is_ascii(const char *s, size_t n)
{
	uint64_t word;

	while (n >= sizeof(word)) {
		memcpy(&word, s, sizeof(word));
		if (word & 0x8080808080808080u)
			return false;
		s += sizeof(word);
		n -= sizeof(word);
	}
	while (n--)
		if (*s++ & 0x80)
			return false;
	return true;
}

bool text_is_utf8(const char *s, size_t n)
{
	return is_ascii(s, n) || !u8_check(bytes_of(s), n);
}

size_t text_length(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* libunistring gives malloced memory: into the arena with it. */
static char *adopt(struct arena *a, uint8_t *s, size_t n)
{
	if (!s)
		return NULL;
	char *copy = arena_strndup(a, (const char *)s, n);

	free(s);
	return copy;
}

static char *normalised(struct arena *a, uninorm_t form, const char *s,
                        size_t n)
{
	if (is_ascii(s, n))
		return arena_strndup(a, s, n);
	size_t n_out = 0;
	uint8_t *out = u8_normalize(form, bytes_of(s), n, NULL, &n_out);

	return adopt(a, out, n_out);
}

static bool has_control(const char *s, size_t n, bool lf_allowed)
{
	const uint8_t *p = bytes_of(s);

	for (size_t i = 0; i < n; i++) {
		if (p[i] < 0x20 && !(p[i] == '\n' && lf_allowed))
			return true;
		if (p[i] == 0x7f)
			return true;
		/* U+0080 to U+009F. */
		if (p[i] == 0xc2 && i + 1 < n && p[i + 1] < 0xa0)
			return true;
		/* U+2028, U+2029: line ends in some readers of JSON. */
		if (p[i] == 0xe2 && i + 2 < n && p[i + 1] == 0x80 &&
		    (p[i + 2] == 0xa8 || p[i + 2] == 0xa9))
			return true;
	}
	return false;
}

/* Blanks of any script at the ends, and the invisible byte order mark. */
static bool is_blank(ucs4_t u)
{
	return u == '\n' || u == 0xfeff || uc_is_property_white_space(u);
}

static void trim(const char **s, size_t *n)
{
	const uint8_t *from = bytes_of(*s);
	const uint8_t *to = from + *n;
	ucs4_t u;

	while (from < to) {
		int step = u8_mbtouc(&u, from, (size_t)(to - from));

		if (!is_blank(u))
			break;
		from += step;
	}
	while (from < to) {
		const uint8_t *last = u8_prev(&u, to, from);

		if (!last || !is_blank(u))
			break;
		to = last;
	}
	*s = (const char *)from;
	*n = (size_t)(to - from);
}

char *text_clean(struct arena *a, const char *s, size_t n, bool long_text)
{
	if (!text_is_utf8(s, n))
		return NULL;
	trim(&s, &n);
	if (!long_text)
		return has_control(s, n, false)
		               ? NULL
		               : normalised(a, UNINORM_NFC, s, n);
	/* Forms send CR LF; kept text has LF alone. */
	char *lines = arena_strndup(a, s, n);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!(s[i] == '\r' && i + 1 < n && s[i + 1] == '\n'))
			lines[kept++] = s[i];
	lines[kept] = '\0';
	return has_control(lines, kept, true)
	               ? NULL
	               : normalised(a, UNINORM_NFC, lines, kept);
}

char *text_nfc(struct arena *a, const char *s, size_t n)
{
	return text_is_utf8(s, n) ? normalised(a, UNINORM_NFC, s, n) : NULL;
}

char *text_fold(struct arena *a, const char *s)
{
	size_t n = strlen(s);

	if (is_ascii(s, n)) {
		char *low = arena_strndup(a, s, n);

		for (char *p = low; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p + ('a' - 'A'));
		return low;
	}
	size_t n_out = 0;
	uint8_t *out =
		u8_casefold(bytes_of(s), n, NULL, UNINORM_NFKC, NULL, &n_out);
	char *fold = adopt(a, out, n_out);

	return fold ? fold : arena_strdup(a, "");
}

static void buf_put_point(struct buf *b, ucs4_t u)
{
	uint8_t bytes[6];
	int n = u8_uctomb(bytes, u, sizeof(bytes));

	if (n > 0)
		buf_put(b, bytes, (size_t)n);
}

char *text_slug(struct arena *a, const char *s)
{
	size_t n_flat = 0;
	uint8_t *flat = u8_normalize(UNINORM_NFKD, bytes_of(s), strlen(s), NULL,
	                             &n_flat);
	const char *folded = text_fold(a, flat ? adopt(a, flat, n_flat) : "");
	/* Folding composes again: take the marks off after it. */
	uint8_t *loose = u8_normalize(UNINORM_NFKD, bytes_of(folded),
	                              strlen(folded), NULL, &n_flat);
	const uint8_t *p = bytes_of(loose ? adopt(a, loose, n_flat) : "");
	const uint8_t *end = p + strlen((const char *)p);
	struct buf out;
	size_t points = 0;
	bool gap = false;

	buf_init(&out, a, n_flat + 1);
	while (p < end && points < SLUG_MAX) {
		ucs4_t u;

		p += u8_mbtouc(&u, p, (size_t)(end - p));
		if (uc_is_general_category(u, UC_CATEGORY_M))
			continue;
		if (!uc_is_general_category(u, UC_CATEGORY_L) &&
		    !uc_is_general_category(u, UC_CATEGORY_Nd)) {
			gap = true;
			continue;
		}
		if (gap && points && points + 1 < SLUG_MAX) {
			buf_putc(&out, '-');
			points++;
		}
		gap = false;
		buf_put_point(&out, u);
		points++;
	}
	return normalised(a, UNINORM_NFC, out.s, out.n);
}

char *text_cut(struct arena *a, const char *s, size_t n)
{
	const char *end = s;

	for (; *end; end++)
		if (((unsigned char)*end & 0xc0) != 0x80 && n-- == 0)
			break;
	return arena_strndup(a, s, (size_t)(end - s));
}

/* Letters, digits, inner hyphens, 1 to 63; at least two labels (RFC 1123).
 * libidn2 drops other characters silently, so we look before and after. */
static bool is_domain(const char *s)
{
	size_t label = 0, n = strlen(s);
	bool dotted = false;

	if (!n || n > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)s[i];

		if (ch == '.') {
			if (!label || s[i - 1] == '-')
				return false;
			label = 0;
			dotted = true;
			continue;
		}
		bool is_letter = (ch >= 'a' && ch <= 'z') ||
		                 (ch >= 'A' && ch <= 'Z') || ch >= 0x80;
		bool is_digit = ch >= '0' && ch <= '9';
		if (!is_letter && !is_digit && !(ch == '-' && label))
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return dotted && label && s[n - 1] != '-';
}

static char *ascii_domain(struct arena *a, const char *s)
{
	uint8_t *out = NULL;

	if (!is_domain(s))
		return NULL;
	int failed = idn2_lookup_u8(bytes_of(s), &out,
	                            IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (failed != IDN2_OK)
		return NULL;
	char *domain = text_fold(a, (const char *)out);

	idn2_free(out);
	return is_domain(domain) && is_ascii(domain, strlen(domain)) ? domain
	                                                             : NULL;
}

/* RFC 5322 dot-atom, ASCII. */
static bool is_local_part(const char *s, size_t n)
{
	static const char others[] = "!#$%&'*+-/=?^_`{|}~";

	if (!n || n > LOCAL_MAX || s[0] == '.' || s[n - 1] == '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		char ch = s[i];

		if (ch == '.' && s[i - 1] == '.')
			return false;
		bool is_alnum = (ch >= 'a' && ch <= 'z') ||
		                (ch >= 'A' && ch <= 'Z') ||
		                (ch >= '0' && ch <= '9');
		if (!is_alnum && ch != '.' && !(ch && strchr(others, ch)))
			return false;
	}
	return true;
}

char *text_email(struct arena *a, const char *s)
{
	const char *at = strchr(s, '@');

	if (!at || strchr(at + 1, '@') || strlen(s) > 254 ||
	    !is_local_part(s, (size_t)(at - s)))
		return NULL;
	const char *domain = ascii_domain(a, at + 1);
	if (!domain)
		return NULL;
	char *email = arena_fmt(a, "%.*s@%s", (int)(at - s), s, domain);
	return strlen(email) > 254 ? NULL : email;
}

char *text_phone(struct arena *a, const char *s)
{
	char digits[20];
	size_t n = 0;
	bool plus = *s == '+';

	for (s += plus; *s; s++) {
		if (*s >= '0' && *s <= '9') {
			if (n == sizeof(digits) - 1)
				return NULL;
			digits[n++] = *s;
		} else if (!strchr(" -()", *s)) {
			return NULL;
		}
	}
	digits[n] = '\0';
	if (!plus && n > 2 && digits[0] == '0' && digits[1] == '0')
		return n > 9 && n <= 17 && digits[2] != '0'
		               ? arena_fmt(a, "+%s", digits + 2)
		               : NULL;
	if (plus)
		return n >= 8 && n <= 15 && digits[0] != '0'
		               ? arena_fmt(a, "+%s", digits)
		               : NULL;
	/* The national form of Ethiopia: 09… and 07…, nine digits behind 0. */
	if (n == 10 && digits[0] == '0' &&
	    (digits[1] == '9' || digits[1] == '7'))
		return arena_fmt(a, "+251%s", digits + 1);
	return NULL;
}

char *text_hex(struct arena *a, const void *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *b = p;
	char *out = arena_alloc(a, n * 2 + 1);

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex[b[i] >> 4];
		out[2 * i + 1] = hex[b[i] & 15];
	}
	return out;
}

int text_hex_digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return -1;
}

bool text_unhex(const char *s, void *out, size_t n)
{
	unsigned char *b = out;

	if (strlen(s) != n * 2)
		return false;
	for (size_t i = 0; i < 2 * n; i++)
		if (text_hex_digit(s[i]) < 0)
			return false;
	for (size_t i = 0; i < n; i++)
		b[i] = (unsigned char)((unsigned)text_hex_digit(s[2 * i]) << 4 |
		                       (unsigned)text_hex_digit(s[2 * i + 1]));
	return true;
}

static const char base64_plain[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *base64(struct arena *a, const void *p, size_t n,
                    const char *alphabet, bool padded)
{
	const unsigned char *b = p;
	char *out = arena_alloc(a, (n + 2) / 3 * 4 + 1);
	char *o = out;

	for (size_t i = 0; i < n; i += 3) {
		size_t rest = n - i;
		unsigned v = (unsigned)b[i] << 16;

		if (rest > 1)
			v |= (unsigned)b[i + 1] << 8;
		if (rest > 2)
			v |= b[i + 2];
		*o++ = alphabet[v >> 18];
		*o++ = alphabet[(v >> 12) & 63];
		if (rest > 1)
			*o++ = alphabet[(v >> 6) & 63];
		if (rest > 2)
			*o++ = alphabet[v & 63];
	}
	while (padded && (o - out) % 4)
		*o++ = '=';
	return out;
}

static int base64_digit(char ch, const char *alphabet)
{
	if (ch >= 'A' && ch <= 'Z')
		return ch - 'A';
	if (ch >= 'a' && ch <= 'z')
		return ch - 'a' + 26;
	if (ch >= '0' && ch <= '9')
		return ch - '0' + 52;
	if (ch == alphabet[62])
		return 62;
	return ch == alphabet[63] ? 63 : -1;
}

/* Canonical only: left-over bits must be zero, so that one value has one text.
 */
static void *unbase64(struct arena *a, const char *s, size_t n,
                      const char *alphabet, size_t *n_out)
{
	if (n % 4 == 1)
		return NULL;
	unsigned char *out = arena_alloc(a, n / 4 * 3 + 3);
	size_t o = 0;
	unsigned v = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		int d = base64_digit(s[i], alphabet);

		if (d < 0)
			return NULL;
		v = (v << 6 | (unsigned)d) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[o++] = (unsigned char)(v >> bits);
		}
	}
	if (v & ((1u << bits) - 1))
		return NULL;
	out[o] = '\0';
	*n_out = o;
	return out;
}

char *text_base64url(struct arena *a, const void *p, size_t n)
{
	return base64(a, p, n, base64_url, false);
}

void *text_unbase64url(struct arena *a, const char *s, size_t n, size_t *n_out)
{
	return unbase64(a, s, n, base64_url, n_out);
}

char *text_base64(struct arena *a, const void *p, size_t n)
{
	return base64(a, p, n, base64_plain, true);
}

void *text_unbase64(struct arena *a, const char *s, size_t n, size_t *n_out)
{
	if (n % 4)
		return NULL;
	for (int i = 0; i < 2 && n && s[n - 1] == '='; i++)
		n--;
	return unbase64(a, s, n, base64_plain, n_out);
}

bool text_int(const char *s, size_t n, int64_t *out)
{
	bool minus = n && s[0] == '-';
	size_t i = minus, digits = n - minus;
	int64_t v = 0;

	if (!digits || digits > 18 || (s[i] == '0' && digits > 1))
		return false;
	/* "-0" would be a second way to write 0. */
	if (minus && s[i] == '0')
		return false;
	for (; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (s[i] - '0');
	}
	*out = minus ? -v : v;
	return true;
}

bool text_real(const char *s, size_t n, double *out)
{
	bool minus = n && s[0] == '-', point = false;
	size_t i = minus, digits = 0;
	int64_t v = 0, scale = 1;

	for (; i < n; i++) {
		if (s[i] == '.') {
			if (point || !digits || i + 1 == n)
				return false;
			point = true;
			continue;
		}
		if (s[i] < '0' || s[i] > '9' || ++digits > 18)
			return false;
		v = v * 10 + (s[i] - '0');
		if (point)
			scale *= 10;
	}
	if (!digits)
		return false;
	/* Both are exact below 2^53, so the quotient is the nearest double. */
	*out = (minus ? -1.0 : 1.0) * ((double)v / (double)scale);
	return true;
}

bool text_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}
