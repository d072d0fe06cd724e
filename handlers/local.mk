libmerkato_a_SOURCES += \
	%D%/routes.c \
	%D%/start.c

# A line for each module's folder.
include handlers/accounts/local.mk
include handlers/operations/local.mk
