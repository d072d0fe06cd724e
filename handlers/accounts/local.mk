libmerkato_a_SOURCES += \
	handlers/accounts/accounts_audit.c \
	handlers/accounts/accounts_auth_http.c \
	handlers/accounts/accounts_bank.c \
	handlers/accounts/accounts_briefs.c \
	handlers/accounts/accounts_common.c \
	handlers/accounts/accounts_hours.c \
	handlers/accounts/accounts_identify.c \
	handlers/accounts/accounts_jobs.c \
	handlers/accounts/accounts_links.c \
	handlers/accounts/accounts_login.c \
	handlers/accounts/accounts_me.c \
	handlers/accounts/accounts_passwords.c \
	handlers/accounts/accounts_register.c \
	handlers/accounts/accounts_routes.c \
	handlers/accounts/accounts_security.c \
	handlers/accounts/accounts_sessions.c \
	handlers/accounts/accounts_slots.c \
	handlers/accounts/accounts_stores.c \
	handlers/accounts/accounts_stores_http.c \
	handlers/accounts/accounts_stores_routes.c \
	handlers/accounts/accounts_throttle.c \
	handlers/accounts/accounts_totp.c \
	handlers/accounts/accounts_users_http.c

# The list of common passwords as a C string.
EXTRA_DIST += handlers/accounts/common_passwords.txt
BUILT_SOURCES += handlers/accounts/common_passwords.inc
CLEANFILES += handlers/accounts/common_passwords.inc
handlers/accounts/common_passwords.inc: handlers/accounts/common_passwords.txt
	$(AM_V_GEN)$(MKDIR_P) handlers/accounts && \
	sed 's/.*/"&\\n"/' $(srcdir)/handlers/accounts/common_passwords.txt >$@
