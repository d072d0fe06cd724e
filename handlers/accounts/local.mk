libmerkato_a_SOURCES += handlers/accounts/accounts_admin_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_admin_routes.c
libmerkato_a_SOURCES += handlers/accounts/accounts_audit.c
libmerkato_a_SOURCES += handlers/accounts/accounts_auth_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_bank.c
libmerkato_a_SOURCES += handlers/accounts/accounts_briefs.c
libmerkato_a_SOURCES += handlers/accounts/accounts_cases.c
libmerkato_a_SOURCES += handlers/accounts/accounts_clients_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_common.c
libmerkato_a_SOURCES += handlers/accounts/accounts_documents_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_hours.c
libmerkato_a_SOURCES += handlers/accounts/accounts_identify.c
libmerkato_a_SOURCES += handlers/accounts/accounts_invite.c
libmerkato_a_SOURCES += handlers/accounts/accounts_invite_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_jobs.c
libmerkato_a_SOURCES += handlers/accounts/accounts_links.c
libmerkato_a_SOURCES += handlers/accounts/accounts_login.c
libmerkato_a_SOURCES += handlers/accounts/accounts_logo.c
libmerkato_a_SOURCES += handlers/accounts/accounts_me.c
libmerkato_a_SOURCES += handlers/accounts/accounts_oauth.c
libmerkato_a_SOURCES += handlers/accounts/accounts_oauth_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_oauth_routes.c
libmerkato_a_SOURCES += handlers/accounts/accounts_oidc.c
libmerkato_a_SOURCES += handlers/accounts/accounts_oidc_enter.c
libmerkato_a_SOURCES += handlers/accounts/accounts_oidc_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_oidc_routes.c
libmerkato_a_SOURCES += handlers/accounts/accounts_pages_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_password_rules.c
libmerkato_a_SOURCES += handlers/accounts/accounts_passwords.c
libmerkato_a_SOURCES += handlers/accounts/accounts_person_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_person_routes.c
libmerkato_a_SOURCES += handlers/accounts/accounts_register.c
libmerkato_a_SOURCES += handlers/accounts/accounts_roles.c
libmerkato_a_SOURCES += handlers/accounts/accounts_routes.c
libmerkato_a_SOURCES += handlers/accounts/accounts_security.c
libmerkato_a_SOURCES += handlers/accounts/accounts_sessions.c
libmerkato_a_SOURCES += handlers/accounts/accounts_slots.c
libmerkato_a_SOURCES += handlers/accounts/accounts_staff_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_stores.c
libmerkato_a_SOURCES += handlers/accounts/accounts_stores_http.c
libmerkato_a_SOURCES += handlers/accounts/accounts_stores_routes.c
libmerkato_a_SOURCES += handlers/accounts/accounts_throttle.c
libmerkato_a_SOURCES += handlers/accounts/accounts_totp.c
libmerkato_a_SOURCES += handlers/accounts/accounts_users_http.c

# The list of common passwords as a C string.
EXTRA_DIST += handlers/accounts/common_passwords.txt
BUILT_SOURCES += handlers/accounts/common_passwords.inc
CLEANFILES += handlers/accounts/common_passwords.inc
handlers/accounts/common_passwords.inc: handlers/accounts/common_passwords.txt
	$(AM_V_GEN)$(MKDIR_P) handlers/accounts && \
	sed 's/.*/"&\\n"/' $(srcdir)/handlers/accounts/common_passwords.txt >$@
