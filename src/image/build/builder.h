/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_BUILD_BUILDER_H
#define I2KIT_IMAGE_BUILD_BUILDER_H

/*
 * The programs that make images of Dockerfiles, and their command lines. Pure but for
 * builder_choose(), which looks at what is installed.
 */

#include "base/error.h"
#include "base/string_list.h"
#include "manifest/build_spec.h"

enum builder_kind { BUILDER_BUILDAH, BUILDER_PODMAN, BUILDER_DOCKER };
#define BUILDER_KINDS (BUILDER_DOCKER + 1)
extern const char *const builder_words[BUILDER_KINDS]; /* "buildah" … */

/*
 * `word` is one of them, or NULL or "auto": the first that is there, in that order. ERROR_NOT_FOUND
 * says how to get one.
 */
MUST_CHECK bool builder_choose(const char *word_or_null, enum builder_kind *ret, struct error *err);
/*
 * What RUN steps of buildah and podman are kept apart with: NULL where the builder's own choice can
 * work, "chroot" where no OCI runtime is installed and nobody said otherwise.
 */
const char *builder_isolation(enum builder_kind kind);

struct builder_request {
	const struct build_spec *spec;
	const char *dockerfile;	 /* what it reads: the spec's, or a file with its inline text */
	const char *ignore_file; /* or NULL */
	const char *id_file;	 /* gets the image's id; buildah and podman */
	const char *output;    /* an OCI layout (buildah, podman) or archive (docker) that comes */
	const char *isolation; /* builder_isolation() */
	/*
	 * For each of the spec's contexts that is an OCI layout where it is to be found, without a tag;
	 * "" for others. Buildah takes paths for parts of an image's name, which is lower case.
	 */
	const struct string_list *layouts;
	const struct string_list *secrets; /* files, one for each of the spec's secrets */
	bool pulls;			   /* asks for newer base images */
	bool has_no_cache;
};

/* What cannot be asked of any builder, or of this one: ERROR_UNSUPPORTED. */
MUST_CHECK bool builder_check(enum builder_kind kind, const struct build_spec *spec,
			      struct error *err);
/* The command that builds, and the variables it wants. No secret is in either. */
void builder_build_command(enum builder_kind kind, const struct builder_request *request,
			   struct string_list *argv, struct string_list *environment);
/* The command that hands the image over; none for docker, whose build has done so. */
bool builder_take_command(enum builder_kind kind, const char *image_id, const char *output,
			  struct string_list *argv);
/* What its output is as an image's name, owned: "oci:FOLDER:latest", "oci-archive:FILE". */
char *builder_result(enum builder_kind kind, const char *output);

/* FOLDER of "oci-layout://FOLDER[:TAG]", owned, and the tag or NULL; NULL: it is none. */
char *builder_layout_folder(const char *context, const char **ret_tag);

/* Where in the Dockerfile the step stands that the output's last lines complain of; 0: not known. */
unsigned builder_find_line(const char *dockerfile_text, const char *output);

#endif
