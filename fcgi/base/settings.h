/*
 * Configuration: one file of KEY=VALUE lines (MERKATO_PORT=8080, as systemd,
 * docker and shells read them), environment variables of the same names over
 * it, and MERKATO_X_FILE to read a secret from a file. One table gives key,
 * type, default, bounds and help. An unknown key or bad value stops the start
 * with file and line.
 */
#ifndef MERKATO_SETTINGS_H
#define MERKATO_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * TEXT(name, default, help)  SECRET(name, help)  INT(name, default, min, max,
 * help)  BOOL(name, default, help) The key is MERKATO_ and the name in
 * capitals. Each module adds its rows here.
 */
/* clang-format off */
#define SETTINGS_TABLE(TEXT, SECRET, INT, BOOL)                                                                              \
	TEXT(base_url, "http://localhost:8080", "Public address of the shop's API, without a trailing slash")                \
	TEXT(hosts, "", "Host names served, with commas; empty = the one of base_url")                                       \
	TEXT(fast_socket, "/run/merkato/fast.sock", "FastCGI socket for reads, carts and small writes")                      \
	TEXT(slow_socket, "/run/merkato/slow.sock", "FastCGI socket for logins, uploads, exports and the console")           \
	TEXT(socket_group, "", "Group that may connect to the sockets (mode 0660): the web server's")                        \
	TEXT(user, "", "User the workers run as, when started as root")                                                      \
	INT(fast_workers, 0, 0, 256, "Workers of the fast pool; 0 = 2 for each core")                                        \
	INT(slow_workers, 2, 1, 256, "Workers of the slow pool")                                                             \
	BOOL(jobs, true, "Run the job runner beside the workers")                                                            \
	INT(fast_deadline_s, 10, 1, 600, "Longest request in the fast pool, in seconds")                                     \
	INT(slow_deadline_s, 50, 1, 600, "Longest request in the slow pool, in seconds")                                     \
	INT(worker_requests, 10000, 10, 100000000, "Requests after which a worker is replaced (plus up to 10 %)")            \
	INT(worker_memory_mb, 64, 16, 4096, "Memory in MB above which a worker is replaced")                                 \
	TEXT(pid_file, "", "Where the master writes its pid; empty = nowhere")                                               \
	TEXT(log_file, "", "Log file; empty = standard error")                                                               \
	TEXT(log_level, "info", "debug, info, warn or error")                                                                \
	TEXT(mysql_host, "localhost", "Database host; localhost = the socket")                                               \
	INT(mysql_port, 3306, 1, 65535, "Database port")                                                                     \
	TEXT(mysql_socket, "", "Database socket; empty = the client library's own")                                          \
	TEXT(mysql_database, "merkato", "Database name")                                                                     \
	TEXT(mysql_user, "merkato", "Database user")                                                                         \
	SECRET(mysql_password, "Database password")                                                                          \
	TEXT(mysql_admin_user, "", "User for migrations; empty = mysql_user")                                                \
	SECRET(mysql_admin_password, "Password of mysql_admin_user")                                                         \
	TEXT(mysql_ca, "", "CA file; set = TLS is required and verified")                                                    \
	TEXT(replica_host, "", "Read replica; empty = none")                                                                 \
	INT(replica_port, 3306, 1, 65535, "Port of the read replica")                                                        \
	TEXT(replica_socket, "", "Socket of the read replica")                                                               \
	TEXT(memcached, "", "memcached servers: /path/to.sock or host:port, with commas; empty = no cache")                  \
	SECRET(secret, "Master secret, at least 32 bytes; keys for each purpose are derived from it")                        \
	SECRET(jwt_keys, "Signing keys as kid[@Unix time]:secret, with commas; the first whose time has come signs; empty = derived")\
	INT(access_token_s, 900, 60, 900, "Life of an access token in seconds")                                              \
	INT(refresh_token_days, 30, 1, 365, "Life of a session in days")                                                     \
	INT(password_rounds, 600000, 1000, 10000000, "PBKDF2 rounds; below 600000 only for tests")                           \
	BOOL(require_2fa, false, "Admins need a second factor")                                                              \
	TEXT(currency, "ETB", "Settlement currency (ISO 4217)")                                                              \
	INT(currency_digits, 2, 0, 4, "Decimal digits of the currency")                                                      \
	TEXT(cors_origins, "", "Origins that browsers may call from, with commas")                                           \
	TEXT(trusted_proxies, "", "Addresses whose X-Forwarded-For is believed, with commas")                                \
	TEXT(metrics_allow, "127.0.0.1,::1", "Addresses that may read /metrics, with commas")                                \
	TEXT(limit_read, "6000/60", "Reads: requests/seconds for each address; 0 = none")                                    \
	TEXT(limit_write, "600/60", "Writes for each address")                                                               \
	TEXT(limit_auth, "60/60", "Logins, resets and token requests for each address")                                      \
	TEXT(limit_register, "30/3600", "Registrations for each address")                                                    \
	INT(cache_listing_s, 900, 1, 86400, "Life of cached listings in seconds")                                            \
	INT(cache_category_s, 86400, 1, 2592000, "Life of cached category trees in seconds")                                 \
	INT(cache_review_s, 1800, 1, 86400, "Life of cached reviews and questions in seconds")                               \
	INT(cache_store_s, 60, 1, 86400, "Life of cached stores in seconds; opening hours pass by the clock")                \
	INT(timeline_days, 400, 30, 36500, "Days that the timeline of products is kept")                                     \
	TEXT(template_dir, "", "Templates; empty = where they were installed")                                               \
	TEXT(migration_dir, "", "Migrations; empty = where they were installed")                                             \
	TEXT(static_dir, "", "Style sheets and scripts; empty = where they were installed")                                  \
	TEXT(data_dir, "/var/lib/merkato", "Where uploads and other files are kept")                                         \
	TEXT(temp_dir, "", "Private directory for request bodies; empty = data_dir/tmp")                                     \
	INT(upload_max_mb, 10, 1, 100, "Largest upload in MB")                                                               \
	TEXT(media_store, "disk", "Where pictures are kept: disk or s3")                                                     \
	TEXT(media_base_url, "", "Base URL of pictures (a CDN); empty = base_url/media")                                     \
	TEXT(image_program, "", "Program that decodes pictures; empty = where it was installed")                              \
	TEXT(s3_endpoint, "", "S3 endpoint, https://…")                                                                      \
	TEXT(s3_region, "us-east-1", "S3 region")                                                                            \
	TEXT(s3_bucket, "", "S3 bucket")                                                                                     \
	TEXT(s3_access_key, "", "S3 access key")                                                                             \
	SECRET(s3_secret_key, "S3 secret key")                                                                               \
	BOOL(s3_path_style, true, "Bucket in the path, as most servers want; AWS prefers it in the host name")                \
	BOOL(s3_public_acl, false, "Mark pictures as public on the S3 server; else a bucket policy or CDN must let them be read") \
	TEXT(search, "mysql", "Who finds products by words and places: mysql, or opensearch (Elasticsearch too; MySQL stands in for it)") \
	TEXT(search_url, "", "OpenSearch or Elasticsearch server, https://…, without a trailing slash")                      \
	TEXT(search_index, "merkato-products", "Alias of the index of products; the names of indices begin so")              \
	TEXT(search_user, "", "User of the search server")                                                                   \
	SECRET(search_password, "Password of search_user")                                                                   \
	SECRET(search_api_key, "API key of the search server (Elasticsearch), instead of a user")                            \
	TEXT(search_ca, "", "CA file for the search server; empty = those of the system")                                    \
	TEXT(mail, "file", "Mail driver: file or smtp")                                                                      \
	TEXT(mail_dir, "", "Where the file driver puts messages; empty = data_dir/mail")                                     \
	TEXT(mail_from, "Merkato <no-reply@localhost>", "Sender of mails")                                                   \
	TEXT(smtp_url, "", "smtp://host:587 or smtps://host:465")                                                            \
	TEXT(smtp_ca, "", "CA file for the SMTP server; empty = those of the system")                                       \
	TEXT(smtp_user, "", "SMTP user")                                                                                     \
	SECRET(smtp_password, "SMTP password")                                                                               \
	TEXT(payment, "sandbox", "Payment gateway: sandbox")                                                                 \
	SECRET(payment_webhook_secret, "Secret that the gateway signs its webhooks with")                                    \
	INT(order_expiry_s, 1800, 60, 86400, "Seconds after which an unpaid order expires")                                  \
	INT(tax_bp, 0, 0, 10000, "Tax added to the price of goods in basis points; 0 = prices include it")                   \
	INT(shipping_fee, 5000, 0, 100000000, "What one store asks for shipping an order, in minor units")                   \
	INT(payout_hold_days, 7, 0, 90, "Days after delivery until a vendor's share is available")                           \
	INT(commission_bp, 1000, 0, 10000, "Platform commission in basis points")                                            \
	TEXT(oidc_providers, "", "OpenID providers: name=issuer|client_id|client_secret, with semicolons")                   \
	BOOL(demo, false, "Demonstration data and weak limits; refuses to listen beyond loopback")
