libmerkato_a_SOURCES += \
	%D%/base/arena.c \
	%D%/base/buf.c \
	%D%/base/crypto.c \
	%D%/base/ctx.c \
	%D%/base/id.c \
	%D%/base/json.c \
	%D%/base/log.c \
	%D%/base/metrics.c \
	%D%/base/rc.c \
	%D%/base/settings.c \
	%D%/base/shape.c \
	%D%/base/text.c \
	%D%/base/value.c \
	%D%/confine.c \
	%D%/http/client.c \
	%D%/http/form.c \
	%D%/http/html.c \
	%D%/http/html_page.c \
	%D%/http/multipart.c \
	%D%/http/mustache.c \
	%D%/http/request.c \
	%D%/http/token.c \
	%D%/listen.c \
	%D%/master.c \
	%D%/scoreboard.c \
	%D%/transport.c \
	%D%/worker.c
