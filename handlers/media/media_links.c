/* Where files are found by those who look. */
#include "config.h"

#include "fcgi/base/settings.h"
#include "handlers/media/media.h"

const char *media_url(struct ctx *c, const char *stem, enum media_width width,
                      const char *type)
{
	if (!stem)
		return NULL;
	if (*settings->media_base_url)
		return arena_fmt(c->arena, "%s/%s-%d.%s",
		                 settings->media_base_url, stem, (int)width,
		                 type);
	return arena_fmt(c->arena, "%s/media/%s-%d.%s", settings->base_url,
	                 stem, (int)width, type);
}
