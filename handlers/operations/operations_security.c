#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "handlers/accounts/accounts.h"
#include "handlers/operations/operations_inside.h"

/* What `rules replay` was given; one command a process. */
static int64_t replay_days = 30;

static enum rc run_replay(struct ctx *c, struct args *a)
{
	(void)a;
	return accounts_rules_replay(c, (int)replay_days);
}

int command_rules_replay(struct args *a)
{
	const char *days = args_value(a, "--days");

	if (!args_end(a, ""))
		return COMMAND_USAGE;
	if (days && (!text_int(days, strlen(days), &replay_days) ||
	             replay_days < 1 || replay_days > 180)) {
		fputs("merkato rules replay: --days is 1 to 180\n", stderr);
		return COMMAND_USAGE;
	}
	return operations_work(run_replay, a);
}

/* What `keys rotate` was given, in seconds. */
static int64_t rotate_after = 300;
enum { ROTATE_AFTER_MAX = 86400 };

/* A key that does not sign yet must not be the one that is left. */
static bool is_waiting(const char *keys, struct when now)
{
	size_t n_kid = strcspn(keys, ":,");
	const char *at = memchr(keys, '@', n_kid);
	int64_t from = 0;

	return at && text_int(at + 1, n_kid - (size_t)(at - keys) - 1, &from) &&
	       from > now.us / 1000000;
}

/*
 * A new key in front that signs when every worker of every host knows it; the
 * one that signs until then still opens the tokens of the last minutes; older
 * ones go.
 */
static enum rc run_rotate(struct ctx *c, struct args *a)
{
	struct when_parts now = when_split(c->now);
	const char *old = settings->jwt_keys ? settings->jwt_keys : "";
	unsigned char secret[32], tail[2];
	size_t n = strcspn(old, ",");
	const int64_t from = c->now.us / 1000000 + rotate_after;

	(void)a;
	if (is_waiting(old, c->now))
		return fail(c, RC_CONFLICT, "rotating",
		            "The first key does not sign yet: wait until it "
		            "does.");
	random_bytes(secret, sizeof(secret));
	random_bytes(tail, sizeof(tail));
	/* The tail keeps two of one second apart. */
	printf("MERKATO_JWT_KEYS=k%04d%02d%02d%02d%02d%02d%s@%lld:%s,%.*s\n",
	       now.year, now.month, now.day, now.hour, now.minute, now.second,
	       text_hex(c->arena, tail, sizeof(tail)), (long long)from,
	       text_hex(c->arena, secret, sizeof(secret)), n ? (int)n : 7,
	       n ? old : "derived");
	fprintf(stderr,
	        "Put this line into the configuration and reload (HUP) on "
	        "every host within %lld s.\nNobody is logged out.\n",
	        (long long)rotate_after);
	return RC_OK;
}

int command_keys_rotate(struct args *a)
{
	const char *after = args_value(a, "--after");

	if (!args_end(a, ""))
		return COMMAND_USAGE;
	if (after && (!text_int(after, strlen(after), &rotate_after) ||
	              rotate_after < 0 || rotate_after > ROTATE_AFTER_MAX)) {
		fputs("merkato keys rotate: --after is 0 to 86400\n", stderr);
		return COMMAND_USAGE;
	}
	return operations_work(run_rotate, a);
}
