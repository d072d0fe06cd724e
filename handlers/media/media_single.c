/* Pictures that stand alone: one for each owner, whose module keeps the row. */
#include "config.h"

#include <string.h>

#include "db/outbox_db.h"
#include "db/sql.h"
#include "fcgi/base/json.h"
#include "fcgi/base/log.h"
#include "handlers/media/media_inside.h"
#include "uploads/store.h"

/* Set once at start, before fork. */
static media_single_done *tell_owner;

void media_on_single(media_single_done *done)
{
	tell_owner = done;
}

const char *media_refusal(const char *code)
{
	return code ? sniff_sentence(code) : NULL;
}

enum rc media_single_keep(struct ctx *c, const struct part *file,
                          const char **source)
{
	struct picture_facts facts = { 0 };
	char text[ID_TEXT_MAX];
	const void *p = NULL;
	enum rc rc = RC_OK;

	if (!file || !file->filename || !file->n)
		return fail_field(c, "image", "required", "A file is needed.");
	rc = media_map(c, file, &p);
	if (!rc)
		rc = media_look(c, p, file->n, &facts);
	if (rc)
		return rc;
	const struct id id = id_new();
	const struct media_file f = { .name = arena_fmt(c->arena, "upload/%s",
		                                        id_text(id, text)),
		                      .area = "private",
		                      .type = picture_type(facts.format),
		                      .size = (int64_t)file->n,
		                      .owner_id = id,
		                      .remove_at = media_after(c, SOURCE_S) };

	rc = media_db_file_put(c, &f);
	if (!rc)
		rc = store()->put(c, AREA_PRIVATE, f.name, f.type, p, file->n);
	if (!rc)
		*source = f.name;
	return rc;
}

enum rc media_single_work(struct ctx *c, struct id owner, const char *source)
{
	json_t *payload = json_pack("{s:s}", "source", source);
	const char *text = json_text(c, payload);

	json_decref(payload);
	return outbox_add(c, "media.single", owner, text);
}

enum rc media_stem_use(struct ctx *c, const char *stem)
{
	return media_db_stem_until(c, stem, (struct when){ 0 });
}

enum rc media_stem_drop(struct ctx *c, const char *stem)
{
	return media_db_stem_until(c, stem, media_after(c, ORPHAN_S));
}

static enum rc make(struct ctx *c, struct id owner, const char *source,
                    const char **stem, const char **refused)
{
	struct made_picture *made = arena_new(c->arena, struct made_picture);
	const char *p = NULL;
	size_t n = 0;
	struct id upload = id_new();
	enum rc rc = store()->get(c, AREA_PRIVATE, source, &p, &n);

	if (rc == RC_NOT_FOUND) {
		fail_clear(c);
		*refused = "lost";
		return RC_OK;
	}
	if (!rc)
		rc = image_make(c, p, n, made, refused);
	if (rc || *refused)
		return rc;
	*stem = media_stem(c, owner, upload, made);
	return media_keep_files(c, upload, *stem, made);
}

enum rc media_single_process(struct ctx *c, const struct outbox_event *e)
{
	const char *stem = NULL, *refused = NULL;
	json_t *payload = NULL;
	enum rc rc = json_read(c, e->payload, strlen(e->payload), &payload);

	if (rc || !tell_owner)
		return rc;
	const char *source =
		json_string_value(json_object_get(payload, "source"));

	/* It ends those that work on it. */
	if (e->attempts > ATTEMPTS_MAX)
		refused = "gave_up";
	else
		rc = make(c, e->subject, source, &stem, &refused);
	if (!rc && refused)
		log_info("media", "picture refused: %s", refused);
	if (!rc)
		rc = tell_owner(c, e->subject, source, stem, refused);
	if (!rc)
		rc = media_db_file_until(c, source, c->now);
	if (rc != RC_NOT_FOUND)
		return rc;
	fail_clear(c);
	return RC_OK;
}
