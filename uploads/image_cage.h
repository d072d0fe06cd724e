/*
 * What merkato-image gives up before it reads a foreign byte: memory, time,
 * files, descriptors, new rights, other coders, and most system calls.
 */
#ifndef MERKATO_IMAGE_CAGE_H
#define MERKATO_IMAGE_CAGE_H

#include <stdbool.h>

/* Limits of the process and its descriptors; false = one could not be set. */
bool cage_limits(void);
/*
 * Starts the library with our policy and looks at its effect: only JPEG, PNG,
 * WebP and GIF are read and written. Some builds take no policy once they have
 * read one of the system's: those find ours as a file, first (by_file: at
 * once). False = the policy has no effect.
 */
bool cage_library(bool by_file);
/* From here on no other program, no connection, no file to write, no new code;
 * false = the kernel knows no such filter. */
bool cage_calls(void);
/* Tries what must not work; writes a line for each to standard output. How many
 * of them did work. */
int cage_try(void);

#endif
