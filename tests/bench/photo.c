/* A photograph of 12 megapixels, drawn: a JPEG as telephones send them. Writes
 * it to the file that is named. */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>

#include "uploads/magick.h"

enum { WIDTH = 4000, HEIGHT = 3000 };

int main(int argc, char **argv)
{
	bool ok = false;

	if (argc != 2)
		return EXIT_FAILURE;
	MagickWandGenesis();
	MagickWand *w = NewMagickWand();
	/* Clouds of colour: as hard to read as a picture of a market. */
	if (w && MagickSetSize(w, WIDTH / 4, HEIGHT / 4) &&
	    MagickReadImage(w, "plasma:tomato-steelblue") &&
	    MagickResizeImage(w, WIDTH, HEIGHT, TriangleFilter, 1) &&
	    MagickSetImageFormat(w, "JPEG") &&
	    MagickSetImageCompressionQuality(w, 88))
		ok = MagickWriteImage(w, argv[1]);
	if (w)
		DestroyMagickWand(w);
	MagickWandTerminus();
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
