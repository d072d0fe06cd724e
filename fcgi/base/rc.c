#include "config.h"

#include "fcgi/base/rc.h"

static const struct {
	int status;
	const char *title, *name;
} table[RC_N] = {
#define X(n, s, t) [RC_##n] = { (s), (t), #n },
	RC_TABLE(X)
#undef X
};

int rc_status(enum rc rc)
{
	return table[rc].status;
}

const char *rc_title(enum rc rc)
{
	return table[rc].title;
}

const char *rc_name(enum rc rc)
{
	return table[rc].name;
}
