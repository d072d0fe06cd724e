# Each test program is built by `make check`; those in TESTS need no server but
# the private database that tests/with-db starts around them.
check_LIBRARIES = %D%/support/libcheck.a
tests_support_libcheck_a_SOURCES = \
	%D%/support/api.c \
	%D%/support/api.h \
	%D%/support/api_at.c \
	%D%/support/api_join.c \
	%D%/support/api_join.h \
	%D%/support/api_shop.c \
	%D%/support/api_shop.h \
	%D%/support/api_stack.c \
	%D%/support/api_stack.h \
	%D%/support/check.c \
	%D%/support/check.h \
	%D%/support/database.c \
	%D%/support/database.h \
	%D%/support/fake_request.c \
	%D%/support/fake_request.h \
	%D%/support/fastcgi_client.c \
	%D%/support/fastcgi_client.h \
	%D%/support/goods.c \
	%D%/support/goods.h \
	%D%/support/imports.c \
	%D%/support/imports.h \
	%D%/support/http_double.c \
	%D%/support/http_double.h \
	%D%/support/inproc.c \
	%D%/support/inproc.h \
	%D%/support/lint_html.c \
	%D%/support/lint_html.h \
	%D%/support/opensearch_counts.c \
	%D%/support/opensearch_documents.c \
	%D%/support/opensearch_double.c \
	%D%/support/opensearch_double.h \
	%D%/support/opensearch_inside.h \
	%D%/support/opensearch_query.c \
	%D%/support/orders.c \
	%D%/support/orders.h \
	%D%/support/people.c \
	%D%/support/people.h \
	%D%/support/pictures.c \
	%D%/support/pictures.h \
	%D%/support/places.c \
	%D%/support/places.h \
	%D%/support/searching.c \
	%D%/support/searching.h \
	%D%/support/shop.c \
	%D%/support/shop.h \
	%D%/support/schema_check.c \
	%D%/support/schema_check.h \
	%D%/support/sql_faults.c \
	%D%/support/sql_faults.h \
	%D%/support/sql_thing.c \
	%D%/support/sql_thing.h \
	%D%/support/upload.c \
	%D%/support/upload.h \
	%D%/support/things.c \
	%D%/support/things.h \
	%D%/support/webdriver.c \
	%D%/support/webdriver.h
tests_support_libcheck_a_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)

UNIT_LIBS = %D%/support/libcheck.a $(MERKATO_LIBS) $(CUNIT_LIBS)
UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
AM_TESTS_ENVIRONMENT = top_srcdir='$(abs_top_srcdir)'; export top_srcdir;
# What hangs has failed.
LOG_COMPILER = timeout
AM_LOG_FLAGS = -k 5 240

EXTRA_DIST += %D%/with-db

# A program for each file: unit/test_x is made from unit/test_x.c.
AM_DEFAULT_SOURCE_EXT = .c
LDADD = $(UNIT_LIBS)

