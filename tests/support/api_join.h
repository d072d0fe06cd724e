/* New people at the front door, each with the link that was mailed. */
#ifndef MERKATO_API_JOIN_H
#define MERKATO_API_JOIN_H

#define JOIN_PASSWORD "buna-ena-kurs-7"

/* Registers by that body, follows the link, signs in: the access token. */
const char *api_join(const char *path, const char *body, const char *email);
/* A customer, and the owner of an application for a store in Addis Ababa; word
 * begins their names. */
const char *api_join_customer(const char *word);
const char *api_join_vendor(const char *word);

#endif
