/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_PACKAGE_H
#define I2KIT_IMAGE_SBOM_PACKAGE_H

/* A package of a distribution, as the database in a container's files has it. */

#include <stddef.h>

#include "base/alloc.h"
#include "base/strbuf.h"

enum package_type { PACKAGE_DEB, PACKAGE_APK, PACKAGE_RPM };
extern const char *const package_type_words[]; /* purl's types: "deb", "apk", "rpm" */

struct package {
	enum package_type type;
	char *name; /* owned, all */
	char *version;
	char *architecture; /* or NULL */
	char *licence;	    /* as the database has it; or NULL */
	char *supplier;	    /* the same */
	char *source;	    /* "openssl": what it was built of; or NULL */
	char *purl;	    /* https://github.com/package-url/purl-spec; package_list_finish() */
};

struct package_list {
	struct package *items; /* owned */
	size_t count;
};
#define PACKAGES_MAX 65536u

void package_clear(struct package *package);
void package_list_clear(struct package_list *list);
/* Takes all that is in it. A package without a name or a version is left out. */
void package_list_take(struct package_list *list, struct package *package);

/* What etc/os-release says; owned, NULL where it says nothing. */
struct distribution {
	char *id;      /* "debian" */
	char *version; /* "12" */
	char *title;   /* "Debian GNU/Linux 12 (bookworm)" */
};
void distribution_clear(struct distribution *distribution);
void distribution_read(const char *text, struct distribution *ret);

/* Makes the purls, sorts by type, name, version; the same one twice stays once. */
void package_list_finish(struct package_list *list, const struct distribution *distribution);

#endif
