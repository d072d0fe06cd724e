/*
 * Pictures of products, and files that only few may see. A picture is uploaded,
 * looked at, kept aside and answered as "processing"; the job runner has it
 * re-encoded by merkato-image, normally within a second, and it becomes "ready"
 * or "refused". What shoppers are sent are only our own files, named by their
 * content, so links never go stale.
 *
 * product.picture holds a stem, "p/<product>/<hash>": media_url makes a link of
 * it. media keeps product.picture_id, picture, picture_alt and n_pictures.
 */
#ifndef MERKATO_MEDIA_H
#define MERKATO_MEDIA_H

#include "db/media_types.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/shape.h"
#include "fcgi/http/request.h"
#include "fcgi/http/route.h"

struct outbox_event;

extern const struct route media_routes[];

/* Widths that every picture is kept in; narrower originals are not enlarged. */
enum media_width { MEDIA_SMALL = 160, MEDIA_MEDIUM = 480, MEDIA_LARGE = 960 };

/*
 * What follows for the catalog when pictures of a product have changed, in the
 * transaction of the change: catalog_product_changed, handed over at start, so
 * that media needs not know the catalog.
 */
typedef enum rc media_changed(struct ctx *c, struct id product,
                              const char *field, const char *old_value,
                              const char *new_value);
void media_on_change(media_changed *changed);

/* The link of one file of a stem, through the CDN if one is set: type is "webp"
 * or "jpg". NULL stem gives NULL. */
const char *media_url(struct ctx *c, const char *stem, enum media_width width,
                      const char *type);

/* The ready pictures of these products, by product, primary first, then by
 * position; with links. One statement. */
CHECKED enum rc media_list_of_products(struct ctx *c, const struct id *products,
                                       size_t n_products,
                                       struct product_image **out, size_t *n);
/* A product goes: its pictures with it, their files later. In the caller's
 * transaction. */
CHECKED enum rc media_delete_of_product(struct ctx *c, struct id product);

/*
 * Files for few eyes: identity papers, evidence. Type by content: JPEG, PNG,
 * PDF of at most upload_max_mb. Kept outside of everything that is served.
 */
struct private_file {
	const char *name; /* key to keep in your row */
	const char *type; /* by content */
	int64_t size;
};
/* Puts the file into the store, outside of any transaction; it goes after a day
 * unless it is adopted. RC_UNSUPPORTED for other content. kind is a literal
 * such as "document". */
CHECKED enum rc media_private_keep(struct ctx *c, const char *kind,
                                   struct id owner, const struct part *file,
                                   struct private_file *out);
/* In the transaction that writes the row which names it. */
CHECKED enum rc media_private_adopt(struct ctx *c, const char *name);
/* A link that opens the file for so many seconds (at most 900), for whom the
 * caller has checked; each use is logged with the actor it was made for. */
const char *media_private_link(struct ctx *c, const char *name, int seconds);
/* Gone at once for links, from the store by the sweep; in the transaction that
 * deletes the row. */
CHECKED enum rc media_private_drop(struct ctx *c, const char *name);

/*
 * A picture of something that is no product, such as a store's logo. It is kept
 * aside outside of transactions; the row that names its source and the request
 * to work on it are one transaction. The job runner then tells what became of
 * it: the stem of its files, or why it was refused.
 */
CHECKED enum rc media_single_keep(struct ctx *c, const struct part *file,
                                  const char **source);
CHECKED enum rc media_single_work(struct ctx *c, struct id owner,
                                  const char *source);
/* Files of a stem are wanted, or go after a week: pages that are open keep
 * them. In the transaction of the row that names the stem. */
CHECKED enum rc media_stem_use(struct ctx *c, const char *stem);
CHECKED enum rc media_stem_drop(struct ctx *c, const char *stem);
/* stem NULL: refused says why. Its own transaction; may come twice. */
typedef enum rc media_single_done(struct ctx *c, struct id owner,
                                  const char *source, const char *stem,
                                  const char *refused);
void media_on_single(media_single_done *done);
/* "too_small" … as a sentence for people. */
const char *media_refusal(const char *code);

/* Demonstration data: draws the picture number seed (the same every time), puts
 * its files into the store and gives its stem and size; make rows of it with
 * media_demo_attach. */
struct demo_picture {
	const char *stem;
	int width, height;
	int64_t bytes;
};
CHECKED enum rc media_demo_picture(struct ctx *c, unsigned seed,
                                   struct demo_picture *out);
struct demo_image {
	struct id product_id, vendor_id;
	const char *alt;
	const struct demo_picture *picture;
};
/* One ready primary picture for each of n products, many rows a statement; also
 * fills product.picture… */
CHECKED enum rc media_demo_attach(struct ctx *c, const struct demo_image *rows,
                                  size_t n);

/* For the tables of jobs and consumers. */
enum rc media_process(struct ctx *c, const struct outbox_event *e);
enum rc media_single_process(struct ctx *c, const struct outbox_event *e);
enum rc media_sweep(struct ctx *c, bool *more);

#endif
