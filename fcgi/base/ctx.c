#include "config.h"

#include "fcgi/base/ctx.h"

#include <stdarg.h>
#include <string.h>

void ctx_init(struct ctx *c, struct arena *a)
{
	memset(c, 0, sizeof(*c));
	c->arena = a;
	c->now = when_now();
	c->request_id = "";
	c->address = "";
	c->agent = "";
}

bool is_super(const struct ctx *c)
{
	return (c->roles & (ROLE_SUPER | ROLE_SYSTEM)) != 0;
}

bool may(const struct ctx *c, enum permission p)
{
	if (is_super(c))
		return true;
	if ((c->roles & ROLE_VENDOR) &&
	    ((unsigned)p & ~(unsigned)MAY_STAFF_ALL) == 0)
		return true;
	return (c->permissions & (unsigned)p) == (unsigned)p;
}

enum rc fail(struct ctx *c, enum rc rc, const char *code, const char *fmt, ...)
{
	if (c->err.rc)
		return rc;
	va_list ap;
	va_start(ap, fmt);
	c->err.detail = arena_vfmt(c->arena, fmt, ap);
	va_end(ap);
	c->err.rc = rc;
	c->err.code = code;
	return rc;
}

enum rc fail_field(struct ctx *c, const char *path, const char *code,
                   const char *fmt, ...)
{
	struct field_fault *f = arena_new(c->arena, struct field_fault);
	va_list ap;

	va_start(ap, fmt);
	f->text = arena_vfmt(c->arena, fmt, ap);
	va_end(ap);
	f->path = arena_strdup(c->arena, path);
	f->code = code;
	if (!c->err.fields_tail)
		c->err.fields_tail = &c->err.fields;
	*c->err.fields_tail = f;
	c->err.fields_tail = &f->next;
	if (!c->err.rc) {
		c->err.rc = RC_INVALID;
		c->err.code = "invalid_fields";
		c->err.detail = rc_title(RC_INVALID);
	}
	return RC_INVALID;
}

void fail_clear(struct ctx *c)
{
	memset(&c->err, 0, sizeof(c->err));
}

void touch(struct ctx *c, unsigned tags)
{
	c->touched |= tags;
}

void touch_name(struct ctx *c, const char *kind, const char *name)
{
	if (!name)
		return;
	struct touch *t = arena_new(c->arena, struct touch);

	t->name = arena_fmt(c->arena, "%s:%s", kind, name);
	t->next = c->touches;
	c->touches = t;
}

void touch_one(struct ctx *c, const char *kind, struct id id)
{
	char text[ID_TEXT_MAX];

	touch_name(c, kind, id_text(id, text));
}