UNIT_TESTS =
UNIT_TESTS += %D%/unit/test_access
UNIT_TESTS += %D%/unit/test_accounts
UNIT_TESTS += %D%/unit/test_answer
UNIT_TESTS += %D%/unit/test_arena
UNIT_TESTS += %D%/unit/test_cache
UNIT_TESTS += %D%/unit/test_catalog
UNIT_TESTS += %D%/unit/test_catalog_faults
UNIT_TESTS += %D%/unit/test_catalog_page
UNIT_TESTS += %D%/unit/test_catalog_tree
UNIT_TESTS += %D%/unit/test_client
UNIT_TESTS += %D%/unit/test_commands
UNIT_TESTS += %D%/unit/test_console
UNIT_TESTS += %D%/unit/test_counts
UNIT_TESTS += %D%/unit/test_crypto
UNIT_TESTS += %D%/unit/test_discovery
UNIT_TESTS += %D%/unit/test_dispatch
UNIT_TESTS += %D%/unit/test_dispatch_answers
UNIT_TESTS += %D%/unit/test_dispatch_input
UNIT_TESTS += %D%/unit/test_document
UNIT_TESTS += %D%/unit/test_engine
UNIT_TESTS += %D%/unit/test_engine_faults
UNIT_TESTS += %D%/unit/test_form
UNIT_TESTS += %D%/unit/test_import
UNIT_TESTS += %D%/unit/test_import_together
UNIT_TESTS += %D%/unit/test_json
UNIT_TESTS += %D%/unit/test_ledger
UNIT_TESTS += %D%/unit/test_limit
UNIT_TESTS += %D%/unit/test_looks
UNIT_TESTS += %D%/unit/test_mail
UNIT_TESTS += %D%/unit/test_media
UNIT_TESTS += %D%/unit/test_media_faults
UNIT_TESTS += %D%/unit/test_metrics
UNIT_TESTS += %D%/unit/test_migrate
UNIT_TESTS += %D%/unit/test_multipart
UNIT_TESTS += %D%/unit/test_mustache
UNIT_TESTS += %D%/unit/test_names
UNIT_TESTS += %D%/unit/test_nearby
UNIT_TESTS += %D%/unit/test_notifications
UNIT_TESTS += %D%/unit/test_oauth
UNIT_TESTS += %D%/unit/test_oidc
UNIT_TESTS += %D%/unit/test_openapi
UNIT_TESTS += %D%/unit/test_order_faults
UNIT_TESTS += %D%/unit/test_orders
UNIT_TESTS += %D%/unit/test_outbox
UNIT_TESTS += %D%/unit/test_payments
UNIT_TESTS += %D%/unit/test_people
UNIT_TESTS += %D%/unit/test_pictures
UNIT_TESTS += %D%/unit/test_process
UNIT_TESTS += %D%/unit/test_program
UNIT_TESTS += %D%/unit/test_query
UNIT_TESTS += %D%/unit/test_races
UNIT_TESTS += %D%/unit/test_refunds
UNIT_TESTS += %D%/unit/test_reply
UNIT_TESTS += %D%/unit/test_reviews
UNIT_TESTS += %D%/unit/test_route
UNIT_TESTS += %D%/unit/test_s3_sign
UNIT_TESTS += %D%/unit/test_second_factor
UNIT_TESTS += %D%/unit/test_security
UNIT_TESTS += %D%/unit/test_search
UNIT_TESTS += %D%/unit/test_screening
UNIT_TESTS += %D%/unit/test_settings
UNIT_TESTS += %D%/unit/test_shape
UNIT_TESTS += %D%/unit/test_sql
UNIT_TESTS += %D%/unit/test_sql_faults
UNIT_TESTS += %D%/unit/test_staff
UNIT_TESTS += %D%/unit/test_stock
UNIT_TESTS += %D%/unit/test_stores
UNIT_TESTS += %D%/unit/test_stores_near
UNIT_TESTS += %D%/unit/test_text
UNIT_TESTS += %D%/unit/test_timeline
UNIT_TESTS += %D%/unit/test_token
UNIT_TESTS += %D%/unit/test_touches
UNIT_TESTS += %D%/unit/test_value
UNIT_TESTS += %D%/unit/test_velocity
# Programs that make statements fail (support/sql_faults.h) are linked so.
SQL_FAULTS_LINK = $(AM_LDFLAGS) -Wl,--wrap=mysql_stmt_execute \
	-Wl,--wrap=mysql_stmt_errno -Wl,--wrap=mysql_commit \
	-Wl,--wrap=mysql_errno
%C%_unit_test_order_faults_LDFLAGS = $(SQL_FAULTS_LINK)
%C%_unit_test_sql_faults_LDFLAGS = $(SQL_FAULTS_LINK)
%C%_unit_test_catalog_faults_LDFLAGS = $(SQL_FAULTS_LINK)
%C%_unit_test_media_faults_LDFLAGS = $(SQL_FAULTS_LINK)
%C%_unit_test_import_together_LDFLAGS = $(SQL_FAULTS_LINK)
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

# Everything that parses, run over its seeds (tests/fuzz/fuzz.h).
check_LIBRARIES += %D%/fuzz/libreplay.a %D%/fuzz/libfuzzctx.a
%C%_fuzz_libreplay_a_SOURCES = %D%/fuzz/replay.c
%C%_fuzz_libfuzzctx_a_SOURCES = \
	%D%/fuzz/fuzz.h \
	%D%/fuzz/fuzz_ctx.c
