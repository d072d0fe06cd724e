#include "config.h"

#include "uploads/store.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"

static const struct store *const stores[] = { &store_disk, &store_s3, NULL };

static const struct store *find(const char *name)
{
	for (int i = 0; stores[i]; i++)
		if (!strcmp(stores[i]->name, name))
			return stores[i];
	return NULL;
}

const struct store *store(void)
{
	const struct store *s = find(settings->media_store);

	/* store_check has refused other names at start. */
	return s ? s : &store_disk;
}

static bool complain(const char *why)
{
	fprintf(stderr, "configuration: %s\n", why);
	return false;
}

bool store_check(void)
{
	const struct store *s = find(settings->media_store);

	if (!s)
		return complain("media_store: must be disk or s3");
	if (s == &store_disk)
		return true;
	if (!text_starts(settings->s3_endpoint, "https://") &&
	    !text_starts(settings->s3_endpoint, "http://"))
		return complain("s3_endpoint: must be an http(s) address");
	if (!*settings->s3_bucket || !*settings->s3_access_key ||
	    !*settings->s3_secret_key || !*settings->s3_region)
		return complain("s3_bucket, s3_region, s3_access_key and "
		                "s3_secret_key are needed");
	return true;
}

bool store_is_key(const char *key)
{
	char last = '/';
	size_t n = 0;

	for (; *key; key++, n++) {
		bool is_word = (*key >= 'a' && *key <= 'z') ||
		               (*key >= '0' && *key <= '9');

		/* No empty, hidden or climbing parts. */
		if (!is_word && (!strchr("/.-", *key) || strchr("/.-", last)))
			return false;
		last = *key;
	}
	return n > 0 && n <= STORE_KEY_MAX && !strchr("/.-", last);
}
