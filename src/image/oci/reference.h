/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_REFERENCE_H
#define I2KIT_IMAGE_OCI_REFERENCE_H

/*
 * The name of an image, as people write it. Grammar and expansion of registry names are Docker's
 * (https://github.com/distribution/reference): "nginx" is docker.io/library/nginx:latest, the first
 * component is a host when it has a dot, a colon or an upper-case letter, or is "localhost".
 */

#include "base/error.h"
#include "base/sha256.h"

enum transport {
	TRANSPORT_REGISTRY,	  /* [docker://]NAME[:TAG][@DIGEST] */
	TRANSPORT_OCI,		  /* oci:FOLDER[:TAG] or oci:FOLDER@DIGEST */
	TRANSPORT_OCI_ARCHIVE,	  /* oci-archive:FILE[:TAG] or oci-archive:FILE@DIGEST */
	TRANSPORT_DOCKER_ARCHIVE, /* docker-archive:FILE[:NAME[:TAG]] */
	TRANSPORT_DOCKER_DAEMON,  /* docker-daemon:NAME[:TAG] or docker-daemon:sha256:ID */
};

/* All text is owned. */
struct reference {
	enum transport transport;
	char *text;	      /* the name with everything filled in: what the store knows it by */
	char *host;	      /* registry, daemon: "docker.io", "localhost:5000" */
	char *name;	      /* registry, daemon: "library/nginx" */
	char *tag;	      /* NULL: not given (archives), or only a digest was */
	char *path;	      /* oci and archives: absolute */
	struct digest digest; /* none: not given; daemon: the image's id */
};

void reference_clear(struct reference *reference);

/* folder is where relative paths start; NULL: the current one. The error names the reference. */
MUST_CHECK bool reference_parse(const char *text, const char *folder, struct reference *ret,
				struct error *err);

/*
 * The name as a disk may say it: of a path only the last part, since the folder it lies in is this
 * machine's; "oci:/home/me/web:1" is "oci:web:1". Other names, and malformed ones, as they are.
 * Owned.
 */
char *reference_portable(const char *text);

/* "docker-archive:" …; "" for registries. */
const char *transport_prefix(enum transport transport);

/* Whether the image lies on this machine, where asking again costs next to nothing. */
bool transport_is_local(enum transport transport);

#endif
