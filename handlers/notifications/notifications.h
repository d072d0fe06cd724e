/*
 * Tells people what has happened. Nobody calls this module: others add an
 *outbox event in their transaction, and its topic decides. An event is told
 *when there is a template mail/<topic>.txt (and .html); its payload is what the
 *template sees, beside base_url. To whom:
 *
 *	"email" in the payload (with "name", "locale"): that address;
 *	else "user_id" or "customer_id": that user;
 *	else "vendor_id": the owner of that store.
 *
 * For topics of a store (vendor., product., variant., vendor_order., payout.)
 *the store comes first; the template sees the recipient's name as to_name.
 *Topics of accounts are always mailed; others unless the person has turned them
 *off, and they also become a notice in the product. The first line of the .txt
 *is "Subject: …".
 */
#ifndef MERKATO_NOTIFICATIONS_H
#define MERKATO_NOTIFICATIONS_H

#include "fcgi/http/route.h"
#include "handlers/jobs.h"

extern const struct route notifications_routes[];

/* For handlers/jobs_table.c: every topic that has somebody to tell. */
enum rc notifications_consume(struct ctx *c, const struct outbox_event *e);
/* Sends again what could not be sent: after 1, 5, 30, 120 minutes, 12 hours. */
enum rc notifications_job_send(struct ctx *c, bool *more);

#endif
