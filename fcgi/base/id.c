/* UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits that
 * only grow within a millisecond. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"
#include "fcgi/base/value.h"

/* The last id made, so that the next is greater; per process. */
static struct {
	int64_t ms;
	pid_t pid;
	unsigned char tail[10];
	unsigned char pool[160]; /* random bytes bought in bulk */
	size_t pool_left;
} state;

static void take_random(unsigned char *out, size_t n)
{
	/* A fork must not hand the parent's bytes out again. */
	if (state.pid != getpid()) {
		state.pid = getpid();
		state.pool_left = 0;
		state.ms = 0;
	}
	if (state.pool_left < n) {
		random_bytes(state.pool, sizeof(state.pool));
		state.pool_left = sizeof(state.pool);
	}
	state.pool_left -= n;
	memcpy(out, state.pool + state.pool_left, n);
	memset(state.pool + state.pool_left, 0, n);
}

/* tail + 1 as one big-endian number, leaving room for version and variant. */
static bool grow_tail(void)
{
	for (size_t i = sizeof(state.tail); i-- > 0;)
		if (++state.tail[i])
			return true;
	return false;
}

struct id id_new(void)
{
	int64_t ms = when_now().us / 1000;
	unsigned char fresh[10];
	struct id id;

	take_random(fresh, sizeof(fresh));
	if (ms > state.ms) {
		state.ms = ms;
		memcpy(state.tail, fresh, sizeof(fresh));
		state.tail[0] &= 0x7f; /* room to count up in */
		state.tail[2] &= 0x3f;
	} else {
		/* Same millisecond, or the clock went back: count on, by a
		 * random step. */
		for (int i = 0; i < 1 + fresh[0] % 16; i++)
			if (!grow_tail())
				state.ms++;
	}
	for (int i = 0; i < 6; i++)
		id.b[i] = (unsigned char)((uint64_t)state.ms >> (40 - 8 * i));
	memcpy(id.b + 6, state.tail, 10);
	id.b[6] = (unsigned char)(0x70 | (state.tail[0] & 0x0f));
	id.b[8] = (unsigned char)(0x80 | (state.tail[2] & 0x3f));
	return id;
}

bool id_is_none(struct id id)
{
	static const struct id none;

	return memcmp(&id, &none, sizeof(id)) == 0;
}

bool id_equal(struct id a, struct id b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

int id_compare(struct id a, struct id b)
{
	return memcmp(&a, &b, sizeof(a));
}

bool id_parse(const char *s, struct id *out)
{
	struct id id;
	int n = 0;

	for (int i = 0; i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return false;
			continue;
		}
		int v = text_hex_digit(s[i]);
		if (v < 0)
			return false;
		if (n % 2)
			id.b[n / 2] = (unsigned char)(id.b[n / 2] << 4 | v);
		else
			id.b[n / 2] = (unsigned char)v;
		n++;
	}
	if (s[36])
		return false;
	*out = id;
	return true;
}

char *id_text(struct id id, char out[ID_TEXT_MAX])
{
	static const char hex[] = "0123456789abcdef";
	char *p = out;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[id.b[i] >> 4];
		*p++ = hex[id.b[i] & 15];
	}
	*p = '\0';
	return out;
}

struct when id_when(struct id id)
{
	int64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id.b[i];
	return (struct when){ ms * 1000 };
}
