/* What the files of payments share. */
#ifndef MERKATO_PAYMENTS_INSIDE_H
#define MERKATO_PAYMENTS_INSIDE_H

#include "fcgi/http/request.h"
#include "handlers/payments/payments.h"

/* A payment that nobody told us about is asked for after this time. */
enum { PAYMENT_FIRST_CHECK_S = 120 };

extern const struct shape payment_row_shape;

struct sandbox_choice {
	const char *action; /* "pay" or "decline" */
};

enum rc payments_webhook_post(struct req *r);
enum rc payments_return_get(struct req *r);
enum rc sandbox_page_get(struct req *r);
enum rc sandbox_page_post(struct req *r);

#endif
