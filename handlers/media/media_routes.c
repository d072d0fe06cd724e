#include "config.h"

#include "handlers/media/media_inside.h"

#define POSITION_MAX 1000

static const struct field new_fields[] = {
	FIELD(image_new, product_id, .flags = REQUIRED),
	FIELD(image_new, alt, .max = 200,
	      .help = "What it shows, for who cannot see"),
	FIELD(image_new, position, .flags = NULLABLE, .max = POSITION_MAX,
	      .help = "Behind the others unless told"),
	FIELD(image_new, is_primary),
	FIELDS_END,
};
const struct shape image_new_shape = SHAPE(image_new, new_fields);

static const struct field change_fields[] = {
	FIELD(image_change, alt, .max = 200),
	FIELD(image_change, position, .max = POSITION_MAX),
	FIELD(image_change, is_primary,
	      .help = "true makes it stand for the product"),
	FIELDS_END,
};
const struct shape image_change_shape =
	SHAPE_PATCH(image_change, change_fields);

static const char *const orderings[] = { "-created_at", "position", NULL };

static const char *const upload_errors[] = { "not_a_picture",
	                                     "too_many_pictures", "store_full",
	                                     NULL };

/* The whole path is in one pool, since web servers choose by path. */
const struct route media_routes[] = {
	{ "GET", "/api/product-images", media_images_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .pool = POOL_SLOW, .query = &image_query_shape,
	  .reply = &product_image_shape, .list = true, .orderings = orderings,
	  .summary = "Pictures of products on sale, and a store's own" },
	{ "POST", "/api/product-images", media_images_post, .who = ROLE_STORE,
	  .permission = MAY_STAFF_PRODUCTS, .limit = LIMIT_WRITE,
	  .pool = POOL_SLOW, .body = &image_new_shape,
	  .body_kind = BODY_MULTIPART, .reply = &product_image_shape,
	  .status = 201, .errors = upload_errors,
	  .summary = "Upload a picture as the form's file \"image\"; it is "
	             "worked on in the background" },
	{ "GET", "/api/product-images/{id}", media_image_get,
	  .who = ROLE_ANYONE, .limit = LIMIT_READ, .pool = POOL_SLOW,
	  .reply = &product_image_shape, .summary = "One picture" },
	{ "PATCH", "/api/product-images/{id}", media_image_patch,
	  .who = ROLE_STORE, .permission = MAY_STAFF_PRODUCTS,
	  .limit = LIMIT_WRITE, .pool = POOL_SLOW, .body = &image_change_shape,
	  .reply = &product_image_shape,
	  .summary = "Change text, place or primary mark of a picture" },
	{ "DELETE", "/api/product-images/{id}", media_image_delete,
	  .who = ROLE_STORE, .permission = MAY_STAFF_PRODUCTS,
	  .limit = LIMIT_WRITE, .pool = POOL_SLOW, .status = 204,
	  .summary = "Take a picture off a product" },
	{ "GET", "/api/files/{token}", media_file_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .type = "*/*",
	  .summary = "A private file, by a signed link that soon expires" },
	{ 0 },
};
