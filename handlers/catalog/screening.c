/* Screening: what a machine can see before a person looks. */
#include "config.h"

#include <string.h>

#include "fcgi/base/json.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/catalog_rules.h"

enum {
	WORDS_MAX = 200,
	/* A price this many times off the category's usual one is looked at. */
	OUTLIER = 10,
	/* A category of fewer products has no usual price. */
	PRICED_MIN = 10
};

/* The different folded words of name, brand and description. */
static size_t words_of(struct ctx *c, const struct product *p,
                       const char *out[WORDS_MAX])
{
	char *words = text_words(
		c->arena, arena_fmt(c->arena, "%s %s %s", p->name,
	                            p->brand ? p->brand : "",
	                            p->description ? p->description : ""));
	size_t n = 0;
	char *save = NULL;

	for (char *w = strtok_r(words, " ", &save); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save)) {
		size_t i = 0;

		while (i < n && strcmp(out[i], w) != 0)
			i++;
		if (i == n)
			out[n++] = w;
	}
	return n;
}

static bool is_outlier(const struct product *p, const struct screening_facts *f)
{
	if (f->n_priced < PRICED_MIN || money_is_none(f->usual_price) ||
	    money_is_none(p->min_price) || f->usual_price.minor <= 0)
		return false;
	return p->min_price.minor / OUTLIER > f->usual_price.minor ||
	       p->min_price.minor < f->usual_price.minor / OUTLIER;
}

static void add(struct buf *b, const char *rule, const char *what)
{
	buf_puts(b, b->n ? ",{\"rule\":" : "[{\"rule\":");
	buf_json(b, rule);
	buf_puts(b, ",\"what\":");
	buf_json(b, what);
	buf_putc(b, '}');
}

enum rc catalog_screen(struct ctx *c, struct product *p,
                       enum verdict_of_rules *out)
{
	struct screening_facts f = { .usual_price = MONEY_NONE };
	const char *words[WORDS_MAX];
	size_t n = words_of(c, p, words);
	char id[ID_TEXT_MAX];
	struct buf b;
	enum rc rc = products_db_screening(c, p, words, n, &f);

	if (!rc)
		rc = catalog_usual_price(c, p, &f);
	if (rc)
		return rc;
	buf_init(&b, c->arena, 128);
	if (f.rejected_word)
		add(&b, "banned_word", f.rejected_word);
	if (f.held_word)
		add(&b, "suspect_word", f.held_word);
	if (is_outlier(p, &f))
		add(&b, "price_outlier", NULL);
	if (!id_is_none(f.twin))
		add(&b, "duplicate", id_text(f.twin, id));
	if (!p->n_pictures)
		add(&b, "no_picture", NULL);
	*out = f.rejected_word ? RULES_REJECT : b.n ? RULES_HOLD : RULES_PASS;
	if (b.n)
		buf_putc(&b, ']');
	p->screening.s = b.n ? b.s : NULL;
	return RC_OK;
}
