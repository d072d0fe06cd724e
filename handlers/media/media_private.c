/* Files for few eyes, behind signed links. */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "handlers/media/media_inside.h"
#include "uploads/store.h"

enum { LINK_S_MAX = 900, MAC = 32 };

struct mapping {
	void *p;
	size_t n;
};

static void unmap(void *arg)
{
	struct mapping *m = arg;

	munmap(m->p, m->n);
}

enum rc media_map(struct ctx *c, const struct part *file, const void **p)
{
	struct mapping *m = arena_new(c->arena, struct mapping);

	*p = "";
	if (!file->n)
		return RC_OK;
	m->n = file->n;
	m->p = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, file->fd, 0);
	if (m->p == MAP_FAILED)
		return fail(c, RC_UNAVAILABLE, "no_memory",
		            "Uploads are not possible at the moment.");
	arena_defer(c->arena, unmap, m);
	*p = m->p;
	return RC_OK;
}

/* PDF papers cannot be decoded here: begin and end must look right, and they
 * are only ever sent as an attachment. */
static bool is_pdf(const char *p, size_t n)
{
	size_t tail = n < 1024 ? n : 1024;

	return n > 32 && !memcmp(p, "%PDF-", 5) &&
	       memmem(p + n - tail, tail, "%%EOF", 5);
}

static const char *type_of(const void *p, size_t n)
{
	struct picture_facts facts;

	if (is_pdf(p, n))
		return "application/pdf";
	if (sniff_picture(p, n, &facts) || facts.format == PICTURE_GIF ||
	    facts.format == PICTURE_WEBP)
		return NULL;
	return picture_type(facts.format);
}

enum rc media_private_keep(struct ctx *c, const char *kind, struct id owner,
                           const struct part *file, struct private_file *out)
{
	char id[ID_TEXT_MAX];
	const void *p = NULL;

	if (!file || !file->filename || !file->n)
		return fail_field(c, "file", "required", "A file is needed.");
	enum rc rc = media_map(c, file, &p);
	if (rc)
		return rc;
	const char *type = type_of(p, file->n);
	if (!type)
		return fail(c, RC_UNSUPPORTED, "unsupported_type",
		            "Only JPEG, PNG and PDF files are taken.");
	const struct media_file f = {
		.name = arena_fmt(c->arena, "%s/%s", kind,
		                  id_text(id_new(), id)),
		.area = "private",
		.type = type,
		.size = (int64_t)file->n,
		.owner_id = owner,
		.remove_at = media_after(c, SOURCE_S),
	};
	rc = media_db_file_put(c, &f);
	if (!rc)
		rc = store()->put(c, AREA_PRIVATE, f.name, type, p, file->n);
	if (!rc)
		*out = (struct private_file){ f.name, type, f.size };
	return rc;
}

enum rc media_private_adopt(struct ctx *c, const char *name)
{
	return media_db_file_until(c, name, (struct when){ 0 });
}

enum rc media_private_drop(struct ctx *c, const char *name)
{
	return media_db_file_until(c, name, c->now);
}

static void sign(const void *p, size_t n, unsigned char mac[MAC])
{
	hmac_sha256(key_for("file"), 32, p, n, mac);
}

const char *media_private_link(struct ctx *c, const char *name, int seconds)
{
	char actor[ID_TEXT_MAX];
	unsigned char mac[MAC];

	int64_t until = c->now.us / 1000000 +
	                (seconds < LINK_S_MAX ? seconds : LINK_S_MAX);
	const char *text = arena_fmt(c->arena, "%lld %s %s", (long long)until,
	                             id_text(c->actor, actor), name);
	sign(text, strlen(text), mac);
	return arena_fmt(c->arena, "%s/api/files/%s.%s", settings->base_url,
	                 text_base64url(c->arena, text, strlen(text)),
	                 text_base64url(c->arena, mac, MAC));
}

/* The signed text, when the signature is ours. */
static const char *verified(struct ctx *c, const char *token)
{
	const char *dot = strchr(token, '.');
	unsigned char mac[MAC];
	size_t n = 0, n_mac = 0;

	if (!dot || strlen(token) > 1000)
		return NULL;
	const char *text =
		text_unbase64url(c->arena, token, (size_t)(dot - token), &n);
	const void *given =
		text_unbase64url(c->arena, dot + 1, strlen(dot + 1), &n_mac);
	if (!text || !given || n_mac != MAC)
		return NULL;
	sign(text, n, mac);
	return secret_equal(mac, given, MAC) ? text : NULL;
}

static enum rc not_found(struct ctx *c)
{
	return fail(c, RC_NOT_FOUND, "not_found", "There is no such file.");
}

enum rc media_private_open(struct ctx *c, const char *token,
                           struct media_file *out)
{
	const char *text = verified(c, token);
	const char *space = text ? strchr(text, ' ') : NULL;
	struct media_file f = { 0 };
	struct id actor = { { 0 } };
	int64_t expires = 0;

	if (!space || !text_int(text, (size_t)(space - text), &expires) ||
	    expires < c->now.us / 1000000)
		return not_found(c);
	const char *who = arena_strndup(c->arena, space + 1, 36);
	if (strlen(space) < 39 || !id_parse(who, &actor))
		return not_found(c);
	enum rc rc = media_db_file_get(c, space + 1 + 36 + 1, &f);
	if (rc == RC_NOT_FOUND ||
	    (!rc && (strcmp(f.area, "private") != 0 || f.remove_at.us))) {
		fail_clear(c);
		return not_found(c);
	}
	if (!rc)
		rc = media_db_accessed(c, f.name, actor);
	if (!rc)
		*out = f;
	return rc;
}
