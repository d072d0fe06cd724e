/*
 * Shopping through the front door, for API tests: people who have joined, goods
 * on sale, orders that are paid. Each returns what it made; the test ends where
 * something is refused.
 */
#ifndef MERKATO_API_SHOP_H
#define MERKATO_API_SHOP_H

#include "tests/support/api.h"

#define API_PASSWORD "buna-ena-kurs-7"
#define API_ADDRESS                                               \
	"\"address\":{\"name\":\"Hana Tesfaye\","                 \
	"\"phone\":\"+251911234567\",\"line1\":\"Bole Road 12\"," \
	"\"city\":\"Addis Ababa\"}"

struct joined {
	const char *email;
	const char *access, *refresh; /* tokens */
};
/* A new customer who has followed the mailed link and signed in with
 * API_PASSWORD. */
struct joined api_customer(void);
/* The same with a store, whose application waits. */
struct joined api_vendor(void);
/* Signs in with API_PASSWORD. */
struct joined api_signed_in(const char *email);

/* A category whose products need no attributes. */
const char *api_category(void);
struct on_sale {
	const char *product, *slug, *variant;
};
/* An approved product with one variant of a dev.json's store. */
struct on_sale api_on_sale(const char *who, const char *price, int stock);

/* {"items":[…],"address":…} */
const char *api_one_line(const char *variant, int quantity);
const struct api_answer *api_checkout(const char *body, const char *key,
                                      const char *token);
/* The hosted page's button, as a browser sends it: "pay", "decline". */
void api_press(const char *checkout_url, const char *action);
/* Waits until the signed webhook has made the order paid. */
void api_needs_paid(const char *order, const char *token);
/* A paid order for that many; its own GET. */
const struct api_answer *api_paid_order(const char *variant, int quantity,
                                        const char *token);
/* Of the part of the order in which this variant is: a member's text. */
const char *api_part_of(const struct api_answer *order, const char *variant,
                        const char *member);

#endif
