libmerkato_a_SOURCES += %D%/jobs.c
libmerkato_a_SOURCES += %D%/jobs_table.c
libmerkato_a_SOURCES += \
	%D%/routes.c \
	%D%/start.c
libmerkato_a_SOURCES += %D%/touches.c

# A line for each module's folder.
include handlers/accounts/local.mk
include handlers/catalog/local.mk
include handlers/console/local.mk
include handlers/discovery/local.mk
include handlers/ledger/local.mk
include handlers/media/local.mk
include handlers/notifications/local.mk
include handlers/operations/local.mk
include handlers/orders/local.mk
include handlers/payments/local.mk
include handlers/reviews/local.mk
include handlers/shipping/local.mk
