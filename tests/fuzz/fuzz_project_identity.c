/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "fuzz_folder.h"
#include "local/plan/project_identity.h"

/* Of a record that is taken, everything is there, and a claim of the same folder keeps its id. */
static void check(const struct project_identity *identity)
{
	AUTO(project_identity_clear) struct project_identity again = {0};
	if (identity->folder == NULL || identity->folder[0] != '/' ||
	    strspn(identity->id, "0123456789abcdef") != PROJECT_ID_SIZE - 1 ||
	    identity->source > PROJECT_GIVEN)
		abort();
	if (!project_identity_claim(identity, NULL))
		return; /* the folder's name may be no text */
	if (!project_identity_load("shop", &again, NULL) ||
	    strcmp(again.folder, identity->folder) != 0 || strcmp(again.id, identity->id) != 0)
		abort();
}

/* The bytes are a project.json. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(project_identity_clear) struct project_identity identity = {0};
	if (setenv("XDG_STATE_HOME", fuzz_folder(), 1) != 0 ||
	    setenv("XDG_DATA_HOME", fuzz_folder(), 1) != 0)
		abort();
	AUTO_FREE char *file = fuzz_file("i2kit/projects/shop/project.json", bytes, size);
	/* It keeps volumes: somebody goes by the name. */
	AUTO_FREE char *volume = fuzz_file("i2kit/volumes/shop/data.qcow2", bytes, 0);
	if (project_identity_load("shop", &identity, NULL))
		check(&identity);
	return 0;
}
