libmerkato_a_SOURCES += \
	%D%/demo.c \
	%D%/demo_command.c \
	%D%/demo_make.c \
	%D%/demo_orders.c \
	%D%/demo_products.c \
	%D%/demo_reviews.c \
	%D%/demo_words.c \
	%D%/operations_commands.c \
	%D%/operations_http.c \
	%D%/operations_routes.c \
	%D%/operations_security.c
