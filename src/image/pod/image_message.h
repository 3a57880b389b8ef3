/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_IMAGE_MESSAGE_H
#define I2KIT_IMAGE_POD_IMAGE_MESSAGE_H

/*
 * What the process that reads images (image_process.h) and the one that waits for it tell each
 * other: a JSON object of one member, whose key says which kind it is. The reader takes what the
 * other end sends for hostile.
 */

#include <stddef.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "base/string_list.h"

#define IMAGE_MESSAGE_MAX ((size_t)1 << 20)

enum image_message_kind {
	IMAGE_PROGRESS, /* to us: state, unit, done, total; texts: step, what, text, of */
	IMAGE_ASK,	/* to us: texts: host and name that credentials are wanted for */
	IMAGE_FAILED, /* to us, the end; to it, instead of CREDENTIAL: error; texts: message, hint */
	IMAGE_MADE,   /* to us, the end: words */
	IMAGE_CREDENTIAL, /* to it: texts: user, password, identity token, where it stands */
};

struct image_message {
	enum image_message_kind kind;
	enum progress_state state;
	enum progress_unit unit;
	uint64_t done;
	uint64_t total;
	enum error_kind error;
	char *texts[4]; /* owned; NULL: none */
	struct string_list words;
};
void image_message_clear(struct image_message *message); /* wipes: there may be a password */

void image_message_write(const struct image_message *message, struct strbuf *out);
MUST_CHECK bool image_message_read(const void *bytes, size_t size, struct image_message *ret,
				   struct error *err);

#endif
