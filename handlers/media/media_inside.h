/* Inside media: what its files share. Nothing here sees a request but the
 * handlers of media_http.c. */
#ifndef MERKATO_MEDIA_INSIDE_H
#define MERKATO_MEDIA_INSIDE_H

#include "db/media_db.h"
#include "handlers/media/media.h"
#include "uploads/image.h"

enum {
	PICTURES_MAX = 20,    /* of a product */
	ORPHAN_S = 7 * 86400, /* files that nobody shows any more */
	SOURCE_S = 86400,     /* uploads that were not worked on */
	ATTEMPTS_MAX = 3
};
#define STORE_BYTES_MAX ((int64_t)2 << 30) /* of one store */

/* What a new picture says of itself. */
struct image_new {
	struct id product_id;
	const char *alt;
	int position; /* INT_MIN = behind the others */
	bool is_primary;
};
/* What may be changed afterwards. */
struct image_change {
	const char *alt;
	int position;
	bool is_primary;
	uint64_t given;
};

/* A picture that is no picture is a type we do not take; one that is damaged or
 * too large is a bad value of the field "image". */
CHECKED enum rc media_look(struct ctx *c, const void *p, size_t n,
                           struct picture_facts *facts);
/* Looks at the upload for a product of the ctx's store and keeps it aside;
 * outside of transactions, since the file may travel. */
CHECKED enum rc media_receive(struct ctx *c, const struct image_new *in,
                              const void *p, size_t n, struct image_row *out);
/* Adds what was received to its product and has it worked on. */
CHECKED enum rc media_add(struct ctx *c, const struct image_new *in,
                          struct image_row *row);
CHECKED enum rc media_edit(struct ctx *c, struct image_row *row,
                           const struct image_change *in,
                           const struct shape *shape);
CHECKED enum rc media_remove(struct ctx *c, const struct image_row *row);

/* The product's own picture follows its pictures; under the product's lock. */
CHECKED enum rc media_refresh_product(struct ctx *c, struct id product,
                                      const char *was, const char *is);
/* Links of n pictures. */
void media_link_all(struct ctx *c, struct product_image *rows, size_t n);

/* "p/<product>/<hash>": by owner and content, so that no two pictures share
 * files. */
const char *media_stem(struct ctx *c, struct id product, struct id image,
                       const struct made_picture *made);
/* Writes the files down, then puts them into the store; they go after a while
 * unless media_db_files_until keeps them. */
CHECKED enum rc media_keep_files(struct ctx *c, struct id owner,
                                 const char *stem,
                                 const struct made_picture *made);
struct when media_after(const struct ctx *c, int seconds);

/* A whole upload in memory, mapped from its nameless file until the arena goes.
 */
CHECKED enum rc media_map(struct ctx *c, const struct part *file,
                          const void **p);

/* The signed link's other end: whose file, for whom. RC_NOT_FOUND when it is
 * forged or too old. */
CHECKED enum rc media_private_open(struct ctx *c, const char *token,
                                   struct media_file *out);

extern const struct shape image_new_shape, image_change_shape,
	image_query_shape;

enum rc media_images_get(struct req *r);
enum rc media_images_post(struct req *r);
enum rc media_image_get(struct req *r);
enum rc media_image_patch(struct req *r);
enum rc media_image_delete(struct req *r);
enum rc media_file_get(struct req *r);

#endif
