libmerkato_a_SOURCES += \
	%D%/base/arena.c \
	%D%/base/buf.c \
	%D%/base/ctx.c \
	%D%/base/rc.c
