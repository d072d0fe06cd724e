/* MagickWand 6 or 7, whose headers do not compile under our warnings. */
#ifndef MERKATO_MAGICK_H
#define MERKATO_MAGICK_H

#pragma GCC system_header

#ifdef HAVE_MAGICKWAND_MAGICKWAND_H
#include <MagickWand/MagickWand.h>
#include <MagickCore/policy.h>
#else
#include <wand/MagickWand.h>
#include <magick/policy.h>
#endif

#endif
