/* How many passwords one core hashes in a second, with as many rounds as the
 * settings say: what logins are compared with. */
#include "config.h"

#include <stdio.h>

#include "fcgi/base/arena.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/value.h"

int main(void)
{
	enum { TRIES = 10 };
	struct arena *a = arena_create(0);
	int64_t start = when_ticks();

	for (int i = 0; i < TRIES; i++)
		password_hash(a, "correct horse battery staple",
		              (int)settings->password_rounds);
	printf("%.3f\n", TRIES * 1e6 / (double)(when_ticks() - start));
	arena_destroy(a);
	return 0;
}
