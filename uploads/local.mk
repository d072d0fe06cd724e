# What people send.
libmerkato_a_SOURCES += %D%/image.c
libmerkato_a_SOURCES += %D%/s3_sign.c
libmerkato_a_SOURCES += %D%/sniff.c
libmerkato_a_SOURCES += %D%/store.c
libmerkato_a_SOURCES += %D%/store_disk.c
libmerkato_a_SOURCES += %D%/store_s3.c

# The only program that links the picture library; started for each file.
pkglibexec_PROGRAMS += merkato-image
merkato_image_SOURCES = \
	%D%/image_cage.c \
	%D%/image_cage.h \
	%D%/image_draw.c \
	%D%/image_draw.h \
	%D%/image_frames.h \
	%D%/image_main.c \
	%D%/magick.h \
	%D%/sniff.c \
	%D%/sniff.h
merkato_image_CPPFLAGS = $(AM_CPPFLAGS) $(MAGICK_CFLAGS)
merkato_image_LDADD = $(MAGICK_LIBS)
