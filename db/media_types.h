/* Pictures of products as rows and as the API shows them. */
#ifndef MERKATO_MEDIA_TYPES_H
#define MERKATO_MEDIA_TYPES_H

#include "fcgi/base/shape.h"

struct media_thumbnail {
	int width, height; /* as sent: at most the original's */
	const char *webp, *jpeg;
};

struct product_image {
	struct id id, product_id, vendor_id;
	const char *status; /* processing, ready, refused */
	const char *reason_code, *reason;
	const char *alt;
	int position;
	bool is_primary;
	int width, height; /* of the original, turned upright; 0 = not known */
	const char *stem;  /* never sent */
	const char *url;   /* the largest as JPEG; NULL unless ready */
	struct media_thumbnail *thumbnails;
	size_t n_thumbnails;
	int64_t version;
	struct when created_at, updated_at;
};
extern const struct shape product_image_shape;

#endif
