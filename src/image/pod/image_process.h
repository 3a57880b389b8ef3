/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_IMAGE_PROCESS_H
#define I2KIT_IMAGE_POD_IMAGE_PROCESS_H

/*
 * Work on bytes that strangers made, in a process of its own behind a fence (base/fence.h): it
 * starts no program, writes into i2kit's own folders, reads those and the images that lie on this
 * machine, and speaks to registries. Progress and credentials go over a socket between the two
 * (image_message.h); what it hands back are a few words, such as a digest, under which the result
 * lies in the store.
 */

#include "base/progress.h"
#include "base/string_list.h"
#include "image/oci/image_options.h"
#include "image/store/store.h"

struct image_process {
	struct store *store;		      /* or NULL */
	const struct image_options *options;  /* or NULL */
	const struct string_list *references; /* images that it reads; NULL: none of this machine */
	const char *file;		      /* one more that it reads; or NULL */
	const char
		*output; /* files that begin so are written; or NULL: into i2kit's folders alone */
	bool reads_documents; /* of LinuxKit, which name files and images wherever they are */
	const struct progress *progress; /* or NULL */
};

/*
 * Runs there. Memory is a copy: what it changes is lost but for *words. progress is the one to tell
 * and to ask.
 */
typedef bool image_job_fn(void *arg, const struct progress *progress, struct string_list *words,
			  struct error *err);

MUST_CHECK bool image_process_run(const struct image_process *process, image_job_fn *job, void *arg,
				  struct string_list *ret_words, struct error *err);

#endif
