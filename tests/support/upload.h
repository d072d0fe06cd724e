/* Pictures sent by forms, in process. */
#ifndef MERKATO_TEST_UPLOAD_H
#define MERKATO_TEST_UPLOAD_H

#include "tests/support/people.h"
#include "tests/support/pictures.h"

/* "Content-Type: multipart/form-data; …" of upload_form. */
extern const char upload_type[];
/* A form with the file in file_field, under a name that climbs; fields are
 * "name=value", NULL-terminated. */
struct bytes_of upload_form(struct bytes_of file, const char *file_field,
                            const char *const *fields);
/* POST /api/product-images/ with product_id and further fields. */
#define upload(who, product, file, ...)       \
	upload_with((who), (product), (file), \
	            (const char *const[]){ NULL, ##__VA_ARGS__, NULL } + 1)
const struct answered *upload_with(const struct person *who, struct id product,
                                   struct bytes_of file,
                                   const char *const *more);

#endif
