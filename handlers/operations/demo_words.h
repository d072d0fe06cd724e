/* The words and places that demonstration data is made of. */
#ifndef MERKATO_DEMO_WORDS_H
#define MERKATO_DEMO_WORDS_H

#include <stddef.h>

struct demo_city {
	const char *name, *region;
	double lat, lng;
	int weight; /* stores in a hundred */
};
extern const struct demo_city demo_cities[];
extern const size_t demo_n_cities;

/* What variants of a product differ in. */
struct demo_options {
	const char *name;
	const char *values[7];
	const char
		*second; /* another option, with one value a product; or NULL */
	const char *second_values[7];
};

#define DEMO_SUBS 5
#define DEMO_LEAVES 4
/* A category below a top one, with those below it: names of products too. */
struct demo_sub {
	const char *name;
	const char *leaves[DEMO_LEAVES];
	const struct demo_options *options;
	int price_min, price_max; /* in whole units of the currency */
	int weight_g;
};
struct demo_top {
	const char *name, *local; /* local: in Amharic */
	struct demo_sub subs[DEMO_SUBS];
};
extern const struct demo_top demo_tops[];
extern const size_t demo_n_tops;

/* NULL-terminated lists. */
extern const char *const demo_qualities[];
extern const char *const demo_brands[];
extern const char *const demo_store_names[];
extern const char *const demo_store_kinds[];
extern const char *const demo_first_names[];
extern const char *const demo_last_names[];
extern const char *const demo_sentences[];
extern const char *const demo_local_sentences[];
/* By stars: [0] for one … [4] for five. */
extern const char *const demo_review_titles[5][4];
extern const char *const demo_review_texts[5][4];

#endif
