#include "config.h"

#include "tests/fuzz/fuzz.h"
#include "uploads/sniff.h"

/* What the first look lets through has a size that may be decoded. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct picture_facts f;

	if (sniff_picture(data, n, &f))
		return 0;
	if (f.format == PICTURE_NONE || f.width < PICTURE_SIDE_MIN ||
	    f.height < PICTURE_SIDE_MIN || f.width > PICTURE_SIDE_MAX ||
	    f.height > PICTURE_SIDE_MAX ||
	    (int64_t)f.width * f.height > PICTURE_PIXELS_MAX)
		__builtin_trap();
	return 0;
}
