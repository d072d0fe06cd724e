/* Programs that sign in here and people who sign in elsewhere: rows of
 * oauth_client, oauth_code, user_identity, oidc_start. */
#ifndef MERKATO_OAUTH_DB_H
#define MERKATO_OAUTH_DB_H

#include "db/query.h"

struct client_row {
	struct id id, owner_id;
	const char *name;
	struct blob secret_hash;        /* none = a public client */
	struct json_text redirect_uris; /* ["https://…"] */
	int64_t scopes;                 /* permission bits of both halves */
	const char *grants;             /* with blanks */
	bool is_enabled;
	struct when created_at, updated_at;
	int64_t version;
};
CHECKED enum rc oauth_db_client_insert(struct ctx *c,
                                       const struct client_row *r);
CHECKED enum rc oauth_db_client_find(struct ctx *c, struct id id,
                                     struct client_row *out, bool *found);
CHECKED enum rc oauth_db_client_page(struct ctx *c, const struct page *page,
                                     struct client_row **rows, size_t *n,
                                     struct page_info *info);
/* Everything but id, owner and times; *changed 0 = another version. */
CHECKED enum rc oauth_db_client_set(struct ctx *c, const struct client_row *r,
                                    int64_t *changed);
CHECKED enum rc oauth_db_client_delete(struct ctx *c, struct id id);

struct code_row {
	struct blob code_hash;
	struct id client_id, user_id;
	const char *redirect_uri, *challenge, *scope;
	struct id session_id; /* what it gave */
	struct when created_at, expires_at, used_at;
};
CHECKED enum rc oauth_db_code_insert(struct ctx *c, const struct code_row *r);
CHECKED enum rc oauth_db_code_spend(struct ctx *c, struct blob hash,
                                    int64_t *changed);
CHECKED enum rc oauth_db_code_find(struct ctx *c, struct blob hash,
                                   struct code_row *out, bool *found);
CHECKED enum rc oauth_db_code_gave(struct ctx *c, struct blob hash,
                                   struct id session);

struct start_row {
	struct blob state_hash, browser_hash;
	const char *provider, *nonce, *verifier;
	struct when created_at, expires_at, used_at;
};
CHECKED enum rc oidc_db_start_insert(struct ctx *c, const struct start_row *r);
CHECKED enum rc oidc_db_start_spend(struct ctx *c, struct blob state,
                                    struct blob browser, const char *provider,
                                    int64_t *changed);
CHECKED enum rc oidc_db_start_find(struct ctx *c, struct blob state,
                                   struct start_row *out, bool *found);

struct identity_row {
	struct id id, user_id;
	const char *issuer, *subject, *email;
	struct when created_at;
};
CHECKED enum rc oidc_db_identity_insert(struct ctx *c,
                                        const struct identity_row *r);
CHECKED enum rc oidc_db_identity_find(struct ctx *c, const char *issuer,
                                      const char *subject,
                                      struct identity_row *out, bool *found);
/* Codes and starts that nobody can use any longer. */
CHECKED enum rc oauth_db_tidy(struct ctx *c, struct when before, int64_t n,
                              int64_t *deleted);

#endif
