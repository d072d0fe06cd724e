# A line for each module's folder.
include handlers/accounts/local.mk
