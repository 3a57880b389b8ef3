/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "fuzz.h"
#include "release/receipt.h"
#include "release/receipt_tag.h"
#include "release/release_scope.h"
#include "release/trusted_keys.h"

static const struct release_id release = {.image = {{1, 2}}, .config = {{3}}};

static const struct release_scope shop = {
	.project = "shop", .environment = "production", .pods = {{1}}};

static char folder[] = "/tmp/fuzz-receipt-XXXXXX";

static void remove_folder(void)
{
	(void)!path_remove_tree(folder, NULL);
}

/* The key that receipts are compared with is made once, in a folder of our own. */
static void choose_folder(void)
{
	static bool is_chosen;
	if (is_chosen)
		return;
	is_chosen = true;
	if (mkdtemp(folder) == NULL || atexit(remove_folder) != 0 ||
	    setenv("XDG_STATE_HOME", folder, 1) != 0 || setenv("XDG_CONFIG_HOME", folder, 1) != 0)
		abort();
}

/* The first byte says whether the rest is a stored receipt or a tag of the cloud's. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	choose_folder();
	if (bytes[0] == 'r') {
		AUTO(receipt_clear) struct receipt receipt = {0};
		(void)!receipt_read((const char *)bytes + 1, size - 1, &receipt, NULL);
		return 0;
	}
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	AUTO(trusted_keys_clear) struct trusted_keys trusted = {0};
	if (!trusted_keys_add_own(&trusted, NULL))
		abort();
	AUTO_FREE char *tag = xstrndup((const char *)bytes + 1, size - 1);
	if (receipt_check_tag(tag, &shop, "web", &release, &trusted, &claim, NULL) &&
	    claim.key_name != NULL && claim.is_signature_good)
		abort(); /* we have not signed this */
	return 0;
}
