libmerkato_a_SOURCES += \
	%D%/operations_commands.c \
	%D%/operations_http.c \
	%D%/operations_routes.c
