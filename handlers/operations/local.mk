libmerkato_a_SOURCES += \
	%D%/demo_words.c \
	%D%/operations_commands.c \
	%D%/operations_http.c \
	%D%/operations_routes.c
