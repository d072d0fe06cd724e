/* Screening: what a machine can see before a person looks. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/json.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/catalog_rules.h"

enum {
	/* A price this many times off the category's usual one is looked at. */
	OUTLIER = 10,
	/* A category of fewer products has no usual price. */
	PRICED_MIN = 10
};

struct words {
	const char **all;
	size_t n;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once; how many are left. */
static size_t fold_words(const char **all, size_t n)
{
	size_t kept = 0;

	qsort(all, n, sizeof(*all), by_text);
	for (size_t i = 0; i < n; i++)
		if (!kept || strcmp(all[kept - 1], all[i]) != 0)
			all[kept++] = all[i];
	return kept;
}

/* The different folded words of all that shoppers read of it: however many, as
 * else the bad ones would stand last. */
static void read_words(struct ctx *c, const struct product *p, struct words *to)
{
	const char *const texts[] = { p->name, p->brand, p->description,
		                      p->attributes.s };
	struct buf b;
	char *save = NULL;
	size_t most = 1;

	buf_init(&b, c->arena, 256);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		buf_puts(&b, texts[i] ? texts[i] : "");
		buf_putc(&b, ' ');
	}
	char *words = text_words(c->arena, b.s);
	for (const char *s = words; *s; s++)
		most += *s == ' ';
	to->all = arena_new_array(c->arena, const char *, most);
	for (char *w = strtok_r(words, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		to->all[to->n++] = w;
	to->n = fold_words(to->all, to->n);
}

/* The words of all products, sorted, each once. */
static const char **merge_words(struct ctx *c, const struct words *of, size_t n,
                                size_t *n_all)
{
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		most += of[i].n;
	const char **all = arena_new_array(c->arena, const char *, most + 1);
	*n_all = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < of[i].n; k++)
			all[(*n_all)++] = of[i].all[k];
	*n_all = fold_words(all, *n_all);
	return all;
}

static void take_word(const struct words *of, const struct screening_word *w,
                      struct screening_facts *f)
{
	for (size_t i = 0; i < of->n; i++) {
		if (strcmp(of->all[i], w->word) != 0)
			continue;
		if (strcmp(w->verdict, "reject") == 0)
			f->rejected_word = w->word;
		else
			f->held_word = w->word;
	}
}

/* The words of the products that screening knows, in f. */
static enum rc find_words(struct ctx *c, const struct product *ps, size_t n,
                          struct screening_facts *f)
{
	struct words *of = arena_new_array(c->arena, struct words, n);
	size_t n_all = 0, some;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n; i++)
		read_words(c, &ps[i], &of[i]);
	const char **all = merge_words(c, of, n, &n_all);
	for (size_t at = 0; at < n_all && !rc; at += some) {
		struct screening_word *rows = NULL;
		size_t n_rows = 0;

		some = n_all - at < CATALOG_BATCH ? n_all - at : CATALOG_BATCH;
		rc = products_db_words(c, all + at, some, &rows, &n_rows);
		for (size_t k = 0; k < n_rows && !rc; k++)
			for (size_t i = 0; i < n; i++)
				take_word(&of[i], &rows[k], &f[i]);
	}
	return rc;
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

static enum verdict_of_rules judge(struct ctx *c, struct product *p,
                                   const struct screening_facts *f)
{
	char id[ID_TEXT_MAX];
	struct buf b;

	buf_init(&b, c->arena, 128);
	if (f->rejected_word)
		add(&b, "banned_word", f->rejected_word);
	if (f->held_word)
		add(&b, "suspect_word", f->held_word);
	if (is_outlier(p, f))
		add(&b, "price_outlier", NULL);
	if (!id_is_none(f->twin))
		add(&b, "duplicate", id_text(f->twin, id));
	if (!p->n_pictures)
		add(&b, "no_picture", NULL);
	if (b.n)
		buf_putc(&b, ']');
	p->screening.s = b.n ? b.s : NULL;
	return f->rejected_word ? RULES_REJECT : b.n ? RULES_HOLD : RULES_PASS;
}

enum rc catalog_screen(struct ctx *c, struct product *ps, size_t *n,
                       enum verdict_of_rules *verdicts)
{
	struct screening_facts *f =
		arena_new_array(c->arena, struct screening_facts, *n);
	size_t upto = 0;
	enum rc rc = find_words(c, ps, *n, f);

	while (upto < *n && !(upto && f[upto - 1].rejected_word))
		f[upto++].usual_price = MONEY_NONE;
	*n = upto;
	if (!rc)
		rc = products_db_twins(c, ps, *n, f);
	for (size_t i = 0; i < *n && !rc; i++) {
		rc = catalog_usual_price(c, &ps[i], &f[i]);
		if (!rc)
			verdicts[i] = judge(c, &ps[i], &f[i]);
	}
	return rc;
}

enum rc catalog_screen_variants(struct ctx *c, const struct variant *vs,
                                size_t n)
{
	struct screening_facts *f =
		arena_new_array(c->arena, struct screening_facts, n);
	struct product *ps = arena_new_array(c->arena, struct product, n);
	size_t n_texts = 0;

	for (size_t i = 0; i < n; i++)
		if (vs[i].name || vs[i].options.s)
			ps[n_texts++] = (struct product){
				.name = vs[i].name ? vs[i].name : "",
				.attributes = vs[i].options,
			};
	enum rc rc = n_texts ? find_words(c, ps, n_texts, f) : RC_OK;
	for (size_t i = 0; i < n_texts && !rc; i++)
		if (f[i].rejected_word)
			rc = fail(c, RC_CONFLICT, "screening",
			          "The rules of the marketplace do not allow "
			          "\"%s\".",
			          f[i].rejected_word);
	return rc;
}
