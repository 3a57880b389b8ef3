/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_BUILD_LINUXKIT_H
#define I2KIT_CLI_BUILD_LINUXKIT_H

/* The LinuxKit side of `i2kit build`. */

#include "base/progress.h"
#include "cli/verb.h"
#include "image/pod/image_build.h"
#include "image/store/store.h"
#include "manifest/app.h"

/* --linuxkit: the document of each pod on stdout, several parted by "---". names: NULL or empty:
 * all. */
MUST_CHECK bool build_linuxkit_print(struct store *store, const struct app *app,
				     const struct string_list *names,
				     const struct image_options *options,
				     const struct progress *progress, struct error *err);

struct build_linuxkit_request {
	const struct string_list *files; /* the documents; later ones add to the first */
	const char *output; /* prefix of the files' names; NULL: the last document's name */
	const char *format; /* NULL: kernel+initrd */
	const struct image_options *options;
};
/* --linuxkit-file: builds a document that is no pod. Prints the names of what it made. */
MUST_CHECK bool build_linuxkit_file(struct store *store,
				    const struct build_linuxkit_request *request,
				    const struct progress *progress, struct error *err);

#endif
