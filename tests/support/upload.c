#include "config.h"

#include "tests/support/upload.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "tests/support/goods.h"

const char upload_type[] = "Content-Type: multipart/form-data; boundary=XX";

struct bytes_of upload_form(struct bytes_of file, const char *file_field,
                            const char *const *fields)
{
	struct buf b;

	buf_init(&b, tc->arena, file.n + 1000);
	for (; fields && *fields; fields++) {
		const char *equals = strchr(*fields, '=');

		buf_fmt(&b,
		        "--XX\r\nContent-Disposition: form-data; "
		        "name=\"%.*s\"\r\n\r\n%s\r\n",
		        (int)(equals - *fields), *fields, equals + 1);
	}
	buf_fmt(&b,
	        "--XX\r\nContent-Disposition: form-data; name=\"%s\"; "
	        "filename=\"../../etc/passwd\"\r\nContent-Type: "
	        "text/html\r\n\r\n",
	        file_field);
	buf_put(&b, file.p, file.n);
	buf_puts(&b, "\r\n--XX--\r\n");
	return (struct bytes_of){ b.s, b.n };
}

const struct answered *upload_with(const struct person *who, struct id product,
                                   struct bytes_of file,
                                   const char *const *more)
{
	const char *fields[8] = { arena_fmt(tc->arena, "product_id=%s",
		                            text_of(product)) };
	const char *const headers[] = { upload_type, who->bearer, NULL };

	for (int i = 0; i < 6 && more[i]; i++)
		fields[i + 1] = more[i];
	struct bytes_of body = upload_form(file, "image", fields);
	return request_bytes("POST", "/api/product-images/", body.p, body.n,
	                     headers);
}