REPLAY = %D%/fuzz/libreplay.a
FUZZ_LIBS = $(REPLAY) %D%/fuzz/libfuzzctx.a $(UNIT_LIBS)
FUZZ_TESTS =
FUZZ_TESTS += %D%/fuzz/fuzz_cookie
FUZZ_TESTS += %D%/fuzz/fuzz_form
FUZZ_TESTS += %D%/fuzz/fuzz_gate
FUZZ_TESTS += %D%/fuzz/fuzz_json
FUZZ_TESTS += %D%/fuzz/fuzz_multipart
FUZZ_TESTS += %D%/fuzz/fuzz_picture
FUZZ_TESTS += %D%/fuzz/fuzz_search
FUZZ_TESTS += %D%/fuzz/fuzz_token
%C%_fuzz_fuzz_cookie_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_form_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_gate_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_json_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_multipart_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_picture_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_search_LDADD = $(FUZZ_LIBS)
%C%_fuzz_fuzz_token_LDADD = $(FUZZ_LIBS)
check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)
EXTRA_DIST += %D%/fuzz/seeds

# Against strict doubles of outside services.
CONTRACT_TESTS =
CONTRACT_TESTS += %D%/contract/test_s3
# Against a real server: ./dev check long.
check_PROGRAMS += %D%/contract/s3_server
%C%_contract_test_s3_SOURCES = \
	%D%/contract/s3_double.c \
	%D%/contract/s3_double.h \
	%D%/contract/test_s3.c
check_PROGRAMS += $(CONTRACT_TESTS)
TESTS += $(CONTRACT_TESTS)

# Tests through the front door, against the stack that MERKATO_DEV_JSON names:
# ./dev check api runs them (tests/support/api.h).
API_TESTS =
API_TESTS += %D%/api/api_access
API_TESTS += %D%/api/api_cache
API_TESTS += %D%/api/api_foreign
API_TESTS += %D%/api/api_after_sale
API_TESTS += %D%/api/api_catalog
API_TESTS += %D%/api/api_console
API_TESTS += %D%/api/api_discovery
API_TESTS += %D%/api/api_house
API_TESTS += %D%/api/api_import
API_TESTS += %D%/api/api_input
API_TESTS += %D%/api/api_keys
API_TESTS += %D%/api/api_media
API_TESTS += %D%/api/api_moderation
API_TESTS += %D%/api/api_oidc
API_TESTS += %D%/api/api_orders
API_TESTS += %D%/api/api_people
API_TESTS += %D%/api/api_resilience
API_TESTS += %D%/api/api_queries
API_TESTS += %D%/api/api_sale
API_TESTS += %D%/api/api_smoke
API_TESTS += %D%/api/api_stores
API_TESTS += %D%/api/api_timeline
API_TESTS += %D%/api/api_views
API_TESTS += %D%/api/api_watch
API_TESTS += %D%/api/replies
%C%_api_api_cache_SOURCES = \
	%D%/api/api_cache.c \
	%D%/api/api_cache.h \
	%D%/api/api_cache_goods.c \
	%D%/api/api_cache_reads.c \
	%D%/api/api_cache_sales.c
check_PROGRAMS += $(API_TESTS)

EXTRA_DIST += %D%/contract/oidc

# In a real browser, against the same stack: ./dev check browser.
BROWSER_TESTS =
BROWSER_TESTS += %D%/browser/browser_console
BROWSER_TESTS += %D%/browser/browser_sale
check_PROGRAMS += $(BROWSER_TESTS)

# Compiles every test program without running it.
compile-tests: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_LIBRARIES) $(check_PROGRAMS)
.PHONY: compile-tests

# What ./dev bench compares with.
EXTRA_PROGRAMS += %D%/bench/null_responder %D%/bench/hash_rate \
	%D%/bench/bare_write %D%/bench/photo
%C%_bench_bare_write_LDADD = libmerkato.a $(MERKATO_LIBS)
%C%_bench_hash_rate_LDADD = $(MERKATO_LIBS)
%C%_bench_null_responder_LDADD = $(LIBS_PKG_LIBS)
%C%_bench_photo_CPPFLAGS = $(AM_CPPFLAGS) $(MAGICK_CFLAGS)
%C%_bench_photo_LDADD = $(MAGICK_LIBS)
EXTRA_DIST += %D%/bench/bench.sh %D%/bench/cases.sh %D%/bench/catalog.sh \
	%D%/bench/measure.sh %D%/bench/writes.sh %D%/bench/fronts.sh \
	%D%/bench/login.lua %D%/bench/rotate.lua
