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

/*
 * A new key in front signs from now on, the one that signed until now still
 * opens the tokens of the last minutes; older ones go.
 */
static enum rc run_rotate(struct ctx *c, struct args *a)
{
	struct when_parts now = when_split(c->now);
	const char *old = settings->jwt_keys;
	unsigned char secret[32], tail[2];
	size_t n = old ? strcspn(old, ",") : 0;

	(void)a;
	random_bytes(secret, sizeof(secret));
	random_bytes(tail, sizeof(tail));
	/* The tail keeps two of one second apart. */
	printf("MERKATO_JWT_KEYS=k%04d%02d%02d%02d%02d%02d%s:%s,%.*s\n",
	       now.year, now.month, now.day, now.hour, now.minute, now.second,
	       text_hex(c->arena, tail, sizeof(tail)),
	       text_hex(c->arena, secret, sizeof(secret)), n ? (int)n : 7,
	       n ? old : "derived");
	fputs("Put this line into the configuration and reload (HUP) on every "
	      "host.\nNobody is logged out.\n",
	      stderr);
	return RC_OK;
}

int command_keys_rotate(struct args *a)
{
	if (!args_end(a, ""))
		return COMMAND_USAGE;
	return operations_work(run_rotate, a);
}
