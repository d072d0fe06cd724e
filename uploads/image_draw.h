/* Pictures for demonstration data, drawn instead of copied. */
#ifndef MERKATO_IMAGE_DRAW_H
#define MERKATO_IMAGE_DRAW_H

#include "uploads/magick.h"

/* 960 x 720; the same number gives the same picture. NULL without memory. */
MagickWand *image_draw(unsigned long number);

#endif
