/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_SOURCE_MARK_H
#define I2KIT_MANIFEST_SOURCE_MARK_H

/* Where a thing was written, for messages that come after parsing. */
struct source_mark {
	const char *file; /* borrowed from app.files; "-" for stdin */
	unsigned line;	  /* from 1; 0: not from a file */
	unsigned column;  /* from 1, in characters */
};

#endif
