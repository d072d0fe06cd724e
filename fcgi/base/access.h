/*
 * Who there is and what they may be granted: the one list of roles and of
 * permissions. Routes name them, accounts grants them, the document shows them.
 */
#ifndef MERKATO_ACCESS_H
#define MERKATO_ACCESS_H

#include <stdint.h>

/* Bits: one person may hold several. Stored as a number in user.roles. */
#define ROLE_TABLE(X)                                     \
	X(CUSTOMER, 0, "customer")                        \
	X(VENDOR, 1, "vendor") /* the store's owner */    \
	X(STAFF, 2, "staff")   /* a vendor's employee */  \
	X(DELIVERY, 3, "delivery")                        \
	X(ADMIN, 4, "admin") /* limited to permissions */ \
	X(SUPER, 5, "super_admin")

enum role {
#define X(name, bit, text) ROLE_##name = 1 << (bit),
	ROLE_TABLE(X)
#undef X
		ROLE_SYSTEM =
			1 << 6, /* jobs and the command line; never stored */
	ROLE_CLIENT = 1 << 7,   /* an OAuth client acting for itself */
	ROLE_ANYONE = 1 << 8,   /* said aloud on public routes */
	/* Anyone who has signed in. */
	ROLE_USER = ROLE_CUSTOMER | ROLE_VENDOR | ROLE_STAFF | ROLE_DELIVERY |
	            ROLE_ADMIN | ROLE_SUPER,
	/* Who works in a store; staff needs the route's permission. */
	ROLE_STORE = ROLE_VENDOR | ROLE_STAFF,
	/* Who moderates; a limited admin needs the route's permission. */
	ROLE_MODERATOR = ROLE_ADMIN | ROLE_SUPER
};

/* Bits of a vendor's staff (low half) and of limited admins (high half). */
#define PERMISSION_TABLE(X)                      \
	X(STAFF_PRODUCTS, 0, "products")         \
	X(STAFF_INVENTORY, 1, "inventory")       \
	X(STAFF_ORDERS, 2, "orders")             \
	X(STAFF_REVIEWS, 3, "reviews")           \
	X(STAFF_PAYOUTS_READ, 4, "payouts:read") \
	X(ADMIN_PRODUCTS, 16, "products")        \
	X(ADMIN_REVIEWS, 17, "reviews")          \
	X(ADMIN_QUESTIONS, 18, "questions")      \
	X(ADMIN_VENDORS, 19, "vendors")          \
	X(ADMIN_USERS, 20, "users")              \
	X(ADMIN_ORDERS, 21, "orders")            \
	X(ADMIN_DISPUTES, 22, "disputes")        \
	X(ADMIN_PAYOUTS, 23, "payouts")          \
	X(ADMIN_CATEGORIES, 24, "categories")    \
	X(ADMIN_SETTINGS, 25, "settings")        \
	X(ADMIN_REPORTS, 26, "reports")

enum permission {
#define X(name, bit, text) MAY_##name = 1 << (bit),
	PERMISSION_TABLE(X)
#undef X
		MAY_STAFF_ALL = 0x0000001f,
	MAY_ADMIN_ALL = 0x07ff0000
};

#endif
