/*
 * A real browser for tests: chromedriver by the W3C WebDriver protocol, over
 * libcurl and Jansson. One driver and one browser for a test program; what
 * fails ends the test by check.h's NEED, with what the driver said.
 *
 *	browser_go("http://localhost:8080/console/login");
 *	browser_type("#email", "a@example.org");
 *	browser_click("#sign-in");
 *	CHECK_HAS(browser_text("main"), "Overview", "signed in");
 *
 * Elements are named by CSS selectors; each call waits up to five seconds for
 * its element. Results live in tc's arena.
 */
#ifndef MERKATO_WEBDRIVER_H
#define MERKATO_WEBDRIVER_H

#include <stdbool.h>

/* Starts driver and browser; without the packages the program ends as skipped
 * (check_skip). Its port is chosen by the system. */
bool browser_start(void);
void browser_stop(void);

void browser_go(const char *url);
const char *browser_url(void);
const char *browser_title(void);
/* The page's source as the browser has it. */
const char *browser_source(void);

bool browser_has(const char *selector);
const char *browser_text(const char *selector);
/* NULL = no such attribute. */
const char *browser_attribute(const char *selector, const char *name);
void browser_click(const char *selector);
/* The link with exactly this text. */
void browser_follow(const char *link_text);
/* Replaces what is in the field. */
void browser_type(const char *selector, const char *text);
/* Waits until the text of an element contains part. False after 5 s. */
bool browser_wait_text(const char *selector, const char *part);
/* Forgets the cookies of the present site. */
void browser_forget(void);
/* The value of an expression as text: "return document.cookie". */
const char *browser_script(const char *script);
/* "phone" = 390 × 844, else width × height in CSS pixels. */
void browser_size(int width, int height);
/* A PNG of the whole page, into the directory that SCREENSHOTS names; nothing
 * without it. */
void browser_shot(const char *name);

#endif
