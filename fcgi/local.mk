libmerkato_a_SOURCES += \
	%D%/base/arena.c \
	%D%/base/buf.c \
	%D%/base/crypto.c \
	%D%/base/ctx.c \
	%D%/base/id.c \
	%D%/base/log.c \
	%D%/base/metrics.c \
	%D%/base/rc.c \
	%D%/base/settings.c \
	%D%/base/value.c \
	%D%/http/client.c \
	%D%/http/html.c \
	%D%/http/html_page.c \
	%D%/http/mustache.c