/* clang-format on */

struct settings {
#define SETTING_TEXT(name, fallback, help) const char *name;
#define SETTING_SECRET(name, help) const char *name;
#define SETTING_INT(name, fallback, min, max, help) int64_t name;
#define SETTING_BOOL(name, fallback, help) bool name;
	SETTINGS_TABLE(SETTING_TEXT, SETTING_SECRET, SETTING_INT, SETTING_BOOL)
#undef SETTING_TEXT
#undef SETTING_SECRET
#undef SETTING_INT
#undef SETTING_BOOL
};

/* Immutable after start; defaults before settings_load. */
extern const struct settings *const settings;

/*
 * Reads file (NULL = none) and the environment, checks all, unsets secrets in
 * the environment. On failure prints "file:line: what" for every fault to
 * stderr and is false. Also derived values: template_dir, temp_dir, mail_dir …
 * Called again it reads all anew; after a failure the values are as before.
 */
bool settings_load(const char *file);
/* Tests and commands: one key over what is loaded; false with a message on
 * stderr. */
bool settings_set(const char *key, const char *value);
/* Lists every key, value (secrets hidden) and weak settings on stdout; the
 * number of faults. */
int settings_print(void);
/* A commented file of every key with its help and default, on stdout:
 * etc/merkato.conf. */
void settings_sample(void);

#endif
